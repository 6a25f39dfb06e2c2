import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { nonce as bytes16 } from '@gochat/protocol/fields';
import * as v from 'valibot';
import type { Claim } from './chain.ts';
import { type Content, content } from './content.ts';
import { fromUtf8, utf8 } from './primitives.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const claim = v.strictTuple([count, bytes16]);

const envelope = v.object({
  id: bytes16,
  n: v.pipe(count, v.minValue(1)),
  c: v.optional(claim),
  p: v.optional(claim),
  content: v.unknown(),
});

/** What stands inside an MLS application message. */
export interface Payload {
  /** The message's own id, kept when it is sealed anew: 128 bits as base64url. */
  readonly id: string;
  /** Counts the sender's messages in this room from 1, across epochs. */
  readonly n: number;
  /** How far the sender had read. */
  readonly claim: Claim | undefined;
  /** In a sender's first message of an epoch: where the epoch before ended. */
  readonly previous: Claim | undefined;
  /** Undefined when it says something that this software doesn't know. */
  readonly content: Content | undefined;
}

export function encodePayload(payload: Payload & { readonly content: Content }): Uint8Array {
  return utf8(
    JSON.stringify({
      id: payload.id,
      n: payload.n,
      c: payload.claim && [payload.claim.index, encodeBytes(payload.claim.value)],
      p: payload.previous && [payload.previous.index, encodeBytes(payload.previous.value)],
      content: payload.content,
    }),
  );
}

/** @returns undefined for anything but a payload. */
export function decodePayload(bytes: Uint8Array): Payload | undefined {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(envelope, value);
  if (!parsed.success) return undefined;
  const { id, n, c, p } = parsed.output;
  const said = v.safeParse(content, parsed.output.content);
  return { id, n, claim: toClaim(c), previous: toClaim(p), content: said.success ? said.output : undefined };
}

function toClaim(pair: readonly [number, string] | undefined): Claim | undefined {
  return pair && { index: pair[0], value: decodeBytes(pair[1]) };
}
