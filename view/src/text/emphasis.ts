import { charAt, charBefore, isUnspaced } from './scripts.ts';

export type Emphasis = 'strong' | 'emphasis' | 'strike';

/** A run of `*`, `_` or `~~` in a line. */
export interface Delimiter {
  readonly char: string;
  /** How many characters the run has. */
  readonly length: number;
  readonly canOpen: boolean;
  readonly canClose: boolean;
  /** How many of its characters are no markup. */
  left: number;
  /** What ends at this run, in order, and what begins after it, in order. */
  readonly closes: Emphasis[];
  readonly opens: Emphasis[];
}

/** The run at this offset, by the rules of CommonMark; one tilde strikes nothing. */
export function delimiterAt(text: string, at: number): Delimiter {
  const char = text.charAt(at);
  let end = at + 1;
  while (text.charAt(end) === char) end++;
  const before = charBefore(text, at);
  const after = charAt(text, end);
  const length = end - at;
  // In Chinese, Japanese and Korean no space is beside a run, so punctuation there decides nothing.
  const opens =
    !isSpace(after) && (!isMark(after) || isSpace(before) || isMark(before) || isUnspaced(before));
  const closes =
    !isSpace(before) && (!isMark(before) || isSpace(after) || isMark(after) || isUnspaced(after));
  const within = opens && closes;
  const isPossible = char !== '~' || length === 2;
  return {
    char,
    length,
    canOpen: isPossible && opens && (char !== '_' || !within || isMark(before)),
    canClose: isPossible && closes && (char !== '_' || !within || isMark(after)),
    left: length,
    closes: [],
    opens: [],
  };
}

function isSpace(char: string): boolean {
  return char === '' || /^\s$/u.test(char);
}

function isMark(char: string): boolean {
  return /^[\p{P}\p{S}]$/u.test(char);
}

/** Pairs the runs, as in CommonMark's appendix "A parsing strategy". In linear time. */
export function pairDelimiters(delimiters: readonly Delimiter[]): void {
  const openers: Delimiter[] = [];
  /** Below these indexes nothing fits a run of this kind. */
  const bottoms = new Map<string, number>();
  for (const closer of delimiters) {
    while (closer.canClose && closer.left > 0) {
      const kind = `${closer.char}${closer.canOpen}${closer.length % 3}`;
      const bottom = bottoms.get(kind) ?? 0;
      let i = openers.length - 1;
      while (i >= bottom && !fits(openers[i], closer)) i--;
      const opener = openers[i];
      if (i < bottom || opener === undefined) {
        bottoms.set(kind, openers.length);
        break;
      }
      pair(opener, closer);
      openers.length = opener.left > 0 ? i + 1 : i;
      for (const [each, index] of bottoms) bottoms.set(each, Math.min(index, openers.length));
    }
    if (closer.canOpen && closer.left > 0) openers.push(closer);
  }
}

function fits(opener: Delimiter | undefined, closer: Delimiter): boolean {
  if (opener?.char !== closer.char) return false;
  if (closer.char === '~' || !(opener.canClose || closer.canOpen)) return true;
  return closer.length % 3 === 0 || (opener.length + closer.length) % 3 !== 0;
}

function pair(opener: Delimiter, closer: Delimiter): void {
  const isDouble = opener.left >= 2 && closer.left >= 2;
  const kind = closer.char === '~' ? 'strike' : isDouble ? 'strong' : 'emphasis';
  const used = isDouble ? 2 : 1;
  opener.left -= used;
  closer.left -= used;
  opener.opens.unshift(kind);
  closer.closes.push(kind);
}
