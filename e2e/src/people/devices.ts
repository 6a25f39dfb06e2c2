import type { DeviceOfPerson, Linking } from '@gochat/client/methods';
import { WAIT_MS } from '../waits.ts';
import type { Someone } from './people.ts';

/** Makes an empty profile a device of a person, who types the digits that it shows. Resolves once the new device has everything. */
export async function links(from: Someone, to: Someone, label: string, limited = false): Promise<void> {
  const { link } = await from.profile.call('linkOffer', { limited, waitMs: WAIT_MS });
  const { digits } = await to.profile.call('linkAccept', { link, label, waitMs: WAIT_MS });
  await from.until(async () => (await linkingOf(from)).stage === 'opened', `${from.name} sees ${label}`);
  await from.profile.call('linkConfirm', { digits, waitMs: WAIT_MS });
  await to.until(async () => (await linkingOf(to)).stage === 'joined', `${label} has joined`);
}

export function linkingOf(one: Someone): Promise<Linking> {
  return one.profile.call('linking', {});
}

export async function devicesOf(one: Someone): Promise<readonly DeviceOfPerson[]> {
  return one.profile.call('devices', {});
}

/** The names of the rooms that a device is in. */
export async function roomsOf(one: Someone): Promise<readonly string[]> {
  const rooms = await one.profile.call('rooms', {});
  return rooms
    .filter(({ status }) => status === 'active')
    .map(({ name }) => name)
    .sort();
}

/** Follows all rooms, as a screen does. */
export async function followsAll(one: Someone): Promise<void> {
  for (const { id } of await one.profile.call('rooms', {})) await one.profile.call('follow', { room: id });
}
