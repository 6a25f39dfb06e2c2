import type { DeviceDialog, DevicesDialog } from '@gochat/view/dialog';
import type { DialogUi } from '../ui-state.ts';
import { type BoxContent, busyLine, DIM, errorLines, paragraphs } from './box.ts';
import { ends, type Line, span } from './frame.ts';
import type { Look } from './look.ts';
import { groupLines, menu } from './menu.ts';
import { oneLine } from './one-line.ts';
import { shorten } from './width.ts';
import { wrap } from './wrap.ts';

/** The devices, two lines or more for each; below them what else can be done. */
export function devicesContent(dialog: DevicesDialog, ui: DialogUi, width: number, look: Look): BoxContent {
  const head = [
    ...paragraphs(dialog.text, width),
    ...(dialog.busy ? [busyLine(look)] : []),
    ...errorLines(dialog.error, width),
    [],
  ];
  const devices = dialog.items.map((item, i): Line[] => {
    const chosen = i === ui.index;
    const background = chosen ? ({ bg: 'chosen', bold: true } as const) : {};
    const mark = span(chosen ? `${look.symbols.focus} ` : '  ', { fg: 'accent', ...background });
    const label = span(shorten(oneLine(item.label), width - 2, look.symbols.ellipsis), {
      bold: true,
      ...background,
    });
    const detail = wrap([span(oneLine(item.detail), item.alarming ? { fg: 'bad' } : DIM)], width - 2);
    return [ends([mark, label], [], width, background), ...detail.map((line): Line => [span('  '), ...line])];
  });
  const more = menu(dialog.more, ui.index - dialog.items.length, width, look);
  const first = devices.slice(0, ui.index).reduce((sum, lines) => sum + lines.length, 0);
  const count = devices.reduce((sum, lines) => sum + lines.length, 0);
  const isMore = ui.index >= dialog.items.length;
  return {
    head,
    body: [...devices.flat(), ...(dialog.more.length > 0 ? [[]] : []), ...more.body],
    focus: isMore ? count + 1 + ui.index - dialog.items.length : first,
    items: [
      ...devices.flatMap((lines, i) => lines.map(() => i)),
      ...(dialog.more.length > 0 ? [undefined] : []),
      ...more.items.map((i) => dialog.items.length + i),
    ],
    foot: [],
  };
}

/** One device, or what goes on between two. */
export function deviceContent(dialog: DeviceDialog, ui: DialogUi, width: number, look: Look): BoxContent {
  const list = menu(dialog.items, ui.index, width, look);
  const parts: readonly (readonly Line[])[] = [
    paragraphs(dialog.text, width),
    dialog.digits.length === 0 ? [] : groupLines(dialog.digits, width),
    dialog.lines.flatMap((line) => paragraphs([line], width)),
    dialog.progress === '' ? [] : [[span(oneLine(dialog.progress), DIM)]],
    errorLines(dialog.error, width),
  ];
  const above = parts.filter((lines) => lines.length > 0).flatMap((lines): Line[] => [...lines, []]);
  return {
    head: [],
    body: [...above, ...list.body],
    focus: list.focus === undefined ? undefined : list.focus + above.length,
    items: [...above.map(() => undefined), ...list.items],
    foot: [],
  };
}
