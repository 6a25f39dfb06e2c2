import type { DeviceOfPerson } from '@gochat/client/methods';
import { sanitizeLine } from '../text/sanitize.ts';
import type { DeviceText } from '../words/devices.ts';

const ID_CHARS = 8;

/** The beginning of a device's key, which is enough to name it. */
export function idOf(key: string): string {
  return key.slice(0, ID_CHARS);
}

/** What a device is called. */
export function deviceName(text: DeviceText, { key, label }: Pick<DeviceOfPerson, 'key' | 'label'>): string {
  return label === '' ? text.list.unnamed(idOf(key)) : sanitizeLine(label);
}

/** What is known of a device, in a line. */
export function deviceDetail({ list }: DeviceText, device: DeviceOfPerson): string {
  const { self, limited, unknown, removal, rooms, since } = device;
  return [
    self ? list.this : '',
    limited ? list.limited : '',
    removal === undefined ? list.rooms(rooms) : list.removing(removal.left),
    since === undefined ? '' : list.since(since),
    unknown === true ? list.unknown : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** Whether this device is a limited one. */
export function isLimited(devices: readonly DeviceOfPerson[]): boolean {
  return devices.some(({ self, limited }) => self && limited);
}

/** The devices that came after another one, which can have taken them in. */
export function laterThan(
  devices: readonly DeviceOfPerson[],
  { later = [] }: DeviceOfPerson,
): readonly DeviceOfPerson[] {
  return devices.filter(({ key }) => later.includes(key));
}
