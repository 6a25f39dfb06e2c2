import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Engine } from '../src/log/engine.ts';
import { openLmdb } from '../src/log/lmdb/open.ts';
import { openMemory } from '../src/log/memory/open.ts';
import { opened } from './keys.ts';
import {
  commit,
  enter,
  fetchInfo,
  follow,
  found,
  grantOf,
  newTicket,
  post,
  postFrame,
  refreshFrame,
} from './member.ts';
import { startNode } from './node.ts';
import { Peer } from './peer.ts';

/** An engine whose appends wait at a gate. */
function gated(): Engine & { readonly asked: Promise<void>; open(): void; readonly events: string[] } {
  const engine = openMemory();
  const events: string[] = [];
  let open: () => void = () => undefined;
  let ask: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const { log } = engine;
  return {
    ...engine,
    log: {
      append: async (room, message) => {
        ask();
        await gate;
        events.push('append');
        return log.append(room, message);
      },
      handshake: (room, after, entry) => log.handshake(room, after, entry),
      head: (room) => log.head(room),
      read: (room, after, limit) => log.read(room, after, limit),
      drop: (room) => log.drop(room),
      follow: (room, after, sink) => log.follow(room, after, sink),
      open: (room, begin) => log.open(room, begin),
    },
    close: async () => {
      events.push('close');
      await engine.close();
    },
    asked,
    open: () => open(),
    events,
  };
}

test('close waits for requests in flight, answers them, sends restarting, and then closes the engine', async () => {
  const engine = gated();
  const node = await startNode({ engine });
  const [line, web] = [await node.peer('line'), await node.peer('web')];
  const { room, access } = await found(line);
  for (const peer of [line, web]) await follow(peer, room, access, access.at);
  const frame = postFrame(room, access.at, 'just in time');
  line.send(frame);
  await engine.asked;
  const closing = node.close();
  web.send(postFrame(room, access.at, 'too late'));
  await expect(Peer.dial(node.port)).rejects.toThrow();
  engine.open();
  await Promise.all([closing, line.closed, web.closed]);
  expect(engine.events).toEqual(['append', 'close']);
  expect(line.of('ack').at(-1)).toMatchObject({ id: frame.id });
  for (const peer of [line, web]) {
    expect(peer.frames.at(-1)).toMatchObject({ type: 'error', code: 'restarting', retryAfterMs: 500 });
    expect(peer.of('entry').map((entry) => opened(entry.body))).toEqual(['just in time']);
  }
  expect(node.connections()).toBe(0);
});

test('close waits a limited time for a peer that reads nothing', async () => {
  const node = await startNode({ limits: { stopMs: 50, lingerMs: 50 } });
  const peer = await node.peer();
  peer.pause();
  await node.close();
  peer.resume();
  await peer.closed;
});

test('acknowledged posts are there after a restart on the same folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gochat-server-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [first, ticket] = [await startNode({ engine: await openLmdb({ folder }) }), newTicket()];
  const ada = await first.peer();
  const { room, admin, access } = await found(ada, [grantOf(ticket, { uses: 3 })]);
  await follow(ada, room, access);
  await post(ada, room, access.at, 'before');
  const frame = postFrame(room, access.at, 'repeated');
  const ack = await ada.ask<'ack'>(frame);
  await ada.ask(refreshFrame(room, access, access.at, [grantOf(ticket)]));
  const info = await fetchInfo(ada, room);
  await first.close();
  const second = await startNode({ engine: await openLmdb({ folder }) });
  const bob = await second.peer('web');
  await follow(bob, room, access);
  expect(bob.of('entry').map((entry) => opened(entry.body))).toEqual(['founding', 'before', 'repeated']);
  expect(await bob.ask(frame)).toEqual({ ...ack, dup: true });
  expect(await fetchInfo(bob, room)).toEqual({ ...info, id: expect.any(String) });
  const next = await commit(bob, room, {
    after: access.at,
    by: access,
    order: { keys: admin, retire: true },
  });
  await bob.next((frame) => frame.type === 'retired' && frame.seq === next.at);
  await second.close();
  const third = await startNode({ engine: await openLmdb({ folder }) });
  const eve = await third.peer();
  const stop = eve.next((frame) => frame.type === 'retired');
  await enter(eve, room, access);
  expect(await stop).toMatchObject({ seq: next.at });
});
