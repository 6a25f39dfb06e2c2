import type { RoomId } from '@gochat/protocol/fields';
import type { Rules } from '@gochat/protocol/rules';
import { describe, expect, test } from 'vitest';
import { type Address, addressOf, visitorAddress } from '../src/net/address.ts';
import { type QuietIntervals, QuietRates } from '../src/room/quiet-rates.ts';
import type { Refusal } from '../src/session/refusal.ts';
import { losingAnswers } from './broken-log.ts';
import { bytes, KeyPair, newId, newRoomId } from './keys.ts';
import { commit, enter, enterFrame, follow, found, postFrame } from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

const START = 1_790_000_000_000;
const SLOW_MS = 60_000;
/** One post a minute. */
const SLOW: Rules = { quietBytes: 1, quietMs: SLOW_MS };
/** A few small posts. */
const ANNOUNCEMENTS: Rules = { quietBytes: 4137, quietMs: 10_000 };

interface QuietRoom {
  readonly rules: Rules;
  readonly options?: Parameters<typeof startNode>[0];
}

async function quietRoom({ rules, options = {} }: QuietRoom) {
  const clock = { now: START };
  const node = await startNode({ now: () => clock.now, ...options });
  const [ana, ben] = [await node.peer(), await node.peer()];
  const { room, admin, access } = await found(ana, [], { rules });
  /** @returns the reply to a post whose body has this size, as `ack` or the wait of `quiet` */
  const post = async (peer: Peer, size: number, at = access.at) => {
    const reply = await peer.ask({ ...postFrame(room, at, ''), body: bytes(size) });
    if (reply.type !== 'error') return reply.type;
    return reply.code === 'quiet' ? reply.retryAfterMs : reply.code;
  };
  return { clock, node, ana, ben, room, admin, access, post };
}

describe('without a voice, a connection posts', () => {
  test('as many bytes as the rules allow, from its first post on for as long as they say', async () => {
    const { clock, ben, room, access, post } = await quietRoom({ rules: ANNOUNCEMENTS });
    await follow(ben, room, access);
    expect(await post(ben, 4000)).toBe('ack');
    clock.now += 4_000;
    expect(await post(ben, 137)).toBe('ack');
    const late = postFrame(room, access.at, 'x');
    for (const wait of [6_000, 1]) {
      expect(await ben.ask(late)).toMatchObject({ code: 'quiet', retryAfterMs: wait });
      clock.now += wait === 1 ? 1 : 5_999;
    }
    expect(await ben.ask(late)).toMatchObject({ type: 'ack' });
  });

  test('one larger post, if nothing else counts in the interval', async () => {
    const { clock, ben, room, access, post } = await quietRoom({ rules: SLOW });
    await follow(ben, room, access);
    expect(await post(ben, 70_000)).toBe('ack');
    clock.now += 1_000;
    expect(await post(ben, 1)).toBe(SLOW_MS - 1_000);
    const again = await quietRoom({ rules: ANNOUNCEMENTS });
    await follow(again.ben, again.room, again.access);
    expect(await again.post(again.ben, 1)).toBe('ack');
    expect(await again.post(again.ben, 5_000)).toBe(10_000);
  });

  test('again after the wait, under the same id, and in the order in which it first posted', async () => {
    const { clock, ben, room, access } = await quietRoom({ rules: SLOW });
    await follow(ben, room, access);
    const [first, second, third] = [1, 2, 3].map((i) => postFrame(room, access.at, `n${i}`));
    if (first === undefined || second === undefined || third === undefined) throw new Error('no posts');
    expect(await ben.ask(first)).toMatchObject({ type: 'ack' });
    expect(await ben.ask(second)).toMatchObject({ code: 'quiet', retryAfterMs: SLOW_MS });
    // Although the wait is longer than the server else waits for a repeat.
    clock.now += 30_000;
    expect(await ben.ask(third)).toMatchObject({ code: 'unavailable', retryAfterMs: 30_000 });
    clock.now += 30_000;
    expect(await ben.ask(second)).toMatchObject({ type: 'ack', dup: false });
    expect(await ben.ask(third)).toMatchObject({ code: 'quiet' });
  });

  test('no more on a connection that exits and enters again', async () => {
    const { ben, room, access, post } = await quietRoom({ rules: SLOW });
    await follow(ben, room, access);
    expect(await post(ben, 1)).toBe('ack');
    await ben.ask({ type: 'exit', id: newId(), room });
    await follow(ben, room, access);
    expect(await post(ben, 1)).toBe(SLOW_MS);
  });

  test('in another room as if it had not posted', async () => {
    const { ana, ben, room, access, post } = await quietRoom({ rules: SLOW });
    await follow(ben, room, access);
    expect(await post(ben, 1)).toBe('ack');
    const other = await found(ana, [], { rules: SLOW });
    await follow(ben, other.room, other.access);
    expect(await ben.ask(postFrame(other.room, other.access.at, 'x'))).toMatchObject({ type: 'ack' });
  });

  test.each([
    ['no interval', { quietBytes: 1 }],
    ['no bytes', { quietMs: 10_000 }],
    ['an interval of 0', { quietBytes: 1, quietMs: 0 }],
  ])('freely where the rules have %s', async (_, rules) => {
    const { ben, room, access, post } = await quietRoom({ rules });
    await follow(ben, room, access);
    for (let i = 0; i < 5; i += 1) expect(await post(ben, 1000)).toBe('ack');
  });
});

describe('what is not appended is not counted:', () => {
  test('a stale post', async () => {
    const { ana, ben, room, access, post } = await quietRoom({ rules: SLOW });
    await follow(ben, room, access);
    const next = await commit(ana, room, { after: access.at, by: access });
    expect(await post(ben, 1)).toBe('stale');
    expect(await post(ben, 1, next.at)).toBe('ack');
    // Nor is its answer another one, once the limit is reached.
    expect(await post(ben, 1)).toBe('stale');
  });

  test('a repeat', async () => {
    const { clock, ben, room, access, post } = await quietRoom({ rules: SLOW });
    await follow(ben, room, access);
    const frame = postFrame(room, access.at, 'once');
    expect(await ben.ask(frame)).toMatchObject({ dup: false });
    clock.now += SLOW_MS;
    expect(await ben.ask(frame)).toMatchObject({ dup: true });
    expect(await post(ben, 1)).toBe('ack');
  });

  test('one that the log did not acknowledge', async () => {
    const engine = losingAnswers();
    const { ben, room, access } = await quietRoom({ rules: SLOW, options: { engine } });
    await follow(ben, room, access);
    engine.breakAnswers();
    const frame = postFrame(room, access.at, 'was it?');
    expect(await ben.ask(frame)).toMatchObject({ code: 'unavailable' });
    engine.repair();
    expect(await ben.ask(frame)).toMatchObject({ type: 'ack' });
  });
});

describe('a voice', () => {
  const voice = new KeyPair();
  const rules = { ...SLOW, voice: voice.public };

  test('posts freely, on its connection alone', async () => {
    const { ana, ben, room, access, post } = await quietRoom({ rules });
    await follow(ana, room, access, undefined, voice);
    await follow(ben, room, access);
    for (let i = 0; i < 5; i += 1) expect(await post(ana, 1000)).toBe('ack');
    expect(await post(ben, 1)).toBe('ack');
    expect(await post(ben, 1)).toBe(SLOW_MS);
  });

  test('that is not valid is no error: the connection has none', async () => {
    const { ben, room, access, post } = await quietRoom({ rules });
    expect(await enter(ben, room, access, undefined, new KeyPair())).toMatchObject({ type: 'entered' });
    expect(await post(ben, 1)).toBe('ack');
    expect(await post(ben, 1)).toBe(SLOW_MS);
  });

  test('of another connection is none', async () => {
    const { ana, ben, room, access, post } = await quietRoom({ rules });
    const { voice: moved } = enterFrame(ben, room, access, undefined, voice);
    if (moved === undefined) throw new Error('no voice');
    expect(await ana.ask({ ...enterFrame(ana, room, access), voice: moved })).toMatchObject({
      type: 'entered',
    });
    expect(await post(ana, 1)).toBe('ack');
    expect(await post(ana, 1)).toBe(SLOW_MS);
  });

  test('ends with its key, and the connection enters again with the new one', async () => {
    const { ana, room, access, admin, post } = await quietRoom({ rules });
    const heir = new KeyPair();
    await follow(ana, room, access, undefined, voice);
    expect(await post(ana, 1)).toBe('ack');
    const next = await commit(ana, room, {
      after: access.at,
      by: access,
      order: { keys: admin, rules: { ...rules, voice: heir.public } },
    });
    expect(await post(ana, 1, next.at)).toBe('ack');
    expect(await post(ana, 1, next.at)).toBe(SLOW_MS);
    await follow(ana, room, next, undefined, heir);
    for (let i = 0; i < 3; i += 1) expect(await post(ana, 1, next.at)).toBe('ack');
  });

  test('that was proved before an order has its key is one from then on', async () => {
    const { ana, room, access, admin, post } = await quietRoom({ rules: SLOW });
    await follow(ana, room, access, undefined, voice);
    expect(await post(ana, 1)).toBe('ack');
    expect(await post(ana, 1)).toBe(SLOW_MS);
    const next = await commit(ana, room, {
      after: access.at,
      by: access,
      order: { keys: admin, rules },
    });
    for (let i = 0; i < 3; i += 1) expect(await post(ana, 1, next.at)).toBe('ack');
  });
});

test('rules that change apply at once to those who are connected', async () => {
  const { ana, ben, room, access, admin, post } = await quietRoom({ rules: { quietMs: 0 } });
  await follow(ben, room, access);
  for (let i = 0; i < 3; i += 1) expect(await post(ben, 1)).toBe('ack');
  const slow = await commit(ana, room, {
    after: access.at,
    by: access,
    order: { keys: admin, rules: SLOW },
  });
  expect(await post(ben, 1, slow.at)).toBe('ack');
  expect(await post(ben, 1, slow.at)).toBe(SLOW_MS);
  const free = await commit(ana, room, {
    after: slow.at,
    by: slow,
    order: { keys: admin, rules: { quietMs: 0 } },
  });
  for (let i = 0; i < 3; i += 1) expect(await post(ben, 1, free.at)).toBe('ack');
});

test('connections from one address have the limit of one together', async () => {
  const options = { limits: { exemptsLoopback: false } };
  const { node, ana, ben, room, access, post } = await quietRoom({ rules: SLOW, options });
  for (const peer of [ana, ben]) await follow(peer, room, access);
  expect(await post(ana, 1)).toBe('ack');
  expect(await post(ben, 1)).toBe(SLOW_MS);
  ana.end();
  const fresh = await node.peer();
  await follow(fresh, room, access);
  expect(await post(fresh, 1)).toBe(SLOW_MS);
});

describe('the intervals', () => {
  const take = (rates: QuietRates, room: RoomId, address: Address, connection: QuietIntervals) => {
    try {
      return rates.take({ room, rules: SLOW, bytes: 100, address, connection });
    } catch (error) {
      return (error as Refusal).retryAfterMs;
    }
  };

  test('of another address are others', () => {
    const rates = new QuietRates({ exemptsLoopback: true }, () => START);
    const room = newRoomId();
    for (const ip of ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8:0:1::1'])
      expect(take(rates, room, addressOf(ip), new Map())).toBeTypeOf('function');
    for (const ip of ['192.0.2.1', '2001:db8::2'])
      expect(take(rates, room, addressOf(ip), new Map())).toBe(SLOW_MS);
  });

  test('of loopback are those of each connection alone, if loopback is exempt', () => {
    const rates = new QuietRates({ exemptsLoopback: true }, () => START);
    const [room, own] = [newRoomId(), new Map()];
    expect(take(rates, room, addressOf('127.0.0.1'), own)).toBeTypeOf('function');
    expect(take(rates, room, addressOf('127.0.0.1'), own)).toBe(SLOW_MS);
    expect(take(rates, room, addressOf('127.0.0.1'), new Map())).toBeTypeOf('function');
  });

  test('of all visitors of an onion service let ten of them post', () => {
    const rates = new QuietRates({ exemptsLoopback: true }, () => START);
    const room = newRoomId();
    for (let i = 0; i < 10; i += 1)
      expect(take(rates, room, visitorAddress(i), new Map())).toBeTypeOf('function');
    expect(take(rates, room, visitorAddress(10), new Map())).toBe(SLOW_MS);
  });
});
