import { encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, RoomId } from '@gochat/protocol/fields';
import { inviteKeys, wrapPublicKey } from './invite.ts';
import { exporter } from './mls/messages.ts';
import { type MlsState, suite } from './mls/suite.ts';
import { derive, type SigningKey, signingKey, utf8 } from './primitives.ts';

/** The secrets of one epoch outside of MLS: each derived under its own label from one exported secret (RFC 9420, section 8.5). */
export interface EpochKeys {
  /** These four seal messages, members' handshakes, signals, and the GroupInfo's key for members. */
  readonly message: Uint8Array;
  readonly handshake: Uint8Array;
  readonly signal: Uint8Array;
  readonly groupInfo: Uint8Array;
  /** The epoch's access key: the members prove it to the server. */
  readonly access: SigningKey;
  readonly chain: Uint8Array;
  /** Input key material of the HPKE key pair to which joiners seal their commit. */
  readonly joinIkm: Uint8Array;
  /** The secret of the own invite that a state change of this epoch can add: 16 bytes, as those of all invites. */
  readonly own: Uint8Array;
  /** 6 bytes, of which two devices compare the digits. */
  readonly pairing: Uint8Array;
}

export async function epochKeys(mls: MlsState, room: RoomId): Promise<EpochKeys> {
  return keysOf(await exporter(mls, 'gochat/epoch/2', utf8(room), 32));
}

/** @param root the secret that MLS exports for the epoch, 32 bytes */
export function keysOf(root: Uint8Array): EpochKeys {
  return {
    message: derive(root, 'message'),
    handshake: derive(root, 'handshake'),
    signal: derive(root, 'signal'),
    groupInfo: derive(root, 'groupinfo'),
    access: signingKey(derive(root, 'access')),
    chain: derive(root, 'chain'),
    joinIkm: derive(root, 'join'),
    own: derive(root, 'own', 16),
    pairing: derive(root, 'pairing', 6),
  };
}

/** @returns the public key to which joiners seal their commit. The sealed GroupInfo contains it. */
export async function joinPublicKey(keys: EpochKeys): Promise<Uint8Array> {
  const { hpke } = await suite();
  const pair = await hpke.deriveKeyPair(keys.joinIkm);
  return hpke.exportPublicKey(pair.publicKey);
}

/** The public half of an own invite. */
export interface OwnInvite {
  readonly id: InviteId;
  readonly join: string;
  readonly wrap: string;
}

const ownInvites = new WeakMap<EpochKeys, Promise<OwnInvite>>();

/** @returns the public half of the own invite that a state change of this epoch can add */
export function ownInviteOf(keys: EpochKeys): Promise<OwnInvite> {
  const known = ownInvites.get(keys) ?? publicHalf(keys.own);
  ownInvites.set(keys, known);
  return known;
}

async function publicHalf(secret: Uint8Array): Promise<OwnInvite> {
  const keys = inviteKeys(secret);
  return {
    id: keys.id,
    join: encodeBytes(keys.join.publicKey),
    wrap: encodeBytes(await wrapPublicKey(keys)),
  };
}
