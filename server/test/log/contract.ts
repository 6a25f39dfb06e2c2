import { LIMITS } from '@gochat/protocol/limits';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type LogPosition,
  PAGE_BYTES,
  type RoomId,
  type RoomLog,
  type RoomState,
} from '../../src/log/log.ts';
import {
  accessOf,
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

/** One handle onto the data; for a cluster, one node. */
export interface Handle {
  readonly log: RoomLog;
  readonly state: RoomState;
}

export interface AckedAppend {
  readonly room: RoomId;
  readonly id: string;
  readonly pos: LogPosition;
  readonly body: string;
}

/** One set of data, and what the suite may do with it. Tests of absent abilities are skipped. */
export interface Data {
  /** Handles onto the same data, one per node; an engine whose data has one owner gives one. */
  readonly handles: readonly [Handle, ...Handle[]];
  /** Advances the engine's clock. */
  elapse(ms: number): Promise<void>;
  /** Deletes expired messages from disk. */
  sweep(): Promise<void>;
  /** Breaks the part of the engine that has a room while it works, in the worst way that it must survive, and repairs it. Handles stay usable. */
  failOver?(room: RoomId): Promise<void>;
  /** How many stored records mention the room, counted below the port. */
  remains?(room: RoomId): Promise<number>;
  /** Appends from another process until SIGKILL ends it, several times. @returns the acknowledged entries */
  killedWriters?(): Promise<readonly AckedAppend[]>;
  close(): Promise<void>;
}

export interface EngineUnderTest {
  readonly name: string;
  open(): Promise<Data>;
  /** The abilities of {@link Data} that this engine lacks, each with the reason. */
  readonly cannot: Partial<Record<'failOver' | 'remains' | 'killedWriters', string>>;
}

/** The thirteen guarantees of the log port. The test of each engine calls this. */
export function contract({ name, open, cannot }: EngineUnderTest): void {
  describe(`${name} keeps the contract of the log`, () => {
    let data: Data;
    const a = () => data.handles[0];
    const b = () => data.handles[1 % data.handles.length] as Handle;
    const able = (ability: keyof typeof cannot, title: string, run: () => Promise<void>) => {
      if (cannot[ability] === undefined) test(title, run);
    };
    beforeAll(async () => {
      data = await open();
    });
    afterAll(() => data.close());

    test('1. positions increase and are never used again', async () => {
      const room = newId();
      const base = await makeRoom(a().log, room);
      const given = [base];
      for (let i = 0; i < 10; i++)
        given.push(await say((i % 2 ? a() : b()).log, room, base, `m${i}`, i > 7 ? 60 : undefined));
      await data.elapse(61_000);
      await data.sweep();
      given.push(await say(a().log, room, base, 'after the newest had expired'));
      expect(given).toEqual([...new Set(given)].sort((x, y) => x - y));
      expect(given.every((pos) => Number.isSafeInteger(pos) && pos > 0)).toBe(true);
    });

    test('2. acknowledged entries can be read once the head includes them', async () => {
      const room = newId();
      const base = await makeRoom(a().log, room);
      const pos = await say(a().log, room, base, 'hello');
      expect(await b().log.head(room)).toMatchObject({ pos, handshake: base });
      const [first, second] = await readAll(b().log, room);
      expect(first).toMatchObject({ pos: base, kind: 'handshake', retires: false });
      expect(second).toMatchObject({ pos, kind: 'message' });
      expect(second && text(second.body)).toBe('hello');
      expect(bodies(await readAll(b().log, room, 0, 1))).toEqual(['founded', 'hello']);
      expect(await b().log.head(newId())).toBeUndefined();
      expect(await b().log.read(newId(), 0, 10)).toEqual({ entries: [], floor: 0 });
    });

    test('2. a page of large entries may be short but is never empty, and the next page continues after it', async () => {
      const room = newId();
      const base = await makeRoom(a().log, room);
      const large = Array.from({ length: 40 }, (_, i) => `${i} `.padEnd(60_000, 'x'));
      for (const body of large) await say(a().log, room, base, body);
      const { entries } = await b().log.read(room, 0, 10_000);
      expect(entries.length).toBeGreaterThan(0);
      const bytes = entries.reduce((sum, entry) => sum + entry.body.length, 0);
      expect(bytes).toBeLessThan(PAGE_BYTES + 60_000);
      expect(bodies(await readAll(b().log, room, base, 10_000))).toEqual(large);
    });

    test('2. a handshake and its state may be as large as the protocol allows', async () => {
      const room = newId();
      // The state contains the GroupInfo as text, and a wrapped key for each invite.
      const state = Buffer.alloc(Math.ceil((LIMITS.groupInfoBytes * 4) / 3) + 100 * 1024, 's');
      const body = Buffer.alloc(LIMITS.handshakeBytes, 'b');
      const { pos } = appended(await a().log.handshake(room, 0, handshakeOf('large', { body, state })));
      const head = await b().log.head(room);
      expect(head?.handshake).toBe(pos);
      expect(state.equals(head?.state ?? Buffer.of())).toBe(true);
      expect((await readAll(b().log, room)).map((entry) => entry.body.length)).toEqual([body.length]);
      await a().state.put(room, 'large', state);
      expect(state.equals((await b().state.get(room, 'large'))?.value ?? Buffer.of())).toBe(true);
    });

    test('2. what is noted with a handshake is read with it', async () => {
      const room = newId();
      const note = Buffer.from('{"invite":"…"}');
      const { pos } = appended(await a().log.handshake(room, 0, handshakeOf('noted', { note })));
      await a().log.handshake(room, pos, handshakeOf('plain', { retires: true }));
      const [noted, plain] = await readAll(b().log, room);
      expect([noted?.note, noted?.body].map((bytes) => text(bytes ?? Buffer.of()))).toEqual([
        text(note),
        'noted',
      ]);
      expect(plain).not.toHaveProperty('note');
      expect(plain).toMatchObject({ retires: true });
      expect(text((await b().log.head(room))?.state ?? Buffer.of())).toBe('state of plain');
    });

    test('3. one of several concurrent handshakes wins, and the others get its position', async () => {
      const room = newId();
      let last = 0;
      for (let round = 0; round < 5; round++) {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            (i % 2 ? a() : b()).log.handshake(room, last, handshakeOf(`${round}.${i}`)),
          ),
        );
        const won = outcomes.flatMap((outcome) => ('pos' in outcome ? [outcome.pos] : []));
        const reported = outcomes.flatMap((outcome) => ('conflict' in outcome ? [outcome.conflict] : []));
        expect(won).toHaveLength(1);
        expect(new Set(reported)).toEqual(new Set(won));
        last = won[0] as LogPosition;
      }
      expect(positions(await readAll(a().log, room))).toHaveLength(5);
      expect(await a().log.handshake(newId(), 7, handshakeOf('to a room that is not there'))).toEqual({
        conflict: 0,
      });
    });

    test('4. messages never conflict; one with an old base is stale and not appended', async () => {
      const room = newId();
      const first = await makeRoom(a().log, room);
      await Promise.all(
        Array.from({ length: 50 }, (_, i) => say((i % 2 ? a() : b()).log, room, first, `m${i}`)),
      );
      const second = appended(await a().log.handshake(room, first, handshakeOf('second'))).pos;
      const late = { id: newId(), base: first, body: Buffer.from('late') };
      expect(await b().log.append(room, late)).toEqual({ stale: second });
      expect(await b().log.append(newId(), late)).toEqual({ stale: 0 });
      // Concurrent handshakes: each message comes directly after its base.
      let base = second;
      for (let round = 0; round < 10; round++) {
        const posts = Array.from({ length: 10 }, () =>
          b().log.append(room, { id: newId(), base, body: Buffer.from(String(base)) }),
        );
        const won = a().log.handshake(room, base, handshakeOf(`h${round}`));
        const more = Array.from({ length: 10 }, () =>
          b().log.append(room, { id: newId(), base, body: Buffer.from(String(base)) }),
        );
        await Promise.all([...posts, ...more]);
        base = appended(await won).pos;
      }
      let newest = 0;
      for (const entry of await readAll(a().log, room, second - 1)) {
        if (entry.kind === 'handshake') newest = entry.pos;
        else expect(text(entry.body)).toBe(String(newest));
      }
      expect(bodies(await readAll(a().log, room))).not.toContain('late');
    });

    test('5. a repeated id on any node returns the first append', async () => {
      const room = newId();
      const founding = handshakeOf('founded');
      const made = appended(await a().log.handshake(room, 0, founding));
      expect(made.dup).toBe(false);
      const message = { id: newId(), base: made.pos, body: Buffer.from('once') };
      const both = (await Promise.all([a().log.append(room, message), b().log.append(room, message)])).map(
        appended,
      );
      expect(new Set(both.map((outcome) => outcome.pos)).size).toBe(1);
      expect(both.map((outcome) => outcome.dup).sort()).toEqual([false, true]);
      const next = appended(
        await a().log.handshake(room, made.pos, handshakeOf('next', { retires: true })),
      ).pos;
      await data.elapse(119_000);
      await data.sweep();
      // Found before the base is looked at, though that has been overtaken.
      expect(await b().log.append(room, message)).toMatchObject({
        pos: both[0]?.pos,
        at: both[0]?.at,
        dup: true,
      });
      expect(await b().log.handshake(room, 0, founding)).toEqual({ ...made, dup: true });
      expect(bodies(await readAll(b().log, room))).toEqual(['founded', 'once', 'next']);

      const newest = handshakeOf('newest');
      const pos = appended(await a().log.handshake(room, next, newest)).pos;
      await data.elapse(24 * 3_600_000);
      await data.sweep();
      expect(await b().log.handshake(room, next, newest)).toMatchObject({ pos, dup: true });
    });

    test("6. a handshake's entry, access key and state become visible together", async () => {
      const room = newId();
      let last = await makeRoom(a().log, room);
      const watcher = collect(b().log, room, last);
      const expectOneMoment = async () => {
        const head = await b().log.head(room);
        expect(head && text(head.access)).toBe(head && accessOf(text(head.state).replace('state of ', '')));
      };
      for (let i = 0; i < 20; i++) {
        const entry = handshakeOf(`h${i}`, { retires: i % 2 === 0 });
        const racing = a().log.handshake(room, last, entry);
        await expectOneMoment();
        last = appended(await racing).pos;
        const head = await b().log.head(room);
        expect(head).toMatchObject({ pos: last, handshake: last });
        expect(head && [text(head.access), text(head.state)]).toEqual([accessOf(`h${i}`), `state of h${i}`]);
      }
      await watcher.until(last);
      expect(watcher.entries.map((entry) => entry.retires)).toEqual(
        Array.from({ length: 20 }, (_, i) => i % 2 === 0),
      );
      expect(watcher.entries.map((entry) => entry.access && text(entry.access))).toEqual(
        Array.from({ length: 20 }, (_, i) => accessOf(`h${i}`)),
      );
      watcher.follower.stop();
    });

    test('7. a room that is opened has each entry in its head or delivers it, while others write', async () => {
      const room = newId();
      const base = await makeRoom(a().log, room);
      expect(
        await b().log.open(newId(), () => {
          throw new Error('there is no such room');
        }),
      ).toBeUndefined();
      let last = 0;
      const writing = (async () => {
        for (let i = 0; i < 150; i++) last = await say(a().log, room, base, `m${i}`);
      })();
      const opened: { at: LogPosition; got: LogPosition[] }[] = [];
      const followers = await Promise.all(
        Array.from({ length: 15 }, async (_, i) => {
          // At different moments.
          for (let turn = 0; turn < i; turn++) await b().log.head(room);
          const one = { at: 0, got: [] as LogPosition[] };
          opened.push(one);
          return b().log.open(room, (head) => {
            expect(head).toMatchObject({ handshake: base });
            one.at = head.pos;
            return (entries) => {
              one.got.push(...positions(entries));
              return true;
            };
          });
        }),
      );
      await writing;
      const next = appended(await a().log.handshake(room, base, handshakeOf('next'))).pos;
      const all = positions(await readAll(a().log, room));
      expect(all.at(-1)).toBe(next);
      const end = collect(b().log, room, last);
      await end.until(next);
      while (opened.some(({ got }) => got.at(-1) !== next)) await b().log.head(room);
      for (const { at, got } of opened) expect(got).toEqual(all.filter((pos) => pos > at));
      for (const follower of [...followers, end.follower]) follower?.stop();
      const failing = b().log.open(room, () => {
        throw new Error('can not read the head');
      });
      await expect(failing).rejects.toThrow('can not read the head');
    });

    const writersAndFollowers = async (disturb: (room: RoomId) => Promise<void>) => {
      const room = newId();
      const base = await makeRoom(a().log, room);
      const first = await Promise.all(
        Array.from({ length: 300 }, (_, i) => say(a().log, room, base, `early ${i}`)),
      );
      const early: LogPosition[] = [base, ...first.sort((x, y) => x - y)];
      const followers = [collect(a().log, room, 0), collect(b().log, room, early[150] ?? 0)];
      const acked: LogPosition[] = [];
      const write = async (handle: Handle, writer: number) => {
        for (let i = 0; i < 75; i++) {
          acked.push(await say(handle.log, room, base, `${writer}.${i}`));
          if (i % 15 === 0)
            followers.push(collect(i % 30 ? a().log : b().log, room, (i % 2 ? early[299] : acked[0]) ?? 0));
        }
      };
      await Promise.all([write(a(), 0), write(b(), 1), write(a(), 2), write(b(), 3), disturb(room)]);
      const newest = Math.max(...acked);
      await Promise.all(followers.map((follower) => follower.until(newest)));
      const log = positions(await readAll(a().log, room));
      expect(new Set(log)).toEqual(new Set([...early, ...acked]));
      for (const { entries, follower } of followers) {
        const got = positions(entries);
        expect(got).toEqual(log.slice(log.indexOf(got[0] ?? 0)));
        follower.stop();
        expect(await follower.done).toEqual({ reason: 'stopped', last: newest });
      }
      expect(positions(followers[0]?.entries ?? [])).toEqual(log);
      expect(positions(followers[1]?.entries ?? [])).toEqual(log.slice(151));
    };

    test('7. a follower gets all entries after its position once and in order, while others write', () =>
      writersAndFollowers(async () => {}));

    test('7. a follower gets consecutive handshakes once and in order', async () => {
      const room = newId();
      let last = await makeRoom(a().log, room);
      const followers = [collect(a().log, room, 0), collect(b().log, room, 0)];
      for (let i = 0; i < 150; i++)
        last = appended(await a().log.handshake(room, last, handshakeOf(`h${i}`))).pos;
      const log = positions(await readAll(b().log, room));
      // A duplicate would arrive soon after.
      const more = await say(a().log, room, last, 'more');
      for (const follower of followers) await follower.until(more);
      for (const { entries, follower } of followers) {
        expect(positions(entries)).toEqual([...log, more]);
        follower.stop();
      }
    });

    able('failOver', '7. and across a failure of the engine', () =>
      writersAndFollowers(async (room) => data.failOver?.(room)),
    );

    test('8. a full sink ends as lagged at its last position and delays no other follower', async () => {
      const room = newId();
      const base = await makeRoom(a().log, room);
      let slowLast = 0;
      const slow = a().log.follow(room, 0, (batch) => {
        if (slowLast > base) return false;
        slowLast = batch.at(-1)?.pos ?? 0;
        return true;
      });
      const swift = collect(a().log, room, 0);
      let newest = base;
      for (let i = 0; i < 20; i++) {
        newest = await say(a().log, room, base, `m${i}`);
        await swift.until(newest);
      }
      expect(await slow.done).toEqual({ reason: 'lagged', last: slowLast });
      expect(slowLast).toBeLessThan(newest);
      const resumed = collect(b().log, room, slowLast);
      await resumed.until(newest);
      expect(positions(resumed.entries)).toEqual(positions(swift.entries).filter((pos) => pos > slowLast));
      for (const { follower } of [swift, resumed]) follower.stop();
    });

    test('9. expired messages are never returned, swept or not; and 10. only messages expire', async () => {
      const room = newId();
      const first = await makeRoom(a().log, room);
      await say(a().log, room, first, 'kept');
      const short = await say(a().log, room, first, 'short', 60);
      await say(a().log, room, first, 'long', 600);
      const second = appended(await a().log.handshake(room, first, handshakeOf('second'))).pos;
      const last = await say(a().log, room, second, 'short again', 60);
      expect(bodies(await readAll(a().log, room))).toEqual([
        'founded',
        'kept',
        'short',
        'long',
        'second',
        'short again',
      ]);
      expect((await a().log.read(room, 0, 10)).floor).toBe(0);
      const expectExpired = async () => {
        const follower = collect(b().log, room, 0);
        const page = await b().log.read(room, 0, 10);
        expect(bodies(page.entries)).toEqual(['founded', 'kept', 'long', 'second']);
        expect(page.floor).toBeGreaterThanOrEqual(short);
        expect(page.floor).toBeLessThanOrEqual(last);
        await follower.until(second);
        expect(bodies(follower.entries)).toEqual(bodies(page.entries));
        follower.follower.stop();
        const head = await b().log.head(room);
        expect(head).toMatchObject({ pos: last, handshake: second });
        expect(head && text(head.state)).toBe('state of second');
      };
      await data.elapse(61_000);
      await expectExpired();
      await data.sweep();
      await expectExpired();
      await data.elapse(600_000);
      await data.sweep();
      expect(bodies(await readAll(a().log, room))).toEqual(['founded', 'kept', 'second']);
      const head = await a().log.head(room);
      expect(head && text(head.access)).toBe(accessOf('second'));
      expect(await say(a().log, room, second, 'and on it goes')).toBeGreaterThan(last);
    });

    test('10. a knock is appended as a message is, and keeps its kind and its note', async () => {
      const room = newId();
      const base = await makeRoom(a().log, room);
      const follower = collect(b().log, room, base);
      const body = Buffer.from('let me in');
      const knock = { kind: 'knock' as const, id: newId(), base, body, note: Buffer.from('by an invite') };
      const first = appended(await a().log.append(room, knock));
      expect(appended(await b().log.append(room, knock))).toEqual({ ...first, dup: true });
      const brief = appended(await a().log.append(room, { ...knock, id: newId(), ttlSec: 60 }));
      await follower.until(brief.pos);
      const read = await readAll(b().log, room, base, 10);
      for (const entries of [follower.entries, read])
        expect(entries.map(({ kind, pos, note }) => [kind, pos, note && text(note)])).toEqual([
          ['knock', first.pos, 'by an invite'],
          ['knock', brief.pos, 'by an invite'],
        ]);
      expect(bodies(read)).toEqual(['let me in', 'let me in']);
      follower.follower.stop();
      // The last entry is no handshake.
      expect(await b().log.head(room)).toMatchObject({ pos: brief.pos, handshake: base });
      const next = appended(await a().log.handshake(room, base, handshakeOf('next'))).pos;
      expect(await b().log.append(room, { ...knock, id: newId() })).toEqual({ stale: next });
      await data.elapse(61_000);
      await data.sweep();
      expect(positions(await readAll(b().log, room))).toEqual([base, first.pos, next]);
    });

    test('11. exactly ten of fifty concurrent requests get one of ten uses', async () => {
      const room = newId();
      await makeRoom(a().log, room);
      await a().state.put(room, 'uses', Buffer.of(10));
      const takeOne = async (state: RoomState): Promise<'taken' | 'none left'> => {
        for (;;) {
          const uses = await state.get(room, 'uses');
          if (!uses || uses.value[0] === 0) return 'none left';
          const put = await state.put(room, 'uses', Buffer.of((uses.value[0] ?? 0) - 1), {
            revision: uses.revision,
          });
          if (put !== 'conflict') return 'taken';
        }
      };
      const taken = await Promise.all(
        Array.from({ length: 50 }, (_, i) => takeOne((i % 2 ? a() : b()).state)),
      );
      expect(taken.filter((outcome) => outcome === 'taken')).toHaveLength(10);
      expect((await a().state.get(room, 'uses'))?.value[0]).toBe(0);
    });

    test('11. state: versions, absence, deletion, expiry', async () => {
      const { state } = a();
      const room = newId();
      expect(await state.get(room, 'key')).toBeUndefined();
      expect(await state.put(room, 'key', Buffer.of(1), { revision: '1' })).toBe('conflict');
      const put = await state.put(room, 'key', Buffer.of(1), { revision: 'absent' });
      expect(put).not.toBe('conflict');
      expect(await b().state.get(room, 'key')).toMatchObject(put as object);
      expect((await b().state.get(room, 'key'))?.value[0]).toBe(1);
      expect(await b().state.get(room, 'other')).toBeUndefined();
      expect(await state.put(room, 'key', Buffer.of(2), { revision: 'absent' })).toBe('conflict');
      const second = await state.put(room, 'key', Buffer.of(2));
      expect(second).not.toEqual(put);
      expect(await state.delete(room, 'key', put as { revision: string })).toBe('conflict');
      expect(await state.delete(room, 'key', second as { revision: string })).toBe('deleted');
      expect(await b().state.get(room, 'key')).toBeUndefined();
      const again = await state.put(room, 'key', Buffer.of(2), { revision: 'absent', ttlSec: 60 });
      expect([put, second]).not.toContainEqual(again);
      await data.elapse(61_000);
      expect(await b().state.get(room, 'key')).toBeUndefined();
      await data.sweep();
      expect(await state.put(room, 'key', Buffer.of(3), { revision: 'absent' })).not.toBe('conflict');
      expect(await state.delete(room, 'key')).toBe('deleted');
    });

    able('killedWriters', '12. what was acknowledged outlives kill -9, once', async () => {
      const acked = (await data.killedWriters?.()) ?? [];
      expect(acked.length).toBeGreaterThan(0);
      const logs = new Map<RoomId, Map<LogPosition, string>>();
      for (const { room } of acked)
        if (!logs.has(room)) {
          const entries = await readAll(a().log, room);
          expect(new Set(bodies(entries)).size).toBe(entries.length);
          logs.set(room, new Map(entries.map((entry) => [entry.pos, text(entry.body)])));
        }
      expect(acked.filter(({ room, pos, body }) => logs.get(room)?.get(pos) !== body)).toEqual([]);
      const last = acked.at(-1);
      if (!last) throw new Error('nothing acknowledged');
      const repeat = { id: last.id, base: 0, body: Buffer.from(last.body) };
      expect(await a().log.append(last.room, repeat)).toMatchObject({ pos: last.pos, dup: true });
    });

    const dropped = async (): Promise<RoomId> => {
      const room = newId();
      const base = await makeRoom(a().log, room);
      for (let i = 0; i < 20; i++) await say(a().log, room, base, `m${i}`, i % 2 ? 60 : undefined);
      await a().state.put(room, 'key', Buffer.of(1));
      await a().state.put(room, 'brief', Buffer.of(1), { ttlSec: 60 });
      const follower = collect(b().log, room, 0);
      await follower.until(base);
      await a().log.drop(room);
      expect((await follower.follower.done).reason).toBe('lost');
      return room;
    };

    test('13. a deleted room is gone and can be created again', async () => {
      const room = await dropped();
      expect(await b().log.head(room)).toBeUndefined();
      expect(await b().log.read(room, 0, 10)).toEqual({ entries: [], floor: 0 });
      expect(await b().state.get(room, 'key')).toBeUndefined();
      expect(await b().log.append(room, { id: newId(), base: 1, body: Buffer.of() })).toEqual({ stale: 0 });
      await a().log.drop(room);
      await a().log.drop(newId());
      await makeRoom(b().log, room);
      expect(bodies(await readAll(a().log, room))).toEqual(['founded']);
    });

    able('remains', '13. and leaves nothing in the store', async () => {
      const room = await dropped();
      const kept = newId();
      await makeRoom(a().log, kept);
      expect(await data.remains?.(kept)).toBeGreaterThan(0);
      expect(await data.remains?.(room)).toBe(0);
    });
  });
}
