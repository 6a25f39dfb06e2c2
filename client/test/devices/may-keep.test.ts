import type { Kept } from '@gochat/crypto/content';
import { expect, test } from 'vitest';
import { keyOf } from '../../src/devices/kept.ts';
import { KeptStore } from '../../src/devices/kept-store.ts';
import { devicesOf, lostDevices } from '../../src/devices/known-devices.ts';
import { mayKeep } from '../../src/devices/may-keep.ts';

const bytes = (length: number, fill: number) => Buffer.alloc(length, fill).toString('base64url');
const [ROOM, PERSON] = [bytes(16, 1), bytes(16, 9)];
const [MAIN, LIMITED, OTHER] = [bytes(32, 1), bytes(32, 2), bytes(32, 3)];
const NOW = 1_800_000_000_000;
const judge = { person: PERSON, knowsRoom: (id: string) => id === ROOM };
const ticket = {
  room: ROOM,
  server: 'https://chat.example',
  name: 'kitchen',
  as: 'ana',
  founder: PERSON,
  own: bytes(16, 3),
};
const entry = (key: string, value: unknown): Kept => ({ key, at: [NOW, MAIN], value });
const about = (more: object = {}) => ({ label: 'Page', since: NOW, limited: true, ...more });

/** What a device of a person has after a limited one has posted this. */
function after(posted: readonly Kept[]): KeptStore {
  const store = new KeptStore(MAIN);
  for (const one of posted) if (mayKeep({ limited: true, device: LIMITED }, one, judge)) store.take(one, NOW);
  return store;
}

test('a limited device is heard on what it reads and writes, and on its own name', () => {
  const said = [
    entry(keyOf('read', ROOM), '7'),
    entry(keyOf('draft', ROOM), { text: 'half a' }),
    entry(keyOf('notify', ROOM), 'none'),
    entry(keyOf('receipts', ROOM), true),
    entry(keyOf('typing', ROOM), true),
    entry(keyOf('device', LIMITED), about()),
  ];
  expect([...after(said).map.values()]).toEqual(said);
});

test('a limited device is not heard on other devices, rooms, people or recovery', () => {
  const link = { room: ROOM, server: 'https://chat.example', id: bytes(16, 1), join: OTHER, wrap: OTHER };
  const said = [
    entry(keyOf('lost', MAIN), true),
    entry(keyOf('lost', LIMITED), true),
    entry(keyOf('ticket', ROOM), ticket),
    entry(keyOf('ticket', ROOM), 'left'),
    entry(keyOf('self', 'https://chat.example'), ticket),
    entry(keyOf('device', MAIN), about()),
    entry(keyOf('device', OTHER), about({ of: LIMITED })),
    entry(keyOf('recovery', 'link'), { ...link, since: NOW }),
    entry(keyOf('recovery', 'link'), null),
    entry(keyOf('safe', 'link'), bytes(16, 4)),
    entry(keyOf('verified', OTHER), true),
    entry(keyOf('ignored', OTHER), true),
  ];
  expect([...after(said).map.values()]).toEqual([]);
});

test('a limited device is not taken for another device, in whose place nobody would see it', () => {
  const store = after([entry(keyOf('device', LIMITED), about({ of: MAIN }))]);
  store.set('lost', MAIN, true, NOW);
  expect([...lostDevices(store.map)]).toEqual([MAIN]);
  expect(devicesOf({ self: [], rooms: [], store }, LIMITED, true).map(({ key }) => key)).toEqual([LIMITED]);
});

test('a limited device that fills what is kept can be removed all the same', () => {
  const rooms = Array.from({ length: 16_384 }, (_, i) => Buffer.alloc(16, `${i} `).toString('base64url'));
  const store = after(rooms.map((room) => entry(keyOf('read', room), '1')));
  expect(store.set('lost', LIMITED, true, NOW)).toBe(true);
  expect([...lostDevices(store.map)]).toEqual([LIMITED]);
});

test('a self room counts if this person has founded it', () => {
  const from = { limited: false, device: OTHER };
  const key = keyOf('self', 'https://chat.example');
  expect(mayKeep(from, entry(key, ticket), judge)).toBe(true);
  expect(mayKeep(from, entry(key, { ...ticket, founder: bytes(16, 8) }), judge)).toBe(false);
  expect(mayKeep(from, entry(key, null), judge)).toBe(false);
});
