import { sanitizeText } from '@gochat/view/sanitize';

/** Longer than any row of a screen. */
const CHARS = 2000;

/** A text for one row: without controls, line feeds and runs of blanks. Empty stays empty. */
export function oneLine(text: string): string {
  return sanitizeText(text.slice(0, CHARS)).replace(/\s+/gu, ' ').trim();
}
