import { ChatError } from '@gochat/client/chat-error';
import type { ChatEvent, DeviceOfPerson, Linking } from '@gochat/client/methods';
import type { Chat } from '../src/chat/chat.ts';
import { type DeviceDialogs, deviceDialogs } from '../src/dialogs/device-dialogs.ts';
import type { Dialog } from '../src/dialogs/dialog.ts';
import { DialogHost } from '../src/dialogs/dialog-host.ts';
import { NOON, words } from './timeline-input.ts';

export type Answers = Record<string, (params: never) => unknown>;

export const DEVICE_LINK = `http://127.0.0.1:4040/#/link/${'A'.repeat(22)}.${'Q'.repeat(22)}.${'g'.repeat(22)}`;
export const RECOVERY_LINK = DEVICE_LINK.replace('/link/', '/recover/');
export const INVITE = DEVICE_LINK.replace('/link/', '/join/');

export function device(key: string, more: Partial<DeviceOfPerson> = {}): DeviceOfPerson {
  return { key: key.padEnd(43, 'A'), label: '', self: false, limited: false, rooms: 2, ...more };
}

export const LAPTOP = device('laptop', { label: 'Lap\u202etop', self: true, since: NOON });
export const PHONE = device('phone', { label: 'Phone' });

/** A chat with a faked profile. @param servers of its rooms */
export async function devicesChat(answers: Answers, servers: readonly string[] = ['https://one.example']) {
  const said: string[] = [];
  const entered: string[] = [];
  const given: Answers = { devices: () => [], ...answers };
  const calls: [string, unknown][] = [];
  const listeners = new Set<(event: ChatEvent) => void>();
  const textOf = (error: unknown) =>
    error instanceof ChatError ? words.text.error(error.data) : String(error);
  const flashes = {
    end: () => undefined,
    textOf,
    failed: (error: unknown) => said.push(textOf(error)),
    good: (text: string) => said.push(text),
    bad: (text: string) => said.push(text),
    copy: (text: string) => said.push(`copied ${text}`),
    attempt: (work: () => Promise<void>) => void work().catch((error: unknown) => said.push(textOf(error))),
  };
  const dialogs = new DialogHost(flashes, () => undefined);
  const rooms = servers.map((server, i) => ({ closed: '', info: { id: `room-${i}`, server } }));
  let restarts = 0;
  const preferences = {
    current: { name: 'ana', screen: {} },
    changeScreen: async (screen: object) => {
      preferences.current = { ...preferences.current, screen };
    },
  };
  const chat = {
    words,
    dialogs,
    flashes,
    platform: {
      now: () => NOON,
      deviceName: 'Firefox on Linux',
      keepsProfile: async () => true,
      restart: () => restarts++,
    },
    preferences,
    rooms: { all: rooms },
    navigation: { room: rooms[0], enter: async (id: string) => void entered.push(id) },
    profile: {
      call: async (method: string, params: unknown) => {
        calls.push([method, params]);
        return (given[method] as (given: unknown) => unknown)?.(params);
      },
      on: (listener: (event: ChatEvent) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  } as unknown as Chat;
  const devices: DeviceDialogs = await deviceDialogs(chat);
  const emits = async (event: ChatEvent) => {
    for (const listener of [...listeners]) listener(event);
    await settled();
  };
  const reaches = (linking: Linking) => emits({ kind: 'linking', linking });
  const called = (method: string) => calls.filter(([name]) => name === method).map(([, params]) => params);
  return { chat, devices, dialogs, said, entered, called, emits, reaches, restarts: () => restarts };
}

/** Waits until what was begun is done; QR codes come with a module. */
export async function settled(): Promise<void> {
  await import('uqr');
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve));
}

export function kindOf<K extends Dialog['kind']>(
  dialog: Dialog | undefined,
  kind: K,
): Extract<Dialog, { kind: K }> {
  if (dialog?.kind !== kind) throw new Error(`in front is ${JSON.stringify(dialog)}`);
  return dialog as Extract<Dialog, { kind: K }>;
}
