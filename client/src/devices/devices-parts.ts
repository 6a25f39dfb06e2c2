import type { Who } from '@gochat/crypto/identity';
import type { Env } from '@gochat/crypto/primitives';
import type { RoomId } from '@gochat/protocol/fields';
import type { Rooms, RoomsParts } from '../account/rooms.ts';
import type { SettingsStore } from '../account/settings-store.ts';
import type { Requests } from '../direct/requests.ts';
import type { Mutex } from '../schedule/mutex.ts';

/** The platform's clock and random source, and what tests set in place of the intervals that devices keep. */
export interface DevicesEnv extends Env {
  /** The shortest time between two posts in a self room, in milliseconds; 10 s when absent. */
  readonly postsApartMs?: number;
}

export interface DevicesParts extends RoomsParts {
  readonly env: DevicesEnv;
  readonly rooms: Rooms;
  readonly settings: SettingsStore;
  readonly requests: Requests;
  /** The profile is another person's from now on, as is stored: all rooms are closed and opened again. */
  readonly becomes: (who: Who) => void;
  /** One join of a room at a time. */
  readonly joinsOf: (room: RoomId) => Mutex;
  /** Another device of this person has removed this one: what the profile has is to be deleted. */
  readonly ousted: () => void;
}
