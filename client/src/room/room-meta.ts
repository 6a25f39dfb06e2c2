import type { KeptPack } from '@gochat/crypto/packs';
import type { InviteId, Position, RoomId } from '@gochat/protocol/fields';
import type { FileLimits } from '../files/files.ts';
import type { WaitingKnock } from './waiting-knocks.ts';

export interface Arriving {
  readonly device: string;
  /** Of its leaf. */
  readonly leaf: string;
}

/** What a profile stores of a room besides its cryptographic state. */
export interface RoomMeta {
  readonly id: RoomId;
  /** A room between devices, which no list shows: see {@link ROOM_KIND}. */
  readonly kind?: 'self' | 'pairing';
  /** The server's address, as {@link parseAddress} returns it. */
  readonly server: string;
  /** The room's name, as last known. */
  readonly name: string;
  /** The display name with which this profile joined it. */
  readonly as: string;
  readonly left: boolean;
  /**
   * Its messages are from a backup, and this device has never been in it; then it is also `left`. `founder`: the fingerprint of the founder's
   * identity key. `own`: the secret of the own invite, if the backup had it. Both as base64url.
   */
  readonly restored?: { readonly founder: string; readonly own?: string };
  /** Identity keys of members, and device keys of limited devices, that have asked to be removed and are still members. */
  readonly leaving: readonly string[];
  /** When it last came back unasked after a split, by its own clock. */
  readonly returned?: number;
  /** True once it has joined again: it may have read messages here that are posted again for those who could not read them. */
  readonly cameBack?: true;
  /** The private keys of a new device of this person that may have joined, as base64url: a repeated join uses the same. */
  readonly arriving?: Arriving;
  /**
   * The private key of the leaf with which this device may have joined again after it had left or was removed, as base64url: a
   * repeated join replaces that leaf.
   */
  readonly rejoining?: string;
  /** The key of the device that this one has replaced, until its leaf is removed. */
  readonly former?: string;
  /** Another device of this person has removed this one. `kept`: the invites stayed valid, as when that device has replaced this one. */
  readonly ousted?: 'kept' | 'for-ever';
  /**
   * True if the server had fewer handshakes than this device has followed. If it was restored, others may go on from there: it has to
   * prove that it has the handshake of this epoch.
   */
  readonly lostHandshakes?: true;
  /** What its server takes of files, as it last said; null: none. Absent if it wasn't entered since this is stored. */
  readonly files?: FileLimits | null;
  /**
   * What others have shared of the history before this device joined: it has read the log from `before` on. `packs` are still to be
   * read, newest last. Absent for the founder.
   */
  readonly shared?: { readonly before: Position; readonly packs: readonly KeptPack[] };
  /**
   * The latest time that both the server and the sender of a message have claimed, in milliseconds since 1970. A clock that was set back is
   * not believed to be earlier.
   */
  readonly latest?: number;
  /**
   * Of a direct room to which this device has asked the other person. `with`: its identity key. `expires`: when the invite ends, in
   * milliseconds since 1970.
   */
  readonly direct?: {
    readonly with: string;
    readonly expires: number;
    /**
     * What is still to be queued: `message` with `text` in the direct room, and `box` in the room `common`, with the `secret` of the
     * invite and the beginning of the text, or other `words`.
     */
    readonly ask?: {
      readonly common: RoomId;
      readonly secret: string;
      readonly box: string;
      readonly message: string;
      readonly text: string;
      readonly words?: string;
    };
  };
  /** When each person, by identity key, spoke last in the room's slow mode, by the server's clock. Absent without slow mode. */
  readonly spoke?: Readonly<Record<string, number>> | undefined;
  /** Who waits to be let in, oldest first. */
  readonly knocks?: readonly WaitingKnock[];
  /** Knocks that this device can't open yet, oldest first. `body`: as base64url. */
  readonly sealedKnocks?: readonly {
    readonly seq: Position;
    readonly at: number;
    readonly door: InviteId;
    readonly body: string;
  }[];
  /** When the profile joined it, by its own clock. */
  readonly since: number;
}

/** What is stored before or after a step that is made once: the private keys of a leaf that a join of this device may have added, or whom it asks. */
export type JoiningKeys = Pick<RoomMeta, 'arriving' | 'rejoining' | 'direct'>;
