import { membersOf, ownLeaf } from '@gochat/crypto/room';
import type { RoomSession } from '../room/room-session.ts';
import type { DevicesParts } from './devices-parts.ts';
import type { Jobs } from './jobs.ts';
import type { keyOf } from './kept.ts';
import type { KeptStore } from './kept-store.ts';

/** How long each device waits for one that is before it in a room, when any of them can do something. */
const RANK_MS = 3000;

/** What the parts of the devices' shared work have in common. */
export interface Context {
  readonly parts: DevicesParts;
  readonly store: KeptStore;
  readonly jobs: Jobs;
  /** The self rooms in which this device is or was, but for those that it has left for another one. */
  readonly self: readonly RoomSession[];
  /** The rooms of people. */
  readonly rooms: readonly RoomSession[];
  /** Sets a value, and has it posted. */
  readonly set: (kind: Parameters<typeof keyOf>[0], of: string, value: unknown) => void;
}

/** Whether this device is a member and nothing is in the way. */
export function isIn({ meta, room }: RoomSession): boolean {
  return !meta.left && room.status === 'active';
}

/** How long this device waits for others of its person, when each of them can do something in a room. */
export function turnMs({ room }: RoomSession): number {
  return RANK_MS * membersOf(room).filter((m) => m.own && m.leaf < ownLeaf(room)).length;
}
