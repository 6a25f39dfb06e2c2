import { ChatError, type ErrorData } from '@gochat/client/chat-error';
import type { Problem } from '@gochat/client/methods';
import { sanitizeText } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import { NotUtf8 } from '../utf8-input.ts';

/** The sentence for an error, with a hint about commands where there is one. */
export function failureText(text: TerminalText, error: unknown): string {
  if (error instanceof ChatError) return dataText(text, error.data);
  if (error instanceof NotUtf8)
    return text.lines.notUtf8(error.file ?? text.lines.standardInput, error.encoding);
  if (!(error instanceof Error)) return text.lines.failed;
  return NO_DESCRIPTORS.test(error.message) ? text.lines.tooManyFiles : sanitizeText(error.message);
}

/** The sentence for why a room is offline or closed. */
export function problemText(text: TerminalText, problem: Problem | undefined): string {
  return dataText(text, problem?.data ?? { reason: 'server-unreachable' });
}

/** Begins the system's message for a file or socket that could not be opened. */
const NO_DESCRIPTORS = /\bE[MN]FILE\b/;

function dataText(text: TerminalText, data: ErrorData): string {
  if (data.reason === 'failed' && NO_DESCRIPTORS.test(data.detail)) return text.lines.tooManyFiles;
  const hint = text.hint(data);
  return hint === '' ? text.error(data) : `${text.error(data)} (${hint})`;
}
