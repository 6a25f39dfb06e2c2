import type { Author, Delivery, MessageRow, Quote, Row } from '@gochat/view/row';
import { sanitizeLine, sanitizeText } from '@gochat/view/sanitize';
import { blockLines, type DrawContext } from './blocks.ts';
import { fileLines } from './files.ts';
import { type Foreground, type Line, PLAIN, type Span, type Style, span } from './frame.ts';
import { inlineSpans, textSpans } from './inline-spans.ts';
import { pollLines } from './poll.ts';
import { shorten, widthOf } from './width.ts';
import { MOST_LINES, wrap } from './wrap.ts';

/** The columns of a timeline, in cells: a mark, the time, the name, the text. */
export interface Gutter {
  readonly width: number;
  /** 0 when there is no space for times. */
  readonly time: number;
  readonly nick: number;
}

/** @param rows of the timeline: how wide their times are depends on the locale. */
export function gutterOf(width: number, rows: readonly Row[]): Gutter {
  const time = width < 30 ? 0 : timeCells(rows) + 1;
  const nick = width < 30 ? 6 : width < 56 ? 8 : width < 80 ? 10 : 14;
  return { width, time, nick };
}

/** The cells of a time of the 24-hour clock, and of the 12-hour clock. */
const [TIME_CELLS, LONG_TIME_CELLS] = [5, 8];

function timeCells(rows: readonly Row[]): number {
  const newest = rows.findLast((row) => 'time' in row);
  if (newest === undefined || !('time' in newest)) return TIME_CELLS;
  return widthOf(sanitizeLine(newest.time)) > TIME_CELLS ? LONG_TIME_CELLS : TIME_CELLS;
}

const DIM: Style = { fg: 'dim' };

/** The lines of rows, cached by row: rows never change. */
export class RowLines {
  readonly #context: DrawContext;
  #made = new WeakMap<Row, { readonly gutter: Gutter; readonly lines: readonly Line[] }>();

  constructor(context: DrawContext) {
    this.#context = context;
  }

  of(row: Row, gutter: Gutter): readonly Line[] {
    const known = this.#made.get(row);
    if (known?.gutter.width === gutter.width && known.gutter.time === gutter.time) return known.lines;
    const lines = rowLines(row, gutter, this.#context);
    this.#made.set(row, { gutter, lines });
    return lines;
  }

  /** Empties the cache: rows are drawn in another way from now on. */
  forget(): void {
    this.#made = new WeakMap();
  }
}

function rowLines(row: Row, gutter: Gutter, context: DrawContext): readonly Line[] {
  switch (row.kind) {
    case 'day':
      return [ruled(sanitizeLine(row.text), gutter.width, context, DIM)];
    case 'unread':
      return [ruled(sanitizeLine(row.text), gutter.width, context, { fg: 'bad', bold: true })];
    case 'start':
      return wrap([...textSpans(row.text, DIM)], gutter.width - 2).map((line) => [span(' '), ...line]);
    case 'message':
      return messageLines(row, gutter, context);
    case 'deleted':
      return withHangingIndent(
        row.time,
        nickSpan(row.first ? row.author : undefined, gutter, context),
        gutter,
        [...textSpans(row.text, { fg: 'dim', italic: true })],
      );
    case 'ignored':
      return withHangingIndent('', signSpan('-', gutter, DIM), gutter, [
        ...textSpans(row.text, { fg: 'dim', italic: true }),
      ]);
    case 'notice':
      return withHangingIndent(row.time, signSpan('*', gutter, DIM), gutter, [...textSpans(row.text, DIM)]);
    case 'warning':
      return withHangingIndent(row.time, signSpan('!', gutter, { fg: 'bad', bold: true }), gutter, [
        ...textSpans(row.text, { fg: 'bad' }),
      ]);
    default:
      return row satisfies never;
  }
}

/** "── Today ──────" */
function ruled(text: string, width: number, context: DrawContext, style: Style): Line {
  const words = ` ${shorten(text, width - 6, context.symbols.ellipsis)} `;
  const rest = Math.max(0, width - 2 - widthOf(words));
  return [span(`${context.symbols.line.repeat(2)}${words}${context.symbols.line.repeat(rest)}`, style)];
}

function messageLines(row: MessageRow, gutter: Gutter, context: DrawContext): readonly Line[] {
  const width = textWidth(gutter);
  const text: Line[] = [];
  if (row.reply !== undefined) text.push(quoteLine(row.reply, width, context));
  for (const remark of [row.forwarded, row.newer])
    if (remark !== '') text.push(...wrap([...textSpans(remark, { fg: 'dim', italic: true })], width));
  if (row.me)
    text.push(
      ...wrap([span(`${sanitizeLine(row.author.name)} `, nickStyle(row.author)), ...meSpans(row)], width),
    );
  else text.push(...blockLines(row.body, width, context));
  if (text.length > MOST_LINES) {
    text.length = MOST_LINES;
    text.push(...wrap([span(context.text.row.cut, DIM)], width));
  }
  if (row.poll !== undefined) text.push(...pollLines(row.poll, width, context));
  text.push(...fileLines(row.key, row.files, width, context));
  const tail = tailSpans(row, context);
  if (tail.length > 0) appendTail(text, tail, width);
  if (row.timeMark !== '') text.push(...wrap([...textSpans(row.timeMark, { fg: 'bad' })], width));
  if (row.reactions.length > 0) text.push(...reactionLines(row, width, context));
  if (row.replies !== '') text.push(...wrap([span(sanitizeLine(row.replies), { fg: 'accent' })], width));
  const nick = row.me
    ? signSpan('*', gutter, nickStyle(row.author))
    : nickSpan(row.first ? row.author : undefined, gutter, context);
  const mark = row.mentioned ? span('@', { fg: 'warn', bold: true }) : span(' ');
  return withGutter(row.first || row.me ? row.time : '', nick, gutter, text, mark);
}

/** A `/me` message is one paragraph. What isn't a paragraph is drawn as it was written. */
function meSpans(row: MessageRow): readonly Span[] {
  const [only] = row.body;
  if (row.body.length === 1 && only?.kind === 'paragraph') return [...inlineSpans(only.inside, PLAIN)];
  return [...textSpans(row.source, PLAIN)];
}

function quoteLine(quote: Quote, width: number, { symbols }: DrawContext): Line {
  const from = quote.from === '' ? '' : `${sanitizeLine(quote.from)}: `;
  const text = sanitizeText(quote.text).replaceAll('\n', ' ');
  const left = width - 2 - widthOf(from);
  return [
    span(`${symbols.bar} `, DIM),
    span(shorten(from, width - 2, symbols.ellipsis), { fg: from === '' ? 'dim' : `nick${quote.colour}` }),
    span(left > 0 ? shorten(text, left, symbols.ellipsis) : '', DIM),
  ];
}

function tailSpans(row: MessageRow, { symbols }: DrawContext): readonly Span[] {
  const signs: Readonly<Record<Delivery, Span>> = {
    waiting: span(` ${symbols.waiting}`, { fg: 'warn' }),
    refused: span(` ${symbols.refused} ${row.deliveryText}`, { fg: 'warn' }),
    sent: span(` ${symbols.sent}`, DIM),
    read: span(` ${symbols.read}`, { fg: 'good' }),
  };
  return [
    ...(row.edited === '' ? [] : [span(` (${sanitizeLine(row.edited)})`, DIM)]),
    ...(row.shared === '' ? [] : [span(` (${sanitizeLine(row.shared)})`, DIM)]),
    ...(row.delivery === undefined ? [] : [signs[row.delivery]]),
  ];
}

/** Appends to the last line if it has space, or else below it. */
function appendTail(lines: Line[], tail: readonly Span[], width: number): void {
  const last = lines.at(-1) ?? [];
  const cells = (line: Line) => line.reduce((sum, { text }) => sum + widthOf(text), 0);
  const fits = cells(last) + cells(tail) <= width && lines.length > 0;
  if (fits) lines[lines.length - 1] = [...last, ...tail];
  else
    lines.push(
      ...wrap(
        tail.map(({ text, style }, i) => span(i === 0 ? text.trimStart() : text, style)),
        width,
      ),
    );
}

function reactionLines(row: MessageRow, width: number, { text }: DrawContext): Line[] {
  const chips = row.reactions.map(({ emoji, count, own }) =>
    // A normal blank would let the line break inside a chip.
    span(`[${sanitizeLine(emoji)}\u00a0${text.count(count)}]`, own ? { fg: 'accent', bold: true } : DIM),
  );
  return wrap(
    chips.flatMap((chip) => [chip, span(' ')]),
    width,
  );
}

function textWidth({ width, time, nick }: Gutter): number {
  return Math.max(1, width - 1 - time - nick - 1);
}

function nickStyle(author: Author): Style {
  return { fg: `nick${author.colour}` as Foreground, bold: author.own };
}

function nickSpan(author: Author | undefined, { nick }: Gutter, { symbols }: DrawContext): Span {
  if (author === undefined) return span(' '.repeat(nick));
  const name = shorten(sanitizeLine(author.name), nick, symbols.ellipsis);
  return span(' '.repeat(nick - widthOf(name)) + name, nickStyle(author));
}

function signSpan(sign: string, { nick }: Gutter, style: Style): Span {
  return span(sign.padStart(nick), style);
}

function withHangingIndent(time: string, nick: Span, gutter: Gutter, spans: readonly Span[]): Line[] {
  return withGutter(time, nick, gutter, wrap(spans, textWidth(gutter)), span(' '));
}

function withGutter(time: string, nick: Span, gutter: Gutter, text: readonly Line[], mark: Span): Line[] {
  const clock = gutter.time === 0 ? '' : shorten(sanitizeLine(time || ' '), gutter.time - 1, '');
  const shown = span((time === '' ? '' : clock).padEnd(gutter.time), DIM);
  const hang = span(' '.repeat(gutter.time + gutter.nick + 1));
  return text.map((line, i) =>
    i === 0 ? [mark, shown, nick, span(' '), ...line] : [span(' '), hang, ...line],
  );
}
