import { connect } from 'node:net';
import type { Position } from '@gochat/protocol/fields';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { expect, test } from 'vitest';
import { openMemory } from '../src/log/memory/open.ts';
import { addressOf } from '../src/net/address.ts';
import { Bucket } from '../src/session/bucket.ts';
import { countingReads } from './broken-log.ts';
import { KeyPair, newId, newRoomId } from './keys.ts';
import { createFrame, enter, enterFrame, follow, found, post } from './member.ts';
import { startNode } from './node.ts';
import { Peer } from './peer.ts';

/** The ids of the received pongs, in order. */
function pongs(peer: Peer): string[] {
  return peer.frames.flatMap((frame) => (frame.type === 'pong' ? [frame.id] : []));
}

test('connections are limited in total, and a closed one frees its place', async () => {
  const node = await startNode({ limits: { connections: 2 } });
  const [first, second] = [await node.peer('line'), await node.peer('web')];
  for (const over of ['line', 'web'] as const) {
    const third = await Peer.dial(node.port, over);
    third.send({ type: 'ping', id: newId() });
    expect(await third.next((frame) => frame.type === 'error')).toMatchObject({ code: 'full' });
    await third.closed;
  }
  first.end();
  await first.closed;
  while (node.connections() > 1) await second.barrier();
  await node.peer('web');
});

test('connections are limited by address, except from loopback', async () => {
  const strict = await startNode({ limits: { connectionsPerAddress: 1, exemptsLoopback: false } });
  await strict.peer();
  const second = await Peer.dial(strict.port);
  second.send({ type: 'ping', id: newId() });
  expect(await second.next((frame) => frame.type === 'error')).toMatchObject({ code: 'full' });
  const lenient = await startNode({ limits: { connectionsPerAddress: 1 } });
  await lenient.peer();
  await lenient.peer();
});

test('a connection that sends frames too fast is delayed without affecting others', async () => {
  const node = await startNode({ limits: { framesPerSecond: 0.001, framesBurst: 5 } });
  const [busy, calm] = [await node.peer(), await node.peer()];
  const ids = Array.from({ length: 10 }, newId);
  for (const id of ids) busy.send({ type: 'ping', id });
  // The hello was the first of the five.
  await busy.next((frame) => frame.type === 'pong' && frame.id === ids[3]);
  await calm.barrier();
  expect(pongs(busy)).toEqual(ids.slice(0, 4));
});

test('delayed frames are answered in order', async () => {
  const node = await startNode({ limits: { framesPerSecond: 200, framesBurst: 5 } });
  const busy = await node.peer();
  const ids = Array.from({ length: 20 }, newId);
  for (const id of ids) busy.send({ type: 'ping', id });
  await busy.next((frame) => frame.type === 'pong' && frame.id === ids.at(-1));
  expect(pongs(busy)).toEqual(ids);
});

test('other connections get turns between frames that arrived at once', async () => {
  const node = await startNode({ limits: { framesInRow: 8 } });
  const busy = await node.peer();
  const ids = Array.from({ length: 100 }, newId);
  const answers = await Promise.all(ids.map((id) => busy.ask<'pong' | 'error'>({ type: 'ping', id })));
  expect(answers.map((answer) => answer.type)).toEqual(ids.map(() => 'pong'));
});

test('proofs are limited by address', async () => {
  const node = await startNode({ limits: { proofsPerMinute: 2, exemptsLoopback: false } });
  const peer = await node.peer();
  const { room, access } = await found(peer);
  const answers: unknown[] = [];
  for (let i = 0; i < 3; i += 1) answers.push(await enter(peer, room, access));
  expect(answers).toMatchObject([{ type: 'entered' }, { type: 'entered' }, { code: 'rate-limited' }]);
});

test('visitors of an onion service have limits for each connection, and rates for all of them together', async () => {
  const limits = { connectionsPerAddress: 1, createsPerHour: 2 };
  const node = await startNode({ onion: true, limits });
  const makes = async (peer: Peer) => {
    const answer = await peer.ask(createFrame(newRoomId(), new KeyPair(), new KeyPair()));
    return answer.type === 'error' ? answer.message : 'made';
  };
  const greedy = await node.peer();
  const answers: string[] = [];
  for (let i = 0; i < 30; i++) answers.push(await makes(greedy));
  const own = 'too many such requests from this connection';
  expect(answers).toEqual(['made', 'made', ...new Array<string>(28).fill(own)]);
  // It used up nothing of the others.
  for (let i = 0; i < 9; i++) {
    const peer = await node.peer(i % 2 === 0 ? 'line' : 'web');
    expect([await makes(peer), await makes(peer)]).toEqual(['made', 'made']);
  }
  expect(await makes(await node.peer())).toBe(
    'too many such requests from all visitors of the onion service',
  );
});

test('behind a proxy, visitors of an onion service are those from loopback or without an address', async () => {
  const node = await startNode({
    onion: true,
    forwarded: { proxies: 1 },
    limits: { proofsPerMinute: 2, connectionsPerAddress: 1 },
  });
  // A TCP proxy names no client.
  const peer = await node.peer('line');
  const { room, access } = await found(peer);
  const answers: unknown[] = [];
  for (let i = 0; i < 3; i += 1) answers.push(await enter(peer, room, access));
  expect(answers).toMatchObject([{ type: 'entered' }, { type: 'entered' }, { code: 'rate-limited' }]);
  expect(await enter(await node.peer('line'), room, access)).toMatchObject({ type: 'entered' });
});

test('the number of followed rooms is limited', async () => {
  const node = await startNode({ limits: { roomsFollowed: 1 } });
  const [ada, bob] = [await node.peer(), await node.peer()];
  const [one, two] = [await found(ada), await found(ada)];
  expect(await enter(ada, one.room, one.access)).toMatchObject({ type: 'entered' });
  expect(await enter(bob, one.room, one.access)).toMatchObject({ type: 'entered' });
  expect(await enter(bob, two.room, two.access)).toMatchObject({ code: 'full' });
  // Whoever proves no key isn't notified.
  expect(await enter(bob, two.room, one.access)).toMatchObject({ code: 'refused' });
  for (const peer of [ada, bob]) await peer.ask({ type: 'exit', id: newId(), room: one.room });
  expect(await enter(bob, two.room, two.access)).toMatchObject({ type: 'entered' });
});

test('a flood of requests is read only as fast as its replies are read', async () => {
  const node = await startNode({
    limits: { framesPerSecond: 1e6, framesBurst: 1e6, stallMs: 60_000, stopMs: 100, lingerMs: 50 },
  });
  const flood = connect(node.port, '127.0.0.1');
  await new Promise((resolve) => flood.once('connect', resolve));
  const hello = { type: 'hello', id: 'h', version: PROTOCOL_VERSION, origin: 'localhost' };
  const ping = `${JSON.stringify({ type: 'ping', id: 'p'.repeat(64) })}\n`;
  flood.write(`${JSON.stringify(hello)}\n`);
  // The client reads no reply, so in the end the server stops reading too.
  flood.pause();
  let taken = true;
  for (let i = 0; i < 2000 && taken; i += 1) taken = flood.write(ping.repeat(1000)) || (await drains(flood));
  expect(taken).toBe(false);
  flood.destroy();
});

/** Whether the socket accepts more within a second. */
function drains(socket: ReturnType<typeof connect>): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), 1000);
    socket.once('drain', () => {
      clearTimeout(late);
      resolve(true);
    });
  });
}

test('a bucket gives its burst at once and then its rate per second', () => {
  const bucket = new Bucket(2, 0);
  expect([bucket.take(0, 10, 2), bucket.take(0, 10, 2)]).toEqual([0, 0]);
  expect(bucket.take(0, 10, 2)).toBe(100);
  expect(bucket.take(60, 10, 2)).toBe(40);
  expect(bucket.take(100, 10, 2)).toBe(0);
  // A clock that is set back adds no tokens.
  expect(bucket.take(50, 10, 2)).toBeGreaterThan(0);
  expect([bucket.take(99_999, 10, 2), bucket.take(99_999, 10, 2)]).toEqual([0, 0]);
  expect(bucket.take(99_999, 10, 2)).toBeGreaterThan(0);
});

test.each([
  ['192.0.2.7', '192.0.2.7', false],
  ['::ffff:192.0.2.7', '192.0.2.7', false],
  ['127.3.2.1', '127.3.2.1', true],
  ['::1', '0:0:0:0::/64', true],
  ['2001:db8:1:2:aaaa::1', '2001:db8:1:2::/64', false],
  ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64', false],
  ['2001:db8::5', '2001:db8:0:0::/64', false],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', false],
  [' 192.0.2.7 ', '192.0.2.7', false],
  ['not an address', 'unknown', false],
  [undefined, 'unknown', false],
])('the address %s counts as %s', (ip, name, loopback) => {
  expect(addressOf(ip)).toEqual({ name, loopback });
});

test('an address over the shared limit is refused without asking the other nodes until its hour is over', async () => {
  let hour = 0;
  const asked: string[] = [];
  const spent = new Map<string, number>();
  const counters = {
    // Another node has counted most of the limit already.
    async add(name: string) {
      asked.push(name);
      const count = (spent.get(name) ?? (hour === 0 ? 2 : 0)) + 1;
      spent.set(name, count);
      return count;
    },
  };
  const node = await startNode({
    engine: { ...openMemory(), counters },
    limits: { createsPerHour: 3, exemptsLoopback: false },
    now: () => hour * 3_600_000 + 1,
  });
  const make = async (peer: Peer) => {
    const answer = await peer.ask(createFrame(newRoomId(), new KeyPair(), new KeyPair()));
    return answer.type === 'error' ? answer : 'made';
  };
  const ada = await node.peer();
  expect(await make(ada)).toBe('made');
  for (let i = 0; i < 5; i++)
    expect(await make(ada)).toMatchObject({ code: 'rate-limited', retryAfterMs: 3_599_999 });
  expect(asked).toHaveLength(2);
  hour = 1;
  // The server may end the first connection: it was silent for an hour.
  expect(await make(await node.peer())).toBe('made');
  expect(asked).toHaveLength(3);
});

test('a connection that reads nothing makes the server read little of the log, however often it enters', async () => {
  const engine = countingReads();
  const node = await startNode({ engine });
  const [ada, eve] = [await node.peer(), await node.peer()];
  const { room, access } = await found(ada);
  await follow(ada, room, access);
  for (let i = 0; i < 20; i++) await post(ada, room, access.at, 'x'.repeat(48_000));
  const before = engine.reads();
  eve.pause();
  for (let i = 0; i < 200; i++) eve.send(enterFrame(eve, room, access));
  // The replies to another connection show that the server had time for these requests.
  for (let i = 0; i < 300; i++) await ada.barrier();
  expect(engine.reads() - before).toBeGreaterThan(0);
  expect(engine.reads() - before).toBeLessThan(60);
  eve.end();
});

test("posts and reads ahead of this node are limited by address, because they read the room's state", async () => {
  const node = await startNode({ limits: { proofsPerMinute: 4, exemptsLoopback: false } });
  const ada = await node.peer();
  const { room, access } = await found(ada);
  await follow(ada, room, access);
  const ahead = String(Number(access.at) + 100) as Position;
  const codes: string[] = [];
  for (let i = 0; i < 2; i++) {
    const posted = await post(ada, room, ahead, `${i}`);
    const read = await ada.ask({ type: 'read', id: newId(), room, after: ahead, limit: 1 });
    codes.push(...[posted, read].map((answer) => ('code' in answer ? String(answer.code) : answer.type)));
  }
  // The enter request was the first.
  expect(codes).toEqual(['stale', 'invalid', 'stale', 'rate-limited']);
  expect(await post(ada, room, ahead, 'too many')).toMatchObject({ code: 'rate-limited' });
});
