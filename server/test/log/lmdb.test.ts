import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CannotOpen } from '../../src/log/cannot-open.ts';
import type { EmbeddedEngine } from '../../src/log/engine.ts';
import { openEnvironment, openTree } from '../../src/log/lmdb/environment.ts';
import { openLmdb } from '../../src/log/lmdb/open.ts';
import { largestRoom, type Quotas } from '../../src/log/lmdb/quotas.ts';
import { migrate } from '../../src/log/lmdb/schema.ts';
import { openTrees } from '../../src/log/lmdb/trees.ts';
import { Unavailable } from '../../src/log/log.ts';
import { runAppender } from './appender-process.ts';
import {
  appended,
  bodies,
  collect,
  handshakeOf,
  makeRoom,
  newId,
  positions,
  readAll,
  say,
  text,
} from './room.ts';

let folder: string;
const opened: EmbeddedEngine[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gochat-lmdb-'));
});
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(now?: () => number, quotas?: Quotas): Promise<EmbeddedEngine> {
  const engine = await openLmdb({ folder, ...(now && { now }), ...(quotas && { quotas }) });
  opened.push(engine);
  return engine;
}

async function close(engine: EmbeddedEngine): Promise<void> {
  opened.splice(opened.indexOf(engine), 1);
  await engine.close();
}

const refusal = async (path = folder): Promise<CannotOpen> =>
  openLmdb({ folder: path }).then(
    () => Promise.reject(new Error('it was opened')),
    (error: unknown) => {
      expect(error).toBeInstanceOf(CannotOpen);
      return error as CannotOpen;
    },
  );

describe('opening', () => {
  test('creates the folder and its files for their owner only', async () => {
    const path = join(folder, 'deep', 'data');
    await (await openLmdb({ folder: path })).close();
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(path))
      expect([file, statSync(join(path, file)).mode & 0o777]).toEqual([file, 0o600]);
  });

  test('reports an unusable folder', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(await refusal(file)).toMatchObject({ reason: 'unusable', message: expect.stringContaining(file) });
    expect((await refusal(join(file, 'below'))).cause).toMatchObject({ code: 'ENOTDIR' });
  });

  test('refuses the folder of a profile, and changes nothing in it', async () => {
    for (const name of ['data.mdb', 'key', 'lock.mdb']) writeFileSync(join(folder, name), name);
    expect(await refusal()).toMatchObject({
      reason: 'unusable',
      message: expect.stringContaining('profile'),
    });
    expect(readdirSync(folder)).toEqual(['data.mdb', 'key', 'lock.mdb']);
    expect(readFileSync(join(folder, 'lock.mdb'), 'utf8')).toBe('lock.mdb');
  });

  // Root may write to any folder.
  if (process.getuid?.() !== 0)
    test('says when the folder may not be written', async () => {
      const path = join(folder, 'closed');
      mkdirSync(path, { mode: 0o500 });
      expect((await refusal(path)).reason).toBe('unusable');
    });

  test('reports a damaged file', async () => {
    const file = join(folder, 'log.mdb');
    const engine = await open();
    const room = newId();
    const base = await makeRoom(engine.log, room);
    for (let i = 0; i < 20; i++) await say(engine.log, room, base, 'x'.repeat(10_000));
    await close(engine);
    const sound = readFileSync(file);
    const damages: Record<string, Buffer> = {
      text: Buffer.from('to whom it may concern\n'.repeat(1_000)),
      short: Buffer.from('short'),
      zeros: Buffer.alloc(sound.length),
      'cut to its first page': sound.subarray(0, 4_096),
      'cut behind its meta pages': sound.subarray(0, 8_192),
    };
    for (const [damage, bytes] of Object.entries(damages)) {
      writeFileSync(file, bytes);
      expect([damage, (await refusal()).reason]).toEqual([damage, 'damaged']);
    }
    writeFileSync(file, sound);
    expect(await readAll((await open()).log, room)).toHaveLength(21);
  });

  test('refuses a folder that this process has open, which stays usable', async () => {
    const engine = await open();
    expect((await refusal()).reason).toBe('in use');
    expect((await refusal(join(folder, '.'))).reason).toBe('in use');
    // The attempt has not released the lock.
    await expect(runAppender([folder, 1, 1])).rejects.toThrow('in use');
    const room = newId();
    await makeRoom(engine.log, room);
    await close(engine);
    expect(bodies(await readAll((await open()).log, room))).toEqual(['founded']);
  });

  test('refuses a folder that another process has open, and opens it as soon as that process is killed', async () => {
    const seen = await runAppender([folder, 1, 1_000_000], {
      onLine: (count, child) => {
        if (count !== 1) return;
        void refusal()
          .then(({ reason, message }) => {
            expect(reason).toBe('in use');
            expect(message).toContain(`process ${child.pid}`);
          })
          .finally(() => child.kill('SIGKILL'));
      },
    });
    const { log } = await open();
    expect(bodies(await readAll(log, seen[0]?.room ?? ''))).toContain(seen[0]?.body);
  });

  test('several processes that open it at once get it exclusively or learn that it is in use', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => runAppender([folder, 1, 5]).catch(String)),
    );
    const { log } = await open();
    for (const outcome of outcomes)
      if (typeof outcome === 'string') expect(outcome).toContain('in use');
      else expect(bodies(await readAll(log, outcome[0]?.room ?? ''))).toHaveLength(7);
  });
});

describe('schema', () => {
  const version = async (change?: number): Promise<number | undefined> => {
    const environment = openEnvironment(join(folder, 'log.mdb'));
    const meta = openTree(environment, 'meta');
    const key = Buffer.from('schema');
    const present = meta.get(key)?.readUInt32BE();
    if (change !== undefined) await meta.put(key, Buffer.from([0, 0, 0, change]));
    await environment.close();
    return present;
  };

  test('a new folder stores its version', async () => {
    await close(await open());
    expect(await version()).toBe(2);
  });

  test('data of a newer version is refused and not changed', async () => {
    await close(await open());
    await version(3);
    const { reason, message } = await refusal();
    expect(reason).toBe('newer');
    expect(message).toContain('format 3; this version reads up to 2');
    expect(await version(2)).toBe(3);
    await open();
  });

  test('older data is migrated step by step in one transaction', async () => {
    const trees = openTrees(folder);
    expect(migrate(trees, [])).toBeUndefined();
    expect(migrate(trees, [])).toBe(1);
    const key = Buffer.from('planted');
    const tried: string[] = [];
    const toTwo = () => {
      tried.push('to 2');
      void trees.meta.put(key, Buffer.from('two'));
    };
    const toThree = () => {
      tried.push(`to 3, from ${trees.meta.get(key)}`);
      void trees.meta.put(key, Buffer.from('three'));
    };
    const failing = () => {
      throw new Error('not this time');
    };
    expect(() => migrate(trees, [toTwo, failing])).toThrow('not this time');
    expect(trees.meta.get(key)).toBeUndefined();
    expect(migrate(trees, [toTwo, toThree])).toBe(1);
    expect(tried).toEqual(['to 2', 'to 2', 'to 3, from two']);
    expect(trees.meta.get(key)?.toString()).toBe('three');
    expect(migrate(trees, [toTwo, toThree])).toBe(3);
    expect(() => migrate(trees)).toThrow(CannotOpen);
    await trees.root.close();
  });
});

describe('a data folder of an earlier commit', () => {
  /** The trees that commit 58f3901 wrote in format 1, record by record: two rooms, an expired message, and a removal. */
  const LEFT = JSON.parse(readFileSync(new URL('format-1.json', import.meta.url), 'utf8')) as Readonly<
    Record<string, readonly (readonly [key: string, value: string])[]>
  >;
  const WHEN = 1_793_491_324_000;
  const id = (n: number): string => Buffer.alloc(16, n).toString('base64url');
  const ROOM = id(1);

  async function plant(): Promise<void> {
    const environment = openEnvironment(join(folder, 'log.mdb'));
    for (const [name, records] of Object.entries(LEFT)) {
      const tree = openTree(environment, name);
      for (const [key, value] of records)
        await tree.put(Buffer.from(key, 'base64url'), Buffer.from(value, 'base64url'));
    }
    await environment.close();
  }

  test('still works: its log, heads, ids, state and expiry', async () => {
    await plant();
    let now = WHEN;
    const { log, state, rooms, sweep } = await open(() => now);
    expect(rooms()).toBe(2);
    const entries = await readAll(log, ROOM);
    expect(bodies(entries)).toEqual(['founded', 'second', 'third, for a day', 'removed', 'fourth']);
    expect(entries.map(({ kind }) => kind[0]).join('')).toBe('hmmhm');
    const { floor } = await log.read(ROOM, 0, 10);
    expect(floor).toBeGreaterThan(entries[0]?.pos ?? 0);
    const head = await log.head(ROOM);
    expect(head).toMatchObject({ pos: entries.at(-1)?.pos, handshake: 11 });
    expect(text(head?.state ?? Buffer.of())).toBe('state of removed');
    const repeat = { id: id(13), base: 11, body: Buffer.from('fourth') };
    expect(await log.append(ROOM, repeat)).toMatchObject({ pos: head?.pos, dup: true });
    expect(await log.append(ROOM, { ...repeat, id: id(20), base: 1 })).toEqual({ stale: 11 });
    expect(await say(log, ROOM, 11, 'fifth')).toBeGreaterThan(head?.pos ?? 0);
    expect(text((await state.get(ROOM, 'refresh'))?.value ?? Buffer.of())).toBe('value');
    now += 86_400_000;
    expect(await sweep()).toBe(1);
    expect(bodies(await readAll(log, ROOM))).toEqual(['founded', 'second', 'removed', 'fourth', 'fifth']);
  });

  test('gets its stored bytes counted', async () => {
    await plant();
    const { log, sweep } = await open(() => WHEN, { roomBytes: 'fourth'.length });
    expect(await sweep()).toBe(2);
    expect(bodies(await readAll(log, ROOM))).toEqual(['founded', 'removed', 'fourth']);
  });
});

describe('quotas', () => {
  const KILO = 'x'.repeat(1000);

  /** A room of so many messages of a thousand bytes each. */
  async function filled(
    log: EmbeddedEngine['log'],
    messages: number,
  ): Promise<{ room: string; said: number[] }> {
    const room = newId();
    const base = await makeRoom(log, room);
    const said: number[] = [];
    for (let i = 0; i < messages; i++) said.push(await say(log, room, base, KILO));
    return { room, said };
  }

  const keptOf = async (log: EmbeddedEngine['log'], room: string) =>
    (await readAll(log, room)).filter(({ kind }) => kind === 'message').map(({ pos }) => pos);

  test('a room over its quota loses its oldest messages but no handshakes', async () => {
    const { log, sweep } = await open(undefined, { roomBytes: 20_000 });
    const [large, small] = [await filled(log, 1_250), await filled(log, 20)];
    const { handshake } = (await log.head(large.room)) ?? { handshake: 0 };
    const last = appended(await log.handshake(large.room, handshake, handshakeOf('second'))).pos;
    expect(await sweep()).toBe(1_230);
    expect(await sweep()).toBe(0);
    expect(await keptOf(log, large.room)).toEqual(large.said.slice(-20));
    expect(await keptOf(log, small.room)).toEqual(small.said);
    const page = await log.read(large.room, 0, 100);
    expect(page.floor).toBe(large.said.at(-21));
    expect(bodies(page.entries.filter(({ kind }) => kind === 'handshake'))).toEqual(['founded', 'second']);
    await say(log, large.room, last, 'goes on');
    expect(await sweep()).toBe(1);
  });

  test('over the total quota, the largest rooms lose messages first', async () => {
    const { log, sweep } = await open(undefined, { totalBytes: 60_000 });
    const rooms = [await filled(log, 50), await filled(log, 10), await filled(log, 30)];
    expect(await sweep()).toBe(30);
    const kept = await Promise.all(rooms.map(async ({ room }) => (await keptOf(log, room)).length));
    expect(kept).toEqual([25, 10, 25]);
  });

  test('expired messages and those of an earlier run are counted', async () => {
    let now = Date.UTC(2026, 0, 1);
    const before = await open(() => now, { roomBytes: 5_000 });
    const room = newId();
    const base = await makeRoom(before.log, room);
    for (let i = 0; i < 4; i++) await say(before.log, room, base, KILO, 60);
    now += 60_000;
    await before.sweep();
    for (let i = 0; i < 5; i++) await say(before.log, room, base, KILO, 600);
    expect(await before.sweep()).toBe(0);
    await close(before);
    const after = await open(() => now, { roomBytes: 3_000 });
    expect(await after.sweep()).toBe(2);
    now += 600_000;
    expect(await after.sweep()).toBe(3);
    expect(await after.sweep()).toBe(0);
  });

  test('older data gets its bytes counted when it is first opened', async () => {
    const before = await open();
    const { room, said } = await filled(before.log, 9);
    await close(before);
    const trees = openTrees(folder);
    const key = Buffer.from(room, 'base64url');
    const record = trees.rooms.get(key);
    await trees.rooms.put(key, Buffer.from(record?.subarray(0, 24) ?? []));
    await trees.meta.put(Buffer.from('schema'), Buffer.from([0, 0, 0, 1]));
    await trees.root.close();
    const after = await open(undefined, { roomBytes: 4_000 });
    expect(await after.sweep()).toBe(5);
    expect(await keptOf(after.log, room)).toEqual(said.slice(-4));
  });

  test('the remaining bytes never exceed them, and no room loses more than needed', () => {
    const sizes = fc.array(fc.nat(1_000_000), { maxLength: 50 });
    fc.assert(
      fc.property(sizes, fc.nat(1_000_000), fc.nat(5_000_000), (kept, roomBytes, totalBytes) => {
        const most = largestRoom(kept, { roomBytes, totalBytes });
        const left = kept.map((bytes) => Math.min(bytes, most));
        const total = (all: readonly number[]) => all.reduce((sum, bytes) => sum + bytes, 0);
        expect(total(left)).toBeLessThanOrEqual(totalBytes);
        expect(Math.max(0, ...left)).toBeLessThanOrEqual(roomBytes);
        const wider = kept.map((bytes) => Math.min(bytes, most + 1, roomBytes));
        if (most < roomBytes) expect(total(wider)).toBeGreaterThan(totalBytes);
      }),
      { seed: 20_261_123 },
    );
  });
});

describe('a restart', () => {
  test('keeps log, head, ids, state and floor', async () => {
    let now = Date.UTC(2026, 0, 1);
    const before = await open(() => now);
    const room = newId();
    const base = await makeRoom(before.log, room);
    const message = { id: newId(), base, body: Buffer.alloc(64 * 1024, 'm') };
    const first = appended(await before.log.append(room, message));
    await say(before.log, room, base, 'brief', 60);
    const state = Buffer.alloc(300_000, 's');
    const second = handshakeOf('second', { body: Buffer.alloc(1024 * 1024, 'h'), retires: true, state });
    const { pos } = appended(await before.log.handshake(room, base, second));
    const put = await before.state.put(room, 'key', Buffer.from('value'));
    now += 60_000;
    expect(await before.sweep()).toBe(1);
    expect(await before.sweep()).toBe(0);
    const page = await before.log.read(room, 0, 100);
    await close(before);

    const after = await open(() => now);
    expect(after.rooms()).toBe(1);
    const same = await after.log.read(room, 0, 100);
    expect(same.floor).toBe(page.floor);
    expect(positions(same.entries)).toEqual(positions(page.entries));
    expect(bodies(same.entries)).toEqual(bodies(page.entries));
    expect(same.entries.at(-1)).toMatchObject({ kind: 'handshake', retires: true });
    expect(page.entries.map(({ body }) => body.length)).toEqual([7, 64 * 1024, 1024 * 1024]);
    expect(page.floor).toBeGreaterThan(first.pos);
    const head = await after.log.head(room);
    expect(head).toMatchObject({ pos, handshake: pos });
    expect(head && state.equals(head.state)).toBe(true);
    expect(await after.log.append(room, message)).toEqual({ ...first, dup: true });
    expect(await after.log.handshake(room, base, second)).toMatchObject({ pos, dup: true });
    expect(await after.state.get(room, 'key')).toMatchObject(put as object);
    expect(await after.state.put(room, 'other', Buffer.of())).not.toEqual(put);
  });

  test('forgets the ids of posts after ten minutes', async () => {
    let now = Date.UTC(2026, 0, 1);
    const { log, sweep } = await open(() => now);
    const room = newId();
    const base = await makeRoom(log, room);
    const message = { id: newId(), base, body: Buffer.from('again') };
    await log.append(room, message);
    now += 10 * 60_000 - 1;
    await sweep();
    expect(await log.append(room, message)).toMatchObject({ dup: true });
    now += 1;
    expect(await sweep()).toBe(0);
    expect(await log.append(room, message)).toMatchObject({ dup: false });
  });

  test('finishes a deletion that a crash interrupted before the room can be created again', async () => {
    const before = await open();
    const [room, kept] = [newId(), newId()];
    const base = await makeRoom(before.log, room);
    await makeRoom(before.log, kept);
    for (let i = 0; i < 10; i++) await say(before.log, room, base, `m${i}`, 60);
    await close(before);
    // The state after the first transaction of a deletion.
    const bytes = Buffer.from(room, 'base64url');
    const trees = openTrees(folder);
    trees.root.transactionSync(() => {
      void trees.meta.put(Buffer.concat([Buffer.from('drop'), bytes]), bytes);
      void trees.rooms.remove(bytes);
      void trees.heads.remove(bytes);
    });
    await trees.root.close();
    await close(await open());
    const cleared = openTrees(folder);
    const left = [cleared.entries, cleared.posts, cleared.expiry].map((tree) => [...tree.getKeys()]);
    await cleared.root.close();
    expect(left.flat().filter((found) => found.includes(bytes))).toEqual([]);
    const after = await open();
    await makeRoom(after.log, room);
    expect(bodies(await readAll(after.log, room))).toEqual(['founded']);
    expect(bodies(await readAll(after.log, kept))).toEqual(['founded']);
  });
});

describe('a room', () => {
  test('of any size is swept and deleted in batches while others write', async () => {
    let now = Date.UTC(2026, 0, 1);
    const { log, sweep } = await open(() => now);
    const [big, other] = [newId(), newId()];
    const base = await makeRoom(log, big);
    const otherBase = await makeRoom(log, other);
    await Promise.all(
      Array.from({ length: 2_600 }, (_, i) => say(log, big, base, `m${i}`, i < 1_300 ? 60 : 3_600)),
    );
    now += 60_000;
    const done: string[] = [];
    const sweeping = sweep().then((count) => {
      done.push('swept');
      return count;
    });
    await say(log, other, otherBase, 'between').then(() => done.push('said'));
    expect(await sweeping).toBe(1_300);
    const dropping = log.drop(big).then(() => done.push('dropped'));
    expect(await log.handshake(big, 0, handshakeOf('again')).then(appended)).toMatchObject({ dup: false });
    await say(log, other, otherBase, 'again');
    await dropping;
    expect(done).toEqual(['said', 'swept', 'dropped']);
    expect(bodies(await readAll(log, big))).toEqual(['again']);
  });

  test('loses the ids of its posts when it is deleted', async () => {
    const { log } = await open();
    const room = newId();
    const message = { id: newId(), base: await makeRoom(log, room), body: Buffer.from('again') };
    await log.append(room, message);
    await log.drop(room);
    const base = await makeRoom(log, room);
    expect(appended(await log.append(room, { ...message, base }))).toMatchObject({ dup: false });
  });

  test('with a large log is followed from the start page by page', async () => {
    const { log } = await open();
    const room = newId();
    const base = await makeRoom(log, room);
    const last = await Promise.all(Array.from({ length: 1_000 }, (_, i) => say(log, room, base, `m${i}`)));
    const sizes: number[] = [];
    const counting = log.follow(room, 0, (batch) => sizes.push(batch.length) > 0);
    const follower = collect(log, room, 0);
    await follower.until(Math.max(...last));
    expect(bodies(follower.entries)).toEqual(bodies(await readAll(log, room)));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
    counting.stop();
    follower.follower.stop();
  });
});

describe('closing', () => {
  test('finishes accepted writes, ends followers as lost and refuses later calls', async () => {
    const engine = await open();
    const room = newId();
    const base = await makeRoom(engine.log, room);
    const follower = collect(engine.log, room, 0);
    await follower.until(base);
    const asked = [say(engine.log, room, base, 'one'), say(engine.log, room, base, 'two')];
    await close(engine);
    expect((await follower.follower.done).reason).toBe('lost');
    await Promise.all(asked);
    await expect(say(engine.log, room, base, 'late')).rejects.toBeInstanceOf(Unavailable);
    await expect(engine.log.head(room)).rejects.toBeInstanceOf(Unavailable);
    await expect(engine.log.read(room, 0, 1)).rejects.toBeInstanceOf(Unavailable);
    await expect(engine.state.get(room, 'key')).rejects.toBeInstanceOf(Unavailable);
    await expect(engine.sweep()).rejects.toBeInstanceOf(Unavailable);
    expect(() => engine.log.follow(room, 0, () => true)).toThrow(Unavailable);
    expect(bodies(await readAll((await open()).log, room))).toEqual(['founded', 'one', 'two']);
  });
});

describe('misuse', () => {
  test('a malformed id fails only its own call', async () => {
    const { log, state } = await open();
    const room = newId();
    const base = await makeRoom(log, room);
    const good = say(log, room, base, 'good');
    await expect(log.append(room, { id: 'short', base, body: Buffer.of() })).rejects.toThrow(TypeError);
    await expect(log.head(`${room.slice(0, 21)}B`)).rejects.toThrow(TypeError);
    await expect(state.put(room, 'k'.repeat(201), Buffer.of())).rejects.toThrow(RangeError);
    await good;
  });

  test('a sink that throws ends only its own follower', async () => {
    const { log } = await open();
    const room = newId();
    const base = await makeRoom(log, room);
    const failing = log.follow(room, base, () => {
      throw new Error('a mistake of the sink');
    });
    const follower = collect(log, room, base);
    const pos = await say(log, room, base, 'hello');
    await follower.until(pos);
    await expect(failing.done).rejects.toThrow('a mistake of the sink');
    expect(follower.entries.map(({ body }) => text(body))).toEqual(['hello']);
    follower.follower.stop();
  });
});
