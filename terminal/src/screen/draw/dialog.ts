import type {
  Dialog,
  HelpDialog,
  InspectDialog,
  InvitesDialog,
  MemberDialog,
  PictureDialog,
} from '@gochat/view/dialog';
import { fieldView } from '../edit/field.ts';
import type { DialogUi } from '../ui-state.ts';
import { type BoxContent, boxed, busyLine, DIM, type DialogView, errorLines, paragraphs } from './box.ts';
import { deviceContent, devicesContent } from './dialog-devices.ts';
import { formContent } from './dialog-form.ts';
import { inviteContent } from './dialog-invite.ts';
import { fit, type Line, type Size, span } from './frame.ts';
import type { Look } from './look.ts';
import { groupLines, menu } from './menu.ts';
import { oneLine } from './one-line.ts';
import { pictureView } from './picture.ts';
import { shorten, widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** Draws a dialog as a box for a screen of this size; a picture takes all of it. */
export function dialogView(dialog: Dialog, ui: DialogUi, size: Size, look: Look): DialogView {
  if (dialog.kind === 'picture') return pictureView(dialog, size, look);
  const width = Math.max(4, Math.min(size.columns, boxWidth(dialog)));
  const content = contentOf(dialog, ui, width - 4, size, look);
  return boxed(dialog.title, content, ui.scroll, { width, size, symbols: look.symbols });
}

type BoxedDialog = Exclude<Dialog, PictureDialog>;

function boxWidth(dialog: BoxedDialog): number {
  if (dialog.kind === 'invite' || dialog.kind === 'help') return 84;
  return dialog.kind === 'inspect' || dialog.kind === 'invites' ? 78 : 64;
}

function contentOf(dialog: BoxedDialog, ui: DialogUi, width: number, size: Size, look: Look): BoxContent {
  switch (dialog.kind) {
    case 'form':
      return formContent(dialog, ui, width, look);
    case 'menu':
      return {
        head: [
          ...quotedLines(dialog.quoted ?? '', width, look),
          ...paragraphs(dialog.text, width),
          ...(dialog.text.length > 0 ? [[]] : []),
          ...(dialog.code.length > 0 ? [...groupLines(dialog.code, width), []] : []),
        ],
        ...menu(dialog.items, ui.index, width, look),
        foot: [],
      };
    case 'invite':
      return inviteContent(dialog, width, size, look);
    case 'invites':
      return invites(dialog, ui, width, look);
    case 'member':
      return member(dialog, ui, width, look);
    case 'palette':
      return filtered(dialog, ui, width, look, menu(dialog.items, ui.index, width, look));
    case 'emoji':
      return filtered(
        dialog,
        ui,
        width,
        look,
        menu(
          dialog.items.map(({ emoji, name }) => ({
            name: emoji,
            label: `${emoji}  ${name}`,
            hint: '',
            danger: false,
          })),
          ui.index,
          width,
          look,
        ),
      );
    case 'devices':
      return devicesContent(dialog, ui, width, look);
    case 'device':
      return deviceContent(dialog, ui, width, look);
    case 'help':
      return { head: [], body: helpLines(dialog, width), foot: [] };
    case 'inspect':
      return { head: [], body: inspectLines(dialog, width, look), foot: [] };
    default:
      return dialog satisfies never;
  }
}

/** What somebody wrote, beside a bar. */
function quotedLines(quoted: string, width: number, { symbols }: Look): Line[] {
  const mark = `${symbols.bar} `;
  const lines = quoted.split('\n').flatMap((line) => paragraphs([line], width - widthOf(mark)));
  return quoted === '' ? [] : [...lines.map((line): Line => [span(mark, DIM), ...line]), []];
}

/** The invites; below them what Enter does to the one that has the focus. */
function invites(dialog: InvitesDialog, ui: DialogUi, width: number, look: Look): BoxContent {
  const head = [...(dialog.busy ? [busyLine(look)] : []), ...errorLines(dialog.error, width)];
  if (dialog.items.length === 0)
    return { head, body: dialog.busy ? [] : [[span(oneLine(dialog.empty), DIM)]], foot: [] };
  const items = dialog.items.map(({ id, text }) => ({ name: id, label: text, hint: '', danger: false }));
  const item = dialog.items[ui.index];
  const { showInvite, revoke } = look.text.dialogs;
  const hint = item?.hasLink === true ? showInvite : item?.mayRevoke === true ? revoke : '';
  return { head, ...menu(items, ui.index, width, look), foot: [[], [span(hint, DIM)]] };
}

function filtered(
  dialog: { readonly items: readonly unknown[]; readonly empty: string; readonly busy?: boolean },
  ui: DialogUi,
  width: number,
  look: Look,
  list: ReturnType<typeof menu>,
): BoxContent {
  const view = fieldView(ui.editor, width - 2, 1);
  const head: Line[] = [
    fit([span('> ', { fg: 'accent', bold: true }), span(view.rows[0] ?? '')], width),
    [span(look.symbols.line.repeat(width), DIM)],
  ];
  const none: readonly Line[] = [[span(dialog.busy === true ? look.text.wait : oneLine(dialog.empty), DIM)]];
  return {
    head,
    ...(list.body.length === 0 ? { body: none } : list),
    foot: [],
    cursor: { part: 'head', row: 0, column: 2 + view.cursor.column },
  };
}

function member(dialog: MemberDialog, ui: DialogUi, width: number, look: Look): BoxContent {
  const name: Line = [
    span(oneLine(dialog.name), { fg: `nick${dialog.colour}`, bold: true }),
    ...(dialog.verified
      ? [span(` ${look.symbols.verified} ${look.text.dialogs.verified}`, { fg: 'good' })]
      : []),
  ];
  const safety = dialog.safety.length === 0 ? [] : [[], ...groupLines(dialog.safety, width), []];
  const list = menu(dialog.items, ui.index, width, look);
  const head = [name, ...paragraphs(dialog.text, width), ...safety];
  return {
    head: [],
    body: [...head, ...list.body],
    focus: list.focus === undefined ? undefined : list.focus + head.length,
    items: [...head.map(() => undefined), ...list.items],
    foot: [],
  };
}

function helpLines(dialog: HelpDialog, width: number): Line[] {
  const items = dialog.groups.flatMap((group) => group.items);
  const keys = Math.min(
    Math.max(4, ...items.map((item) => widthOf(oneLine(item.keys)))),
    Math.floor(width / 3),
  );
  return dialog.groups.flatMap((group, i) => [
    ...(i > 0 ? [[]] : []),
    [span(oneLine(group.title), { bold: true, underline: true })],
    ...group.items.flatMap((item) => {
      const lines = wrap(
        [span(`${oneLine(item.usage)}  `, { bold: true }), span(oneLine(item.text), DIM)],
        width - keys - 2,
      );
      return lines.map(
        (line, n): Line => [
          ...fit([span(n === 0 ? shorten(oneLine(item.keys), keys) : '', { fg: 'accent' })], keys + 2),
          ...line,
        ],
      );
    }),
  ]);
}

function inspectLines(dialog: InspectDialog, width: number, look: Look): Line[] {
  return [
    ...paragraphs(dialog.text, width),
    ...(dialog.busy ? [[], busyLine(look)] : []),
    ...dialog.parts.flatMap(({ label, value }): Line[] => [
      [],
      [span(oneLine(label), { fg: 'accent', bold: true })],
      ...paragraphs([value], width),
    ]),
  ];
}
