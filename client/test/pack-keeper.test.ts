import type { Content } from '@gochat/crypto/content';
import { configure, invite } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import type { HistorySetting } from '@gochat/crypto/packs';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { Up } from '@gochat/protocol/up';
import { expect, onTestFinished, test } from 'vitest';
import { LazyPackKeeper } from '../src/history/lazy-pack-keeper.ts';
import { PackKeeper } from '../src/history/pack-keeper.ts';
import { platform } from '../src/profile/platform.ts';
import type { Queued } from '../src/room/outgoing.ts';
import type { RoomSession } from '../src/room/room-session.ts';
import { Condition } from '../src/schedule/condition.ts';
import { Device, TestLog } from './device.ts';

const SECOND_MS = 1000;

/** Ana's device with its keeper, and ben's, in a room that shows newcomers this much. */
async function keepers(history: HistorySetting = 'all') {
  const ana = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  const secret = platform.random(16);
  await ana.commits((room) => configure(room, { history }, platform));
  await ana.commits((room) => invite(room, secret, {}, platform));
  const ben = await Device.joins(ana, createIdentity(platform), 'ben', secret);
  await ana.reads();
  let now = platform.now();
  const env = { now: () => now, random: platform.random };
  const waiting: (() => void)[] = [];
  let published = 0;
  let seen = 0;
  let meanwhile: (() => Promise<unknown>) | undefined;
  const connection = {
    request: async (frame: Up) => {
      if (frame.type === 'post') return { seq: ana.log.post(frame.room, frame.body) };
      published += 1;
      for (const done of waiting.splice(0)) done();
      return {};
    },
  };
  const session = {
    get room() {
      return ana.room;
    },
    get meta() {
      return ana.store.meta;
    },
    isLive: true,
    isFollowing: true,
    condition: new Condition(),
    connection,
    queue: async (messages: readonly Queued[]) => {
      await ana.store.enqueue(messages, []);
      for (const { body } of await ana.store.seal(1)) ana.log.post(ana.room.id, body);
      await meanwhile?.();
      meanwhile = undefined;
      await ana.reads();
    },
  };
  const keeper = new PackKeeper(session as unknown as RoomSession, ana.records, env);
  onTestFinished(() => keeper.close());
  /** Everything that ana's keeper could do at once is done. */
  const settles = async () => {
    keeper.nudge();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  await settles();
  return {
    ana,
    ben,
    keeper,
    lazyKeeper: () => new LazyPackKeeper(session as unknown as RoomSession, ana.records, env),
    /** The ranges of the packs that are kept, and how many messages each has. */
    packs: () => ana.room.packs.list.map(({ from, to, messages }) => ({ from, to, messages })),
    /** Something happens as soon as ana's next pack is announced, and before she reads that it is. */
    happens: (what: () => Promise<unknown>) => {
      meanwhile = what;
    },
    keys: () => ana.room.packs.list.map(({ key }) => key),
    says: async (who: Device, content: Content) => {
      const said = await who.says(content);
      await ana.reads();
      keeper.items(await ana.history.recent());
      await settles();
      return said;
    },
    /** Time passes, and the packs that are due then are published. */
    packsAfter: async (ms: number) => {
      now += ms;
      keeper.nudge();
      while (published === seen) await new Promise<void>((resolve) => waiting.push(resolve));
      seen = published;
      await settles();
    },
    settlesAfter: async (ms: number) => {
      now += ms;
      await settles();
    },
    /** Time passes, and nothing is posted. */
    nothingAfter: async (ms: number) => {
      const before = ana.log.entries.length;
      now += ms;
      await settles();
      expect(ana.log.entries.length).toBe(before);
    },
  };
}

const text = (words: string) => ({ kind: 'text', text: words }) as const;

test('who has made the invite packs at once, and then whoever wrote last, after 20 seconds', async () => {
  const { ana, packs, says, packsAfter, nothingAfter } = await keepers();
  const first = await says(ana, text('one'));
  await packsAfter(1000);
  expect(packs()).toEqual([{ from: first.seq, to: first.seq, messages: 1 }]);
  const second = await says(ana, text('two'));
  await nothingAfter(19 * SECOND_MS);
  const third = await says(ana, text('three'));
  await nothingAfter(19 * SECOND_MS);
  await packsAfter(1 * SECOND_MS);
  expect(packs()[1]).toMatchObject({ to: third.seq, messages: 2 });
  expect(Number(packs()[1]?.from)).toBeLessThanOrEqual(Number(second.seq));
  await nothingAfter(3600 * SECOND_MS);
});

test('what another member has written is left to it for one to two minutes', async () => {
  const { ana, ben, packs, says, packsAfter, nothingAfter } = await keepers();
  await says(ana, text('one'));
  await packsAfter(1000);
  await says(ben, text('two'));
  await nothingAfter(59 * SECOND_MS);
  await packsAfter(61 * SECOND_MS);
  expect(packs().map(({ messages }) => messages)).toEqual([1, 1]);
});

test('after 64 messages nobody waits', async () => {
  const { ana, packs, says, packsAfter, nothingAfter } = await keepers();
  await says(ana, text('first'));
  await packsAfter(1000);
  for (let i = 0; i < 63; i++) await says(ana, text(`${i}`));
  await nothingAfter(0);
  await says(ana, text('last'));
  await packsAfter(0);
  expect(packs().map(({ messages }) => messages)).toEqual([1, 64]);
});

test('a deletion has its range packed again at once, an edit after 20 seconds, and the old key is dropped', async () => {
  const { ana, ben, packs, keys, says, packsAfter, nothingAfter } = await keepers();
  const of = await says(ana, text('regretted'));
  const other = await says(ben, text('kept'));
  await packsAfter(1000);
  const [before] = keys();
  await says(ana, { kind: 'edit', of, text: 'changed' });
  await nothingAfter(19 * SECOND_MS);
  await packsAfter(1 * SECOND_MS);
  const [edited] = keys();
  expect([keys().length, edited === before]).toEqual([1, false]);
  await says(ana, { kind: 'delete', of });
  await packsAfter(1 * SECOND_MS);
  expect(packs()).toEqual([{ from: of.seq, to: other.seq, messages: 1 }]);
  expect(keys()).not.toContain(edited);
  // Ben's device does it; if it doesn't, others do.
  await says(ben, { kind: 'delete', of: other });
  await nothingAfter(59 * SECOND_MS);
  await packsAfter(61 * SECOND_MS);
  expect(packs()).toEqual([{ from: of.seq, to: other.seq, messages: 0 }]);
});

test('31 packs are made into one', async () => {
  const { ana, packs, says, packsAfter } = await keepers();
  for (let i = 1; i <= 31; i++) {
    await says(ana, text(`${i}`));
    await packsAfter(20 * SECOND_MS);
  }
  expect(packs().length).toBe(31);
  await says(ana, text('32'));
  await packsAfter(20 * SECOND_MS);
  expect(packs().map(({ messages }) => messages)).toEqual([32]);
});

test('a room that shows newcomers nothing is not packed', async () => {
  const { ana, says, nothingAfter, packs } = await keepers('none');
  await says(ana, text('private'));
  await nothingAfter(3600 * SECOND_MS);
  expect(packs()).toEqual([]);
});

test('the end of a profile packs what its person has just written', async () => {
  const { ana, keeper, packs, says, packsAfter } = await keepers();
  await says(ana, text('one'));
  await packsAfter(1000);
  await says(ana, text('two'));
  await keeper.finish(60_000);
  expect(packs().map(({ messages }) => messages)).toEqual([1, 1]);
});

test('what comes while the code is loading is packed as well', async () => {
  const { ana, keeper, lazyKeeper, packs, says, packsAfter } = await keepers();
  await says(ana, text('one'));
  await packsAfter(1000);
  keeper.close();
  await says(ana, text('two'));
  const recent = await ana.history.recent();
  const later = lazyKeeper();
  later.items(recent);
  await later.finish(60_000);
  expect(packs().map(({ messages }) => messages)).toEqual([1, 1]);
});

test('a profile that ends as soon as it has begun packs what was said before', async () => {
  const { ana, keeper, lazyKeeper, packs, says, packsAfter } = await keepers();
  await says(ana, text('one'));
  await packsAfter(1000);
  keeper.close();
  await says(ana, text('two'));
  await lazyKeeper().finish(60_000);
  expect(packs().map(({ messages }) => messages)).toEqual([1, 1]);
});

test('whose pack another one has replaced before it is published goes on packing', async () => {
  const { ana, ben, packs, says, packsAfter, nothingAfter, settlesAfter, happens } = await keepers();
  const first = await says(ana, text('one'));
  await packsAfter(1000);
  const second = await says(ana, text('two'));
  const [one] = ana.room.packs.list;
  if (one === undefined) throw new Error('a pack');
  const { by: _, at: __, ...pack } = one;
  const all = { ...pack, key: encodeBytes(platform.random(32)), to: second.seq, seen: second.seq };
  happens(() => ben.says({ kind: 'pack', ...all, messages: 2 }));
  await settlesAfter(20 * SECOND_MS);
  expect(packs()).toEqual([{ from: first.seq, to: second.seq, messages: 2 }]);
  await says(ana, text('three'));
  await nothingAfter(19 * SECOND_MS);
  await packsAfter(1 * SECOND_MS);
  expect(packs().map(({ messages }) => messages)).toEqual([2, 1]);
});

test('what a newcomer could not pack is packed by those who were there', async () => {
  const { ana, ben, packs, says, packsAfter, nothingAfter } = await keepers();
  const first = await says(ana, text('one'));
  await packsAfter(1000);
  const between = await says(ben, text('two'));
  const last = await says(ben, text('three'));
  // Ben's device says that it has only the last one.
  const [one] = ana.room.packs.list;
  if (one === undefined) throw new Error('a pack');
  const { by: _, at: __, ...pack } = one;
  const announced = { ...pack, from: last.seq, to: last.seq, seen: last.seq, messages: 1 };
  await says(ben, { kind: 'pack', ...announced });
  await nothingAfter(59 * SECOND_MS);
  await packsAfter(61 * SECOND_MS);
  expect(packs()).toEqual([
    { from: first.seq, to: first.seq, messages: 1 },
    { from: last.seq, to: last.seq, messages: 1 },
    { from: expect.any(String), to: expect.any(String), messages: 1 },
  ]);
  expect(Number(packs()[2]?.from)).toBe(Number(first.seq) + 1);
  expect(Number(packs()[2]?.to)).toBe(Number(last.seq) - 1);
  expect(Number(between.seq)).toBeLessThan(Number(last.seq));
  await nothingAfter(3600 * SECOND_MS);
});
