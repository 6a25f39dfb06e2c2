import type { DownOf } from '@gochat/protocol/down';
import { adviceOf, type ErrorAdvice, type ErrorCode } from '@gochat/protocol/errors';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import { type ConnectionFailure, describeFailure } from './connection-failure.ts';

/** The server's refusal of a request. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  readonly advice: ErrorAdvice;
  /** Positive when the same request may be repeated with the same id, after this time; 0 when not. */
  readonly retryAfterMs: number;
  /** With `stale` and `conflict`: the position of the last handshake. */
  readonly handshake: Position | undefined;
  constructor({ code, message, handshake, retryAfterMs }: Omit<DownOf<'error'>, 'type'>) {
    super(message);
    this.code = code;
    this.advice = adviceOf(code);
    this.retryAfterMs = this.advice.retry === 'same' ? (retryAfterMs ?? this.advice.retryAfterMs) : 0;
    this.handshake = handshake;
  }
}

/** The server speaks another version of the protocol. */
export class VersionError extends RequestError {
  readonly server: number;
  readonly client: number;
  constructor(server: number, client: number) {
    super({ code: 'version', message: `server ${server}, client ${client}` });
    this.server = server;
    this.client = client;
  }
}

/** The wait before a request to a server that lacks a handshake is repeated. */
const BEHIND_MS = 1_000;

/**
 * @returns the time before the same request may be sent again; 0 when it may not. When the server's last handshake is older than
 * the one that the request names, the server lacks that handshake, and may receive it later.
 */
export function waitBeforeRepeat(error: unknown, named: Position): number {
  if (!(error instanceof RequestError)) return 0;
  const { handshake, retryAfterMs } = error;
  return handshake !== undefined && comparePositions(handshake, named) < 0 ? BEHIND_MS : retryAfterMs;
}

/** The connection ended before the answer: whether the request took effect is unknown. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
  /** The server's error code, when it gave one. */
  readonly code: ErrorCode | undefined;
  /** The time to wait before dialling again. */
  readonly retryAfterMs: number;
  readonly failure: ConnectionFailure;
  constructor(
    failure: ConnectionFailure,
    { code, retryAfterMs = 0 }: Partial<DownOf<'error'>> = {},
    cause?: unknown,
  ) {
    super(describeFailure(failure), { cause });
    this.failure = failure;
    this.code = code;
    this.retryAfterMs = Math.max(retryAfterMs, code === undefined ? 0 : adviceOf(code).retryAfterMs);
  }
}
