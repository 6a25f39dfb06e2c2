import * as v from 'valibot';

/** What a client should do after an error. */
export interface ErrorAdvice {
  /** For people. */
  readonly meaning: string;
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
      'Client and server speak different protocol versions. The message names both and says which side to upgrade.',
    retry: 'no',
    retryAfterMs: 0,
    closes: true,
  },
  'hello-first': {
    meaning: 'The first frame must be hello, sent once and in time.',
    retry: 'no',
    retryAfterMs: 0,
    closes: true,
  },
  origin: {
    meaning: 'The server does not serve the host name that was dialled.',
    retry: 'no',
    retryAfterMs: 0,
    closes: true,
  },
  'no-room': { meaning: 'The server has no such room.', retry: 'no', retryAfterMs: 0, closes: false },
  exists: { meaning: 'The room id is taken.', retry: 'no', retryAfterMs: 0, closes: false },
  refused: {
    meaning: 'The proof is not valid for this key, room, connection and request.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  retired: {
    meaning: 'A removal retired the access key: prove a newer one.',
    retry: 'new',
    retryAfterMs: 0,
    closes: false,
  },
  'not-entered': {
    meaning: 'This connection has not entered the room.',
    retry: 'new',
    retryAfterMs: 0,
    closes: false,
  },
  stale: {
    meaning: 'Stale base: a newer handshake exists. Catch up and encrypt the message again.',
    retry: 'new',
    retryAfterMs: 0,
    closes: false,
  },
  conflict: {
    meaning: 'Another handshake was appended first: catch up and make a new commit.',
    retry: 'new',
    retryAfterMs: 50,
    closes: false,
  },
  invite: {
    meaning: 'The invite is unknown, or has ended.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  'no-wrap': {
    meaning: 'The invite is live, but no member has wrapped the key of the present GroupInfo for it yet.',
    retry: 'new',
    retryAfterMs: 60_000,
    closes: false,
  },
  invalid: {
    meaning: 'The request contradicts the room or itself. The message says how.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  'rate-limited': {
    meaning: 'Too many requests from this connection or address, or in this room.',
    retry: 'same',
    retryAfterMs: 1000,
    closes: false,
  },
  quiet: {
    meaning: 'The room limits posts without a voice.',
    retry: 'same',
    retryAfterMs: 1000,
    closes: false,
  },
  token: {
    meaning: 'Creating a room on this server requires its token.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  'not-offered': {
    meaning: 'The server does not offer this.',
    retry: 'no',
    retryAfterMs: 0,
    closes: false,
  },
  closed: { meaning: 'An admin has closed the room.', retry: 'no', retryAfterMs: 0, closes: false },
  full: { meaning: 'A limit of the server is reached.', retry: 'no', retryAfterMs: 0, closes: false },
  slow: {
    meaning:
      'The client reads too slowly, or a frame of it took too long to arrive. The log has the entries that it missed.',
    retry: 'reconnect',
    retryAfterMs: 500,
    closes: true,
  },
  unavailable: {
    meaning: 'The log cannot be reached or did not answer. The outcome is unknown.',
    retry: 'same',
    retryAfterMs: 1000,
    closes: false,
  },
  restarting: { meaning: 'The server is stopping.', retry: 'reconnect', retryAfterMs: 500, closes: true },
  internal: {
    meaning: 'Internal error of the server. The outcome is unknown.',
    retry: 'same',
    retryAfterMs: 5000,
    closes: false,
  },
} as const satisfies Record<string, ErrorAdvice>;

export type ErrorCode = keyof typeof ERRORS;

export const errorCode = v.picklist(Object.keys(ERRORS) as ErrorCode[]);

export function adviceOf(code: ErrorCode): ErrorAdvice {
  return ERRORS[code];
}
