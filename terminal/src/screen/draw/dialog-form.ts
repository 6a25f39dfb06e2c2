import type { FormDialog } from '@gochat/view/dialog';
import { fieldView } from '../edit/field.ts';
import type { DialogUi } from '../ui-state.ts';
import { type BoxContent, DIM, errorLines, paragraphs } from './box.ts';
import { ends, fit, type Line, PLAIN, type Style, span } from './frame.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import { shorten } from './width.ts';

/** Fields one below the other, then the two buttons. */
export function formContent(dialog: FormDialog, ui: DialogUi, width: number, look: Look): BoxContent {
  const { symbols, text: words } = look;
  const body: Line[] = [];
  const items: (number | undefined)[] = [];
  let focus: number | undefined;
  let cursor: BoxContent['cursor'];
  const push = (line: Line, item?: number) => {
    body.push(line);
    items.push(item);
  };
  dialog.fields.forEach((field, i) => {
    const isFocus = ui.index === i;
    const value = ui.values[field.name] ?? field.value;
    const label: Style = isFocus ? { ink: 'accent', bold: true } : PLAIN;
    const sign = span(isFocus ? `${symbols.focus} ` : '  ', { ink: 'accent' });
    if (isFocus) focus = body.length;
    const text = oneLine(field.label);
    if (field.type === 'toggle') {
      push(
        [
          sign,
          span(
            `${value === 'on' ? symbols.on : symbols.off} ${shorten(text, width - 6, symbols.ellipsis)}`,
            label,
          ),
        ],
        i,
      );
      return;
    }
    push([sign, span(shorten(text, width - 2, symbols.ellipsis), label)], i);
    if (field.type === 'choice') {
      const ground = isFocus ? ({ on: 'chosen' } as const) : {};
      for (const choice of field.choices) {
        const dot = choice.value === value ? symbols.radioOn : symbols.radioOff;
        push(
          [
            span(
              `    ${dot} ${shorten(oneLine(choice.label), width - 8, symbols.ellipsis)}`,
              choice.value === value ? ground : DIM,
            ),
          ],
          i,
        );
      }
    } else {
      const view = isFocus ? fieldView(ui.editor, width - 4, 1) : undefined;
      if (view !== undefined) cursor = { part: 'body', row: body.length, column: 4 + view.cursor.column };
      const shown = view?.rows[0] ?? shorten(oneLine(value), width - 4, symbols.ellipsis);
      const selected = isFocus && ui.untouched;
      push(
        [
          span('    '),
          ...fit([span(shown, { on: 'chosen', inverse: selected })], width - 4, { on: 'chosen' }),
        ],
        i,
      );
    }
    for (const line of paragraphs(field.hint === '' ? [] : [field.hint], width - 4, DIM))
      push([span('    '), ...line]);
    push([]);
  });
  const chosen = ui.index === dialog.fields.length;
  const leaving = ui.index > dialog.fields.length;
  const button: Style = {
    ink: dialog.danger ? 'bad' : 'accent',
    bold: true,
    ...(chosen && { on: 'chosen' }),
  };
  const label = dialog.busy ? words.wait : `[ ${oneLine(dialog.submit)} ]`;
  const text = paragraphs(dialog.text, width);
  return {
    head: [],
    body: [...text, ...(text.length > 0 ? [[]] : []), ...body],
    items: [...text.map(() => undefined), ...(text.length > 0 ? [undefined] : []), ...items],
    focus: focus === undefined ? undefined : focus + text.length + (text.length > 0 ? 1 : 0) + 1,
    cursor:
      cursor === undefined
        ? undefined
        : { ...cursor, row: cursor.row + text.length + (text.length > 0 ? 1 : 0) },
    foot: [
      ...errorLines(dialog.error, width),
      ends(
        [span(chosen ? `${symbols.focus} ` : '  ', { ink: 'accent' }), span(label, button)],
        [
          span(leaving ? `${symbols.focus} ` : '  ', { ink: 'accent' }),
          span(`[ ${words.cancel} ]`, leaving ? { bold: true, on: 'chosen' } : DIM),
        ],
        width,
      ),
    ],
  };
}
