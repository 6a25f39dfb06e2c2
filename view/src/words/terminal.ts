import type { ErrorData } from '@gochat/client/chat-error';
import { english } from './english.ts';
import { errorText } from './errors.ts';
import type { Formats } from './formats.ts';
import { errorHint, TERMINAL_FAILURES, terminalErrorText } from './terminal-errors.ts';
import { lineText } from './terminal-lines.ts';
import { screenText } from './terminal-screen.ts';
import type { Catalogue } from './words.ts';

/** What the terminal says, in English: the view's text, and its own under `screen`, `lines` and `hint`. */
export const terminalEnglish = { language: english.language, text } satisfies Catalogue<unknown>;

export type TerminalText = ReturnType<typeof text>;

function text(f: Formats) {
  const error = errorText(f, TERMINAL_FAILURES);
  return {
    ...english.text(f),
    error: (data: ErrorData) => terminalErrorText(f, data) ?? error(data),
    screen: screenText(f),
    lines: lineText(f),
    hint: errorHint,
  };
}
