import { sealChunk } from '@gochat/crypto/file';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import type { ChatEvent } from '../../src/api/methods.ts';
import { CacheBound } from '../../src/files/cache-bound.ts';
import { Fetches, type WantedFile } from '../../src/files/fetches.ts';
import type { FileDoor } from '../../src/files/file-door.ts';
import type { RoomAt } from '../../src/files/room-at.ts';
import { RoomsCache } from '../../src/files/rooms-cache.ts';
import type { FileAnswer } from '../../src/files/transfer.ts';
import { platform } from '../../src/profile/platform.ts';
import { FakeClock } from '../fake-clock.ts';
import { SmallCache } from './small-cache.ts';

const room = 'R'.padEnd(22, 'A') as RoomId;

/** A preview of one chunk, named by a number. */
function preview(number: number): WantedFile {
  const id = String(number).padEnd(22, 'A') as FileId;
  return { file: { id, key: 'A'.repeat(43), hash: `hash ${number}`, bytes: 10 }, postedAt: 0 };
}

const AFTER = [2000, 2001];

const numberOf = (id: string) => Number(/^\d+?(?=A)/.exec(id)?.[0]);

/** @param ask answers a request on a chunk; each server has a room */
function fetching(ask: (server: string, number: number) => Promise<void>) {
  const cache = new SmallCache(100_000_000);
  const events: ChatEvent[] = [];
  const watchers: (() => void)[] = [];
  const door = ({ session }: RoomAt) =>
    ({
      async ask({ id }: { readonly id: FileId }): Promise<FileAnswer> {
        await ask(session.meta.server, numberOf(id));
        const seal = { room, id, key: 'A'.repeat(43), bytes: 10 };
        const body = await sealChunk(seal, 0, new Uint8Array(10), platform);
        return { status: 200, body, retryAfterMs: 0 };
      },
    }) as unknown as FileDoor;
  const fetches = new Fetches({
    cache: new RoomsCache(cache),
    bound: new CacheBound(cache, async () => new Set()),
    clock: new FakeClock(),
    door,
    emit(event) {
      events.push(event);
      for (const watcher of watchers.splice(0)) watcher();
    },
  });
  const here = () =>
    events.flatMap((event) => (event.kind === 'file' && event.state === 'here' ? [event.id] : []));
  return {
    fetches,
    at: (server: string) =>
      ({
        session: { room: { id: room }, meta: { server } },
        server: { online: async () => ({ serverNow: () => 0 }) },
      }) as unknown as RoomAt,
    /**
     * The previews that have come, in their order, once there are so many.
     * @param after where two more come first, one after the other: in this order only if nothing else is on its way any more
     */
    async come(count: number, after?: RoomAt): Promise<readonly number[]> {
      if (after !== undefined) {
        await new Promise((resolve) => setImmediate(resolve));
        for (const number of AFTER) fetches.inBackground(after, [preview(number)]);
      }
      while (here().length < count) await new Promise<void>((resolve) => watchers.push(resolve));
      return here().map(numberOf);
    },
  };
}

test('previews are fetched unasked one after another, the newest first, and of many the newest 50', async () => {
  let [running, most] = [0, 0];
  const { fetches, at, come } = fetching(async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  });
  const numbers = Array.from({ length: 60 }, (_, i) => 1000 + i);
  fetches.inBackground(at('one'), numbers.map(preview));
  const order = numbers.slice(10).reverse();
  expect(await come(50)).toEqual(order);
  expect(await come(52, at('one'))).toEqual([...order, ...AFTER]);
  expect(most).toBe(1);
  fetches.close();
});

test('what comes while previews are fetched goes before those that wait, and those that are too many are left out', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { fetches, at, come } = fetching(() => held);
  fetches.inBackground(at('one'), [preview(1), preview(2)]);
  // The second is on its way.
  fetches.inBackground(
    at('one'),
    Array.from({ length: 50 }, (_, i) => preview(100 + i)),
  );
  release();
  const order = [2, ...Array.from({ length: 50 }, (_, i) => 149 - i)];
  expect(await come(51)).toEqual(order);
  expect(await come(53, at('one'))).toEqual([...order, ...AFTER]);
  fetches.close();
});

test('a server that does not answer keeps no previews of another waiting', async () => {
  const { fetches, at, come } = fetching((server) =>
    server === 'silent' ? new Promise(() => undefined) : Promise.resolve(),
  );
  fetches.inBackground(at('silent'), [preview(1), preview(2)]);
  fetches.inBackground(at('quick'), [preview(3), preview(4)]);
  expect(await come(2)).toEqual([4, 3]);
  fetches.close();
});

test('a preview that fails is passed over', async () => {
  const { fetches, at, come } = fetching((_server, number) =>
    number === 2 ? Promise.reject(new Error('refused')) : Promise.resolve(),
  );
  fetches.inBackground(at('one'), [preview(1), preview(2), preview(3)]);
  expect(await come(2)).toEqual([3, 1]);
  fetches.close();
});

test('a chunk that two ask for is fetched once, and one that was dropped from the cache once more', async () => {
  const asked: number[] = [];
  const { fetches, at } = fetching(async (_server, number) => {
    asked.push(number);
  });
  await Promise.all([fetches.chunk(at('one'), preview(1), 0), fetches.chunk(at('one'), preview(1), 0)]);
  await fetches.chunk(at('one'), preview(1), 0);
  expect(asked).toEqual([1]);
  await fetches.damaged(room, preview(1).file);
  await fetches.chunk(at('one'), preview(1), 0);
  expect(asked).toEqual([1, 1]);
  fetches.close();
});
