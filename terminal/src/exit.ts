import { ChatError, type ChatErrorCode } from '@gochat/client/chat-error';
import { UsageError } from '@gochat/server/usage-error';
import { NotUtf8 } from './utf8-input.ts';

/** The exit codes of commands. */
export const EXIT = { done: 0, internal: 1, usage: 2, queued: 3, notMember: 4, refused: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const CODES: Readonly<Record<ChatErrorCode, ExitCode>> = {
  usage: EXIT.usage,
  ambiguous: EXIT.usage,
  'unknown-room': EXIT.usage,
  'unknown-member': EXIT.usage,
  'unknown-entry': EXIT.usage,
  locked: EXIT.usage,
  offline: EXIT.queued,
  'not-member': EXIT.notMember,
  refused: EXIT.refused,
  token: EXIT.refused,
  interrupted: EXIT.internal,
  internal: EXIT.internal,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ChatError) return CODES[error.code];
  return error instanceof UsageError || error instanceof NotUtf8 ? EXIT.usage : EXIT.internal;
}

/** The exit code after messages, by how many are refused, may not be said, are perhaps sent, and are not sent yet. */
export function codeOfSent(count: {
  readonly refused: number;
  readonly silenced: number;
  readonly unknown: number;
  readonly waiting: number;
}): ExitCode {
  if (count.unknown > 0) return EXIT.internal;
  if (count.silenced > 0 && count.refused === 0) return EXIT.refused;
  return count.refused > 0 ? EXIT.notMember : count.waiting > 0 ? EXIT.queued : EXIT.done;
}
