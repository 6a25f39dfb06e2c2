import * as v from 'valibot';
import { LIMITS } from './limits.ts';

const base64url = /^[A-Za-z0-9_-]*$/;

/** Unpadded base64url text of exactly `bytes` bytes, with its unused trailing bits zero. */
function fixed(bytes: number) {
  const chars = Math.ceil((bytes * 4) / 3);
  const last = { 0: '[A-Za-z0-9_-]', 1: '[AQgw]', 2: '[AEIMQUYcgkosw048]' }[bytes % 3];
  return v.pipe(
    v.string(),
    v.regex(new RegExp(`^[A-Za-z0-9_-]{${chars - 1}}${last}$`), `${bytes} bytes as base64url`),
  );
}

/** Unpadded base64url text of at most `bytes` bytes. */
function atMost(bytes: number) {
  const chars = Math.ceil((bytes * 4) / 3);
  return v.pipe(
    v.string(),
    v.maxLength(chars, `at most ${bytes} bytes as base64url`),
    v.regex(base64url, 'base64url'),
    v.check((text) => text.length % 4 !== 1, 'base64url of whole bytes'),
  );
}

/** A room's random 128-bit id. */
export const roomId = v.pipe(fixed(16), v.brand('RoomId'));
export type RoomId = v.InferOutput<typeof roomId>;

/** An invite's random 128-bit id: what the server knows it by. */
export const inviteId = v.pipe(fixed(16), v.brand('InviteId'));
export type InviteId = v.InferOutput<typeof inviteId>;

/**
 * A place in a room's log: a decimal string below 2^53, without leading zeros. Positions of a room strictly increase, may have
 * gaps, and `"0"` stands before the first entry.
 */
export const position = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9][0-9]{0,15})$/, 'a decimal position'),
  v.check((text) => Number.isSafeInteger(Number(text)), 'a position below 2^53'),
  v.brand('Position'),
);
export type Position = v.InferOutput<typeof position>;

/** Echoed by the reply; for create, post, handshake, join and refresh also what makes a repeat harmless: 128 random bits there. */
export const requestId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'an id of 1 to 64 letters, digits, - or _'),
  v.brand('RequestId'),
);
export type RequestId = v.InferOutput<typeof requestId>;
export const uniqueId = v.pipe(fixed(16), v.brand('RequestId'));

export const publicKey = fixed(32);
export const signature = fixed(64);
export const nonce = fixed(16);
export const messageBody = v.pipe(atMost(LIMITS.messageBytes), v.minLength(1));
export const handshakeBody = v.pipe(atMost(LIMITS.handshakeBytes), v.minLength(1));
export const entryBody = v.pipe(atMost(LIMITS.handshakeBytes), v.minLength(1));
export const sealedGroupInfo = v.pipe(atMost(LIMITS.groupInfoBytes), v.minLength(1));
export const wrappedKey = v.pipe(atMost(LIMITS.wrappedKeyBytes), v.minLength(1));
export const signalBody = v.pipe(atMost(LIMITS.signalBytes), v.minLength(1));

/** Milliseconds since 1970 (UTC), by the server's clock unless said otherwise. */
export const instant = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const durationMs = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** `host` or `host:port` as the client dialled it, in lower case. */
export const origin = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(LIMITS.originChars),
  v.regex(/^[a-z0-9.:[\]_-]+$/, 'a host and port in lower case'),
);

/** The position before a room's first entry. */
export const START = '0' as Position;

/** @returns a negative number, zero or a positive one as `a` stands before, at or behind `b`. */
export function comparePositions(a: Position, b: Position): number {
  return Number(a) - Number(b);
}
