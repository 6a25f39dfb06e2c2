import type { Field, FormDialog } from '@gochat/view/dialog';
import { EMPTY, replace } from '../edit/editor.ts';
import { fieldView, masked } from '../edit/field.ts';
import { submitIndex } from '../input/dialog-keys.ts';
import type { DialogUi } from '../ui-state.ts';
import { type BoxContent, DIM, errorLines, paragraphs } from './box.ts';
import { ends, fit, type Line, PLAIN, type Span, type Style, span } from './frame.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import { shorten } from './width.ts';

/** Values and hints of a field are indented below its label. */
const INDENT = 4;

interface FormLine {
  readonly line: Line;
  /** The field that a click on the line belongs to. */
  readonly item?: number;
  /** Where the text cursor is, on the line that has it. */
  readonly cursor?: number;
}

/** A form: its text and its fields one below the other, and two buttons that are always visible. */
export function formContent(dialog: FormDialog, ui: DialogUi, width: number, look: Look): BoxContent {
  const text = paragraphs(dialog.text, width).map((line): FormLine => ({ line }));
  const fields = dialog.fields.flatMap((field, i) => [
    ...fieldLines(field, i, ui, width, look),
    ...(field.name === dialog.errorField ? fieldError(dialog.error, width) : []),
  ]);
  const more = moreLines(dialog, ui, width, look);
  const gap = more.length === 0 || fields.at(-1) === BLANK ? [] : [BLANK];
  const all = [...text, ...(text.length > 0 ? [BLANK] : []), ...fields, ...gap, ...more];
  const label = all.findIndex(({ item }) => item === ui.index);
  const cursorRow = all.findIndex(({ cursor }) => cursor !== undefined);
  return {
    head: [],
    body: all.map(({ line }) => line),
    items: all.map(({ item }) => item),
    // The line below the label of a field has the value.
    focus: label === -1 ? undefined : Math.min(all.length - 1, label + 1),
    cursor:
      cursorRow === -1 ? undefined : { part: 'body', row: cursorRow, column: all[cursorRow]?.cursor ?? 0 },
    foot: [
      ...(dialog.errorField === '' ? errorLines(dialog.error, width) : []),
      buttons(dialog, ui, width, look),
    ],
  };
}

/** What the form leads to besides its answers. */
function moreLines({ fields, more }: FormDialog, ui: DialogUi, width: number, look: Look): FormLine[] {
  if (more === undefined) return [];
  const lines = more.items.map(({ label }, i): FormLine => {
    const item = fields.length + i;
    const hasFocus = ui.index === item;
    const shown = shorten(oneLine(label), width - INDENT, look.symbols.ellipsis);
    const style: Style = hasFocus ? { fg: 'accent', bold: true, bg: 'chosen' } : { fg: 'accent' };
    return { line: [span('  '), focusSign(hasFocus, look), span(shown, style)], item };
  });
  return [{ line: [span(`  ${shorten(oneLine(more.title), width - 2, look.symbols.ellipsis)}`)] }, ...lines];
}

const BLANK: FormLine = { line: [] };

/** What is wrong with a field, below it. */
function fieldError(error: string, width: number): FormLine[] {
  const lines = errorLines(error, width - INDENT);
  return [...lines.map((line): FormLine => ({ line: [span(' '.repeat(INDENT)), ...line] })), BLANK];
}

function fieldLines(field: Field, i: number, ui: DialogUi, width: number, look: Look): FormLine[] {
  const { symbols } = look;
  const hasFocus = ui.index === i;
  const value = ui.values[field.name] ?? field.value;
  const style: Style = hasFocus ? { fg: 'accent', bold: true } : PLAIN;
  const box = field.type === 'toggle' ? `${value === 'on' ? symbols.on : symbols.off} ` : '';
  const label = box + shorten(oneLine(field.label), width - 2 - box.length, symbols.ellipsis);
  const secret = field.type === 'secret' && hasFocus ? [look.text.reveal(ui.revealed)] : [];
  const said = [...(field.hint === '' ? [] : [field.hint]), ...secret];
  const hint = said.flatMap((one) => paragraphs([one], width - INDENT, DIM));
  return [
    { line: [focusSign(hasFocus, look), span(label, style)], item: i },
    ...valueLines(field, i, value, ui, width, look),
    ...hint.map((line): FormLine => ({ line: [span(' '.repeat(INDENT)), ...line] })),
    ...(field.type === 'toggle' ? [] : [BLANK]),
  ];
}

function valueLines(
  field: Field,
  i: number,
  value: string,
  ui: DialogUi,
  width: number,
  { symbols }: Look,
): FormLine[] {
  const hasFocus = ui.index === i;
  const indent = ' '.repeat(INDENT);
  switch (field.type) {
    case 'toggle':
      return [];
    case 'choice':
      return field.choices.map((choice) => {
        const isChosen = choice.value === value;
        const label = shorten(oneLine(choice.label), width - INDENT - 4, symbols.ellipsis);
        const style: Style = !isChosen ? DIM : hasFocus ? { bg: 'chosen' } : PLAIN;
        return {
          line: [span(`${indent}${isChosen ? symbols.radioOn : symbols.radioOff} ${label}`, style)],
          item: i,
        };
      });
    case 'text':
    case 'secret': {
      const isHidden = field.type === 'secret' && !ui.revealed;
      const editor = isHidden ? masked(ui.editor, symbols.bullet) : ui.editor;
      const view = hasFocus ? fieldView(editor, width - INDENT, 1) : undefined;
      const plain = isHidden ? masked(replace(EMPTY, value), symbols.bullet).text : oneLine(value);
      const shown = view?.rows[0] ?? shorten(plain, width - INDENT, symbols.ellipsis);
      const text = span(shown, { bg: 'chosen', inverse: hasFocus && ui.untouched });
      const line = [span(indent), ...fit([text], width - INDENT, { bg: 'chosen' })];
      return [
        view === undefined ? { line, item: i } : { line, item: i, cursor: INDENT + view.cursor.column },
      ];
    }
    default:
      return field.type satisfies never;
  }
}

function buttons(dialog: FormDialog, ui: DialogUi, width: number, look: Look): Line {
  const { text } = look;
  const submits = ui.index === submitIndex(dialog);
  const cancels = ui.index > submitIndex(dialog);
  const submit = dialog.busy ? text.wait : `[ ${oneLine(dialog.submit)} ]`;
  const fg = dialog.danger ? 'bad' : 'accent';
  return ends(
    [focusSign(submits, look), span(submit, submits ? { fg, bold: true, bg: 'chosen' } : { fg, bold: true })],
    [focusSign(cancels, look), span(`[ ${text.cancel} ]`, cancels ? { bold: true, bg: 'chosen' } : DIM)],
    width,
  );
}

function focusSign(hasFocus: boolean, { symbols }: Look): Span {
  return span(hasFocus ? `${symbols.focus} ` : '  ', { fg: 'accent' });
}
