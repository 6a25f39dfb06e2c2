import { ChatError, type ErrorData } from '@gochat/client/chat-error';
import type { Problem } from '@gochat/client/methods';
import { sanitizeText } from '@gochat/view/sanitize';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';

/** The words of commands and of the chat by lines. */
export const words = new Words(terminalEnglish.language, terminalEnglish);

/** The sentence for whatever was thrown, with what to run or set about it. */
export function failureText(error: unknown): string {
  if (error instanceof ChatError) return errorText(error.data);
  return sanitizeText(error instanceof Error ? error.message : 'unknown error');
}

/** The sentence for why a room is offline or closed. */
export function problemText(problem: Problem | undefined): string {
  return errorText(problem?.data ?? { reason: 'server-unreachable' });
}

function errorText(data: ErrorData): string {
  const text = words.text.error(data);
  const hint = words.text.hint(data);
  return hint === '' ? text : `${text} (${hint})`;
}
