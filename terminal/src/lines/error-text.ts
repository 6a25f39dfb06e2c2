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
  return error instanceof Error ? sanitizeText(error.message) : text.lines.failed;
}

/** The sentence for why a room is offline or closed. */
export function problemText(text: TerminalText, problem: Problem | undefined): string {
  return dataText(text, problem?.data ?? { reason: 'server-unreachable' });
}

function dataText(text: TerminalText, data: ErrorData): string {
  const hint = text.hint(data);
  return hint === '' ? text.error(data) : `${text.error(data)} (${hint})`;
}
