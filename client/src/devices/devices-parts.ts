import type { Who } from '@gochat/crypto/identity';
import type { RoomId } from '@gochat/protocol/fields';
import type { Rooms, RoomsParts } from '../account/rooms.ts';
import type { SettingsStore } from '../account/settings-store.ts';
import type { Mutex } from '../schedule/mutex.ts';

export interface DevicesParts extends RoomsParts {
  readonly rooms: Rooms;
  readonly settings: SettingsStore;
  /** The profile is another person's from now on, as is stored: all rooms are closed and opened again. */
  readonly becomes: (who: Who) => void;
  /** One join of a room at a time. */
  readonly joinsOf: (room: RoomId) => Mutex;
  /** Another device of this person has removed this one: what the profile has is to be deleted. */
  readonly ousted: () => void;
}
