import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NatsCluster } from '@gochat/e2e/nats-cluster';
import { neededNatsServer } from '@gochat/e2e/nats-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/log/engine.ts';
import { FIRST_SEQUENCE } from '../../src/log/jetstream/layout.ts';
import { Nats } from '../../src/log/jetstream/nats.ts';
import { checkRooms, openJetStream } from '../../src/log/jetstream/open.ts';
import { deleteStreams } from '../../src/log/jetstream/stored-streams.ts';
import { openLmdb } from '../../src/log/lmdb/open.ts';
import type { Entry, LogPosition } from '../../src/log/log.ts';
import { moveRooms } from '../../src/log/move.ts';
import { type MoveOutProgress, moveOut } from '../../src/log/move-out.ts';
import { appended, bodies, handshakeOf, makeRoom, newId, readAll, say, text } from './room.ts';

const binary = await neededNatsServer('rooms are moved out of a cluster');
const plain = (entries: readonly Entry[]) =>
  entries.map(({ body, access, ...rest }) => ({ ...rest, body: text(body), access: access && text(access) }));

interface Room {
  readonly id: string;
  readonly founded: LogPosition;
  readonly handshake: LogPosition;
}

describe.skipIf(binary === undefined)('a move out of a cluster', () => {
  let home: string;
  let cluster: NatsCluster;
  let folder: string;
  let count = 0;
  const at = (streams: number) => ({ servers: cluster.addresses, replicas: 1, streams });
  const from = () => ({ servers: cluster.addresses });
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'gochat-move-out-'));
    cluster = await NatsCluster.start({ binary: binary ?? '', folder: join(home, 'nats'), size: 1 });
  });
  afterAll(async () => {
    await cluster.stop();
    rmSync(home, { recursive: true });
  });
  beforeEach(() => {
    count += 1;
    folder = join(home, `data-${count}`);
  });
  afterEach(async () => {
    const nats = await Nats.connect(from());
    const numbers = ['', '_2', '_3', '_4'];
    await deleteStreams(
      nats,
      numbers.flatMap((number) => [`GOCHAT_LOG${number}`, `GOCHAT_STATE${number}`]),
    );
    await nats.close();
  });

  /** A room as nodes would make it, with a message that is gone by the time the others are read. */
  async function filled({ log, state }: Engine, messages: number): Promise<Room> {
    const id = newId();
    const founded = await makeRoom(log, id);
    for (let i = 0; i < messages; i++) await say(log, id, founded, `${i}`, i % 3 ? 3600 : undefined);
    const knock = { kind: 'knock' as const, id: newId(), base: founded, body: Buffer.from('let me in') };
    await log.append(id, { ...knock, note: Buffer.from('by an invite') });
    const second = handshakeOf('second', { retires: true, note: Buffer.from('noted') });
    const handshake = appended(await log.handshake(id, founded, second)).pos;
    await say(log, id, handshake, 'last');
    await state.put(id, 'refresh', Buffer.from('refreshed'));
    await state.put(id, 'invite', Buffer.from('for an hour'), { ttlSec: 3600 });
    await state.put(id, 'deleted', Buffer.of(1));
    await state.delete(id, 'deleted');
    return { id, founded, handshake };
  }

  async function using<Result>(streams: number, work: (engine: Engine) => Promise<Result>): Promise<Result> {
    const engine = await openJetStream(at(streams));
    try {
      return await work(engine);
    } finally {
      await engine.close();
    }
  }

  /** Everything that a node would show of the rooms. */
  async function shown({ log, state }: Engine, rooms: readonly Room[]) {
    return Promise.all(
      rooms.map(async ({ id }) => {
        const { issued: _, ...head } = (await log.head(id)) ?? {};
        const keys = ['refresh', 'invite', 'deleted'];
        const values = await Promise.all(keys.map(async (key) => (await state.get(id, key))?.value));
        return {
          entries: plain(await readAll(log, id)),
          head: JSON.stringify(head),
          values: String(values),
        };
      }),
    );
  }

  test('keeps every entry, position and value; rooms go on in the folder, and with other numbers of streams', async () => {
    const post = { id: newId(), body: Buffer.from('posted twice') };
    const { rooms, before } = await using(1, async (engine) => {
      const rooms = [await filled(engine, 700), await filled(engine, 3), await filled(engine, 0)];
      await engine.log.append(rooms[1]?.id ?? '', { ...post, base: rooms[1]?.handshake ?? 0 });
      return { rooms, before: await shown(engine, rooms) };
    });
    const reports: MoveOutProgress[] = [];
    const entries = before.flatMap((room) => room.entries).length;
    expect(await moveOut({ ...from(), folder, progress: (p) => reports.push(p) })).toEqual({
      rooms: 3,
      entries,
    });
    expect(reports.at(-1)).toEqual({ rooms: 3, steps: 2 * entries, stepsDone: 2 * entries });
    expect(readdirSync(folder).filter((name) => name.includes('moving'))).toEqual([]);
    await expect(moveOut({ ...from(), folder })).rejects.toThrow('already holds rooms');

    const [room] = rooms as [Room, ...Room[]];
    const lmdb = await openLmdb({ folder });
    expect(await shown(lmdb, rooms)).toEqual(before);
    const again = await lmdb.log.append(rooms[1]?.id ?? '', { ...post, base: rooms[1]?.handshake ?? 0 });
    expect(again).toMatchObject({ dup: true, pos: before[1]?.entries.at(-1)?.pos });
    const inFolder = await say(lmdb.log, room.id, room.handshake, 'in the folder');
    const inOther = await say(lmdb.log, rooms[2]?.id ?? '', rooms[2]?.handshake ?? 0, 'in the folder');
    // No position that the stream had issued in any room is issued again.
    const issued = Math.max(...before.flatMap((one) => one.entries.map(({ pos }) => pos)));
    expect(Math.min(inFolder, inOther)).toBeGreaterThan(issued);
    expect(await lmdb.log.handshake(room.id, room.founded, handshakeOf('late'))).toEqual({
      conflict: room.handshake,
    });
    const third = appended(await lmdb.log.handshake(room.id, room.handshake, handshakeOf('third'))).pos;
    const later = [{ ...room, handshake: third }, ...rooms.slice(1)];
    const changed = await shown(lmdb, later);
    await lmdb.close();

    await expect(moveRooms({ ...at(4), folder })).rejects.toThrow(
      /the cluster, which still has them \(GOCHAT_LOG, GOCHAT_STATE\): add --replace/,
    );
    expect(await moveRooms({ ...at(4), folder, replace: true })).toMatchObject({ rooms: 3, movedBefore: 0 });
    await checkRooms(at(4));
    // The new streams are not those that the rooms came from.
    expect(await moveRooms({ ...at(4), folder, replace: true })).toMatchObject({ rooms: 3, movedBefore: 3 });
    const since = await using(4, async (engine) => {
      expect(await shown(engine, later)).toEqual(changed);
      expect(await say(engine.log, room.id, third, 'in four')).toBeGreaterThan(2 * FIRST_SEQUENCE);
      return shown(engine, later);
    });

    const second = join(home, 'second');
    expect(await moveOut({ ...from(), folder: second })).toMatchObject({ rooms: 3 });
    expect(await moveRooms({ ...at(1), folder: second, replace: true })).toMatchObject({ rooms: 3 });
    await using(1, async (engine) => {
      expect(await shown(engine, later)).toEqual(since);
      expect(await say(engine.log, room.id, third, 'in one')).toBeGreaterThan(3 * FIRST_SEQUENCE);
      for (const { pos } of before[0]?.entries ?? [])
        if (pos % 50 === 0)
          expect((await engine.log.read(room.id, pos, 1)).entries[0]?.pos).toBe(
            since[0]?.entries.find((entry) => entry.pos > pos)?.pos,
          );
    });
  });

  test('continues after an interruption, also when the cluster was used since', async () => {
    const rooms = await using(2, async (engine) => [await filled(engine, 800), await filled(engine, 800)]);
    const broken = new Error('broken off');
    const breakOff = ({ stepsDone }: MoveOutProgress) => {
      if (stepsDone > 500) throw broken;
    };
    await expect(moveOut({ ...from(), folder, progress: breakOff })).rejects.toThrow(broken);
    expect(existsSync(join(folder, 'log.mdb'))).toBe(false);
    const steps: number[] = [];
    await expect(
      moveOut({
        ...from(),
        folder,
        progress: ({ stepsDone }) => {
          steps.push(stepsDone);
          if (stepsDone > 1300) throw broken;
        },
      }),
    ).rejects.toThrow(broken);
    expect(steps[0]).toBeGreaterThan(500);
    const before = await using(2, async (engine) => {
      for (const { id, handshake } of rooms) await say(engine.log, id, handshake, 'since');
      await engine.state.put(rooms[0]?.id ?? '', 'refresh', Buffer.from('refreshed again'));
      return shown(engine, rooms);
    });
    await moveOut({ ...from(), folder });
    const lmdb = await openLmdb({ folder });
    expect(await shown(lmdb, rooms)).toEqual(before);
    await lmdb.close();
  });

  test('begins again when a room was deleted since, or the streams are others', async () => {
    const rooms = await using(1, async (engine) => [await filled(engine, 5), await filled(engine, 5)]);
    const broken = new Error('broken off');
    const breakOff = ({ stepsDone }: MoveOutProgress) => {
      if (stepsDone > 5) throw broken;
    };
    await expect(moveOut({ ...from(), folder, progress: breakOff })).rejects.toThrow(broken);
    const [kept, dropped] = rooms as [Room, Room];
    await using(1, ({ log }) => log.drop(dropped.id));
    await expect(moveOut({ ...from(), folder })).rejects.toThrow(/differs.*move the rooms again/);
    expect(await moveOut({ ...from(), folder })).toMatchObject({ rooms: 1 });

    const next = join(home, 'next');
    await expect(moveOut({ ...from(), folder: next, progress: breakOff })).rejects.toThrow(broken);
    await moveRooms({ ...at(3), folder, replace: true });
    await using(3, async ({ log }) => void (await say(log, kept.id, kept.handshake, 'elsewhere')));
    expect(await moveOut({ ...from(), folder: next })).toMatchObject({ rooms: 1 });
    const lmdb = await openLmdb({ folder: next });
    expect(bodies(await readAll(lmdb.log, kept.id)).at(-1)).toBe('elsewhere');
    await lmdb.close();
  });

  test('is refused while a node runs, or when one has run meanwhile', async () => {
    const room = await using(2, async (engine) => {
      const made = await filled(engine, 5);
      await expect(moveOut({ ...from(), folder })).rejects.toThrow('stop all of them first');
      return made;
    });
    let used: Promise<unknown> | undefined;
    const use = () => {
      used ??= using(2, ({ log }) => say(log, room.id, room.handshake, 'meanwhile'));
    };
    await expect(moveOut({ ...from(), folder, progress: use })).rejects.toThrow(
      /stop all of them first|was used while its rooms were copied/,
    );
    await used;
    expect(existsSync(join(folder, 'log.mdb'))).toBe(false);
    await moveOut({ ...from(), folder });
    const lmdb = await openLmdb({ folder });
    expect(bodies(await readAll(lmdb.log, room.id)).at(-1)).toBe('meanwhile');
    await lmdb.close();
  });

  test('streams with more than the folder has are not replaced', async () => {
    const room = await using(2, (engine) => filled(engine, 5));
    await moveOut({ ...from(), folder });
    await using(2, async (engine) => {
      await expect(moveRooms({ ...at(1), folder, replace: true })).rejects.toThrow('stop all of them first');
      await say(engine.log, room.id, room.handshake, 'since');
    });
    await expect(moveRooms({ ...at(1), folder, replace: true })).rejects.toThrow(
      /^the stream GOCHAT_LOG\S* was used after its rooms were moved/,
    );
    const read = await using(2, ({ log }) => readAll(log, room.id));
    expect(bodies(read).at(-1)).toBe('since');
  });

  test('who was away learns that messages have expired, wherever they had read to', async () => {
    const rooms = new Map<string, LogPosition[]>();
    await using(1, async ({ log }) => {
      for (const lifetimes of [
        [undefined, 1, undefined],
        [undefined, 1, undefined, 1],
      ]) {
        const room = newId();
        const founded = await makeRoom(log, room);
        const places = [founded];
        for (const ttlSec of lifetimes) places.push(await say(log, room, founded, 'said', ttlSec));
        rooms.set(room, places);
      }
      // The server has deleted what expired.
      const nats = await Nats.connect(from());
      const stored = async () => [...(await nats.subjects('GOCHAT_LOG', 'gochat.log.*.m')).values()];
      await expect.poll(stored).toEqual([2, 2]);
      await nats.close();
    });
    await moveOut({ ...from(), folder });
    const lmdb = await openLmdb({ folder });
    for (const [room, places] of rooms) {
      expect((await lmdb.log.head(room))?.pos).toBe(places.at(-1));
      const lastExpired = places[4] ?? places[2] ?? 0;
      for (const since of [0, ...places])
        expect((await lmdb.log.read(room, since, 100)).floor > since).toBe(since < lastExpired);
    }
    await lmdb.close();
  });
});
