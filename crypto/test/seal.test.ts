import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinPublicKey } from '../src/keys.ts';
import { MESSAGE_CAPACITY, pad, padMessage, unpad } from '../src/padding.ts';
import { openBody, openGroupInfo, openJoin, sealBody, sealGroupInfo, sealJoin } from '../src/seal.ts';
import { sealMessage } from '../src/send.ts';
import { openSignal, sealSignal } from '../src/signal.ts';
import { allRead, roomOfPeople } from './assert.ts';
import type { Person } from './world.ts';

async function two() {
  const world = await roomOfPeople('ana', 'ben');
  const [ana, ben] = world.people as [Person, Person];
  return { ...world, ana, ben };
}

const text = (words: string) => ({ kind: 'text', text: words }) as const;

async function sizeOf(person: Person, words: string): Promise<number> {
  const draft = { id: person.id(), n: 1, content: text(words) };
  return decodeBytes((await sealMessage(person.room, draft, person.env)).frame.body).length;
}

test('unpad returns what was padded, and refuses other bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      expect(unpad(pad(bytes))).toEqual(bytes);
      expect(unpad(padMessage(bytes))).toEqual(bytes);
    }),
  );
  expect(unpad(new Uint8Array(3))).toBeUndefined();
  expect(unpad(Uint8Array.of(0, 0, 0, 2, 1))).toBeUndefined();
  expect(unpad(Uint8Array.of(255, 255, 255, 255, 1))).toBeUndefined();
  expect(padMessage(new Uint8Array(MESSAGE_CAPACITY)).length).toBe(MESSAGE_CAPACITY + 4);
  expect(() => padMessage(new Uint8Array(MESSAGE_CAPACITY + 1))).toThrow(RangeError);
});

test.each([
  [0, 512],
  [508, 512],
  [509, 1024],
  [16_380, 16_384],
  // Above 16 KiB: eighths of a power of two.
  [16_381, 18_432],
  [32_764, 32_768],
  [32_765, 36_864],
  [3_145_724, 3_145_728],
  [3_145_725, 3_407_872],
])('a handshake or GroupInfo of %i bytes is padded to %i', (length, size) => {
  expect(pad(new Uint8Array(length)).length).toBe(size);
});

test('the size of a sealed message reveals only its bucket', async () => {
  const { ana } = await two();
  const sizes = new Set<number>();
  for (let length = 1; length <= 4000; length += 97) sizes.add(await sizeOf(ana, 'x'.repeat(length)));
  const overhead = 1 + 24 + 16;
  expect([...sizes].map((size) => size - overhead)).toEqual([512, 1024, 2048, 4096, 8192]);
  expect(await sizeOf(ana, 'yes')).toBe(await sizeOf(ana, 'no, and never again'));
});

test('a text of 64 KiB is accepted and read', async () => {
  const { log, ana, ben } = await two();
  const long = 'x'.repeat(64 * 1024);
  const frame = await ana.seals(long);
  expect(decodeBytes(frame.body).length).toBeLessThanOrEqual(LIMITS.messageBytes);
  log.post(frame);
  await ben.reads(log);
  expect(ben.heard).toEqual([`ana: ${long}`]);
});

test.each([
  ['of 80 KiB', 'x'.repeat(80 * 1024)],
  ['of 64 KiB that takes twice as much', '"'.repeat(64 * 1024)],
])('a text %s is refused, and leaves the room as it was', async (_, words) => {
  const { log, ana, ben } = await two();
  await expect(ana.seals(words)).rejects.toMatchObject({ name: 'RoomError', code: 'too-large' });
  await ana.says(log, 'short then');
  await ben.reads(log);
  expect(ben.heard).toEqual(['ana: short then']);
  expect(ben.warnings).toEqual([]);
});

test('a sealed body opens only for its purpose, room and epoch', async () => {
  const { log, ana, ben, env } = await two();
  const { keys, id } = ana.room;
  const body = sealBody(keys, 'message', id, Uint8Array.of(1, 2), env);
  expect(openBody(ben.room.keys, 'message', id, body)).toEqual(Uint8Array.of(1, 2));
  expect(openBody(keys, 'handshake', id, body)).toBeUndefined();
  expect(openBody(keys, 'signal', id, body)).toBeUndefined();
  expect(openBody(keys, 'message', encodeBytes(env.random(16)) as RoomId, body)).toBeUndefined();
  expect(openBody({ ...keys, message: keys.handshake }, 'message', id, body)).toBeUndefined();
  for (let at = 0; at < body.length; at += 7) {
    expect(openBody(keys, 'message', id, body.with(at, (body[at] ?? 0) ^ 1))).toBeUndefined();
    expect(openBody(keys, 'message', id, body.slice(0, at))).toBeUndefined();
  }
  await ben.heals(log);
  expect(openBody(ben.room.keys, 'message', id, body)).toBeUndefined();
});

test('a join and a GroupInfo open only with their keys', async () => {
  const { ana, env } = await two();
  const { keys, id } = ana.room;
  const other = (await roomOfPeople('cai')).founder.room;
  const join = await sealJoin(await joinPublicKey(keys), id, Uint8Array.of(7));
  expect(await openJoin(keys, id, join)).toEqual(Uint8Array.of(7));
  expect(await openJoin(other.keys, id, join)).toBeUndefined();
  expect(await openJoin(keys, other.id, join)).toBeUndefined();
  for (const length of [0, 1, 32, 33, 34, 50])
    expect(await openJoin(keys, id, join.slice(0, length))).toBeUndefined();
  const key = env.random(32);
  const info = sealGroupInfo(key, id, Uint8Array.of(8), env);
  expect(openGroupInfo(key, id, info)).toEqual(Uint8Array.of(8));
  expect(openGroupInfo(env.random(32), id, info)).toBeUndefined();
  expect(openGroupInfo(key, other.id, info)).toBeUndefined();
  expect(openGroupInfo(key, id, info.slice(0, 20))).toBeUndefined();
});

test('a signal is read once, and only in its epoch', async () => {
  const { log, ana, ben } = await two();
  const said = { kind: 'typing', on: true } as const;
  const first = sealSignal(ana.room, said, ana.env).body;
  const second = sealSignal(ana.room, { kind: 'here', read: '5' as Position }, ana.env).body;
  const heard = openSignal(ben.room, new Map(), first);
  expect(heard).toMatchObject({ from: { name: 'ana' }, presence: said });
  expect(openSignal(ben.room, heard?.counters ?? new Map(), first)).toBeUndefined();
  const later = openSignal(ben.room, heard?.counters ?? new Map(), second);
  expect(later?.presence).toEqual({ kind: 'here', read: '5' });
  expect(openSignal(ben.room, later?.counters ?? new Map(), first)).toBeUndefined();
  await ben.heals(log);
  expect(openSignal(ben.room, new Map(), first)).toBeUndefined();
});

test('a malformed signal is ignored', async () => {
  const { log, ana, ben, env } = await two();
  const { keys, id } = ana.room;
  const presence = { kind: 'typing', on: true };
  const strange = [
    'no JSON',
    '[]',
    '{}',
    JSON.stringify({ leaf: 9, n: 1, presence }),
    JSON.stringify({ leaf: -1, n: 1, presence }),
    JSON.stringify({ leaf: 0, n: 1, presence: { kind: 'text', text: 'x' } }),
  ];
  for (const words of strange) {
    const body = sealBody(keys, 'signal', id, new TextEncoder().encode(words), env);
    expect(openSignal(ben.room, new Map(), encodeBytes(body))).toBeUndefined();
  }
  expect(openSignal(ben.room, new Map(), encodeBytes(env.random(90)))).toBeUndefined();
  expect(openSignal(ben.room, new Map(), (await ana.seals('a message')).body)).toBeUndefined();
  await ana.removes(log, ben);
  await allRead(log, [ben]);
  expect(() => sealSignal(ben.room, { kind: 'typing', on: true }, ben.env)).toThrow('not-active');
});
