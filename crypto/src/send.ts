import { encodeBytes } from '@gochat/protocol/encoding';
import type { RequestId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { claimOf } from './chain.ts';
import type { Content } from './content.ts';
import { TEXT_BYTES } from './content-limits.ts';
import { protect } from './mls/messages.ts';
import { newId } from './new-id.ts';
import { MESSAGE_CAPACITY } from './padding.ts';
import { encodePayload, toPair } from './payload.ts';
import { type Env, sha256, utf8 } from './primitives.ts';
import type { InFlight, Room } from './room.ts';
import { RoomError } from './room-error.ts';
import { sealBody } from './seal.ts';

/** A message that is sealed again leaves the record of its first sealing until the next handshake. */
const IN_FLIGHT_KEPT = 512;

/** An upper bound for what MLS adds to a payload. */
const FRAMING_BYTES = 400;

/** An upper bound for what a payload adds to its content. */
const ENVELOPE_BYTES = 300;

/**
 * @throws RoomError `too-large` for a text above {@link TEXT_BYTES}, and for content that is too large to seal: line breaks, quotes and
 * backslashes count twice there, and other control characters six times.
 */
export function checkSize(content: Content): void {
  if ('text' in content && utf8(content.text).length > TEXT_BYTES) throw new RoomError('too-large');
  if (utf8(JSON.stringify(content)).length > MESSAGE_CAPACITY - FRAMING_BYTES - ENVELOPE_BYTES)
    throw new RoomError('too-large');
}

export interface Draft {
  /** 16 random bytes as base64url. The id stays the same if the message is encrypted again. */
  readonly id: string;
  /** Undefined at the first sealing, and later the counter that the first sealing returned. */
  readonly n: number | undefined;
  /** The id of the post that is replaced, if it may have reached the server: the server takes only one of the two. */
  readonly request?: RequestId;
  readonly content: Content;
}

/**
 * Seals a message for the current epoch. Persist the room and the frame durably before sending the frame. Otherwise, after a crash, the
 * next message would be encrypted with the same keys.
 * @throws RoomError `not-active`, `too-large`
 */
export async function sealMessage(
  room: Room,
  draft: Draft,
  env: Env,
): Promise<{
  room: Room;
  frame: UpOf<'post'>;
  n: number;
  sealedAt: number;
  secretsToWipe: readonly Uint8Array[];
}> {
  if (room.status !== 'active') throw new RoomError('not-active', { cause: room.status });
  const n = draft.n ?? room.next;
  const sealedAt = Math.max(0, Math.floor(env.now()));
  const claim = claimOf(room.chain);
  const previous = room.spoken ? undefined : room.chain.previous;
  const payload = encodePayload({ id: draft.id, n, sealedAt, claim, previous, content: draft.content });
  if (payload.length > MESSAGE_CAPACITY - FRAMING_BYTES) throw new RoomError('too-large');
  const { message, state: mls, signature, secretsToWipe } = await protect(room.mls, payload);
  const body = sealBody(room.keys, 'message', room.id, message, env);
  const frame: UpOf<'post'> = {
    type: 'post',
    id: draft.request ?? newId<RequestId>(env),
    room: room.id,
    base: room.base,
    body: encodeBytes(body),
  };
  const sent: InFlight = {
    id: draft.id,
    n,
    sealedAt,
    hash: encodeBytes(sha256(body)),
    ...(claim && { c: toPair(claim) }),
    ...(previous && { p: toPair(previous) }),
    signature: encodeBytes(signature),
  };
  const inFlight = [...room.inFlight, sent].slice(-IN_FLIGHT_KEPT);
  return {
    room: { ...room, mls, inFlight, spoken: true, next: Math.max(room.next, n + 1) },
    frame,
    n,
    sealedAt,
    secretsToWipe,
  };
}
