import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EmbeddedEngine } from '../../src/log/engine.ts';
import { openLmdb } from '../../src/log/lmdb/open.ts';
import type { Entry, LogPosition } from '../../src/log/log.ts';
import { openMemory } from '../../src/log/memory/open.ts';
import { collect, newId, text } from './room.ts';

const ROOMS = 3;
const IDS = 12;

/** Names an earlier position: the newest, the one a number of handshakes ago, or none. */
const reference = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  fc.integer({ min: 1, max: 3 }),
  fc.constant(-1),
);
const room = fc.nat(ROOMS - 1);
const id = fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, fc.nat(IDS - 1));
const ttlSec = fc.option(fc.constantFrom(1, 30, 300), { nil: undefined });
const key = fc.constantFrom('a', 'b');
const revision = fc.constantFrom('any', 'absent', 'present', 'other');

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('append' as const), room, base: reference, id, ttlSec }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('burst' as const), room, count: fc.nat(20), ttlSec }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('handshake' as const), room, after: reference, id }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('read' as const), room, after: reference, limit: fc.nat(5) }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('put' as const), room, key, revision, ttlSec }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('delete' as const), room, key, revision }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('elapse' as const), seconds: fc.constantFrom(1, 40, 700) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('drop' as const), room }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('reopen' as const) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Wraps an engine so that two engines can be compared: positions and revisions are replaced by their order. */
class Subject {
  engine: EmbeddedEngine;
  readonly #issued: LogPosition[][] = Array.from({ length: ROOMS }, () => []);
  readonly #handshakes: LogPosition[][] = Array.from({ length: ROOMS }, () => []);
  readonly #revisions: string[] = [];
  readonly #rooms: readonly string[];
  readonly #ids: readonly string[];

  constructor(engine: EmbeddedEngine, rooms: readonly string[], ids: readonly string[]) {
    this.engine = engine;
    this.#rooms = rooms;
    this.#ids = ids;
  }

  async run(operation: Operation, nth: number): Promise<unknown> {
    const { log, state } = this.engine;
    const name = 'room' in operation ? (this.#rooms[operation.room] as string) : '';
    switch (operation.does) {
      case 'append': {
        const base = this.#position(operation.room, operation.base);
        const outcome = await log.append(name, {
          ...this.#message(operation.id, `m${nth}`, operation.ttlSec),
          base,
        });
        return this.#outcome(operation.room, outcome);
      }
      case 'burst': {
        const base = this.#position(operation.room, 0);
        const appends = Array.from({ length: operation.count }, (_, i) =>
          log.append(name, { ...this.#message(-1, `m${nth}.${i}`, operation.ttlSec), base }),
        );
        return (await Promise.all(appends)).map((outcome) => this.#outcome(operation.room, outcome));
      }
      case 'handshake': {
        const body = Buffer.from(`h${nth}`);
        const outcome = await log.handshake(name, this.#position(operation.room, operation.after), {
          id: this.#id(operation.id),
          body,
          access: Buffer.alloc(32, nth),
          retires: nth % 2 === 0,
          state: body,
        });
        const shown = this.#outcome(operation.room, outcome);
        if ('pos' in outcome && !outcome.dup) this.#handshakes[operation.room]?.push(outcome.pos);
        return shown;
      }
      case 'read': {
        const page = await log.read(name, this.#position(operation.room, operation.after), operation.limit);
        return {
          floor: this.#nth(operation.room, page.floor),
          entries: this.#shown(operation.room, page.entries),
        };
      }
      case 'put': {
        const value = Buffer.from(`v${nth}`);
        const outcome = await state.put(name, operation.key, value, {
          ...(await this.#when(operation)),
          ...ttlOf(operation),
        });
        if (outcome === 'conflict') return outcome;
        expect(this.#revisions).not.toContain(outcome.revision);
        return this.#revisions.push(outcome.revision);
      }
      case 'delete':
        return state.delete(name, operation.key, await this.#when(operation));
      case 'sweep':
        return this.engine.sweep();
      case 'drop':
        this.#issued[operation.room] = [];
        this.#handshakes[operation.room] = [];
        return log.drop(name);
      default:
        return undefined;
    }
  }

  /** Everything that can be read of a room. */
  async view(nth: number): Promise<unknown> {
    const { log, state } = this.engine;
    const name = this.#rooms[nth] as string;
    const head = await log.head(name);
    const page = await log.read(name, 0, 10_000);
    const follower = collect(log, name, 0);
    await follower.until(page.entries.at(-1)?.pos ?? 0);
    follower.follower.stop();
    expect(this.#shown(nth, follower.entries)).toEqual(this.#shown(nth, page.entries));
    return {
      head: head && {
        pos: this.#nth(nth, head.pos),
        handshake: this.#nth(nth, head.handshake),
        access: text(head.access),
        state: text(head.state),
      },
      floor: this.#nth(nth, page.floor),
      entries: this.#shown(nth, page.entries),
      state: await Promise.all(
        ['a', 'b'].map(async (key) => {
          const found = await state.get(name, key);
          return found && [text(found.value), this.#revisions.indexOf(found.revision)];
        }),
      ),
    };
  }

  #message(nth: number, body: string, ttlSec: number | undefined) {
    return { id: this.#id(nth), body: Buffer.from(body), ...(ttlSec === undefined ? {} : { ttlSec }) };
  }

  #id(nth: number): string {
    return this.#ids[nth] ?? newId();
  }

  #position(room: number, back: number): LogPosition {
    return back < 0 ? 0 : (this.#handshakes[room]?.at(-1 - back) ?? 0);
  }

  #nth(room: number, pos: LogPosition): number {
    return pos === 0 ? 0 : (this.#issued[room]?.indexOf(pos) ?? -1) + 1;
  }

  #outcome(room: number, outcome: object & { pos?: LogPosition; dup?: boolean; at?: number }): unknown {
    const { pos, dup, at } = outcome;
    if (pos === undefined)
      return Object.entries(outcome).map(([what, at]) => [what, this.#nth(room, at as LogPosition)]);
    if (!dup) {
      expect(pos).toBeGreaterThan(this.#issued[room]?.at(-1) ?? 0);
      this.#issued[room]?.push(pos);
    }
    return { pos: this.#nth(room, pos), dup, at };
  }

  #shown(room: number, entries: readonly Entry[]): unknown {
    return entries.map(({ pos, kind, at, body, access, retires }) => [
      this.#nth(room, pos),
      kind,
      at,
      text(body),
      access && text(access),
      retires,
    ]);
  }

  async #when({
    room,
    key,
    revision,
  }: {
    room: number;
    key: string;
    revision: string;
  }): Promise<{ revision?: string }> {
    if (revision === 'any') return {};
    if (revision === 'absent') return { revision };
    if (revision === 'other') return { revision: this.#revisions[0] ?? '0' };
    const present = await this.engine.state.get(this.#rooms[room] as string, key);
    return present ? { revision: present.revision } : {};
  }
}

function ttlOf({ ttlSec }: { readonly ttlSec: number | undefined }): { ttlSec?: number } {
  return ttlSec === undefined ? {} : { ttlSec };
}

/** Fixed, so that the test is repeatable. A failure prints the path to its counterexample. */
const SEED = 20_261_123;

test('LMDB behaves as the memory engine for random operations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 60 }), async (operations) => {
      const folder = mkdtempSync(join(tmpdir(), 'gochat-model-'));
      let now = Date.UTC(2026, 0, 1);
      const clock = () => now;
      const rooms = Array.from({ length: ROOMS }, newId);
      const ids = Array.from({ length: IDS }, newId);
      const model = new Subject(openMemory({ now: clock }), rooms, ids);
      const subject = new Subject(await openLmdb({ folder, now: clock }), rooms, ids);
      try {
        for (const [nth, operation] of operations.entries()) {
          if (operation.does === 'elapse') now += operation.seconds * 1000;
          if (operation.does === 'reopen') {
            await subject.engine.close();
            subject.engine = await openLmdb({ folder, now: clock });
          }
          expect(await subject.run(operation, nth)).toEqual(await model.run(operation, nth));
        }
        for (let room = 0; room < ROOMS; room++)
          expect(await subject.view(room)).toEqual(await model.view(room));
        expect(subject.engine.rooms()).toBe(model.engine.rooms());
      } finally {
        await subject.engine.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60, seed: SEED },
  );
});
