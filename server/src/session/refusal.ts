import type { DownOf } from '@gochat/protocol/down';
import { adviceOf, type ErrorCode } from '@gochat/protocol/errors';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import { type LogPosition, Unavailable } from '../log/log.ts';
import { positionText } from '../room/positions.ts';

export interface RefusalDetail {
  /** With `stale` and `conflict`: the position of the last handshake. */
  readonly handshake?: LogPosition;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
  /** Whether the connection ends although its code alone wouldn't end it. */
  readonly closes?: boolean;
}

/** A request that is answered by an error frame. The message is for the client's people and holds no secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  readonly handshake: LogPosition | undefined;
  readonly retryAfterMs: number | undefined;
  readonly closes: boolean;

  constructor(code: ErrorCode, message: string, detail: RefusalDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.handshake = detail.handshake;
    this.retryAfterMs = detail.retryAfterMs;
    this.closes = detail.closes ?? adviceOf(code).closes;
  }

  /** What is thrown below becomes a refusal; what isn't known is `internal`. */
  static from(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    if (error instanceof Unavailable) {
      return new Refusal('unavailable', 'the log did not answer; repeat the request with the same id', {
        cause: error,
      });
    }
    return new Refusal('internal', 'the server failed; the outcome is unknown', { cause: error });
  }

  frame(about: { readonly id?: RequestId; readonly room?: RoomId } = {}): DownOf<'error'> {
    const advice = adviceOf(this.code);
    const retryAfterMs = this.retryAfterMs ?? (advice.retry === 'no' ? undefined : advice.retryAfterMs);
    return {
      type: 'error',
      ...about,
      code: this.code,
      message: this.message,
      ...(this.handshake === undefined ? {} : { handshake: positionText(this.handshake) }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
}
