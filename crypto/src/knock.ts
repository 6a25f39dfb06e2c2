import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, RequestId, RoomId } from '@gochat/protocol/fields';
import { type Dialled, signedKnock } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import * as v from 'valibot';
import { hpkeSuite } from './hpke.ts';
import { type Certificate, certificateOf, isCertified, LIMITED_RIGHTS, type Who } from './identity.ts';
import { type InviteKeys, inviteKeys, wrapPublicKey } from './invite.ts';
import type { InviteLink } from './link.ts';
import { cleanName, isCleanName } from './names.ts';
import { newId } from './new-id.ts';
import { pad, unpad } from './padding.ts';
import {
  concatBytes,
  type Env,
  fromUtf8,
  joinParts,
  sign,
  splitParts,
  transcript,
  utf8,
  verify,
} from './primitives.ts';
import { ownInviteIn, type Room, stateOf } from './room.ts';
import { liveInvite, type MemberInvite, memberInvite } from './room-state.ts';

/** The most words of a knock, in bytes of UTF-8. */
export const KNOCK_WORDS_BYTES = 1024;
const ENC_BYTES = 32;

/** Somebody with an invite that needs approval asks to be let in. Its device has signed it, and its identity key has certified the device. */
export interface Knock {
  /** The id of the invite that it has used. */
  readonly door: InviteId;
  /** The identity key, as base64url. */
  readonly identity: string;
  readonly name: string;
  /** What it says to the members; may be empty. */
  readonly words: string;
  /** The public halves of the invite that it wishes for: whoever lets it in adds that. Its id is that of the knock. */
  readonly wish: Pick<MemberInvite, 'id' | 'join' | 'wrap'>;
}

/** What a device has signed of its knock, in this order. */
interface Parts {
  readonly certificate: Certificate;
  readonly wish: Knock['wish'];
  readonly name: string;
  readonly words: string;
}

function infoOf(room: RoomId, door: InviteId): Uint8Array {
  return transcript('gochat/seal/knock/2', utf8(room), utf8(door));
}

function signedBytes(room: RoomId, door: InviteId, { wish, name, words }: Parts): Uint8Array {
  const { id, join, wrap } = wish;
  const keys = [utf8(id), decodeBytes(join), decodeBytes(wrap)];
  return transcript('gochat/knocker/2', utf8(room), utf8(door), ...keys, utf8(name), utf8(words));
}

/**
 * Seals a knock to the members of a room (HPKE, RFC 9180, base mode).
 * @param link by which this person knocks. @param key what the members have shown with that link: see {@link Door.key}
 * @param says `secret`: of the invite that it wishes for, 16 random bytes
 * @returns the `body` of a knock: always of the same size
 * @throws NameError; RangeError if there are too many words
 */
export async function sealKnock(
  who: Who,
  link: Pick<InviteLink, 'room' | 'secret'>,
  key: Uint8Array,
  says: { readonly name: string; readonly words: string; readonly secret: Uint8Array },
): Promise<Uint8Array> {
  const { room } = link;
  const door = inviteKeys(link.secret).id;
  const keys = inviteKeys(says.secret);
  const wrap = await wrapPublicKey(keys);
  const words = utf8(says.words);
  if (words.length > KNOCK_WORDS_BYTES)
    throw new RangeError(`${words.length} bytes are too many for a knock`);
  const certificate = certificateOf(who);
  const parts: Parts = {
    certificate,
    wish: { id: keys.id, join: encodeBytes(keys.join.publicKey), wrap: encodeBytes(wrap) },
    name: cleanName(says.name),
    words: says.words,
  };
  const { identityKey, deviceKey, rights, signature } = certificate;
  const plain = joinParts([
    concatBytes(identityKey, deviceKey, Uint8Array.of(rights), signature),
    sign(who.device, signedBytes(room, door, parts)),
    concatBytes(utf8(keys.id), keys.join.publicKey, wrap),
    utf8(parts.name),
    words,
    // So that the size doesn't tell how much is said.
    new Uint8Array(KNOCK_WORDS_BYTES - words.length),
  ]);
  const recipientPublicKey = await hpkeSuite.kem.deserializePublicKey(key);
  const { enc, ct } = await hpkeSuite.seal({ recipientPublicKey, info: infoOf(room, door) }, pad(plain));
  return concatBytes(new Uint8Array(enc), new Uint8Array(ct));
}

/**
 * Opens a knock. Anybody may have made it who has the invite, so nothing of it is believed that its device hasn't signed.
 * @param door the id of the invite that was used, as the server says
 * @returns undefined if it is invalid, if it is of another room or invite, if the invite has ended, or if this device doesn't have the secret of the own invite to which it is sealed
 */
export async function openKnock(
  room: Room,
  door: InviteId | undefined,
  body: Uint8Array,
): Promise<Knock | undefined> {
  if (door === undefined || room.own === undefined || !isDoor(room, door)) return undefined;
  const own = inviteKeys(room.own);
  if (own.id !== ownInviteIn(room)) return undefined;
  try {
    const recipientKey = await hpkeSuite.kem.deriveKeyPair(own.wrapIkm);
    const recipient = { recipientKey, enc: body.slice(0, ENC_BYTES), info: infoOf(room.id, door) };
    const padded = new Uint8Array(await hpkeSuite.open(recipient, body.slice(ENC_BYTES)));
    const parts = readParts(unpad(padded));
    return parts && knockOf(room, door, parts);
  } catch {
    return undefined;
  }
}

/** Whether this device can't open knocks yet: who has just joined is given the own invite's secret within minutes. */
export function awaitsOwnSecret(room: Room): boolean {
  const own = ownInviteIn(room);
  return own !== undefined && (room.own === undefined || inviteKeys(room.own).id !== own);
}

/** Whether one may knock by an invite: one that lets in nobody, and isn't the answer to a knock. */
export function isDoor(room: Room, id: InviteId): boolean {
  const invite = room.joinsClosed ? undefined : liveInvite(stateOf(room), id);
  return invite?.knock === true && invite.for === undefined;
}

function knockOf(
  room: Room,
  door: InviteId,
  parts: Parts & { readonly signature: Uint8Array },
): Knock | undefined {
  const { certificate, wish, name, words, signature } = parts;
  if (!isCertified(certificate)) return undefined;
  if (!verify(certificate.deviceKey, signedBytes(room.id, door, parts), signature)) return undefined;
  const identity = encodeBytes(certificate.identityKey);
  // It would be granted as it is, and no handshake could be made with keys that are of no use.
  const isUsable = v.is(memberInvite, { ...wish, epoch: 0, by: identity, for: identity });
  const known = stateOf(room).invites.find(({ id }) => id === wish.id);
  const isOther = known !== undefined && (known.join !== wish.join || known.wrap !== wish.wrap);
  if (!isUsable || isOther || !isCleanName(name)) return undefined;
  return { door, identity, name, words, wish };
}

function readParts(bytes: Uint8Array | undefined): (Parts & { readonly signature: Uint8Array }) | undefined {
  const [from, signature, wish, name, words] = bytes === undefined ? [] : splitParts(bytes);
  if (from?.length !== 129 || signature?.length !== 64 || wish?.length !== 86) return undefined;
  if (name === undefined || words === undefined || words.length > KNOCK_WORDS_BYTES) return undefined;
  const rights = from[64] ?? 0;
  if (rights !== 0 && rights !== LIMITED_RIGHTS) return undefined;
  return {
    certificate: {
      identityKey: from.slice(0, 32),
      deviceKey: from.slice(32, 64),
      rights,
      signature: from.slice(65),
    },
    signature,
    wish: {
      id: fromUtf8(wish.subarray(0, 22)) as InviteId,
      join: encodeBytes(wish.subarray(22, 54)),
      wrap: encodeBytes(wish.subarray(54)),
    },
    name: fromUtf8(name),
    words: fromUtf8(words),
  };
}

/** @returns the request with which a knock is brought to a room. The same `id` brings it once. */
export function proveKnock(
  link: Pick<InviteLink, 'room' | 'secret'>,
  body: Uint8Array,
  { at, id, env }: { readonly at: Dialled; readonly id: RequestId; readonly env: Pick<Env, 'random'> },
): UpOf<'knock'> {
  const keys: Pick<InviteKeys, 'id' | 'join'> = inviteKeys(link.secret);
  const unsigned = {
    type: 'knock' as const,
    id,
    room: link.room,
    invite: keys.id,
    body: encodeBytes(body),
    nonce: newId<never>(env),
  };
  return { ...unsigned, proof: encodeBytes(sign(keys.join, signedKnock(at, unsigned))) };
}
