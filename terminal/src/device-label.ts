import { hostname } from 'node:os';
import type { Profile } from '@gochat/client/open';

/** The longest label of a device. */
const LABEL_CHARS = 64;

/** What this device is called unless its person says otherwise: the machine's name. */
export function labelHere(): string {
  return hostname().slice(0, LABEL_CHARS).trim() || 'terminal';
}

/** Gives this device a label that the other ones list it by. @param label the machine's name when absent, unless the device has one @throws ChatError */
export async function labelThisDevice(profile: Profile, label?: string): Promise<void> {
  const self = (await profile.call('devices', {})).find((device) => device.self);
  if (label !== undefined || self?.label === '')
    await profile.call('labelDevice', { label: label ?? labelHere() });
}
