import type { DownOf } from '@gochat/protocol/down';
import { adviceOf, type ErrorCode } from '@gochat/protocol/errors';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import { type LogPosition, Unavailable } from '../log/log.ts';
import { positionText } from '../room/positions.ts';

export interface RefusalDetail {
  /** For `stale` and `conflict`: the position of the last handshake. */
  readonly handshake?: LogPosition;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
  /** Closes the connection, although the code alone doesn't. */
  readonly closes?: boolean;
}

/** The reason why a request or connection was refused, sent as an error frame. The message is for people and holds no secret. */
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

  /** Makes a refusal of any error: {@link Unavailable} becomes `unavailable`, an unknown error `internal`. */
  static from(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    if (error instanceof Unavailable) {
      return new Refusal('unavailable', 'the log did not answer; repeat the request with the same id', {
        cause: error,
      });
    }
    return new Refusal('internal', 'internal error; the outcome is unknown', { cause: error });
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
