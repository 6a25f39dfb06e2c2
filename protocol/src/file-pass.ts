import * as v from 'valibot';
import * as f from './fields.ts';
import { LIMITS } from './limits.ts';

/** What a request on a file does. `put` stores a chunk, `get` reads, `drop` deletes. */
export type FileVerb = 'put' | 'get' | 'drop';

/** @returns undefined when the text is not the id of a file */
export function parseFileId(text: string): f.FileId | undefined {
  const parsed = v.safeParse(f.fileId, text);
  return parsed.success ? parsed.output : undefined;
}

const NONE = '-';
const SCHEME = 'GoChat';

/**
 * The pass of a request on a file. The client signs it itself, with the access key that the handshake at `key` added (`signedFilePass`);
 * a pass that deletes may also name an admin key of the room.
 */
const pass = v.strictObject({
  origin: f.origin,
  room: f.roomId,
  /** The position of an access key, or the admin key itself. */
  key: v.union([f.position, f.publicKey]),
  /** `put`: the padded size of the whole file, in bytes. Otherwise 0. */
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LIMITS.fileBytes)),
  /** `put`: the SHA-256 of the secret that deletes the file; `drop`: the secret (16 bytes). Absent: none. */
  discard: v.optional(v.union([f.nonce, f.fileHash])),
  /** `put`: how long the server keeps the file, if that is shorter than usual. */
  keepMs: v.optional(f.durationMs),
  /** When the pass expires, by the server's clock: at most `LIMITS.filePassMs` ahead. */
  until: f.instant,
  proof: f.signature,
});
export type FilePass = v.InferOutput<typeof pass>;

/** @returns the value of the header `Authorization` */
export function formatFilePass({
  origin,
  room,
  key,
  bytes,
  discard,
  keepMs,
  until,
  proof,
}: FilePass): string {
  return [SCHEME, origin, room, key, bytes, discard ?? NONE, keepMs ?? NONE, until, proof].join(' ');
}

/** @param header the value of the header `Authorization`. @returns undefined if it is no pass */
export function parseFilePass(header: string): FilePass | undefined {
  const [scheme, origin, room, key, bytes, discard, keepMs, until, proof, ...more] = header.split(' ');
  if (scheme !== SCHEME || more.length > 0) return undefined;
  const parsed = v.safeParse(pass, {
    origin,
    room,
    key,
    bytes: numberOf(bytes),
    ...(discard !== NONE && { discard }),
    ...(keepMs !== NONE && { keepMs: numberOf(keepMs) }),
    until: numberOf(until),
    proof,
  });
  return parsed.success ? parsed.output : undefined;
}

/** A number has one spelling, so that a pass has one. @returns NaN for another, which no field takes */
function numberOf(text: string | undefined): number {
  return text !== undefined && /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
}
