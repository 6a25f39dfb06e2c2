import * as v from 'valibot';
import { LIMITS } from './limits.ts';
import { isSmallOrder } from './small-order.ts';

/** The last character if 0, 1 or 2 bytes are left over. Unused trailing bits must be zero, so that bytes have one spelling. */
const lastChars = { 0: '[A-Za-z0-9_-]', 1: '[AQgw]', 2: '[AEIMQUYcgkosw048]' } as const;

/** Unpadded base64url text of exactly `bytes` bytes. */
function fixed(bytes: number) {
  const chars = Math.ceil((bytes * 4) / 3);
  const last = lastChars[(bytes % 3) as keyof typeof lastChars];
  return v.pipe(
    v.string(),
    v.regex(new RegExp(`^[A-Za-z0-9_-]{${chars - 1}}${last}$`), `${bytes} bytes as base64url`),
  );
}

const base64url = /^[A-Za-z0-9_-]*$/;
const tail = new RegExp(`${lastChars[1]}$`);
const longTail = new RegExp(`${lastChars[2]}$`);

/** Unpadded base64url text of at least one and at most `bytes` bytes. */
function atMost(bytes: number) {
  const chars = Math.ceil((bytes * 4) / 3);
  return v.pipe(
    v.string(),
    v.minLength(1, `1 to ${bytes} bytes as base64url`),
    v.maxLength(chars, `1 to ${bytes} bytes as base64url`),
    v.regex(base64url, 'base64url'),
    v.check(isWhole, 'base64url of whole bytes with zero trailing bits'),
  );
}

function isWhole(text: string): boolean {
  const last = text.slice(-1);
  const over = text.length % 4;
  return over === 0 || (over === 2 && tail.test(last)) || (over === 3 && longTail.test(last));
}

/** A room's random 128-bit id. */
export const roomId = v.pipe(fixed(16), v.brand('RoomId'));
export type RoomId = v.InferOutput<typeof roomId>;

/** An invite's random 128-bit id, which the server knows. */
export const inviteId = v.pipe(fixed(16), v.brand('InviteId'));
export type InviteId = v.InferOutput<typeof inviteId>;

/**
 * The position of an entry in a room's log: a decimal string below 2^53, without leading zeros. Positions of a room strictly
 * increase, with gaps. `"0"` is before the first entry.
 */
export const position = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9][0-9]{0,15})$/, 'a decimal position'),
  v.check((text) => Number.isSafeInteger(Number(text)), 'a position below 2^53'),
  v.brand('Position'),
);
export type Position = v.InferOutput<typeof position>;

/** The reply carries the same id. */
export const requestId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'an id of 1 to 64 letters, digits, - or _'),
  v.brand('RequestId'),
);
export type RequestId = v.InferOutput<typeof requestId>;
/** The id of create, post, handshake, join and refresh: 128 random bits, by which the server recognizes a repeat. */
export const uniqueId = v.pipe(fixed(16), v.brand('RequestId'));

/** An Ed25519 public key (RFC 8032) that is not of small order. It need not be a point of the curve: then nobody can sign with it. */
export const publicKey = v.pipe(
  fixed(32),
  v.check((text) => !isSmallOrder(text), 'a public key that is not of small order'),
);
export const signature = fixed(64);
export const nonce = fixed(16);
/** A file's random 128-bit id. */
export const fileId = v.pipe(fixed(16), v.brand('FileId'));
export type FileId = v.InferOutput<typeof fileId>;
/** A file's key (AES-256). */
export const fileKey = fixed(32);
/** A SHA-256. */
export const fileHash = fixed(32);
/** A blurred picture in at most 25 bytes (ThumbHash). */
export const thumbHash = atMost(25);
/** 64 bytes, one for each part. */
export const waveform = fixed(64);
/** The token that a server may require to create a room: 128 random bits, which its operator hands out. */
export const createToken = fixed(16);
export const messageBody = atMost(LIMITS.messageBytes);
export const handshakeBody = atMost(LIMITS.handshakeBytes);
export const entryBody = atMost(LIMITS.handshakeBytes);
export const sealedGroupInfo = atMost(LIMITS.groupInfoBytes);
export const wrappedKey = atMost(LIMITS.wrappedKeyBytes);
export const signalBody = atMost(LIMITS.signalBytes);
export const knockBody = atMost(LIMITS.knockBytes);

/** The names of optional features that one side offers. The other ignores names that it doesn't know. */
export const features = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/, 'a name of 1 to 32 of a-z 0-9 -'))),
  v.maxLength(LIMITS.features),
);

/** A Web Push subscription's P-256 public key (uncompressed), its secret, and its address (RFC 8030, RFC 8291). */
export const pushKey = fixed(65);
export const pushSecret = fixed(16);
export const pushEndpoint = v.pipe(
  v.string(),
  v.maxLength(LIMITS.pushEndpointChars),
  v.regex(/^https:\/\/[!-~]+$/, 'an https URL'),
);

/** Milliseconds since 1970 (UTC), by the server's clock unless stated otherwise. */
export const instant = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** A number of bytes, at least one. */
export const byteCount = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
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

/** @returns a negative number if `a` is before `b`, zero if they are equal, else a positive number */
export function comparePositions(a: Position, b: Position): number {
  return Number(a) - Number(b);
}
