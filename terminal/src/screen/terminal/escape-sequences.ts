/**
 * A part of a terminal's input. `alt`: Esc, or Esc and one character. `sequence`: a whole escape sequence. `broken`: a sequence that
 * something else cut off. `open`: the beginning of a sequence, at the end of the input.
 */
export interface Part {
  readonly kind: 'text' | 'alt' | 'sequence' | 'broken' | 'open';
  readonly length: number;
}

/** Characters that begin a sequence after Esc: CSI, SS3, and the strings OSC, DCS, SOS, PM and APC. */
export const OPENERS = '[O]PX^_';

const ESC = '\u001b';
const CTRL_C = '\u0003';

// A Linux console sends `ESC [ [ A` for F1.
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const WHOLE =
  /\u001b{1,2}(?:\[(?:\[[A-E]|[0-?]*[ -/]*[@-Z\\-~])|O[\d;]*[A-Za-z])|\u001b[\]PX^_][^\u0000-\u001f\u007f]*(?:\u0007|\u001b\\)/y;
const OPEN = /\u001b{1,2}(?:\[(?:\[?|[0-?]*[ -/]*)|O[\d;]*)?$|\u001b[\]PX^_][^\u0000-\u001f\u007f]*\u001b?$/y;
const BROKEN = /\u001b(?:\[\[?[0-?]*[ -/]*|O[\d;]*|[\]PX^_][^\u0000-\u001f\u007f]*)/y;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for

/** The first part of a text that is not empty. */
export function nextPart(text: string): Part {
  const begin = text.indexOf(ESC);
  if (begin !== 0) return { kind: 'text', length: begin === -1 ? text.length : begin };
  const whole = lengthOf(WHOLE, text);
  if (whole > 0) return { kind: 'sequence', length: whole };
  const open = lengthOf(OPEN, text);
  if (open > 0) return { kind: 'open', length: open };
  const broken = lengthOf(BROKEN, text);
  if (broken > 2) return { kind: 'broken', length: broken };
  if (broken === 2) return { kind: 'alt', length: 2 };
  // Esc, and a second key at once.
  if (text[1] === ESC || text[1] === CTRL_C) return { kind: 'alt', length: 1 };
  return { kind: 'alt', length: 1 + String.fromCodePoint(text.codePointAt(1) ?? 0).length };
}

/** Whether the beginning of a sequence may be a key that a person has pressed: Esc, or Alt with a character. */
export function isShort(open: string): boolean {
  return open.length <= 2;
}

function lengthOf(pattern: RegExp, text: string): number {
  pattern.lastIndex = 0;
  return pattern.exec(text)?.[0].length ?? 0;
}
