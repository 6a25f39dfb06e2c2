import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { nonce as bytes16 } from '@gochat/protocol/fields';
import * as v from 'valibot';
import type { Claim } from './chain.ts';
import { type Content, type ReadContent, readContent } from './content.ts';
import { fromUtf8, utf8 } from './primitives.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const claim = v.strictTuple([count, bytes16]);

const envelope = v.object({
  id: bytes16,
  n: v.pipe(count, v.minValue(1)),
  t: count,
  c: v.optional(claim),
  p: v.optional(claim),
  content: v.unknown(),
});

/** The plaintext of an MLS application message. */
export interface Payload {
  /** The message's id: 16 bytes as base64url. It stays the same if the message is encrypted again. */
  readonly id: string;
  /** The sender's counter of messages in this room. It starts at 1 and continues across epochs. */
  readonly n: number;
  /** When the message was sealed, by the sender's clock, in milliseconds since 1970. */
  readonly sealedAt: number;
  /** How far the sender had read in this epoch. */
  readonly claim: Claim | undefined;
  /** Only in a sender's first message of an epoch: the claim at the end of the previous epoch. */
  readonly previous: Claim | undefined;
  /** Undefined if this version doesn't know the content. */
  readonly content: ReadContent | undefined;
}

export function encodePayload(payload: Payload & { readonly content: Content }): Uint8Array {
  return utf8(
    JSON.stringify({
      id: payload.id,
      n: payload.n,
      t: payload.sealedAt,
      c: payload.claim && toPair(payload.claim),
      p: payload.previous && toPair(payload.previous),
      content: payload.content,
    }),
  );
}

/** @returns undefined if the bytes are not a payload. */
export function decodePayload(bytes: Uint8Array): Payload | undefined {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(envelope, value);
  if (!parsed.success) return undefined;
  const { id, n, t, c, p } = parsed.output;
  return {
    id,
    n,
    sealedAt: t,
    claim: toClaim(c),
    previous: toClaim(p),
    content: readContent(parsed.output.content),
  };
}

/** A claim in JSON: the number of entries, and the chain value as base64url. */
export type ClaimPair = readonly [number, string];

export function toPair(claim: Claim): ClaimPair {
  return [claim.index, encodeBytes(claim.value)];
}

export function toClaim(pair: ClaimPair | undefined): Claim | undefined {
  return pair && { index: pair[0], value: decodeBytes(pair[1]) };
}
