import * as v from 'valibot';

/** What a client should do after an error. */
export interface ErrorAdvice {
  /**
   * `no`: don't repeat the request, it would fail again. `same`: repeat it with the same id. `new`: catch up, then make a new
   * request. `reconnect`: continue on a new connection.
   */
  readonly retry: 'no' | 'same' | 'new' | 'reconnect';
  /** Where the back-off starts, in milliseconds. */
  readonly retryAfterMs: number;
  /** Whether the server closes the connection after this error. */
  readonly closes: boolean;
}

/** Every error code of the protocol. */
export const ERRORS = {
  malformed: { retry: 'no', retryAfterMs: 0, closes: true },
  oversize: { retry: 'no', retryAfterMs: 0, closes: true },
  version: { retry: 'no', retryAfterMs: 0, closes: true },
  'hello-first': { retry: 'no', retryAfterMs: 0, closes: true },
  origin: { retry: 'no', retryAfterMs: 0, closes: true },
  'no-room': { retry: 'no', retryAfterMs: 0, closes: false },
  exists: { retry: 'no', retryAfterMs: 0, closes: false },
  refused: { retry: 'no', retryAfterMs: 0, closes: false },
  retired: { retry: 'new', retryAfterMs: 0, closes: false },
  'not-entered': { retry: 'new', retryAfterMs: 0, closes: false },
  stale: { retry: 'new', retryAfterMs: 0, closes: false },
  conflict: { retry: 'new', retryAfterMs: 50, closes: false },
  invite: { retry: 'no', retryAfterMs: 0, closes: false },
  'no-wrap': { retry: 'new', retryAfterMs: 60_000, closes: false },
  invalid: { retry: 'no', retryAfterMs: 0, closes: false },
  'rate-limited': { retry: 'same', retryAfterMs: 1000, closes: false },
  quiet: { retry: 'same', retryAfterMs: 1000, closes: false },
  token: { retry: 'no', retryAfterMs: 0, closes: false },
  'not-offered': { retry: 'no', retryAfterMs: 0, closes: false },
  closed: { retry: 'no', retryAfterMs: 0, closes: false },
  full: { retry: 'no', retryAfterMs: 0, closes: false },
  slow: { retry: 'reconnect', retryAfterMs: 500, closes: true },
  unavailable: { retry: 'same', retryAfterMs: 1000, closes: false },
  restarting: { retry: 'reconnect', retryAfterMs: 500, closes: true },
  internal: { retry: 'same', retryAfterMs: 5000, closes: false },
} as const satisfies Record<string, ErrorAdvice>;

export type ErrorCode = keyof typeof ERRORS;

export const errorCode = v.picklist(Object.keys(ERRORS) as ErrorCode[]);

export function adviceOf(code: ErrorCode): ErrorAdvice {
  return ERRORS[code];
}
