import type { Block, Cell, Inline } from '@gochat/view/rich';

/** A message longer than this is folded at first, because laying out a megabyte of text blocks the page. */
const CHARS = 4000;
const LINES = 40;

interface Left {
  chars: number;
  lines: number;
}

/** The beginning of a message's text; the same array when it is short enough. */
export function clip(blocks: readonly Block[], chars = CHARS, lines = LINES): readonly Block[] {
  const left: Left = { chars, lines };
  const clipped = clipBlocks(blocks, left);
  return left.chars < 0 || left.lines < 0 ? clipped : blocks;
}

function clipBlocks(blocks: readonly Block[], left: Left): Block[] {
  const out: Block[] = [];
  for (const block of blocks) {
    if (left.lines < 1) left.lines = -1;
    if (left.chars < 0 || left.lines < 0) break;
    if (block.kind !== 'quote' && block.kind !== 'list' && block.kind !== 'table') left.lines--;
    out.push(clipBlock(block, left));
  }
  return out;
}

function clipBlock(block: Block, left: Left): Block {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return { ...block, inside: clipInlines(block.inside, left) };
    case 'code':
      return { ...block, text: clipText(block.text, left) };
    case 'quote':
      return { ...block, inside: clipBlocks(block.inside, left) };
    case 'list':
      return {
        ...block,
        items: block.items.map((item) => clipBlocks(item, left)).filter((item) => item.length > 0),
      };
    case 'table':
      return { ...block, head: clipRow(block.head, left), rows: clipRows(block.rows, left) };
    case 'rule':
      return block;
    default:
      return block satisfies never;
  }
}

function clipRows(rows: readonly (readonly Cell[])[], left: Left): (readonly Cell[])[] {
  const out: (readonly Cell[])[] = [];
  for (const row of rows) {
    if (left.chars < 0 || left.lines < 0) break;
    out.push(clipRow(row, left));
  }
  return out;
}

function clipRow(row: readonly Cell[], left: Left): readonly Cell[] {
  left.lines--;
  return row.map((cell) => clipInlines(cell, left));
}

function clipInlines(inlines: readonly Inline[], left: Left): Inline[] {
  const out: Inline[] = [];
  for (const inline of inlines) {
    if (left.chars < 0 || left.lines < 0) break;
    if ('inside' in inline) out.push({ ...inline, inside: clipInlines(inline.inside, left) });
    else if ('text' in inline) out.push({ ...inline, text: clipText(inline.text, left) });
    else {
      left.lines--;
      out.push(inline);
    }
  }
  return out;
}

function clipText(text: string, left: Left): string {
  let end = Math.min(text.length, left.chars);
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) {
    left.lines--;
    if (left.lines < 0) end = at;
  }
  left.chars -= end < text.length && left.lines >= 0 ? left.chars + 1 : end;
  // A surrogate pair is never split.
  const half = end < text.length && /[\ud800-\udbff]/.test(text[end - 1] ?? '');
  return text.slice(0, half ? end - 1 : end);
}
