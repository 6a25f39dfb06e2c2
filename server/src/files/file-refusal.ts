import { Unavailable } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';
import { StoreFull } from './file-store.ts';

/** Why a request on a file was refused, and the status of the answer. */
export const FILE_ERRORS = {
  malformed: 400,
  pass: 401,
  expired: 403,
  origin: 403,
  retired: 403,
  refused: 403,
  closed: 403,
  'no-room': 403,
  'not-found': 404,
  method: 405,
  'other-length': 409,
  'length-required': 411,
  'too-large': 413,
  'rate-limited': 429,
  internal: 500,
  unavailable: 503,
  full: 507,
} as const satisfies Readonly<Record<string, number>>;
export type FileErrorCode = keyof typeof FILE_ERRORS;

/** When a client may try again. */
const UNAVAILABLE_MS = 1000;
const FULL_MS = 60_000;

/** A request on a file was refused. The message is for people, and says what to do. */
export class FileRefusal extends Error {
  override readonly name = 'FileRefusal';
  readonly code: FileErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: FileErrorCode,
    message: string,
    detail: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.retryAfterMs = detail.retryAfterMs;
  }

  get status(): number {
    return FILE_ERRORS[this.code];
  }

  /** Makes a refusal of any error. An unknown one becomes `internal`. */
  static from(error: unknown): FileRefusal {
    if (error instanceof FileRefusal) return error;
    if (error instanceof StoreFull)
      return new FileRefusal('full', 'the server has no space for files: try again later', {
        retryAfterMs: FULL_MS,
        cause: error,
      });
    if (error instanceof Unavailable)
      return new FileRefusal('unavailable', 'the log did not answer: try again', {
        retryAfterMs: UNAVAILABLE_MS,
        cause: error,
      });
    if (error instanceof Refusal && Object.hasOwn(FILE_ERRORS, error.code)) {
      const { retryAfterMs } = error;
      const detail = { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) };
      return new FileRefusal(error.code as FileErrorCode, error.message, detail);
    }
    return new FileRefusal('internal', 'internal error: try again', {
      retryAfterMs: UNAVAILABLE_MS,
      cause: error,
    });
  }
}
