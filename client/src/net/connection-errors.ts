import type { DownOf } from '@gochat/protocol/down';
import { adviceOf, type ErrorAdvice, type ErrorCode } from '@gochat/protocol/errors';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import { type ConnectionFailure, describeFailure } from './connection-failure.ts';

/** The server's refusal of a request. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  readonly advice: ErrorAdvice;
  /** Positive when the same request may be repeated, with the same id: not before this long. */
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

/** A server that has missed a handshake is asked again after so long. */
const BEHIND_MS = 1_000;

/**
 * How long to wait before the same request may be sent again; 0: it may not. Where the server's last handshake lies in front of the
 * one that the request names, nothing has overtaken that: the server has missed it, and may hear of it yet.
 */
export function waitBeforeRepeat(error: unknown, named: Position): number {
  if (!(error instanceof RequestError)) return 0;
  const { handshake, retryAfterMs } = error;
  return handshake !== undefined && comparePositions(handshake, named) < 0 ? BEHIND_MS : retryAfterMs;
}

/** The connection ended before the answer: whether the request took effect is unknown. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
  /** What the server gave as its reason, if it did. */
  readonly code: ErrorCode | undefined;
  /** Not to be dialled again before this long. */
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
