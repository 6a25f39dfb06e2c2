import {
  type BlockStart,
  columnsOf,
  fenceAt,
  type Item,
  isEmptyLine,
  itemAt,
  startOf,
  withoutIndent,
} from './block-starts.ts';
import { parseInline, type TextContext } from './inline-parser.ts';
import type { Block, Inline } from './rich.ts';
import { tableAt } from './tables.ts';

/** Deeper nesting is shown as it was written. */
const NESTED = 8;

/** Parses the lines of a message into blocks. In linear time. @param lines sanitized */
export function parseBlocks(lines: readonly string[], context: TextContext, depth = 0): Block[] {
  if (depth > NESTED) return paragraph(lines, context);
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    if (isEmptyLine(line)) {
      at++;
      continue;
    }
    const taken = takeBlock(lines, at, context, depth);
    blocks.push(...taken.blocks);
    at = taken.end;
  }
  return blocks;
}

interface Taken {
  readonly blocks: readonly Block[];
  /** The index of the line after it. */
  readonly end: number;
}

function takeBlock(lines: readonly string[], at: number, context: TextContext, depth: number): Taken {
  const start = startOf(lines[at] ?? '');
  switch (start?.kind) {
    case 'fence':
      return takeCode(lines, at, start);
    case 'heading': {
      const { level, text } = start;
      return { blocks: [{ kind: 'heading', level, inside: parseInline(text, context) }], end: at + 1 };
    }
    case 'rule':
      return { blocks: [{ kind: 'rule' }], end: at + 1 };
    case 'quote':
      return takeQuote(lines, at, context, depth);
    case 'item':
      return takeList(lines, at, start, context, depth);
    default: {
      const table = tableAt(lines, at, context);
      if (table !== undefined) return { blocks: [table.table], end: table.end };
      let end = at + 1;
      while (end < lines.length && !endsParagraph(lines, end)) end++;
      return { blocks: paragraph(lines.slice(at, end), context), end };
    }
  }
}

function endsParagraph(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  return isEmptyLine(line) || interrupts(line) || tableAt(lines, at, undefined) !== undefined;
}

/** Whether a line begins a block, though the line before is of a paragraph. */
function interrupts(line: string): boolean {
  const start = startOf(line);
  return (
    start !== undefined && (start.kind !== 'item' || ((start.number ?? 1) === 1 && !isEmptyLine(start.rest)))
  );
}

function paragraph(lines: readonly string[], context: TextContext): Block[] {
  const inside: Inline[] = parseInline(lines.join('\n').trimEnd(), context);
  return inside.length === 0 ? [] : [{ kind: 'paragraph', inside }];
}

function takeCode(
  lines: readonly string[],
  at: number,
  { fence, indent, language }: Extract<BlockStart, { kind: 'fence' }>,
): Taken {
  const end = lines.findIndex((line, i) => i > at && closes(line, fence));
  const code = lines.slice(at + 1, end === -1 ? undefined : end);
  const text = code.map((line) => withoutIndent(line, indent)).join('\n');
  return { blocks: [{ kind: 'code', language, text }], end: end === -1 ? lines.length : end + 1 };
}

function closes(line: string, fence: string): boolean {
  const closing = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
  return closing !== undefined && closing.charAt(0) === fence.charAt(0) && closing.length >= fence.length;
}

/** The lines within a quote or an item, and whether a line without its sign or indentation still belongs to them. */
class Container {
  readonly lines: string[] = [];
  #fence = '';

  add(line: string): void {
    this.lines.push(line);
    if (this.#fence !== '') {
      if (closes(line, this.#fence)) this.#fence = '';
    } else this.#fence = fenceAt(innermost(line))?.fence ?? '';
  }

  /** Whether the line goes on with the paragraph that the last line is of. */
  continues(line: string): boolean {
    const last = innermost(this.lines.at(-1) ?? '');
    if (this.#fence !== '' || isEmptyLine(last) || isEmptyLine(line) || interrupts(line)) return false;
    const kind = startOf(last)?.kind;
    return kind !== 'heading' && kind !== 'rule' && kind !== 'fence';
  }
}

/** A line without the signs of the quotes and items that it begins. */
function innermost(line: string): string {
  let rest = line;
  for (let depth = 0; depth <= NESTED; depth++) {
    const start = startOf(rest);
    if (start?.kind !== 'item' && start?.kind !== 'quote') break;
    rest = start.rest;
  }
  return rest;
}

function takeQuote(lines: readonly string[], from: number, context: TextContext, depth: number): Taken {
  const inside = new Container();
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const start = startOf(line);
    if (start?.kind === 'quote') inside.add(start.rest);
    else if (inside.continues(line)) inside.add(line);
    else break;
  }
  return { blocks: [{ kind: 'quote', inside: parseBlocks(inside.lines, context, depth + 1) }], end: at };
}

function takeList(
  lines: readonly string[],
  from: number,
  first: Item,
  context: TextContext,
  depth: number,
): Taken {
  const items: (readonly Block[])[] = [];
  let at = from;
  for (let item: Item | undefined = first; item?.sign === first.sign; ) {
    const inside = new Container();
    inside.add(item.rest);
    for (at++; at < lines.length; at++) {
      const line = lines[at] ?? '';
      if (isEmptyLine(line)) {
        // An item without text in its first line has none after an empty line either.
        if (inside.lines.every(isEmptyLine)) {
          while (isEmptyLine(lines[at] ?? '-')) at++;
          break;
        }
        inside.add('');
      } else if (columnsOf(line) >= item.width) inside.add(withoutIndent(line, item.width));
      else if (itemAt(line) === undefined && inside.continues(line)) inside.add(line);
      else break;
    }
    items.push(withTask(parseBlocks(inside.lines, context, depth + 1)));
    const next = lines[at];
    item = next === undefined || startOf(next)?.kind !== 'item' ? undefined : itemAt(next);
  }
  const start = first.number;
  const delimiter = first.sign === ')' && ({ delimiter: ')' } as const);
  return { blocks: [{ kind: 'list', start, ...delimiter, items }], end: at };
}

/** Draws the box of a task. */
function withTask(blocks: readonly Block[]): readonly Block[] {
  const [first, ...rest] = blocks;
  const [text, ...others] = first?.kind === 'paragraph' ? first.inside : [];
  if (text?.kind !== 'text') return blocks;
  const [whole, mark] = /^\[([ xX])\][ \t\n]+/.exec(text.text) ?? [];
  if (whole === undefined) return blocks;
  const after = text.text.slice(whole.length);
  const inside: Inline[] = [
    { kind: 'text', text: `${mark === ' ' ? '☐' : '☑'} ` },
    ...(after === '' ? [] : [{ kind: 'text', text: after } as const]),
    ...others,
  ];
  return [{ kind: 'paragraph', inside }, ...rest];
}
