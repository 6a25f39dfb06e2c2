import { eastAsianWidth } from 'get-east-asian-width';

/** A grapheme cluster, and how many cells of a terminal it takes. */
export interface Glyph {
  readonly text: string;
  readonly width: number;
  /** Whether all terminals agree about the width. */
  readonly sure: boolean;
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** The text is segmented in chunks: the segmenter's time per character grows with the length of its input. */
const CHUNK = 128;
const PLAIN = /^[\u0020-\u007e]*$/;
/** Characters of one cell that combine with nothing. */
const SIMPLE =
  /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u0400-\u0482\u048a-\u052f\u2010-\u2015\u2018-\u2026\u2190-\u2193\u2500-\u25ff]*$/;

/** The glyphs of a text without control characters, in order. */
export function* glyphs(text: string): Generator<Glyph> {
  if (PLAIN.test(text)) {
    for (const char of text) yield { text: char, width: 1, sure: true };
    return;
  }
  let rest = '';
  for (let at = 0; at < text.length || rest !== ''; at += CHUNK) {
    const part = rest + text.slice(at, at + CHUNK);
    const last = at + CHUNK >= text.length;
    rest = '';
    for (const { segment, index } of SEGMENTER.segment(part)) {
      // The last glyph of a chunk may continue in the next chunk. No character of any language is longer than a chunk.
      if (!last && index + segment.length === part.length && segment.length < CHUNK) rest = segment;
      else yield glyph(segment);
    }
    if (last) return;
  }
}

function glyph(segment: string): Glyph {
  if (SIMPLE.test(segment) && segment.length === 1) return { text: segment, width: 1, sure: true };
  if (/^\p{M}/u.test(segment)) return { text: segment, width: 1, sure: false };
  const chars = [...segment];
  const [first = ' '] = chars;
  const code = first.codePointAt(0) ?? 0x20;
  if (code >= 0xd800 && code <= 0xdfff) return { text: '\ufffd', width: 1, sure: true };
  if (chars.length === 1) {
    const width = eastAsianWidth(code);
    return {
      text: segment,
      width,
      sure: width === 1 ? code < 0x1100 || (code >= 0x2010 && code < 0x2600) : code < 0xffff,
    };
  }
  if (/\p{Extended_Pictographic}|\p{RI}|\ufe0f/u.test(segment))
    return { text: segment, width: 2, sure: false };
  let width = 0;
  for (const char of chars) if (!JOINING.test(char)) width += eastAsianWidth(char.codePointAt(0) ?? 0x20);
  return { text: segment, width: Math.max(1, width), sure: false };
}

/** Characters that add no cell to the one before: combining marks, format characters, medial and final jamo. */
const JOINING = /[\p{M}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/** How many cells a text without control characters takes. */
export function widthOf(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  let width = 0;
  for (const one of glyphs(text)) width += one.width;
  return width;
}

/** The longest beginning of a text that fits into `cells`. */
export function head(text: string, cells: number): string {
  if (SIMPLE.test(text)) return text.slice(0, Math.max(0, cells));
  let taken = '';
  let width = 0;
  for (const one of glyphs(text)) {
    if (width + one.width > cells) break;
    taken += one.text;
    width += one.width;
  }
  return taken;
}

/** The text, or its beginning and `…` when it doesn't fit. */
export function shorten(text: string, cells: number, ellipsis = '…'): string {
  // A long text isn't measured to its end.
  const enough = text.length > cells * 16 + 64 ? text.slice(0, cells * 16 + 64) : text;
  if (enough === text && widthOf(text) <= cells) return text;
  return cells <= 0 ? '' : `${head(enough, cells - 1)}${ellipsis}`;
}

/** The offset one glyph before (-1) or after (1) an offset. */
export function step(text: string, at: number, by: 1 | -1): number {
  // Only the text around the offset is segmented, from a line feed or a space if there is one.
  if (by === 1) {
    if (at >= text.length) return text.length;
    const [next] = SEGMENTER.segment(text.slice(at, at + CHUNK));
    return at + (next?.segment.length ?? 1);
  }
  if (at <= 0) return 0;
  const from = Math.max(0, at - CHUNK);
  let last = from;
  for (const { index } of SEGMENTER.segment(text.slice(from, at))) last = from + index;
  return last;
}
