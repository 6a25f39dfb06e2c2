import { ChatError } from '@gochat/client/chat-error';
import type { DeviceGiven, DeviceParts } from './device-given.ts';

/** The dialogs about a person's devices. */
export interface DeviceDialogs {
  /** Lists the devices. */
  show(): void;
  /** As {@link show}, and asks which of them are lost. */
  askLost(): void;
  /** Takes another device in; with a link, or in a profile without rooms, makes this device another one of its person. */
  link(link: string): void;
  /** Says whether there is a recovery link, and makes one; with a link, or in a profile without rooms, brings the person back here. */
  recovery(link: string): void;
  /** Says once that there are recovery links, to a person who has none. */
  offerRecovery(): Promise<void>;
  /** Shows what the profile was doing before this screen was there, or that it was removed. */
  resume(): void;
  /** Says that another device has removed this one. @param at milliseconds since 1970 */
  wasRemoved(at: number): void;
  /** Says that a device appeared which none of the person's devices has taken in. */
  warn(): void;
  /** What the person calls these devices, by their keys. @throws ChatError */
  labels(keys: readonly string[]): Promise<string>;
}

/** Loads the dialogs and their words. @throws ChatError `internal` */
export async function deviceDialogs(chat: DeviceParts): Promise<DeviceDialogs> {
  const [{ deviceCode: code }, text] = await Promise.all([
    import('./device-code.ts'),
    chat.words.text.devices(),
  ]).catch((cause: unknown) => {
    throw new ChatError({ reason: 'code-not-loaded' }, { cause });
  });
  const given: DeviceGiven = {
    chat,
    text,
    to: {
      devices: (intro) => code.showDevices(given, intro),
      recovery: () => code.showRecovery(given, ''),
    },
  };
  return {
    show: () => code.showDevices(given),
    askLost: () => code.showDevices(given, text.recovery.accept.lost),
    link: (link) => code.linkDevice(given, link),
    recovery: (link) => code.showRecovery(given, link),
    offerRecovery: () => code.offerRecovery(given),
    resume: () => code.resumeLinking(given),
    wasRemoved: (at) => chat.flashes.bad(text.removed.before(at)),
    warn: () => chat.flashes.bad(text.appeared, { name: 'devices', label: text.list.title }),
    labels: (keys) => code.labelsOf(given, keys),
  };
}
