import { randomBytes } from 'node:crypto';
import { encodeFrame, parseDown } from '@gochat/protocol/codec';
import type { Position } from '@gochat/protocol/fields';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Entry } from '../src/log/log.ts';
import { EndOfTick } from '../src/net/end-of-tick.ts';
import type { Link, Transport } from '../src/net/link.ts';
import { SERVER_LIMITS } from '../src/operate/limits.ts';
import { encodeEntry, packFrames, storedFields } from '../src/room/entry-frame.ts';
import { Fanout } from '../src/room/fanout.ts';
import { Subscription } from '../src/room/subscription.ts';
import { newId, newRoomId, opened } from './keys.ts';
import { LogLines } from './log-lines.ts';
import { enter, enterFrame, follow, found, post, postFrame } from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';
import { seeded } from './seeded.ts';

const texts = (peer: Peer) =>
  peer.of('entry').flatMap((entry) => (entry.kind === 'message' ? [opened(entry.body)] : []));
const turnEnd = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('one tick', () => {
  /** A subscription that records what is written to it. */
  function follower(transport: Transport, at: number) {
    const written: Uint8Array[] = [];
    const link = { transport, buffered: 0, write: (bytes: Uint8Array) => written.push(bytes) };
    const subscription = { at, link: link as unknown as Link, stopsAt: () => false };
    return { written, subscription: subscription as unknown as Subscription };
  }
  const message = (pos: number): Entry => ({ pos, kind: 'message', at: 0, body: Buffer.from(`m${pos}`) });

  test('is encoded once per transport and written once per subscription', async () => {
    const fanout = new Fanout(newRoomId(), new EndOfTick(), SERVER_LIMITS, []);
    const lines = [follower('line', 1), follower('line', 1), follower('line', 1)];
    const webs = [follower('web', 1), follower('web', 1)];
    for (const { subscription } of [...lines, ...webs]) fanout.live.add(subscription);
    fanout.add([message(2), message(5)]);
    fanout.add([message(6)]);
    await turnEnd();
    for (const group of [lines, webs]) {
      for (const { written } of group) {
        expect(written).toHaveLength(1);
        expect(written[0]).toBe(group[0]?.written[0]);
      }
    }
    const frames = Buffer.from(lines[0]?.written[0] ?? [])
      .toString()
      .trim()
      .split('\n');
    expect(frames.map((frame) => JSON.parse(frame).seq)).toEqual(['2', '5', '6']);
  });

  test('sends only the rest to a subscription that has read some of it from the log', async () => {
    const fanout = new Fanout(newRoomId(), new EndOfTick(), SERVER_LIMITS, []);
    const [behind, ahead, done] = [follower('line', 1), follower('line', 5), follower('web', 6)];
    for (const { subscription } of [behind, ahead, done]) fanout.live.add(subscription);
    fanout.add([message(2), message(5), message(6)]);
    await turnEnd();
    const seqs = ({ written }: typeof behind) =>
      written
        .flatMap((bytes) => Buffer.from(bytes).toString().trim().split('\n'))
        .map((line) => JSON.parse(line).seq);
    expect(seqs(behind)).toEqual(['2', '5', '6']);
    expect(seqs(ahead)).toEqual(['6']);
    expect(done.written).toEqual([]);
  });
});

test("a signal is dropped if its sender's key is retired in the same tick", async () => {
  const fanout = new Fanout(newRoomId(), new EndOfTick(), SERVER_LIMITS, []);
  const member = (key: number) => {
    const written: string[] = [];
    const link = {
      transport: 'line',
      buffered: 0,
      write: (bytes: Uint8Array) => written.push(Buffer.from(bytes).toString()),
    };
    const subscription = new Subscription({
      room: newRoomId(),
      link: link as unknown as Link,
      key,
      since: 1,
      events: { slow: () => undefined, suspended: () => undefined, failed: () => undefined },
      stopped: (stopped) => fanout.live.delete(stopped),
    });
    fanout.live.add(subscription);
    return { written, subscription };
  };
  const [removed, staying] = [member(1), member(5)];
  fanout.signal(removed.subscription, 'AAAA');
  fanout.add([
    { pos: 5, kind: 'handshake', at: 0, body: Buffer.from('R'), access: Buffer.alloc(32), retires: true },
  ]);
  await turnEnd();
  expect(removed.subscription.state).toBe('suspended');
  expect(staying.written.join('')).not.toContain('signal');
  expect(removed.written.join('')).toContain('"seq":"5"');
});

test('encodeEntry writes the same text as encodeFrame', () => {
  const random = seeded(41);
  for (let i = 0; i < 500; i++) {
    const room = newRoomId();
    const entry: Entry = {
      pos: 1 + Math.floor(random() * (Number.MAX_SAFE_INTEGER - 1)),
      kind: random() < 0.5 ? 'message' : 'handshake',
      at: Math.floor(random() * 2 ** 48),
      body: randomBytes(Math.floor(random() * 900)),
      ...(random() < 0.3 && { retires: true }),
    };
    const spelled = encodeEntry(room, entry);
    expect(spelled).toBe(encodeFrame({ type: 'entry', room, ...storedFields(entry) }));
    if (entry.body.length > 0) expect(parseDown(spelled)).toEqual(JSON.parse(spelled));
  }
});

test.each([1, 125, 126, 127, 65_535, 65_536, 70_000])(
  'a text of %i bytes gets a valid WebSocket frame header',
  async (length) => {
    const node = await startNode();
    const [ada, bob] = [await node.peer('line'), await node.peer('web')];
    const { room, access } = await found(ada);
    for (const peer of [ada, bob]) await follow(peer, room, access, access.at);
    await post(ada, room, access.at, 'x'.repeat(length));
    const got = await bob.next((frame) => frame.type === 'entry');
    expect('body' in got && opened(got.body)).toBe('x'.repeat(length));
    const head = packFrames('web', ['y'.repeat(length)]).subarray(0, -length);
    expect(head.length).toBe(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  },
);

test("our frames never split the library's frames: pongs and replies under load", async () => {
  const node = await startNode({ limits: { writeQueueBytes: 64 * 1024 * 1024 } });
  const ada = await node.peer('line');
  const { room, access } = await found(ada);
  await follow(ada, room, access, access.at);
  const bob = await node.peer('web');
  await follow(bob, room, access, access.at);
  const raw = bob.webSocket;
  let pongs = 0;
  raw?.on('pong', () => {
    pongs += 1;
  });
  for (let i = 0; i < 200; i += 1) {
    ada.send(postFrame(room, access.at, `${i} ${'x'.repeat((i * 997) % 70_000)}`));
    bob.send({ type: 'ping', id: newId() });
    // The library closes a connection with more than 60 unanswered pings.
    if (i % 4 === 0) raw?.ping(`p${i}`);
  }
  await bob.next((frame) => frame.type === 'entry' && opened(frame.body).startsWith('199 '));
  await bob.barrier();
  expect(raw?.readyState).toBe(WebSocket.OPEN);
  expect(texts(bob).map((text) => Number.parseInt(text, 10))).toEqual(
    Array.from({ length: 200 }, (_, i) => i),
  );
  expect(bob.of('pong')).toHaveLength(201);
  expect(pongs).toBe(50);
});

describe('a slow reader', () => {
  const BIG = 'x'.repeat(60_000);

  test.each(['line', 'web'] as const)(
    'over %s is disconnected, delays no one, and resumes where it was',
    async (over) => {
      const log = new LogLines();
      const limits = { writeQueueBytes: 200_000, lingerMs: 60_000, stopMs: 100 };
      const node = await startNode({ limits, logger: log.logger });
      const [ada, bob, slow] = [await node.peer(), await node.peer('web'), await node.peer(over)];
      const { room, access } = await found(ada);
      for (const peer of [ada, bob, slow]) await follow(peer, room, access, access.at);
      slow.pause();
      const sent: string[] = [];
      while (!log.has({ code: 'slow' })) {
        sent.push(`${sent.length} `);
        const last = `${sent.length - 1} `;
        await post(ada, room, access.at, `${last}${BIG}`);
        // On a busy machine bob could be as late otherwise.
        await bob.next((frame) => frame.type === 'entry' && opened(frame.body).startsWith(last));
      }
      expect(texts(bob)).toHaveLength(sent.length);
      slow.resume();
      await slow.closed;
      expect(slow.frames.at(-1)).toMatchObject({ type: 'error', code: 'slow' });
      const seen = slow.of('entry');
      expect(seen.length).toBeLessThan(sent.length);
      const again = await node.peer(over);
      await follow(again, room, access, seen.at(-1)?.seq ?? access.at);
      expect([...texts(slow), ...texts(again)]).toEqual(sent.map((text) => text + BIG));
    },
  );

  test('of a backlog is disconnected when it stalls', async () => {
    const log = new LogLines();
    const node = await startNode({
      limits: { stallMs: 100, lingerMs: 60_000, stopMs: 100 },
      logger: log.logger,
    });
    const [ada, slow] = [await node.peer(), await node.peer()];
    const { room, access } = await found(ada);
    await follow(ada, room, access);
    for (let i = 0; i < 400; i += 1) ada.send(postFrame(room, access.at, BIG));
    await ada.next(() => ada.of('ack').length > 400);
    slow.pause();
    slow.send(enterFrame(slow, room, access));
    while (!log.has({ code: 'slow' })) await ada.barrier();
    slow.resume();
    await slow.closed;
    expect(slow.frames.at(-1)).toMatchObject({ code: 'slow' });
    expect(slow.of('entry').length).toBeLessThan(400);
  });
});

test('backlog and live entries join without gap or duplicate while others post', async () => {
  const random = seeded(20_261_123);
  const node = await startNode({ limits: { backlogEntries: 5 } });
  const first = await node.peer();
  const writers = [first, await node.peer('web'), await node.peer()];
  const { room, access } = await found(first);
  for (const writer of writers) await follow(writer, room, access, access.at);
  let writing = true;
  const write = async (writer: Peer, n: number) => {
    for (let i = 0; i < 150; i += 1) {
      await post(writer, room, access.at, `${n}.${i}`);
      if (random() < 0.3) await turnEnd();
    }
  };
  const follows: { peer: Peer; since: Position }[] = [];
  const readAtWill = async () => {
    while (writing) {
      const peer = await node.peer(random() < 0.5 ? 'line' : 'web');
      const known = first.of('entry');
      const since = known[Math.floor(random() * known.length)]?.seq ?? access.at;
      await enter(peer, room, access, since);
      // Entering again replaces the first subscription, whatever its state.
      if (random() < 0.3) await enter(peer, room, access, since);
      follows.push({ peer, since });
      for (let i = random() * 4; i > 0; i -= 1) await turnEnd();
    }
  };
  const readers = [readAtWill(), readAtWill(), readAtWill()];
  await Promise.all(writers.map(write));
  writing = false;
  await Promise.all(readers);
  const end = await post(first, room, access.at, 'end');
  const endSeq = 'seq' in end ? end.seq : access.at;
  await first.next((frame) => frame.type === 'entry' && frame.seq === endSeq);
  const order = first.of('entry').map((entry) => entry.seq);
  expect(order).toHaveLength(451);
  expect(order).toEqual([...new Set(order)].sort((a, b) => Number(a) - Number(b)));
  expect(follows.length).toBeGreaterThan(10);
  for (const { peer, since } of follows) {
    await peer.next((frame) => frame.type === 'entry' && frame.seq === endSeq);
    const start = peer.frames.findLastIndex((frame) => frame.type === 'entered');
    const got = peer.frames.slice(start).flatMap((frame) => (frame.type === 'entry' ? [frame.seq] : []));
    expect(got).toEqual(order.filter((seq) => Number(seq) > Number(since)));
  }
});
