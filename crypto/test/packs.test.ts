import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { packsIn } from '../src/groupinfo.ts';
import { configure } from '../src/handshake.ts';
import {
  arePacks,
  changesSince,
  encodePacks,
  type KeptPack,
  NO_PACKS,
  type Packs,
  readPacks,
  withChange,
  withPack,
} from '../src/packs.ts';
import { anaBenMal } from './assert.ts';
import { looksInside } from './hostile.ts';
import { testBytes } from './test-bytes.ts';

const DAY_MS = 24 * 3600 * 1000;

function at(position: number): Position {
  return String(position) as Position;
}

/** A pack of the messages from one position to another. */
function packOf(from: number, to: number, more: Partial<KeptPack> = {}): KeptPack {
  return {
    key: encodeBytes(testBytes(32, from)),
    by: encodeBytes(testBytes(32, 2)),
    parts: [{ seq: at(to + 1), hash: encodeBytes(testBytes(32, 3)) }],
    from: at(from),
    to: at(to),
    seen: at(to),
    messages: to - from + 1,
    at: 1000,
    ...more,
  };
}

/** The list after packs were announced, each right after its posts. */
function after(packs: readonly KeptPack[], history: Parameters<typeof withPack>[3] = 'all'): Packs {
  return packs.reduce((list, pack) => withPack(list, pack, at(Number(pack.seen) + 2), history), NO_PACKS);
}

function ranges({ list }: Packs): string[] {
  return list.map(({ from, to }) => `${from}-${to}`);
}

test('a pack replaces those within its range, and no others', () => {
  expect(ranges(after([packOf(1, 10), packOf(11, 20), packOf(21, 30)]))).toEqual(['1-10', '11-20', '21-30']);
  expect(ranges(after([packOf(1, 10), packOf(11, 20), packOf(11, 20)]))).toEqual(['1-10', '11-20']);
  expect(ranges(after([packOf(1, 10), packOf(11, 20), packOf(5, 30)]))).toEqual(['1-10', '5-30']);
  expect(ranges(after([packOf(1, 10), packOf(11, 20), packOf(1, 30)]))).toEqual(['1-30']);
});

test('a pack is dropped when what lies after it is all that newcomers are shown', () => {
  const packs = [packOf(1, 10), packOf(11, 20), packOf(21, 30)];
  expect(ranges(after(packs, { last: 20 }))).toEqual(['11-20', '21-30']);
  expect(ranges(after(packs, { last: 21 }))).toEqual(['1-10', '11-20', '21-30']);
  const dated = packs.map((pack, i) => ({ ...pack, at: 1000 + i * DAY_MS }));
  expect(ranges(after(dated, { days: 1 }))).toEqual(['11-20', '21-30']);
});

test('what the log contradicts, and what a room that shows nothing is given, is ignored', () => {
  expect(withPack(NO_PACKS, packOf(1, 10), at(12), undefined)).toBe(NO_PACKS);
  for (const wrong of [
    { from: at(11) },
    { seen: at(9) },
    { seen: at(99), parts: [] },
    { parts: [{ seq: at(12), hash: '' }] },
  ])
    expect(withPack(NO_PACKS, packOf(1, 10, wrong), at(12), 'all').list, JSON.stringify(wrong)).toEqual([]);
});

test('the list is bounded, and the oldest leave it', () => {
  const many = Array.from({ length: 40 }, (_, i) => packOf(10 * i + 1, 10 * i + 10));
  expect(ranges(after(many)).length).toBe(32);
  expect(ranges(after(many)).at(-1)).toBe('391-400');
  const parts = Array.from({ length: 64 }, () => ({ seq: at(1), hash: '' }));
  const large = many.map((pack) => ({ ...pack, parts }));
  expect(ranges(after(large))).toEqual(['361-370', '371-380', '381-390', '391-400']);
});

test('a change after a pack was made is known of it, however many changes there are', () => {
  const [pack, other] = [packOf(1, 10, { seen: at(20) }), packOf(11, 19)];
  let packs = after([pack]);
  const change = { gone: true, self: false };
  packs = withChange(packs, at(5), { seq: at(15), ...change });
  expect(changesSince(packs, pack)).toEqual([]);
  packs = withChange(packs, at(5), { seq: at(30), ...change });
  expect(changesSince(packs, pack)).toMatchObject([{ seq: '30', gone: true }]);
  expect(changesSince(packs, other)).toEqual([]);
  for (let i = 0; i < 100; i++)
    packs = withChange(packs, at(200 + i), { seq: at(300 + i), gone: false, self: true });
  expect(packs.changes.length).toBe(32);
  expect(changesSince(packs, pack)).toMatchObject([{ gone: true }]);
});

test('the extension of the GroupInfo has the whole list; malformed packs in it are left out', () => {
  const packs = after([packOf(1, 10), packOf(11, 20)]);
  const bytes = encodePacks(packs);
  expect(readPacks(bytes)).toEqual({ ...packs, heard: false });
  expect(arePacks(packs, bytes)).toBe(true);
  expect(arePacks(packs, undefined)).toBe(false);
  expect(arePacks(NO_PACKS, undefined)).toBe(true);
  expect(arePacks(readPacks(bytes), undefined)).toBe(true);
  expect(encodePacks(NO_PACKS)).toBeUndefined();
  expect(readPacks(bytes?.slice(0, -1)).list.length).toBe(1);
  expect(readPacks(new Uint8Array(7)).list).toEqual([]);
});

test('joiners are given the list, members notice another one, and a changed setting empties it', async () => {
  const { ana, ben, log, link } = await anaBenMal();
  await ana.commits(log, (room) => configure(room, { history: 'all' }, ana.env));
  await ben.reads(log);
  const packs = after([packOf(1, 2)]);
  for (const one of [ana, ben]) one.room = { ...one.room, packs };
  expect(await ben.sees(log)).toBe(false);
  await ana.heals(log);
  await ben.reads(log);
  expect(readPacks(packsIn(await looksInside(log, link))).list).toEqual(packs.list);
  expect(await ben.sees(log)).toBe(true);
  await ana.commits(log, (room) => configure(room, { history: { last: 5 } }, ana.env));
  expect(packsIn(await looksInside(log, link))).toBeUndefined();
});
