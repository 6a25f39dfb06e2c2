import type { RoomId } from '@gochat/protocol/fields';

/** What a profile stores of a room besides its cryptographic state. */
export interface RoomMeta {
  readonly id: RoomId;
  /** The server's address, as {@link parseAddress} returns it. */
  readonly server: string;
  /** The room's name, as last known. */
  readonly name: string;
  /** This profile's display name in it. */
  readonly as: string;
  readonly left: boolean;
  /** Identity keys of members who have asked to be removed and are still members. */
  readonly leaving: readonly string[];
  /** When it last came back unasked after a split, by its own clock. */
  readonly returned?: number;
  /** When the profile joined it, by its own clock. */
  readonly since: number;
}
