import type { MenuItem } from '@gochat/view/dialog';
import { ends, type Line, span } from './frame.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import { shorten, widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** The items of a list; the selected one has another background and a mark. */
export function menu(
  items: readonly MenuItem[],
  index: number,
  width: number,
  look: Look,
): { body: readonly Line[]; focus: number | undefined; items: readonly number[] } {
  const body = items.map((item, i): Line => {
    const chosen = i === index;
    const background = chosen ? ({ bg: 'chosen', bold: true } as const) : {};
    // What the label doesn't need, but a third at least.
    const most = Math.max(Math.floor(width / 3), width - 4 - widthOf(oneLine(item.label)));
    const hint = shorten(oneLine(item.detail ?? item.hint), most, look.symbols.ellipsis);
    const left = width - 3 - (hint === '' ? 0 : widthOf(hint) + 1);
    return ends(
      [
        span(chosen ? `${look.symbols.focus} ` : '  ', { fg: 'accent', ...background }),
        span(
          shorten(oneLine(item.label), left, look.symbols.ellipsis),
          item.danger ? { fg: 'bad', ...background } : background,
        ),
      ],
      [span(hint === '' ? ' ' : ` ${hint} `, { ...background, fg: 'dim' })],
      width,
      background,
    );
  });
  return { body, focus: items.length === 0 ? undefined : index, items: items.map((_, i) => i) };
}

/** Groups of digits to compare, four in a line where there is space. */
export function groupLines(groups: readonly string[], width: number): Line[] {
  const spans = groups.map((group) => span(`${oneLine(group)}  `, { bold: true }));
  return wrap(spans, Math.min(width, 7 * 4));
}
