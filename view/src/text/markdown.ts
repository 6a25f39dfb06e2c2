import { isBlank } from '@gochat/client/blank';
import { parseBlocks } from './block-parser.ts';
import { type TextContext, wordsIn } from './inline-parser.ts';
import type { Callable } from './mentions.ts';
import type { Block, Inline } from './rich.ts';
import { sanitizeText } from './sanitize.ts';

const NOBODY: TextContext = { callable: new Map() };

/**
 * Parses a message: what is text, code, a link, a mention or an emoji. It is Markdown as GitHub has it, without HTML, pictures,
 * reference definitions, indented code and underlined headings. HTML stays text, and links lead only to http, https or mailto.
 * Everything that depends on what a message says uses these blocks: sending, drawing, notifying.
 * @param text as it was written or received.
 */
export function parseMarkdown(text: string, context: TextContext = NOBODY): Block[] {
  const clean = sanitizeText(text);
  const blocks = parseBlocks(clean.split('\n'), context);
  return blocks.length === 0 ? [{ kind: 'paragraph', inside: [{ kind: 'text', text: clean }] }] : blocks;
}

/** Parses a message to show it. One whose markup leaves nothing to see, such as `>` or `#`, is shown as it was written. */
export function parseShown(text: string, context: TextContext): Block[] {
  const blocks = parseMarkdown(text, context);
  if (!isBlank(wordsOf(blocks)) || blocks.some(({ kind }) => kind === 'rule')) return blocks;
  const lines = sanitizeText(text).split('\n');
  const inside = lines.flatMap((line, i): Inline[] => [
    ...(i === 0 ? [] : [{ kind: 'break' } as const]),
    { kind: 'text', text: line },
  ]);
  return [{ kind: 'paragraph', inside }];
}

/** The words of a message that was parsed, in one line. */
export function wordsOf(blocks: readonly Block[]): string {
  return words(blocks).replace(/\s+/gu, ' ').trim();
}

function words(all: readonly Block[]): string {
  return all.map((block) => `${wordsOfBlock(block)} `).join('');
}

function wordsOfBlock(block: Block): string {
  switch (block.kind) {
    case 'quote':
      return words(block.inside);
    case 'list':
      return block.items.map(words).join(' ');
    case 'table':
      return [block.head, ...block.rows].flat().map(wordsIn).join(' ');
    case 'rule':
      return '';
    case 'code':
      return block.text;
    case 'paragraph':
    case 'heading':
      return wordsIn(block.inside);
    default:
      return block satisfies never;
  }
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** How many emoji are drawn large, and how much text may hold them. */
const LARGE = 3;
const LARGE_CHARS = 128;

/** Whether a message is nothing but one to three emoji. */
export function isLarge(blocks: readonly Block[]): boolean {
  const [only] = blocks;
  if (blocks.length !== 1 || only?.kind !== 'paragraph') return false;
  if (!only.inside.every(({ kind }) => kind === 'text' || kind === 'emoji')) return false;
  const text = wordsIn(only.inside).replace(/\s+/gu, '');
  if (text === '' || text.length > LARGE_CHARS) return false;
  let signs = 0;
  for (const { segment } of graphemes.segment(text)) {
    signs += 1;
    if (signs > LARGE || !isEmoji(segment)) return false;
  }
  return true;
}

/** Whether a sign is drawn as an emoji. Digits, © and the like are so only with a variation selector. */
function isEmoji(sign: string): boolean {
  return /^\p{Emoji_Presentation}|^\p{RI}{2}$|^\p{Emoji}\p{Emoji_Modifier}|^\p{Emoji}\ufe0f|^(?=\p{Extended_Pictographic})[\u2600-\u27bf]$/u.test(
    sign,
  );
}

/** The most mentions of one message. */
const MENTIONS = 32;

/** The identity keys of the members whom a text mentions: as many as a message may hold. */
export function mentionsIn(text: string, callable: Callable): string[] {
  if (callable.size === 0 || !text.includes('@')) return [];
  const found = new Set<string>();
  for (const inline of inlinesOf(parseMarkdown(text, { callable })))
    if (inline.kind === 'mention')
      for (const identity of callable.get(inline.text.slice(1))?.identities ?? []) found.add(identity);
  return [...found].slice(0, MENTIONS);
}

/** All parts of all lines, in order. */
export function* inlinesOf(blocks: readonly Block[]): Generator<Inline> {
  for (const block of blocks) {
    if (block.kind === 'paragraph' || block.kind === 'heading') yield* deep(block.inside);
    else if (block.kind === 'quote') yield* inlinesOf(block.inside);
    else if (block.kind === 'list') for (const item of block.items) yield* inlinesOf(item);
    else if (block.kind === 'table') for (const cell of [block.head, ...block.rows].flat()) yield* deep(cell);
  }
}

function* deep(inlines: readonly Inline[]): Generator<Inline> {
  for (const inline of inlines) {
    yield inline;
    if ('inside' in inline) yield* deep(inline.inside);
  }
}
