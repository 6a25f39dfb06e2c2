import type { Rooms, RoomsParts } from '../account/rooms.ts';
import type { SettingsStore } from '../account/settings-store.ts';
import type { DevicesParts } from '../devices/devices-parts.ts';
import type { DeviceSync } from '../devices/sync.ts';

export interface BackupParts extends RoomsParts, Pick<DevicesParts, 'becomes' | 'joinsOf'> {
  readonly rooms: Rooms;
  readonly settings: SettingsStore;
  /** What brings this device into the rooms of its person. */
  readonly sync: () => Promise<DeviceSync>;
}
