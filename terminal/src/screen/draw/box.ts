import { fit, type Line, type OverText, PLAIN, type Size, type Span, type Style, span } from './frame.ts';
import { textSpans } from './inline-spans.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import type { Symbols } from './symbols.ts';
import { shorten, widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** A dialog as a box that is laid over the screen. */
export interface DialogView {
  readonly lines: readonly Line[];
  readonly top: number;
  readonly left: number;
  /** In cells of the screen. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
  /** The item on each line of the box, for clicks. */
  readonly items: readonly (number | undefined)[];
  /** The largest scroll offset, in lines. */
  readonly mostScroll: number;
  /** What the terminal draws over these lines. */
  readonly over?: OverText | undefined;
}

/** The content of a box: `head` and `foot` are always visible, `body` scrolls. */
export interface BoxContent {
  readonly head: readonly Line[];
  readonly body: readonly Line[];
  readonly foot: readonly Line[];
  /** The line of the body that has to be visible. */
  readonly focus?: number | undefined;
  readonly cursor?:
    | { readonly part: 'head' | 'body'; readonly row: number; readonly column: number }
    | undefined;
  /** The item that each line of the body belongs to. */
  readonly items?: readonly (number | undefined)[] | undefined;
}

export const DIM: Style = { fg: 'dim' };

export function paragraphs(text: readonly string[], width: number, style: Style = PLAIN): Line[] {
  return text.flatMap((one) => wrap([...textSpans(one, style)], width));
}

export function errorLines(error: string, width: number): Line[] {
  return error === '' ? [] : paragraphs([error], width, { fg: 'bad', bold: true });
}

export function busyLine({ text }: Look): Line {
  return [span(text.wait, DIM)];
}

/** Puts a border around the content, in the middle of the screen. The body is scrolled so that the focus is visible. */
export function boxed(
  title: string,
  content: BoxContent,
  scroll: number,
  { width, size, symbols }: { width: number; size: Size; symbols: Symbols },
): DialogView {
  const inner = width - 4;
  const room = Math.max(1, size.rows - 2 - content.head.length - content.foot.length);
  const mostScroll = Math.max(0, content.body.length - room);
  let from = Math.min(scroll, mostScroll);
  if (content.focus !== undefined)
    from = Math.max(0, Math.min(Math.max(from, content.focus - room + 1), content.focus, mostScroll));
  const body = content.body.slice(from, from + room);
  const all = [...content.head, ...body, ...content.foot].slice(0, Math.max(1, size.rows - 2));
  const top = Math.max(0, Math.floor((size.rows - all.length - 2) / 2));
  const left = Math.max(0, Math.floor((size.columns - width) / 2));
  const border: Style = { fg: 'accent', bg: 'box' };
  const background: Style = { bg: 'box' };
  const [nw, ne, sw, se] = symbols.corners;
  const name = ` ${shorten(oneLine(title), width - 8, symbols.ellipsis)} `;
  const more =
    mostScroll === 0 ? '' : ` ${from > 0 ? symbols.up : ' '}${from < mostScroll ? symbols.down : ' '} `;
  const edge = (begin: string, words: string, end: string): Line => [
    span(begin + symbols.line, border),
    span(words, { ...border, bold: true }),
    span(symbols.line.repeat(Math.max(0, width - 3 - widthOf(words))) + end, border),
  ];
  const withBoxBackground = (line: Line): Span[] =>
    line.map(({ text, style }) => ({ text, style: { bg: 'box', ...style } }));
  const lines: Line[] = [
    edge(nw, name, ne),
    ...all.map(
      (line): Line => [
        span(`${symbols.side} `, border),
        ...fit(withBoxBackground(line), inner, background),
        span(` ${symbols.side}`, border),
      ],
    ),
    edge(sw, more, se),
  ];
  const { cursor } = content;
  const row =
    cursor === undefined ? 0 : cursor.part === 'head' ? cursor.row : content.head.length + cursor.row - from;
  const items = body.map((_, i) => content.items?.[from + i]);
  return {
    lines,
    top,
    left,
    cursor: cursor === undefined ? undefined : { row: top + 1 + row, column: left + 2 + cursor.column },
    items: [undefined, ...content.head.map(() => undefined), ...items],
    mostScroll,
  };
}
