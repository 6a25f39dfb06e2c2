import { sanitizeText } from '@gochat/view/sanitize';

/** Longer than any row of a screen. */
const CHARS = 2000;

/** A text on one line: without control characters, with single blanks instead of line feeds. */
export function oneLine(text: string): string {
  return sanitizeText(text.slice(0, CHARS)).replace(/\s+/gu, ' ').trim();
}
