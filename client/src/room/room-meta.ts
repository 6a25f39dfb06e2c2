import type { RoomId } from '@gochat/protocol/fields';

/** What a profile keeps of a room besides its cryptographic state. */
export interface RoomMeta {
  readonly id: RoomId;
  /** Where the room is served: an address as {@link parseAddress} reads it. */
  readonly server: string;
  /** The room's name, as last known. */
  readonly name: string;
  /** The own display name in it. */
  readonly as: string;
  readonly left: boolean;
  /** Device keys of members who asked to be removed and are still in. */
  readonly leaving: readonly string[];
  /** When the profile came into it, by its own clock. */
  readonly since: number;
}
