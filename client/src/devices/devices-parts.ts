import type { Who } from '@gochat/crypto/identity';
import type { Rooms, RoomsParts } from '../account/rooms.ts';
import type { SettingsStore } from '../account/settings-store.ts';

export interface DevicesParts extends RoomsParts {
  readonly rooms: Rooms;
  readonly settings: SettingsStore;
  /** The profile is another person's from now on, as is stored: all rooms are closed and opened again. */
  readonly becomes: (who: Who) => void;
}
