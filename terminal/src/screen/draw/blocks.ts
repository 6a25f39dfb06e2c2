import type { Block, CodePart } from '@gochat/view/rich';
import { sanitizeText } from '@gochat/view/sanitize';
import { type Foreground, type Line, PLAIN, type Span, type Style, span } from './frame.ts';
import { inlineSpans, lineSpans, TAB_CELLS } from './inline-spans.ts';
import type { Look } from './look.ts';
import { tableLines } from './table.ts';
import { head, shorten, widthOf } from './width.ts';
import { MOST_LINES, wrap } from './wrap.ts';

export type CodeBlock = Extract<Block, { kind: 'code' }>;

/** What the blocks of a message are drawn with. */
export interface DrawContext extends Look {
  /** The highlighted parts of a code block; undefined until they are known. Then the row is drawn again. */
  readonly highlighted: (block: CodeBlock) => readonly CodePart[] | undefined;
}

/** Lays out the blocks of a message in lines of at most `width` cells. */
export function blockLines(blocks: readonly Block[], width: number, context: DrawContext): Line[] {
  const lines: Line[] = [];
  for (const block of blocks) {
    for (const line of linesOf(block, width, context)) lines.push(line);
    if (lines.length > MOST_LINES) break;
  }
  return lines;
}

function linesOf(block: Block, width: number, context: DrawContext): readonly Line[] {
  switch (block.kind) {
    case 'paragraph':
      return wrap([...inlineSpans(block.inside, PLAIN)], width);
    case 'heading':
      return wrap([...inlineSpans(block.inside, { bold: true, underline: block.level === 1 })], width);
    case 'code':
      return codeLines(block, width, context);
    case 'quote': {
      const bar = span(`${context.symbols.bar} `, { fg: 'dim' });
      return blockLines(block.inside, width - 2, context).map((line) => [bar, ...dimmed(line)]);
    }
    case 'list':
      return block.items.flatMap((item, i) => {
        const sign = `${block.start === undefined ? context.symbols.bullet : `${block.start + i}${block.delimiter ?? '.'}`} `;
        const inner = blockLines(item, width - sign.length, context);
        return inner.map((line, n) => [
          span(n === 0 ? sign : ' '.repeat(sign.length), { fg: 'dim' }),
          ...line,
        ]);
      });
    case 'table':
      return tableLines(block, width, context.symbols);
    case 'rule':
      return [[span(context.symbols.line.repeat(Math.max(1, Math.min(width, 24))), { fg: 'dim' })]];
    default:
      return block satisfies never;
  }
}

function dimmed(line: Line): Line {
  return line.map(({ text, style }) => ({ text, style: { ...style, fg: style.fg ?? 'dim' } }));
}

/** The scopes of highlight.js that have a colour. */
const SCOPES: Readonly<Record<string, Foreground>> = {
  keyword: 'keyword',
  built_in: 'keyword',
  literal: 'number',
  number: 'number',
  string: 'string',
  regexp: 'string',
  symbol: 'number',
  comment: 'comment',
  doctag: 'comment',
  meta: 'comment',
  title: 'accent',
  name: 'accent',
  attr: 'link',
  attribute: 'link',
  type: 'accent',
  tag: 'accent',
  addition: 'good',
  deletion: 'bad',
};

/** The lines of code, each with a bar before it. Long lines are broken anywhere, not only at blanks. */
function codeLines(block: CodeBlock, width: number, context: DrawContext): Line[] {
  const bar = span(`${context.symbols.bar} `, { fg: 'dim' });
  const parts = context.highlighted(block) ?? [{ scope: '', text: block.text }];
  const spans = parts.flatMap(({ scope, text }) => [...lineSpans(text, styleOf(scope))]);
  const lines = hardWrap(spans, Math.max(1, width - 2)).map((line): Line => [bar, ...line]);
  const language = sanitizeText(block.language).replaceAll('\n', '');
  if (language !== '')
    lines.unshift([bar, span(shorten(language, width - 2, context.symbols.ellipsis), { fg: 'dim' })]);
  return lines;
}

const CODE: Style = { fg: 'code' };
const STYLES: Readonly<Record<string, Style>> = Object.fromEntries(
  Object.entries(SCOPES).map(([scope, fg]) => [scope, { fg }]),
);

function styleOf(scope: string): Style {
  const name = /^[a-z_]+/.exec(scope)?.[0] ?? '';
  return Object.hasOwn(STYLES, name) ? (STYLES[name] ?? CODE) : CODE;
}

function hardWrap(spans: readonly Span[], width: number): Line[] {
  const lines: Line[] = [];
  let line: Span[] = [];
  let used = 0;
  for (const { text, style } of spans) {
    if (lines.length > MOST_LINES) return lines;
    if (text === '\n') {
      lines.push(line);
      line = [];
      used = 0;
      continue;
    }
    let rest = text;
    for (let tab = rest.indexOf('\t'); tab !== -1; tab = rest.indexOf('\t')) {
      const before = widthOf(rest.slice(0, tab));
      const blanks = TAB_CELLS - (((used + before) % width) % TAB_CELLS);
      rest = rest.slice(0, tab) + ' '.repeat(blanks) + rest.slice(tab + 1);
    }
    while (rest !== '' && lines.length <= MOST_LINES) {
      const taken = head(rest.slice(0, width * 16), width - used);
      if (taken !== '') line.push(span(taken, style));
      rest = rest.slice(taken.length);
      used += widthOf(taken);
      if (rest === '') break;
      // A glyph that is wider than the line is dropped.
      if (taken === '' && used === 0) rest = rest.slice(1);
      lines.push(line);
      line = [];
      used = 0;
    }
  }
  lines.push(line);
  return lines;
}
