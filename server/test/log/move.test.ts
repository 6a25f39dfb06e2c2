import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NatsCluster } from '@gochat/e2e/nats-cluster';
import { neededNatsServer } from '@gochat/e2e/nats-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/log/engine.ts';
import { FIRST_SEQUENCE } from '../../src/log/jetstream/layout.ts';
import { checkRooms, openJetStream } from '../../src/log/jetstream/open.ts';
import { decodeRoom, encodeRoom } from '../../src/log/lmdb/layout.ts';
import { openLmdb } from '../../src/log/lmdb/open.ts';
import { openTrees } from '../../src/log/lmdb/trees.ts';
import type { Entry } from '../../src/log/log.ts';
import { type MoveProgress, moveRooms } from '../../src/log/move.ts';
import { appended, bodies, collect, handshakeOf, makeRoom, newId, readAll, say, text } from './room.ts';

const binary = await neededNatsServer('rooms are moved into a cluster');
const plain = (entries: readonly Entry[]) =>
  entries.map(({ body, access, ...rest }) => ({ ...rest, body: text(body), access: access && text(access) }));

describe.skipIf(binary === undefined)('a move into a cluster', () => {
  let home: string;
  let cluster: NatsCluster;
  let engine: Engine;
  let folder: string;
  const to = () => ({ servers: cluster.addresses, replicas: 1, streams: 3 });
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'gochat-move-'));
    folder = join(home, 'data');
    cluster = await NatsCluster.start({ binary: binary ?? '', folder: join(home, 'nats'), size: 1 });
    engine = await openJetStream(to());
  });
  afterAll(async () => {
    await engine.close();
    await cluster.stop();
    rmSync(home, { recursive: true });
  });

  /** Creates rooms as a server would. @returns their entries, by room */
  async function filled(rooms: number, messages: number): Promise<Map<string, Entry[]>> {
    const { log, state, close } = await openLmdb({ folder });
    const held = new Map<string, Entry[]>();
    for (let i = 0; i < rooms; i++) {
      const room = newId();
      const base = await makeRoom(log, room);
      for (let j = 0; j < messages; j++) await say(log, room, base, `${i}.${j}`, j % 3 ? 3600 : undefined);
      const knock = { kind: 'knock' as const, id: newId(), base, body: Buffer.from(`${i} knocks`) };
      await log.append(room, { ...knock, note: Buffer.from(`by invite ${i}`) });
      const second = appended(
        await log.handshake(room, base, handshakeOf(`${i} second`, { retires: true })),
      ).pos;
      await say(log, room, second, `${i} last`);
      await state.put(room, 'refresh', Buffer.from(`refreshed ${i}`));
      held.set(room, await readAll(log, room));
    }
    await close();
    return held;
  }

  test('keeps every entry, position and value; rooms and readers continue from old positions', async () => {
    const held = await filled(5, 200);
    const reports: MoveProgress[] = [];
    const entries = [...held.values()].flat().length;
    expect(await moveRooms({ ...to(), folder, progress: (p) => reports.push(p) })).toEqual({
      rooms: 5,
      movedBefore: 0,
      entries,
    });
    expect(reports.at(-1)).toEqual({ rooms: 5, roomsDone: 5, entries, entriesDone: entries });
    for (const [room, before] of held) {
      expect(plain(await readAll(engine.log, room))).toEqual(plain(before));
      const head = await engine.log.head(room);
      const [last, handshake] = [before.at(-1), before.at(-2)];
      expect(head).toMatchObject({ pos: last?.pos, handshake: handshake?.pos });
      expect(head && text(head.access)).toBe(handshake?.access && text(handshake.access));
      expect(text((await engine.state.get(room, 'refresh'))?.value ?? Buffer.of())).toMatch(/^refreshed /);
      // From each position that a client may have read up to.
      for (const at of [0, 1, 100, 199, 200])
        expect(plain((await engine.log.read(room, before[at]?.pos ?? 0, 10)).entries)).toEqual(
          plain(before.slice(at + 1, at + 11)),
        );
      const follower = collect(engine.log, room, before[150]?.pos ?? 0);
      const pos = await say(engine.log, room, handshake?.pos ?? 0, 'on it goes');
      expect(pos).toBeGreaterThanOrEqual(FIRST_SEQUENCE);
      await follower.until(pos);
      expect(bodies(follower.entries)).toEqual([...bodies(before.slice(151)), 'on it goes']);
      follower.follower.stop();
      expect(
        await engine.log.append(room, { id: newId(), base: before[0]?.pos ?? 0, body: Buffer.of() }),
      ).toEqual({
        stale: handshake?.pos,
      });
      const lost = await engine.log.handshake(room, before[0]?.pos ?? 0, handshakeOf('too late'));
      expect(lost).toEqual({ conflict: handshake?.pos });
      const third = await engine.log.handshake(room, handshake?.pos ?? 0, handshakeOf('third'));
      await say(engine.log, room, appended(third).pos, 'in the third');
    }
    // What went on there is never overwritten.
    const again = await moveRooms({ ...to(), folder });
    expect(again).toMatchObject({ rooms: 5, movedBefore: 5 });
    rmSync(folder, { recursive: true });
  });

  test('continues after an interruption, includes new entries of the folder, and recognizes repeated posts', async () => {
    const held = await filled(3, 400);
    const broken = new Error('broken off');
    const breakOff = ({ entriesDone }: MoveProgress) => {
      if (entriesDone > 500) throw broken;
    };
    await expect(moveRooms({ ...to(), folder, progress: breakOff })).rejects.toThrow(broken);
    const { log, close } = await openLmdb({ folder });
    const [[room = '', before = []] = []] = held;
    const post = { id: newId(), base: before.at(-2)?.pos ?? 0, body: Buffer.from('since') };
    const { pos } = appended(await log.append(room, post));
    await close();
    expect(await moveRooms({ ...to(), folder })).toMatchObject({ rooms: 3, movedBefore: 0 });
    for (const [id, entries] of held)
      expect(plain(await readAll(engine.log, id)).slice(0, entries.length)).toEqual(plain(entries));
    expect(bodies(await readAll(engine.log, room)).at(-1)).toBe('since');
    expect(await engine.log.append(room, post)).toMatchObject({ pos, dup: true });
    expect((await engine.log.read(room, pos, 10)).floor).toBe(0);
    expect(await moveRooms({ ...to(), folder })).toMatchObject({ rooms: 3, movedBefore: 3 });
    // The folder is served again by mistake, and the cluster too: neither's messages may be lost by a third move.
    await say(engine.log, room, before.at(-2)?.pos ?? 0, 'in the cluster');
    const next = await engine.log.read(room, pos, 10);
    expect([bodies(next.entries), next.floor]).toEqual([['in the cluster'], 0]);
    const reopened = await openLmdb({ folder });
    await say(reopened.log, room, before.at(-2)?.pos ?? 0, 'in the folder');
    await reopened.close();
    await expect(moveRooms({ ...to(), folder })).rejects.toThrow(
      `1 of 3 rooms have new entries both in the folder and in the cluster since they were moved: ${room}.`,
    );
    rmSync(folder, { recursive: true });
  });

  test('streams begin after the positions that another cluster has issued, and other streams are refused', async () => {
    const room = newId();
    const opened = await openLmdb({ folder });
    const base = await makeRoom(opened.log, room);
    await opened.close();
    // As a folder that was filled from a cluster: its server issues positions that a cluster would issue, too.
    const trees = openTrees(folder);
    const key = Buffer.from(room, 'base64url');
    const record = trees.rooms.get(key) ?? Buffer.of();
    await trees.rooms.put(key, encodeRoom({ ...decodeRoom(record), lowestNext: FIRST_SEQUENCE + 77 }));
    await trees.root.close();
    const { log, close } = await openLmdb({ folder });
    for (let i = 0; i < 20; i++) await say(log, room, base, `${i}`);
    const second = appended(await log.handshake(room, base, handshakeOf('second'))).pos;
    await say(log, room, second, 'last');
    const before = await readAll(log, room);
    await close();
    expect(before.at(-1)?.pos).toBeGreaterThan(FIRST_SEQUENCE);
    await expect(moveRooms({ ...to(), folder })).rejects.toThrow(
      new RegExp(`^the room ${room} has positions that the stream GOCHAT_LOG\\S* may issue again`),
    );
    const empty = await NatsCluster.start({ binary: binary ?? '', folder: join(home, 'empty'), size: 1 });
    try {
      const options = { servers: empty.addresses, replicas: 1, streams: 4 };
      expect(await moveRooms({ ...options, folder })).toMatchObject({ rooms: 1, movedBefore: 0 });
      expect(await moveRooms({ ...options, folder })).toMatchObject({ rooms: 1, movedBefore: 1 });
      await checkRooms(options);
      // A node doesn't say where streams begin: it finds out.
      const node = await openJetStream(options);
      try {
        expect(plain(await readAll(node.log, room))).toEqual(plain(before));
        for (const [i, { pos }] of before.entries())
          expect(plain((await node.log.read(room, pos, 3)).entries)).toEqual(
            plain(before.slice(i + 1, i + 4)),
          );
        const pos = await say(node.log, room, second, 'on it goes');
        expect(pos).toBeGreaterThanOrEqual(2 * FIRST_SEQUENCE);
        expect(await node.log.handshake(room, base, handshakeOf('too late'))).toEqual({ conflict: second });
        expect(appended(await node.log.handshake(room, second, handshakeOf('third'))).pos).toBeGreaterThan(
          pos,
        );
      } finally {
        await node.close();
      }
    } finally {
      await empty.stop();
      rmSync(folder, { recursive: true });
    }
  });

  test('who was away learns that messages have expired, wherever they had read to', async () => {
    const room = newId();
    const early = await openLmdb({ folder, now: () => Date.now() - 60_000 });
    const base = await makeRoom(early.log, room);
    const places = [base];
    for (const [i, ttlSec] of [undefined, 10, undefined, 20, undefined, 20].entries())
      places.push(await say(early.log, room, base, `${i}`, ttlSec));
    await early.close();
    // The first one is swept. The others are still in the folder when it is moved.
    const late = await openLmdb({ folder, now: () => Date.now() - 45_000 });
    expect(await late.sweep()).toBe(1);
    await late.close();
    expect(await moveRooms({ ...to(), folder })).toMatchObject({ rooms: 1 });
    expect((await engine.log.head(room))?.pos).toBe(places.at(-1));
    const missed = [places[2], places[4], places[6]];
    for (const since of [0, ...places]) {
      const { entries, floor } = await engine.log.read(room, since, 100);
      expect(bodies(entries)).toEqual(
        entries.length === 0 ? [] : ['founded', '0', '2', '4'].slice(-entries.length),
      );
      expect(floor > since).toBe(missed.some((pos = 0) => pos > since));
    }
    rmSync(folder, { recursive: true });
  });

  test('is refused while a server uses the folder, and for a folder without rooms', async () => {
    const { close } = await openLmdb({ folder });
    await expect(moveRooms({ ...to(), folder })).rejects.toThrow(/in use/);
    await close();
    await expect(moveRooms({ ...to(), folder: join(home, 'nothing') })).rejects.toThrow(/holds no rooms/);
  });
});
