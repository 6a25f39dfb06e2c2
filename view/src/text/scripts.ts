/** Scripts that write no space between words, and Korean, whose particles follow a name directly. */
const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Bopomofo}\u30fc\u3005\u3007]$/u;
const WORD = /^[\p{L}\p{N}\p{M}_\u200c\u200d]$/u;
const JOINS = /^[\p{M}\p{Emoji_Modifier}\u200c\u200d]$/u;

/** The character that ends at an offset, empty at the start. */
export function charBefore(text: string, at: number): string {
  if (at <= 0) return '';
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff ? text.slice(Math.max(0, at - 2), at) : text.charAt(at - 1);
}

/** The character at an offset, empty at the end. */
export function charAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

/** Whether a word may begin or end between two characters. Chinese, Japanese and Thai have no spaces between words. */
export function isBoundary(before: string, after: string): boolean {
  if (JOINS.test(after)) return false;
  if (!WORD.test(before) || !WORD.test(after)) return true;
  return UNSPACED.test(before) || UNSPACED.test(after);
}

/** Whether the character is of a script that writes no space between words. */
export function isUnspaced(char: string): boolean {
  return UNSPACED.test(char);
}
