import { english } from './english.ts';
import type { Formats } from './formats.ts';
import { errorHint } from './terminal-errors.ts';
import { lineText } from './terminal-lines.ts';
import { screenText } from './terminal-screen.ts';
import type { Catalogue } from './words.ts';

/** What the terminal says, in English: the view's text, and its own under `screen`, `lines` and `hint`. */
export const terminalEnglish = { language: english.language, text } satisfies Catalogue<unknown>;

export type TerminalText = ReturnType<typeof text>;

function text(f: Formats) {
  return { ...english.text(f), screen: screenText(f), lines: lineText(f), hint: errorHint };
}
