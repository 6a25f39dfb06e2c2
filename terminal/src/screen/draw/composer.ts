import { sanitizeLine } from '@gochat/view/sanitize';
import type { Completion, Composer, RoomScreen } from '@gochat/view/snapshot';
import type { Editor } from '../edit/editor.ts';
import { fieldView } from '../edit/field.ts';
import { fit, type Line, type Span, type Style, span } from './frame.ts';
import { textSpans } from './inline-spans.ts';
import type { Look, ScreenText } from './look.ts';
import { oneLine } from './one-line.ts';
import type { Symbols } from './symbols.ts';
import { trayLines } from './tray.ts';
import { shorten, widthOf } from './width.ts';
import { wrap } from './wrap.ts';

const DIM: Style = { fg: 'dim' };
const MOST_ROWS = 8;

/** The lowest rows of the screen: the message that is replied to, then the field. */
export interface ComposerView {
  readonly lines: readonly Line[];
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
}

type FieldMode = Composer['mode'] | 'search' | 'normal';

/** What the first row of the field begins with. Further rows are indented by as much. */
function promptOf(mode: FieldMode, { prompts }: ScreenText): string {
  return prompts[mode === 'closed' ? 'new' : mode];
}

export function promptWidth(mode: FieldMode, text: ScreenText): number {
  return widthOf(promptOf(mode, text));
}

/** How many columns the text of the field has. */
export function fieldWidth(columns: number, mode: FieldMode, text: ScreenText): number {
  return Math.max(2, columns - promptWidth(mode, text));
}

export function composerView(
  room: RoomScreen,
  editor: Editor,
  layout: {
    readonly columns: number;
    readonly most: number;
    readonly normal: boolean;
    /** Those that change the files to be sent. */
    readonly trayKeys: string;
  },
  look: Look,
): ComposerView {
  const { composer } = room;
  const { columns } = layout;
  // A line at least, unless the screen has none to spare: the next Enter sends the files.
  const most = layout.most < 2 ? 0 : Math.max(1, layout.most - 2);
  const tray = { columns, most, keys: layout.trayKeys };
  const head = trayLines(composer.tray, tray, look);
  if (composer.reply !== undefined) head.unshift(replyLine(composer.reply, columns, look.symbols));
  if (composer.space !== '')
    head.push(fit([span(` ${oneLine(composer.space)}`, composer.tooLong ? { fg: 'bad' } : DIM)], columns));
  if (composer.mode === 'closed') {
    return {
      lines: [
        ...head,
        ...wrap([...textSpans(oneLine(composer.hint), { fg: 'warn' })], columns - 2)
          .slice(0, layout.most)
          .map((line) => fit([span(' '), ...line], columns)),
      ],
      cursor: undefined,
    };
  }
  const kind = layout.normal && composer.mode === 'new' ? 'normal' : composer.mode;
  return fieldLines(editor, kind, composer.hint, { columns, most: layout.most - head.length, head }, look);
}

/** The field for the text of a search. */
export function searchView(room: RoomScreen, editor: Editor, columns: number, look: Look): ComposerView {
  const { search } = room;
  const summary = search === undefined ? look.text.searchHint : search.summary;
  return fieldLines(editor, 'search', summary, { columns, most: 1, head: [] }, look);
}

function fieldLines(
  editor: Editor,
  mode: FieldMode,
  hint: string,
  layout: { readonly columns: number; readonly most: number; readonly head: readonly Line[] },
  { symbols, text: words }: Look,
): ComposerView {
  const { columns, head } = layout;
  const prompt = promptOf(mode, words);
  const promptCells = widthOf(prompt);
  const view = fieldView(
    editor,
    fieldWidth(columns, mode, words),
    Math.max(1, Math.min(MOST_ROWS, layout.most)),
  );
  const style: Style = { fg: mode === 'edit' || mode === 'search' ? 'warn' : 'accent', bold: true };
  const rows = view.rows.map((text, i): Line => {
    const sign = i === 0 ? (view.above ? symbols.up.padEnd(promptCells) : prompt) : ' '.repeat(promptCells);
    const isLast = i === view.rows.length - 1;
    const more = isLast && view.below ? symbols.down.padEnd(promptCells) : sign;
    const spans: Span[] = [span(more, style), span(oneRow(text))];
    if (editor.text === '' || mode === 'search') {
      const left = columns - promptCells - widthOf(text) - 2;
      if (left > 8)
        spans.push(span(`${text === '' ? '' : '  '}${shorten(oneLine(hint), left, symbols.ellipsis)}`, DIM));
    }
    return fit(spans, columns);
  });
  return {
    lines: [...head, ...rows],
    cursor: {
      row: head.length + view.cursor.row,
      column: Math.min(columns - 1, promptCells + view.cursor.column),
    },
  };
}

/** Control characters of a paste, such as tabs, are shown as one blank each. */
function oneRow(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a control is shown as a blank
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function replyLine(reply: NonNullable<Composer['reply']>, columns: number, symbols: Symbols): Line {
  const from = sanitizeLine(reply.from);
  const left = columns - widthOf(from) - 6;
  return fit(
    [
      span(` ${symbols.bar} `, DIM),
      span(shorten(from, columns - 4, symbols.ellipsis), { fg: `nick${reply.colour}`, bold: true }),
      span(left > 0 ? `  ${shorten(oneLine(reply.text), left, symbols.ellipsis)}` : '', DIM),
    ],
    columns,
  );
}

const MOST_ITEMS = 8;

/** The completions, as a box that is laid over the rows above the field. */
export function completionBox(
  completion: Completion,
  columns: number,
  most: number,
  symbols: Symbols,
): readonly Line[] {
  const { items, selected } = completion;
  const height = Math.max(0, Math.min(MOST_ITEMS, most, items.length));
  const from = Math.max(0, Math.min((selected ?? 0) - height + 1, items.length - height));
  const shown = items.slice(from, from + height);
  const labels = shown.map(({ label }) => oneLine(label));
  const hints = shown.map(({ hint }) => oneLine(hint));
  const labelWidth = Math.min(Math.max(1, ...labels.map(widthOf)), Math.max(4, columns - 4));
  const spare = columns - labelWidth - 4;
  const hintWidth = spare < 6 ? 0 : Math.min(spare, Math.max(0, ...hints.map(widthOf)));
  return shown.map((_, i) => {
    const background =
      from + i === selected ? ({ bg: 'chosen', bold: true } as const) : ({ bg: 'box' } as const);
    const line: Line = [
      ...fit(
        [span(` ${shorten(labels[i] ?? '', labelWidth, symbols.ellipsis)}`, background)],
        labelWidth + 2,
        background,
      ),
      ...(hintWidth === 0
        ? []
        : fit(
            [span(shorten(hints[i] ?? '', hintWidth, symbols.ellipsis), { fg: 'dim', bg: background.bg })],
            hintWidth + 1,
            background,
          )),
    ];
    return line;
  });
}
