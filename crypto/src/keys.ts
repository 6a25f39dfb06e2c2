import type { RoomId } from '@gochat/protocol/fields';
import { exporter, type MlsState, suite } from './mls.ts';
import { derive, type SigningKey, signingKey, utf8 } from './primitives.ts';

/** All secrets of one epoch that are not the MLS library's own, each exported under its own label (RFC 9420, section 8.5). */
export interface EpochKeys {
  /** Seal messages, members' handshakes, signals, and the GroupInfo's key for members. */
  readonly message: Uint8Array;
  readonly handshake: Uint8Array;
  readonly signal: Uint8Array;
  readonly groupInfo: Uint8Array;
  /** What the server knows this epoch's members by. */
  readonly access: SigningKey;
  readonly chain: Uint8Array;
  /** Derives the HPKE key pair that joiners seal to. */
  readonly joinIkm: Uint8Array;
}

export async function epochKeys(mls: MlsState, room: RoomId): Promise<EpochKeys> {
  const root = await exporter(mls, 'gochat/epoch/1', utf8(room), 32);
  return {
    message: derive(root, 'message'),
    handshake: derive(root, 'handshake'),
    signal: derive(root, 'signal'),
    groupInfo: derive(root, 'groupinfo'),
    access: signingKey(derive(root, 'access')),
    chain: derive(root, 'chain'),
    joinIkm: derive(root, 'join'),
  };
}

/** The public half of the key that joiners seal their commit to; it stands in the sealed GroupInfo. */
export async function joinPublicKey(keys: EpochKeys): Promise<Uint8Array> {
  const { hpke } = await suite();
  const pair = await hpke.deriveKeyPair(keys.joinIkm);
  return hpke.exportPublicKey(pair.publicKey);
}
