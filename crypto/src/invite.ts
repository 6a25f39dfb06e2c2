import { encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, Position, RoomId } from '@gochat/protocol/fields';
import { hpkeSuite } from './hpke.ts';
import { suite } from './mls/suite.ts';
import {
  concatBytes,
  derive,
  type SigningKey,
  sha256,
  sign,
  signingKey,
  transcript,
  uint32,
  uint64,
  utf8,
  verify,
} from './primitives.ts';

/** What is derived from an invite link's 128-bit secret. Members and the server have only the public keys. */
export interface InviteKeys {
  readonly id: InviteId;
  /** Signs the joiner's requests to the server, and the joiner's claim that members check. */
  readonly join: SigningKey;
  /** Input key material of the HPKE key pair to which the GroupInfo's key is wrapped. */
  readonly wrapIkm: Uint8Array;
}

export function inviteKeys(secret: Uint8Array): InviteKeys {
  return {
    id: encodeBytes(derive(secret, 'gochat/invite/id/1', 16)) as InviteId,
    join: signingKey(derive(secret, 'gochat/invite/join/1')),
    wrapIkm: derive(secret, 'gochat/invite/wrap/1'),
  };
}

export async function wrapPublicKey(keys: InviteKeys): Promise<Uint8Array> {
  const { hpke } = await suite();
  const pair = await hpke.deriveKeyPair(keys.wrapIkm);
  return hpke.exportPublicKey(pair.publicKey);
}

const ENC_BYTES = 32;

function wrapInfo(room: RoomId, invite: InviteId): Uint8Array {
  return transcript('gochat/wrap/2', utf8(room), utf8(invite));
}

/**
 * Wraps the GroupInfo's key for one invite (HPKE, RFC 9180, base mode). HPKE's randomness is derived from `key`, so that every member
 * can compute the same bytes and check what another has uploaded. That is safe only because `key` wraps one GroupInfo, is newly
 * generated for it, and is all that is encrypted.
 * @returns encapsulated key and ciphertext
 */
export async function wrapFor(
  publicKey: Uint8Array,
  room: RoomId,
  invite: InviteId,
  key: Uint8Array,
): Promise<Uint8Array> {
  const recipientPublicKey = await hpkeSuite.kem.deserializePublicKey(publicKey);
  const ekm = derive(key, transcript('gochat/wrap-ephemeral/2', utf8(invite)));
  const { enc, ct } = await hpkeSuite.seal({ recipientPublicKey, info: wrapInfo(room, invite), ekm }, key);
  return concatBytes(new Uint8Array(enc), new Uint8Array(ct));
}

/** @returns the GroupInfo's key, or undefined if it was not wrapped for this invite and room. */
export async function unwrap(
  keys: InviteKeys,
  room: RoomId,
  wrapped: Uint8Array,
): Promise<Uint8Array | undefined> {
  const { hpke } = await suite();
  const { privateKey } = await hpke.deriveKeyPair(keys.wrapIkm);
  try {
    return await hpke.open(
      privateKey,
      wrapped.slice(0, ENC_BYTES),
      wrapped.slice(ENC_BYTES),
      wrapInfo(room, keys.id),
    );
  } catch {
    return undefined;
  }
}

/** What the join key signs: it binds a joiner's commit to the room, the epoch, the GroupInfo used and the joiner's leaf. */
export interface JoinClaim {
  readonly room: RoomId;
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  readonly groupInfoHash: Uint8Array;
  readonly leafKey: Uint8Array;
  readonly credential: Uint8Array;
  readonly invite: InviteId;
  /** The position of the handshake that the joiner couldn't follow, if it comes back because of one. */
  readonly unfollowed: Position | undefined;
}

function joinBytes(claim: JoinClaim): Uint8Array {
  const epoch = concatBytes(uint32(Number(claim.epoch >> 32n)), uint32(Number(claim.epoch & 0xffffffffn)));
  return transcript(
    'gochat/join/2',
    utf8(claim.room),
    claim.groupId,
    epoch,
    utf8(claim.invite),
    claim.groupInfoHash,
    reasonBytes(claim),
    claim.leafKey,
    sha256(claim.credential),
  );
}

/** The authenticated data of a joiner's commit: why it joins, and the position that belongs to that. */
function reasonBytes({ unfollowed }: Pick<JoinClaim, 'unfollowed'>): Uint8Array {
  const reason = Uint8Array.of(unfollowed === undefined ? REASON.new : REASON.return);
  return concatBytes(reason, uint64(BigInt(unfollowed ?? 0)));
}

const REASON = { new: 0, return: 1 } as const;

/** @returns the authenticated data of a joiner's commit: invite id, GroupInfo hash, reason, signature by the invite's join key. */
export function joinAad(keys: InviteKeys, claim: Omit<JoinClaim, 'invite'>): Uint8Array {
  const whole = { ...claim, invite: keys.id };
  return concatBytes(
    utf8(keys.id),
    claim.groupInfoHash,
    reasonBytes(whole),
    sign(keys.join, joinBytes(whole)),
  );
}

const ID_CHARS = 22;
const REASON_AT = ID_CHARS + 32;
const SIGNATURE_AT = REASON_AT + 9;

/** Doesn't verify the signature. @returns undefined if the authenticated data doesn't have the form of {@link joinAad}. */
export function readJoinAad(
  aad: Uint8Array,
): (Pick<JoinClaim, 'invite' | 'groupInfoHash' | 'unfollowed'> & { signature: Uint8Array }) | undefined {
  if (aad.length !== SIGNATURE_AT + 64) return undefined;
  const unfollowed = readReason(aad.subarray(REASON_AT, SIGNATURE_AT));
  return (
    unfollowed && {
      ...unfollowed,
      invite: String.fromCharCode(...aad.subarray(0, ID_CHARS)) as InviteId,
      groupInfoHash: aad.slice(ID_CHARS, REASON_AT),
      signature: aad.slice(SIGNATURE_AT),
    }
  );
}

/** @returns undefined for a reason that doesn't exist */
function readReason(bytes: Uint8Array): Pick<JoinClaim, 'unfollowed'> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const position = view.getBigUint64(1);
  if (bytes[0] === REASON.new && position === 0n) return { unfollowed: undefined };
  return bytes[0] === REASON.return ? { unfollowed: String(position) as Position } : undefined;
}

export function joinHolds(joinKey: Uint8Array, claim: JoinClaim, signature: Uint8Array): boolean {
  return verify(joinKey, joinBytes(claim), signature);
}
