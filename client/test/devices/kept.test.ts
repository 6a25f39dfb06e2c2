import type { Kept } from '@gochat/crypto/content';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checked, clamped, keyOf, merge, slices } from '../../src/devices/kept.ts';
import { KeptStore } from '../../src/devices/kept-store.ts';

const bytes = (length: number, fill: number) => Buffer.alloc(length, fill).toString('base64url');
const [ROOM, OTHER] = [bytes(16, 1), bytes(16, 2)];
const DEVICES = [bytes(32, 1), bytes(32, 2), bytes(32, 3)] as const;
const [ONE, TWO] = DEVICES;
const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const ticket = (room: string, own: number) => ({
  room,
  server: 'https://chat.example',
  name: 'self',
  as: 'ana',
  founder: bytes(16, 9),
  own: bytes(16, own),
});

/** Few keys, times and values, so that they meet. */
const entries = fc
  .tuple(
    fc.oneof(
      fc.tuple(fc.constant(keyOf('read', ROOM)), fc.integer({ min: 0, max: 4 }).map(String)),
      fc.tuple(fc.constant(keyOf('notify', ROOM)), fc.constantFrom('all', 'mentions', 'none')),
      fc.tuple(fc.constant(keyOf('ticket', ROOM)), fc.constantFrom('left', ticket(ROOM, 1), ticket(ROOM, 2))),
      fc.tuple(
        fc.constant(keyOf('self', 'https://chat.example')),
        fc.constantFrom(ticket(ROOM, 1), ticket(OTHER, 1), ticket(OTHER, 2)),
      ),
      fc.tuple(fc.constant(keyOf('lost', ONE)), fc.constant(true)),
      fc.tuple(fc.constant(keyOf('older', ROOM)), fc.constantFrom(null, { to: ONE, before: '7' })),
      fc.tuple(fc.constant(keyOf('verified', TWO)), fc.constantFrom(true, null)),
    ),
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom(...DEVICES),
  )
  .map(([[key, value], at, by]): Kept => ({ key, at: [at, by], value }));

const mapOf = (list: readonly Kept[]) => {
  const map = new Map<string, Kept>();
  for (const entry of list) merge(map, entry);
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
};

test('devices agree, in whatever order, how often and in what groups entries reach them', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 12 }), fc.array(entries, { maxLength: 12 }), (some, more) => {
      const all = mapOf([...some, ...more]);
      expect(mapOf([...more, ...some].reverse())).toEqual(all);
      expect(mapOf([...some, ...more, ...some])).toEqual(all);
      expect(mapOf([...Object.values(mapOf(some)), ...Object.values(mapOf(more))])).toEqual(all);
    }),
  );
});

test('what was read stays read, a device stays lost, and of two self rooms the lower id stays', () => {
  const late = NOW + 1000;
  const map = mapOf([
    { key: keyOf('read', ROOM), at: [NOW, ONE], value: '10' },
    { key: keyOf('read', ROOM), at: [late, ONE], value: '9' },
    { key: keyOf('self', 'https://chat.example'), at: [NOW, ONE], value: ticket(ROOM, 1) },
    { key: keyOf('self', 'https://chat.example'), at: [late, TWO], value: ticket(OTHER, 1) },
    { key: keyOf('self', 'https://chat.example'), at: [late, ONE], value: ticket(ROOM, 2) },
  ]);
  expect(Object.values(map).map(({ value }) => value)).toEqual(['10', ticket(ROOM, 2)]);
  expect(checked({ key: keyOf('lost', ONE), at: [late, TWO], value: false })).toBeUndefined();
});

test('keys and values that this version does not know are left out', () => {
  const at: Kept['at'] = [NOW, ONE];
  for (const [key, value] of [
    ['read', '1'],
    ['read x', '1'],
    [`toString ${ROOM}`, '1'],
    [keyOf('read', ROOM), 1],
    [keyOf('notify', ROOM), 'never'],
    [keyOf('verified', ROOM), true],
    [keyOf('ticket', ROOM), { ...ticket(ROOM, 1), own: 'short' }],
  ] as const)
    expect(checked({ key, at, value })).toBeUndefined();
});

test('a clock that is ahead wins only until the others have seen it', () => {
  const store = new KeptStore(ONE);
  const other = new KeptStore(TWO);
  const ahead = NOW + 60 * MINUTE;
  store.set('notify', ROOM, 'none', ahead);
  const [posted] = [...store.map.values()];
  if (posted === undefined) throw new Error('nothing was set');
  // Both read the entry that the server has at NOW.
  for (const each of [store, other]) each.take(posted, NOW);
  expect(store.map).toEqual(other.map);
  expect(clamped(posted, NOW).at).toEqual([NOW, ONE]);
  other.set('notify', ROOM, 'all', NOW + MINUTE);
  const [answer] = [...other.map.values()];
  if (answer === undefined) throw new Error('nothing was set');
  expect(store.take(answer, NOW + MINUTE)?.isNew).toBe(true);
  expect(store.map).toEqual(other.map);
});

test('a device whose clock is late still changes what others have set', () => {
  const store = new KeptStore(ONE);
  store.take({ key: keyOf('notify', ROOM), at: [NOW, TWO], value: 'none' }, NOW);
  expect(store.set('notify', ROOM, 'all', NOW - 60 * MINUTE)).toBe(true);
  expect([...store.map.values()][0]?.at).toEqual([NOW + 1, ONE]);
  expect(store.set('notify', ROOM, 'all', NOW)).toBe(false);
});

/** Two devices, each of which reads all that both have posted, in the order of the log. */
class Drafts {
  readonly one = new KeptStore(ONE);
  readonly two = new KeptStore(TWO);
  readonly #log: Kept[] = [];

  posts(from: KeptStore): void {
    for (const entry of from.map.values()) this.#log.push(entry);
  }

  /** Both read the log, and post what they have made of it, until nothing is new. */
  settle(): readonly unknown[] {
    const key = keyOf('draft', ROOM);
    for (let read = 0; read < this.#log.length; read++) {
      const entry = this.#log[read] as Kept;
      for (const store of [this.one, this.two])
        if (store.take(entry, NOW + MINUTE)?.isOwn === true) this.#log.push(store.map.get(key) as Kept);
      expect(read).toBeLessThan(20);
    }
    return [this.one, this.two].map((store) => store.map.get(key)?.value);
  }
}

test.each([
  ['an empty draft', null, { text: 'a paragraph' }],
  ['another text', { text: 'short' }, { text: 'a paragraph\nshort' }],
  ['the same text and more', { text: 'a paragraph, and more' }, { text: 'a paragraph, and more' }],
  [
    'an edit',
    { text: '', edit: { of: { seq: '3', id: bytes(16, 3) }, text: 'edited' } },
    { text: 'a paragraph', edit: { of: { seq: '3', id: bytes(16, 3) }, text: 'edited' } },
  ],
])('a draft that was written without knowledge of another one does not end it: %s', (_, later, both) => {
  for (const isReadBefore of [true, false]) {
    const drafts = new Drafts();
    const { one, two } = drafts;
    one.set('draft', ROOM, { text: 'a paragraph' }, NOW);
    two.set('draft', ROOM, later, NOW + 1000);
    for (const store of isReadBefore ? [one, two] : [two, one]) drafts.posts(store);
    expect(drafts.settle()).toEqual([both, both]);
  }
});

test('a draft that was sent or changed on another device, which knew it, is ended', () => {
  const drafts = new Drafts();
  const { one, two } = drafts;
  one.set('draft', ROOM, { text: 'a' }, NOW);
  one.set('draft', ROOM, { text: 'a paragraph' }, NOW + 1);
  drafts.posts(one);
  drafts.settle();
  two.set('draft', ROOM, { text: 'changed' }, NOW + 2);
  two.set('draft', ROOM, null, NOW + 3);
  drafts.posts(two);
  expect(drafts.settle()).toEqual([null, null]);
  one.set('draft', ROOM, { text: 'next' }, NOW + 4);
  two.set('notify', ROOM, 'none', NOW + 5);
  drafts.posts(one);
  expect(drafts.settle()).toEqual([{ text: 'next' }, { text: 'next' }]);
});

test('slices fit into messages, and have all entries, the ways in first', () => {
  const room = (n: number) => Buffer.from(String(n).padStart(16, '0')).toString('base64url');
  const store = new KeptStore(ONE);
  for (let n = 0; n < 500; n++) {
    store.set('draft', room(n), { text: '\n"ü'.repeat(200) }, NOW);
    store.set('ticket', room(n), ticket(room(n), 1), NOW);
  }
  for (const long of ['x'.repeat(33_000), 'ü'.repeat(22_000)])
    expect(store.set('draft', room(0), { text: long }, NOW)).toBe(false);
  const cut = slices([...store.map.values()]);
  expect(cut.length).toBeGreaterThan(5);
  for (const slice of cut) expect(Buffer.byteLength(JSON.stringify(slice))).toBeLessThan(60 * 1024);
  expect(cut.flat()).toHaveLength(1000);
  expect(cut[0]?.every(({ key }) => key.startsWith('ticket '))).toBe(true);
});

test('what is stored is read again as it was', () => {
  const store = new KeptStore(ONE);
  store.set('notify', ROOM, 'none', NOW);
  store.send(ROOM as never, [keyOf('notify', ROOM)]);
  store.adopted.add(ROOM);
  store.asked.set(ROOM, '5');
  store.dead.set(OTHER, 'mark');
  store.sweeps(TWO, ROOM);
  const { value } = store.change();
  const again = new KeptStore(ONE, JSON.parse(new TextDecoder().decode(value)));
  expect(again.map).toEqual(store.map);
  expect(again.unsent).toEqual(store.unsent);
  expect([again.adopted, again.asked, again.dead]).toEqual([store.adopted, store.asked, store.dead]);
  expect([again.isSwept(TWO, ROOM), again.isSwept(TWO, OTHER)]).toEqual([true, false]);
});

test('of two requests of one room that of the later box counts, then the one that is decided, whenever it was set', () => {
  const room = 'A'.repeat(22);
  const key = `request ${room}`;
  const device = (n: number) => Buffer.alloc(32, n).toString('base64url');
  const entry = (state: 'open' | 'ignored', at: number, ms: number) => ({
    key,
    at: [ms, device(1)] as [number, string],
    value: {
      common: room,
      server: 'http://127.0.0.1:4040',
      from: device(2),
      name: 'ana',
      text: 'hi',
      secret: room,
      at,
      state,
    },
  });
  const all = [entry('open', 5, 30), entry('ignored', 5, 20), entry('open', 4, 40)];
  expect(all.map((one) => checked(one) !== undefined)).toEqual([true, true, true]);
  for (const order of [all, [...all].reverse()]) {
    const map = new Map();
    for (const one of order) merge(map, one);
    expect(map.get(key)).toEqual(all[1]);
  }
});
