import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { type Judge, judged } from '../src/direct/judge.ts';
import type { StoredRequest } from '../src/direct/requests.ts';
import type { ReceivedBox } from '../src/room/received.ts';
import { toJson } from '../src/store/records.ts';

const DAY_MS = 24 * 3600 * 1000;
const NOW = 1_800_000_000_000;
const COMMON = {
  room: { id: 'common' },
  meta: { server: 'tcp://127.0.0.1:4040' },
} as unknown as Parameters<typeof judged>[1];

const idOf = (n: number) => encodeBytes(new Uint8Array(16).fill(n)) as RoomId;

function box(n: number, identity: string, at = NOW, text = 'hi'): Uint8Array {
  const content = { kind: 'boxed', room: idOf(n), secret: 's', text } as const;
  const received: ReceivedBox = { seq: String(n) as Position, at, identity, name: identity, content };
  return toJson(received);
}

function judge(more: Partial<Judge> = {}): Judge {
  return {
    preferences: { asks: 'all', ignored: [], verified: [] },
    known: [],
    has: () => false,
    isAsked: () => false,
    ...more,
  };
}

const taken = (rows: readonly Uint8Array[], given: Judge, wanted: StoredRequest['state']) =>
  judged(rows, COMMON, given).taken.flatMap(({ id, state }) => (state === wanted ? [id] : []));
const takenOf = (rows: readonly Uint8Array[], given: Judge) => taken(rows, given, 'open');

test('a person asks five times a day', () => {
  const rows = Array.from({ length: 8 }, (_, i) => box(i + 1, 'mal', NOW + i));
  expect(takenOf(rows, judge())).toEqual([1, 2, 3, 4, 5].map(idOf));
  const known = judged(rows, COMMON, judge()).taken;
  expect(takenOf([box(9, 'mal', NOW + DAY_MS + 10)], judge({ known }))).toEqual([idOf(9)]);
  expect(takenOf([box(9, 'ana', NOW)], judge({ known }))).toEqual([idOf(9)]);
});

test('what is taken or not is never judged again', () => {
  const rows = Array.from({ length: 8 }, (_, i) => box(i + 1, 'mal'));
  expect(judged(rows, COMMON, judge()).done).toHaveLength(8);
});

test('a request leads to the server of the room in which it came, whatever it says', () => {
  const [one] = judged([box(1, 'mal', NOW, 'see https://evil.example/#/join/x')], COMMON, judge()).taken;
  expect(one).toMatchObject({ server: 'http://127.0.0.1:4040', from: 'mal', common: 'common' });
});

test.each<[string, Partial<Judge>, boolean]>([
  ['everybody may ask', {}, true],
  [
    'only those who were compared',
    { preferences: { asks: 'verified', ignored: [], verified: ['mal'] } },
    true,
  ],
  ['not those who were not', { preferences: { asks: 'verified', ignored: [], verified: ['ana'] } }, false],
  ['none at all', { preferences: { asks: 'none', ignored: [], verified: ['mal'] } }, false],
  [
    'only who was asked, of all',
    { preferences: { asks: 'none', ignored: [], verified: [] }, isAsked: () => true },
    true,
  ],
  [
    'not who is ignored',
    { preferences: { asks: 'all', ignored: ['mal'], verified: [] }, isAsked: () => true },
    false,
  ],
  ['not about a room that the profile has', { has: () => true }, false],
])('%s', (_what, given, isTaken) => {
  expect(takenOf([box(1, 'mal')], judge(given))).toEqual(isTaken ? [idOf(1)] : []);
});

test('what nobody is shown is known for whoever writes to its author, up to a limit', () => {
  const none = { asks: 'none', ignored: [], verified: [] } as const;
  const ignored = { asks: 'all', ignored: ['mal'], verified: [] } as const;
  for (const preferences of [none, ignored])
    expect(taken([box(1, 'mal')], judge({ preferences }), 'hidden')).toEqual([idOf(1)]);
  const all = Array.from({ length: 120 }, (_, i) => box(i + 1, `person ${i}`));
  expect(taken(all, judge({ preferences: none }), 'hidden')).toHaveLength(100);
  const [hidden] = judged([box(1, 'mal')], COMMON, judge({ preferences: none })).taken;
  const known = hidden === undefined ? [] : [hidden];
  expect(takenOf([box(1, 'mal', NOW + 1)], judge({ known }))).toEqual([idOf(1)]);
});

test('what was ignored stays ignored, and nobody takes over the request of another', () => {
  const known = (more: Partial<StoredRequest>): readonly StoredRequest[] => {
    const [one] = judged([box(1, 'ana')], COMMON, judge()).taken;
    return one === undefined ? [] : [{ ...one, ...more }];
  };
  expect(takenOf([box(1, 'ana', NOW + 1)], judge({ known: known({ state: 'ignored' }) }))).toEqual([]);
  expect(takenOf([box(1, 'mal', NOW + 1)], judge({ known: known({}) }))).toEqual([]);
  expect(takenOf([box(1, 'ana', NOW + 1)], judge({ known: known({}) }))).toEqual([idOf(1)]);
});
