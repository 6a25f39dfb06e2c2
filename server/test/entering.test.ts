import type { Down } from '@gochat/protocol/down';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { describe, expect, test } from 'vitest';
import { openMemory } from '../src/log/memory/open.ts';
import { KeyPair, newId, newRoomId, opened } from './keys.ts';
import { type Access, commit, enter, enterFrame, follow, found, handshakeFrame, post } from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';
import { seeded } from './seeded.ts';

const isRetired = (frame: Down) => frame.type === 'retired';
const texts = (peer: Peer) =>
  peer.of('entry').flatMap((entry) => (entry.kind === 'message' ? [opened(entry.body)] : []));

describe('a proof', () => {
  test('by another key, or for a position without a key, is refused', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const { room, access } = await found(peer);
    await follow(peer, room, access);
    const message = await post(peer, room, access.at, 'no key here');
    const at = 'seq' in message ? message.seq : access.at;
    for (const wrong of [
      { ...access, keys: new KeyPair() },
      { ...access, at },
      { ...access, at: '0' as Position },
      { ...access, at: '999999' as Position },
    ]) {
      expect(await enter(peer, room, wrong)).toMatchObject({
        type: 'error',
        code: 'refused',
      });
    }
  });

  test('is valid once, on its connection, in its room', async () => {
    const node = await startNode();
    const [peer, other] = [await node.peer(), await node.peer()];
    const { room, access } = await found(peer);
    const elsewhere = await found(peer);
    const frame = enterFrame(peer, room, access);
    expect(await other.ask({ ...frame, id: newId() })).toMatchObject({ code: 'refused' });
    expect(await peer.ask({ ...frame, room: elsewhere.room, key: elsewhere.access.at })).toMatchObject({
      code: 'refused',
    });
    const fresh = enterFrame(peer, room, access);
    expect(await peer.ask(fresh)).toMatchObject({ type: 'entered' });
    expect(await peer.ask({ ...fresh, id: newId() })).toMatchObject({ code: 'refused' });
    expect(await peer.ask({ ...enterFrame(peer, room, access), since: access.at })).toMatchObject({
      code: 'refused',
    });
  });

  test('for an unknown room fails with no-room', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const access = { at: '1' as Position, keys: new KeyPair() };
    expect(await enter(peer, newRoomId(), access)).toMatchObject({ code: 'no-room' });
  });

  test('can be tried a limited number of times', async () => {
    const node = await startNode({ limits: { entersPerConnection: 3 } });
    const peer = await node.peer();
    const { room, access } = await found(peer);
    for (let i = 0; i < 3; i += 1) await enter(peer, room, access);
    expect(await enter(peer, room, access)).toMatchObject({ code: 'rate-limited' });
    await peer.closed;
  });
});

describe('the backlog', () => {
  test('starts after since and ends with live', async () => {
    const node = await startNode({ limits: { backlogEntries: 3 } });
    const [ada, bob] = [await node.peer(), await node.peer('web')];
    const { room, access } = await found(ada);
    await follow(ada, room, access);
    const acks: Awaited<ReturnType<typeof post>>[] = [];
    for (let i = 0; i < 10; i += 1) acks.push(await post(ada, room, access.at, `m${i}`));
    const third = acks[2];
    const since = third !== undefined && 'seq' in third ? third.seq : access.at;
    await follow(bob, room, access, since);
    expect(texts(bob)).toEqual(['m3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']);
    const last = acks.at(-1);
    expect(bob.frames.at(-1)).toEqual({
      type: 'live',
      room,
      seq: last !== undefined && 'seq' in last ? last.seq : '',
    });
  });

  test('with since after the end of the room is invalid', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const { room, access } = await found(peer);
    expect(await enter(peer, room, access, '99999' as Position)).toMatchObject({ code: 'invalid' });
  });

  test('names the floor up to which messages may have expired', async () => {
    let now = 1_000_000;
    const node = await startNode({ engine: openMemory({ now: () => now }), now: () => now, retainSec: 60 });
    const [ada, bob] = [await node.peer(), await node.peer()];
    const { room, access } = await found(ada);
    await follow(ada, room, access);
    await post(ada, room, access.at, 'old');
    const newest = await post(ada, room, access.at, 'old too');
    now += 61_000;
    await follow(bob, room, access);
    expect(texts(bob)).toEqual([]);
    expect(bob.of('entered')).toMatchObject([{ floor: 'seq' in newest ? newest.seq : '' }]);
  });
});

describe('a retired key', () => {
  /** Messages a and b, a removal, message c, another removal, and message d. */
  async function twiceRemoved() {
    const node = await startNode();
    const ada = await node.peer();
    const { room, admin, access } = await found(ada);
    await follow(ada, room, access);
    await post(ada, room, access.at, 'a');
    const second = await commit(ada, room, { after: access.at, by: access });
    await post(ada, room, second.at, 'b');
    const third = await commit(ada, room, {
      after: second.at,
      by: second,
      order: { keys: admin, retire: true },
    });
    await enterAnew(ada, third, room);
    await post(ada, room, third.at, 'c');
    const fourth = await commit(ada, room, {
      after: third.at,
      by: third,
      order: { keys: admin, retire: true },
    });
    await enterAnew(ada, fourth, room);
    const last = await post(ada, room, fourth.at, 'd');
    return { node, ada, room, access, second, third, fourth, last: 'seq' in last ? last.seq : fourth.at };
  }

  async function enterAnew(peer: Peer, access: Access, room: RoomId) {
    await peer.next((frame) => frame.type === 'retired' && frame.room === room && frame.seq === access.at);
    await follow(peer, room, access, access.at);
  }

  test('reads up to the first handshake that retired it and no further', async () => {
    const { node, room, access, second, third } = await twiceRemoved();
    for (const key of [access, second]) {
      const bob = await node.peer();
      const stop = bob.next((frame) => frame.type === 'retired');
      expect(await enter(bob, room, key)).toMatchObject({ type: 'entered', handshake: third.at });
      expect(await stop).toEqual({ type: 'retired', room, seq: third.at });
      await bob.barrier();
      expect(texts(bob)).toEqual(['a', 'b']);
      expect(bob.of('entry').at(-1)?.seq).toBe(third.at);
      expect(bob.of('live')).toEqual([]);
    }
  });

  test('with since at or after that handshake gets retired immediately', async () => {
    const { node, room, second, third, fourth, last } = await twiceRemoved();
    const bob = await node.peer();
    for (const since of [third.at, fourth.at, last]) {
      bob.forget();
      const stop = bob.next((frame) => frame.type === 'retired');
      await enter(bob, room, second, since);
      expect(await stop).toEqual({ type: 'retired', room, seq: third.at });
    }
    await bob.barrier();
    expect(bob.of('entry')).toEqual([]);
  });

  test('can neither post, read, fetch, signal nor commit', async () => {
    const { node, ada, room, second, fourth } = await twiceRemoved();
    const bob = await node.peer();
    const stop = bob.next((frame) => frame.type === 'retired');
    await enter(bob, room, second);
    await stop;
    expect(await post(bob, room, fourth.at, 'let me in')).toMatchObject({ code: 'retired' });
    expect(await bob.ask({ type: 'read', id: newId(), room, after: fourth.at, limit: 9 })).toMatchObject({
      code: 'retired',
    });
    expect(await bob.ask({ type: 'fetch', id: newId(), room })).toMatchObject({ code: 'retired' });
    const wish = { after: fourth.at, by: second };
    expect(await bob.ask(handshakeFrame(room, wish))).toMatchObject({ code: 'retired' });
    bob.send({ type: 'signal', room, body: 'AAAA' });
    await bob.barrier();
    await ada.barrier();
    expect(ada.of('signal')).toEqual([]);
  });

  test('continues with a newer one without a gap', async () => {
    const { node, room, second, third, fourth } = await twiceRemoved();
    const bob = await node.peer();
    let stop: Promise<Down> = bob.next(isRetired);
    await enter(bob, room, second);
    await stop;
    stop = bob.next((frame) => isRetired(frame) && frame.seq === fourth.at);
    await enter(bob, room, third, third.at);
    await stop;
    await follow(bob, room, fourth, fourth.at);
    expect(texts(bob)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('gets retired while it follows, and then nothing until it proves a newer one', async () => {
    const node = await startNode();
    const [ada, bob] = [await node.peer(), await node.peer('web')];
    const { room, admin, access } = await found(ada);
    for (const peer of [ada, bob]) await follow(peer, room, access);
    const next = await commit(ada, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    await ada.next((frame) => frame.type === 'retired');
    await follow(ada, room, next, next.at);
    await post(ada, room, next.at, 'without bob');
    ada.send({ type: 'signal', room, body: 'AAAA' });
    await ada.barrier();
    await bob.barrier();
    expect(bob.frames.slice(-3).map((frame) => frame.type)).toEqual(['entry', 'retired', 'pong']);
    expect(bob.of('entry').at(-1)?.seq).toBe(next.at);
    await follow(bob, room, next, next.at);
    expect(texts(bob)).toEqual(['without bob']);
  });

  test('also stops there if the removal is appended while the backlog is sent', async () => {
    const random = seeded(7);
    const node = await startNode({ limits: { backlogEntries: 2 } });
    const [ada, bob] = [await node.peer(), await node.peer('web')];
    for (let round = 0; round < 25; round += 1) {
      const { room, admin, access } = await found(ada);
      await follow(ada, room, access);
      for (let i = 0; i < 10; i += 1) await post(ada, room, access.at, `${round}`);
      const stop = bob.next((frame) => isRetired(frame) && 'room' in frame && frame.room === room);
      const entering = enter(bob, room, access);
      for (let turns = random() * 12; turns > 0; turns -= 1)
        await new Promise((resolve) => setImmediate(resolve));
      const wish = { after: access.at, by: access, order: { keys: admin, retire: true as const } };
      const next = await commit(ada, room, wish);
      await enterAnew(ada, next, room);
      await post(ada, room, next.at, 'secret');
      await entering;
      expect(await stop).toEqual({ type: 'retired', room, seq: next.at });
      await bob.barrier();
      const entries = bob.of('entry').filter((entry) => entry.room === room);
      expect(entries).toHaveLength(12);
      expect(entries.at(-1)?.seq).toBe(next.at);
    }
  });

  test('is forgotten after the grace period', async () => {
    let shiftMs = 0;
    const now = () => performance.now() + shiftMs;
    const node = await startNode({ limits: { graceMs: 60_000 }, now });
    const peer = await node.peer();
    const { room, admin, access } = await found(peer);
    await follow(peer, room, access);
    const next = await commit(peer, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    await peer.next((frame) => frame.type === 'retired');
    let answer = await post(peer, room, next.at, 'x');
    expect(answer).toMatchObject({ code: 'retired' });
    shiftMs = 60_000;
    while ('code' in answer && answer.code === 'retired') answer = await post(peer, room, next.at, 'x');
    expect(answer).toMatchObject({ code: 'not-entered' });
  });

  test('is too old to enter with after 1,000 later retirements', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const { room, admin, access } = await found(peer);
    const order = { keys: admin, retire: true } as const;
    let last = access;
    for (let n = 0; n < 1000; n += 1) last = await commit(peer, room, { after: last.at, by: last, order });
    expect(await enter(peer, room, access)).toMatchObject({ type: 'entered' });
    last = await commit(peer, room, { after: last.at, by: last, order });
    expect(await enter(peer, room, access)).toMatchObject({ type: 'error', code: 'refused' });
    expect(await enter(peer, room, last)).toMatchObject({ type: 'entered', handshake: last.at });
  });

  test('stays valid over any number of commits that do not retire it', async () => {
    const node = await startNode();
    const [ada, bob] = [await node.peer(), await node.peer()];
    const { room, access } = await found(ada);
    await follow(ada, room, access);
    let by = access;
    for (let i = 0; i < 5; i += 1) by = await commit(ada, room, { after: by.at, by });
    await follow(bob, room, access);
    expect(bob.of('entry')).toHaveLength(6);
    const mine = await commit(bob, room, { after: by.at, by: access });
    expect(await post(bob, room, mine.at, 'still here')).toMatchObject({ type: 'ack' });
  });
});

test('entering again replaces the subscription', async () => {
  const node = await startNode();
  const peer = await node.peer();
  const { room, access } = await found(peer);
  for (let i = 0; i < 3; i += 1) await follow(peer, room, access, access.at);
  await post(peer, room, access.at, 'once');
  await peer.barrier();
  expect(texts(peer)).toEqual(['once']);
});

test('exit ends one subscription and no other', async () => {
  const node = await startNode();
  const peer = await node.peer();
  const [left, kept] = [await found(peer), await found(peer)];
  for (const { room, access } of [left, kept]) await follow(peer, room, access, access.at);
  expect(await peer.ask({ type: 'exit', id: newId(), room: left.room })).toMatchObject({
    type: 'exited',
    room: left.room,
  });
  expect(await post(peer, left.room, left.access.at, 'x')).toMatchObject({ code: 'not-entered' });
  await post(peer, kept.room, kept.access.at, 'kept');
  await peer.barrier();
  expect(texts(peer)).toEqual(['kept']);
});

test('the number of rooms per connection is limited', async () => {
  const node = await startNode({ limits: { roomsPerConnection: 2 } });
  const peer = await node.peer();
  const rooms = [await found(peer), await found(peer), await found(peer)];
  const answers: Awaited<ReturnType<typeof enter>>[] = [];
  for (const { room, access } of rooms) answers.push(await enter(peer, room, access));
  expect(answers).toMatchObject([{ type: 'entered' }, { type: 'entered' }, { code: 'full' }]);
});
