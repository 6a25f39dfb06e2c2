import type { ErrorData } from '@gochat/client/chat-error';
import { english } from './english.ts';
import type { Formats } from './formats.ts';
import { errorHint, terminalErrorText } from './terminal-errors.ts';
import { lineText } from './terminal-lines.ts';
import { screenText } from './terminal-screen.ts';
import type { Catalogue } from './words.ts';

/** What the terminal says, in English: the view's text, and its own under `screen`, `lines` and `hint`. */
export const terminalEnglish = { language: english.language, text } satisfies Catalogue<unknown>;

export type TerminalText = ReturnType<typeof text>;

function text(f: Formats) {
  const shared = english.text(f);
  return {
    ...shared,
    error: (data: ErrorData) => terminalErrorText(data) ?? shared.error(data),
    screen: screenText(f),
    lines: lineText(f),
    hint: errorHint,
  };
}
