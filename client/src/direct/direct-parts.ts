import type { DevicesParts } from '../devices/devices-parts.ts';

export type DirectParts = Pick<
  DevicesParts,
  'records' | 'who' | 'env' | 'emit' | 'rooms' | 'settings' | 'joinsOf' | 'requests'
>;
