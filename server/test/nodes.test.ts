import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NatsCluster } from '@gochat/e2e/nats-cluster';
import { neededNatsServer } from '@gochat/e2e/nats-server';
import type { Position } from '@gochat/protocol/fields';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { FolderFiles } from '../src/files/folder.ts';
import type { Engine } from '../src/log/engine.ts';
import { Nats } from '../src/log/jetstream/nats.ts';
import { openJetStream } from '../src/log/jetstream/open.ts';
import { RoomStreams } from '../src/log/jetstream/room-streams.ts';
import type { ServerLimits } from '../src/operate/limits.ts';
import type { RunningServer } from '../src/serve.ts';
import { trailing } from './broken-log.ts';
import { FileMember, newFile } from './files/file-peer.ts';
import { KeyPair, newRoomId, opened, sealed } from './keys.ts';
import { makeRoom, newId, readAll, say, text } from './log/room.ts';
import {
  commit,
  createFrame,
  enter,
  fetchInfo,
  follow,
  found,
  grantOf,
  invitationFrame,
  joinFrame,
  newTicket,
  post,
  postFrame,
  refreshFrame,
} from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

const binary = await neededNatsServer('several nodes serve the same rooms');
const POLL_MS = 20;
const LOG_STREAM = new RoomStreams().pairs[0].log;

type TestNode = Awaited<ReturnType<typeof startNode>>;

describe.skipIf(binary === undefined)('nodes that share a cluster', () => {
  let folder: string;
  let cluster: NatsCluster;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gochat-nodes-'));
    cluster = await NatsCluster.start({ binary: binary ?? '', folder });
  });
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  async function node(limits: Partial<ServerLimits> = {}, first = 0): Promise<TestNode> {
    const servers = [...cluster.addresses.slice(first), ...cluster.addresses.slice(0, first)];
    return startNode({ engine: await openJetStream({ servers, replicas: 3 }), limits });
  }

  test('serve the same rooms, and members can switch between them', async () => {
    const [a, b] = [await node(), await node({}, 1)];
    const [ada, bob] = [await a.peer(), await b.peer('web')];
    const { room, access } = await found(ada);
    await follow(ada, room, access);
    await follow(bob, room, access);
    for (let i = 0; i < 10; i++) {
      const [writer, reader] = i % 2 ? [ada, bob] : [bob, ada];
      const heard = reader.coming((frame) => frame.type === 'entry' && opened(frame.body) === `m${i}`);
      await post(writer, room, access.at, `m${i}`);
      await heard;
    }
    const signalled = bob.coming((frame) => frame.type === 'signal');
    ada.send({ type: 'signal', room, body: sealed('typing') });
    expect(await signalled).toEqual({ type: 'signal', room, body: sealed('typing') });
    await ada.barrier();
    expect(ada.of('signal')).toEqual([]);
    const orders = [ada, bob].map((peer) => peer.of('entry').map(({ seq, body }) => [seq, opened(body)]));
    expect(orders[0]).toEqual(orders[1]);
    // Continues on another node.
    const since = ada.of('entry').at(-3)?.seq;
    const moved = await b.peer();
    await follow(moved, room, access, since);
    expect(moved.of('entry')).toEqual(bob.of('entry').slice(-2));
  });

  test('share a store of files, and refuse the pass of a removed member on each node at once', async () => {
    const shared = join(folder, 'files');
    const start = async (first: number) => {
      const servers = [...cluster.addresses.slice(first), ...cluster.addresses.slice(0, first)];
      const files = await FolderFiles.open({ folder: shared });
      return startNode({ engine: await openJetStream({ servers, replicas: 3 }), files });
    };
    const [a, b] = [await start(0), await start(1)];
    const ada = await a.peer();
    const { room, access, admin } = await found(ada);
    const [onA, onB] = [a, b].map(({ port }) => new FileMember(port, room, access)) as [
      FileMember,
      FileMember,
    ];
    const file = newFile(1024 * 1024);
    // A node stores nothing until it has counted what there is.
    await expect.poll(async () => (await onA.put(file, 0)).status).toBe(201);
    await expect.poll(async () => (await onB.put(file, 1)).status).toBe(201);
    expect((await onB.get(file, 0)).body.equals(file.chunks[0] as Buffer)).toBe(true);
    expect((await onA.state(file)).json).toEqual({ chunks: 2, have: [0, 1] });
    const pass = onB.pass('get', file.id);
    expect((await onB.ask('GET', `${file.id}/1`, pass)).status).toBe(200);
    const next = await commit(ada, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    const refused = await onB.ask('GET', `${file.id}/1`, pass);
    expect([refused.status, refused.json?.error]).toEqual([403, 'retired']);
    expect((await new FileMember(b.port, room, next).get(file, 1)).status).toBe(200);
    expect((await new FileMember(a.port, room, next).drop(file)).status).toBe(204);
    expect((await new FileMember(b.port, room, next).get(file, 1)).status).toBe(404);
  });

  test('ask the engine twice when a member enters at the end of a room that nobody follows there', async () => {
    // The server that this node asks knows at once of whoever listens there.
    const servers = cluster.addresses.slice(0, 1);
    const [a, b] = [await node(), await startNode({ engine: await openJetStream({ servers, replicas: 3 }) })];
    const ada = await a.peer();
    const { room, access } = await found(ada);
    const nats = await Nats.connect({ servers });
    onTestFinished(() => nats.close());
    const asked: string[] = [];
    for (const api of ['STREAM.MSG.GET', 'DIRECT.GET'])
      nats.subscribe(`$JS.API.${api}.>`, ({ subject, data }) => {
        if (Buffer.from(data).includes(room)) asked.push(subject);
      });
    await nats.flush();
    const bob = await b.peer();
    await follow(bob, room, access, access.at);
    await nats.flush();
    expect(asked.sort()).toEqual([
      '$JS.API.STREAM.MSG.GET.GOCHAT_LOG',
      '$JS.API.STREAM.MSG.GET.GOCHAT_STATE',
    ]);
    // What comes next is delivered, although nothing was read after the head.
    await follow(ada, room, access);
    const heard = bob.coming((frame) => frame.type === 'entry' && opened(frame.body) === 'next');
    await post(ada, room, access.at, 'next');
    await heard;
  });

  test('send a removed member no entry after the removal, whatever position it names', async () => {
    const [a, b] = [await node(), await node({}, 1)];
    const ada = await a.peer();
    const { room, access, admin } = await found(ada);
    await follow(ada, room, access);
    const garbage = await commit(ada, room, { after: access.at, by: access });
    // The member enters at nodes where no one has entered yet.
    const eves = await Promise.all(
      [1, 3, 1_000_000, Number.MAX_SAFE_INTEGER - Number(garbage.at)].map(async (ahead) => {
        const eve = await b.peer();
        await enter(eve, room, garbage, String(Number(garbage.at) + ahead) as Position);
        return eve;
      }),
    );
    const retired = eves.map((eve) => eve.next((frame) => frame.type === 'retired'));
    const next = await commit(ada, room, {
      after: garbage.at,
      by: garbage,
      order: { keys: admin, retire: true },
    });
    await follow(ada, room, next, next.at);
    for (let i = 0; i < 10; i++) await post(ada, room, next.at, `secret ${i}`);
    await Promise.all(retired);
    ada.send({ type: 'signal', room, body: sealed('typing') });
    for (const eve of eves) {
      await eve.barrier();
      expect(eve.of('entry').filter(({ seq }) => Number(seq) > Number(next.at))).toEqual([]);
      expect(eve.of('signal')).toEqual([]);
    }
  });

  test('drop signals between a node that knows of a removal and one that does not yet', async () => {
    const behind = trailing(await openJetStream({ servers: cluster.addresses, replicas: 3 }));
    const [a, b] = [await node(), await startNode({ engine: behind })];
    const [ada, ben, eve] = [await a.peer(), await a.peer(), await b.peer()];
    const { room, access, admin } = await found(ada);
    for (const peer of [ada, ben, eve]) await follow(peer, room, access);
    behind.hold();
    const next = await commit(ada, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    for (const peer of [ada, ben]) await follow(peer, room, next, next.at);
    for (const peer of [ada, ben, eve]) peer.forget();
    // In the new epoch, and in the old one.
    ada.send({ type: 'signal', room, body: sealed('new') });
    eve.send({ type: 'signal', room, body: sealed('old') });
    await ben.next((frame) => frame.type === 'signal' && opened(frame.body) === 'new');
    // A post after the signals also reaches the other node after them.
    const delivered = new Promise<void>((resolve) => {
      const follower = behind.log.follow(room, Number(next.at), () => {
        resolve();
        return true;
      });
      onTestFinished(() => follower.stop());
    });
    behind.release();
    await eve.next((frame) => frame.type === 'retired');
    await post(ada, room, next.at, 'behind');
    await delivered;
    for (const peer of [eve, ben]) await peer.barrier();
    expect(eve.of('signal')).toEqual([]);
    expect(ben.of('signal').map(({ body }) => opened(body))).toEqual(['new']);
  });

  test('announce to all followers that the GroupInfo was replaced, and that the room was closed', async () => {
    const [a, b] = [await node(), await node({}, 1)];
    const [ada, bob, eve] = [await a.peer(), await b.peer(), await b.peer()];
    const { room, access, admin } = await found(ada);
    await follow(bob, room, access);
    const refreshed = bob.next((frame) => frame.type === 'refreshed');
    await ada.ask(refreshFrame(room, access, access.at));
    expect(await refreshed).toMatchObject({ room, handshake: access.at });
    const closed = bob.next((frame) => frame.type === 'error');
    await commit(ada, room, { after: access.at, by: access, order: { keys: admin, close: true } });
    expect(await closed).toMatchObject({ room, code: 'closed' });
    expect(await enter(eve, room, access)).toMatchObject({ code: 'closed' });
  });

  test('acknowledge each of many concurrent posts with its own position', async () => {
    const engines = await Promise.all(
      [0, 1, 2].map(() => openJetStream({ servers: cluster.addresses, replicas: 3 })),
    );
    const rooms = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const room = newId();
        return { room, base: await makeRoom((engines[0] as Engine).log, room) };
      }),
    );
    const acked = await Promise.all(
      engines.flatMap(({ log }, node) =>
        rooms.flatMap(({ room, base }) =>
          Array.from({ length: 60 }, async (_, i) => {
            const body = `${node}.${i}`;
            return { room, body, pos: await say(log, room, base, body) };
          }),
        ),
      ),
    );
    for (const { room } of rooms) {
      const log = await readAll((engines[1] as Engine).log, room);
      const stored = new Map(log.map(({ pos, body }) => [pos, text(body)]));
      const own = acked.filter((one) => one.room === room);
      expect(own.filter(({ pos, body }) => stored.get(pos) !== body)).toEqual([]);
      expect(log).toHaveLength(1 + own.length);
      // The posts of each node are in the order of their requests.
      for (const node of [0, 1, 2]) {
        const said = [...stored.values()].filter((body) => body.startsWith(`${node}.`));
        expect(said).toEqual(Array.from({ length: 60 }, (_, i) => `${node}.${i}`));
      }
    }
    for (const engine of engines) await engine.close();
  });

  test('together enforce the number of uses of an invite', async () => {
    const [a, b] = [await node(), await node({}, 1)];
    const ada = await a.peer();
    const ticket = newTicket();
    const { room, access } = await found(ada, [grantOf(ticket, { uses: 5 })]);
    await follow(ada, room, access);
    const joined = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const racer = await (i % 2 ? a : b).peer();
        for (;;) {
          const info = await racer.ask<'groupinfo' | 'error'>(invitationFrame(racer, room, ticket));
          if (info.type === 'error') return false;
          const frame = joinFrame(racer, room, ticket, info, new KeyPair());
          if ((await racer.ask<'ack' | 'error'>(frame)).type === 'ack') return true;
        }
      }),
    );
    expect(joined.filter(Boolean)).toHaveLength(5);
    expect((await fetchInfo(ada, room)).invites).toEqual([]);
  });

  test('share the limits per address', async () => {
    const limits = { createsPerHour: 3, exemptsLoopback: false };
    const peers = [await (await node(limits)).peer(), await (await node(limits, 1)).peer()];
    const answers: unknown[] = [];
    for (let i = 0; i < 6; i++) {
      const frame = createFrame(newRoomId(), new KeyPair(), new KeyPair());
      answers.push(await (peers[i % 2] as Peer).ask(frame));
    }
    const refused = answers.filter((answer) => (answer as { code?: string }).code === 'rate-limited');
    // An hour may end between two requests.
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(3);
    for (const refusal of refused)
      expect((refusal as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(3_600_000);
  });

  test('a stopping node keeps serving while it disconnects its clients a few at a time', async () => {
    const leaving = await node({ leaveMs: 1_000 });
    const peers = await Promise.all(Array.from({ length: 20 }, () => leaving.peer()));
    const last = peers.at(-1) as Peer;
    const { room, access } = await found(last);
    await follow(last, room, access);
    /** How many connections the node still had each time a client was disconnected. */
    const left = new Set<number>();
    for (const peer of peers) void peer.closed.then(() => left.add(leaving.connections()));
    const closing = leaving.close();
    await peers[0]?.closed;
    expect(await post(last, room, access.at, 'still served')).toMatchObject({ type: 'ack' });
    await closing;
    await Promise.all(peers.map((peer) => peer.closed));
    for (const peer of peers) expect(peer.frames.at(-1)).toMatchObject({ type: 'error', code: 'restarting' });
    expect(left.size).toBeGreaterThan(4);
  });

  test('report that the engine is down, keep their connections and continue automatically', async () => {
    const a = await node();
    const b = await node({}, 1);
    const [ada, bob] = [await a.peer(), await b.peer()];
    const { room, access } = await found(ada);
    for (const peer of [ada, bob]) await follow(peer, room, access);
    await post(ada, room, access.at, 'before');
    await Promise.all(cluster.servers.map((server) => server.kill()));
    await isReady(a, 503);
    const frame = postFrame(room, access.at, 'meanwhile');
    expect(await ada.ask(frame)).toMatchObject({
      type: 'error',
      code: 'unavailable',
      retryAfterMs: expect.any(Number),
    });
    for (const server of cluster.servers) server.start();
    for (const one of [a, b]) await isReady(one, 200);
    const heard = bob.next((down) => down.type === 'entry' && opened(down.body) === 'meanwhile');
    await expect.poll(async () => (await ada.ask(frame)).type).toBe('ack');
    await heard;
    expect(bob.of('entry').map(({ body }) => opened(body))).toEqual(['founding', 'before', 'meanwhile']);
    for (const peer of [ada, bob]) await peer.barrier();
  });

  test('report that they are not ready when one of three NATS servers is left', async () => {
    const events: string[] = [];
    const engine = await openJetStream({
      servers: cluster.addresses,
      replicas: 3,
      observer: {
        waiting: (reason) => events.push(`waiting: ${reason}`),
        failed: (reason) => events.push(`failed: ${reason}`),
        recovered: (afterMs) => events.push(`recovered after ${afterMs > 0}`),
      },
    });
    const one = await startNode({ engine, operator: { host: '127.0.0.1', port: 0 } });
    const writable = async () =>
      /^gochat_log_writable (\d)$/m.exec(
        await (await fetch(`http://127.0.0.1:${one.operatorPort}/metrics`)).text(),
      )?.[1];
    await isReady(one, 200);
    expect(await writable()).toBe('1');
    const leader = await cluster.leaderOf(LOG_STREAM);
    const others = cluster.servers.filter((server) => server !== leader);
    await Promise.all(others.map((server) => server.kill()));
    // The remaining server still answers once it knows that it has no leader.
    const nats = await Nats.connect({ servers: [leader?.address ?? ''] });
    onTestFinished(() => nats.close());
    const leads = async () => (await nats.stream(LOG_STREAM).catch(() => undefined))?.cluster?.leader;
    const answers = () => nats.stream(LOG_STREAM).then(Boolean, () => false);
    await expect.poll(async () => (await answers()) && !(await leads())).toBe(true);
    await isReady(one, 503);
    for (const until = performance.now() + 2_500; performance.now() < until; await pause())
      expect(await readiness(one)).toBe(503);
    expect(await writable()).toBe('0');
    expect(events.at(-1)).toMatch(/^failed: .*GOCHAT_LOG/);
    for (const server of others) server.start();
    await isReady(one, 200);
    expect(events.at(-1)).toBe('recovered after true');
  });
});

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

async function readiness({ port }: RunningServer): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
}

async function isReady(node: RunningServer, wanted: number): Promise<void> {
  await expect.poll(() => readiness(node)).toBe(wanted);
}
