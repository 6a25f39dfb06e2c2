import * as v from 'valibot';

/** What a client does with an error: how it may go on, and from which wait (milliseconds) its back-off starts. */
export interface ErrorAdvice {
  readonly meaning: string;
  /** `no`: the same request will fail again. `same`: repeat it with the same id. `anew`: catch up, then make a new request. `reconnect`: on a new connection. */
  readonly retry: 'no' | 'same' | 'anew' | 'reconnect';
  readonly retryAfterMs: number;
  /** Whether the server closes the connection behind this error. */
  readonly closes: boolean;
}

/** Every error code of the protocol. */
export const ERRORS = {
  malformed: {
    meaning: 'The frame is not valid JSON or not a frame of this protocol.',
    retry: 'no',
    retryAfterMs: 0,
    closes: true,
  },
  oversize: {
    meaning: 'The frame is larger than its type allows.',
    retry: 'no',
    retryAfterMs: 0,
    closes: true,
  },
  version: {
    meaning:
      'The two sides speak different protocol versions; the message names both and says which to upgrade.',
    retry: 'no',
    retryAfterMs: 0,
    closes: true,
  },
  'hello-first': {
    meaning: 'The first frame must be hello, once, and in time.',
    retry: 'no',
    retryAfterMs: 0,
    closes: true,
  },
  origin: {
    meaning: 'The server does not serve the host that was dialled.',
    retry: 'no',
    retryAfterMs: 0,
    closes: true,
  },
  'no-room': { meaning: 'The server has no such room.', retry: 'no', retryAfterMs: 0, closes: false },
  exists: { meaning: 'The room id is taken.', retry: 'no', retryAfterMs: 0, closes: false },
  refused: {
    meaning: 'The proof does not hold for this key, room, connection and request.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  retired: {
    meaning: 'The access key was retired by a removal: prove a newer one.',
    retry: 'anew',
    retryAfterMs: 0,
    closes: false,
  },
  'not-entered': {
    meaning: 'This connection has not entered the room.',
    retry: 'anew',
    retryAfterMs: 0,
    closes: false,
  },
  stale: {
    meaning: 'A handshake landed behind the base of this post: catch up and seal anew.',
    retry: 'anew',
    retryAfterMs: 0,
    closes: false,
  },
  conflict: {
    meaning: 'Another handshake won: catch up and commit anew.',
    retry: 'anew',
    retryAfterMs: 50,
    closes: false,
  },
  invite: {
    meaning: 'The invite is unknown, expired, used up, revoked or voided.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  invalid: {
    meaning: 'The request contradicts the room or itself; the message says how.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  'rate-limited': {
    meaning: 'Too many requests from this connection or address.',
    retry: 'same',
    retryAfterMs: 1000,
    closes: false,
  },
  token: {
    meaning: 'The server makes rooms only for those who name its token.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  full: { meaning: 'A quota of the server is used up.', retry: 'no', retryAfterMs: 0, closes: false },
  slow: {
    meaning: 'The client reads too slowly; what it missed is in the log.',
    retry: 'reconnect',
    retryAfterMs: 500,
    closes: true,
  },
  unavailable: {
    meaning: 'The log cannot be reached or did not answer; the outcome is unknown.',
    retry: 'same',
    retryAfterMs: 1000,
    closes: false,
  },
  restarting: { meaning: 'The server is stopping.', retry: 'reconnect', retryAfterMs: 500, closes: true },
  internal: {
    meaning: 'The server failed; the outcome is unknown.',
    retry: 'same',
    retryAfterMs: 5000,
    closes: false,
  },
} as const satisfies Record<string, ErrorAdvice>;

export type ErrorCode = keyof typeof ERRORS;

export const errorCode = v.picklist(Object.keys(ERRORS) as ErrorCode[]);

/** @returns the advice for a code. */
export function adviceOf(code: ErrorCode): ErrorAdvice {
  return ERRORS[code];
}
