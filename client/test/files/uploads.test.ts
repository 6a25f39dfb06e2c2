import { openVault } from '@gochat/crypto/vault';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { expect, onTestFinished, test, vi } from 'vitest';
import { EarlyUploads } from '../../src/files/early-uploads.ts';
import { type FileDoor, refusalOf } from '../../src/files/file-door.ts';
import { RoomsCache } from '../../src/files/rooms-cache.ts';
import type { FileAnswer } from '../../src/files/transfer.ts';
import { Uploads, type UploadsParts } from '../../src/files/uploads.ts';
import type { ServerConnection } from '../../src/net/server-connection.ts';
import { platform } from '../../src/profile/platform.ts';
import type { RoomSession } from '../../src/room/room-session.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { Records } from '../../src/store/records.ts';
import { SmallCache } from './small-cache.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MESSAGE = 'message';
const room = 'R'.padEnd(22, 'A') as RoomId;
const file = { id: 'F'.padEnd(22, 'A') as FileId, key: 'k', hash: 'h', bytes: 10 };

function answer(status: number, retryAfterMs: number): FileAnswer {
  return { status, retryAfterMs, body: new Uint8Array() };
}

/** Facts that are awaited one after another. */
class Facts<T> {
  readonly #come: T[] = [];
  #waiting: ((fact: T) => void) | undefined;

  add(fact: T): void {
    if (this.#waiting === undefined) this.#come.push(fact);
    else this.#waiting(fact);
    this.#waiting = undefined;
  }

  next(): Promise<T> {
    const first = this.#come.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  get none(): boolean {
    return this.#come.length === 0;
  }
}

/** A message with one file waits, and the server refuses every chunk of it. Time passes when the test says so. */
async function refused(answers: () => FileAnswer) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const [asked, rested] = [new Facts<'asked'>(), new Facts<'rested'>()];
  const cache = new RoomsCache(new SmallCache(1_000_000));
  await cache.putOwn(room, file.id, 0, new Uint8Array(10));
  const records = new Records(new MemoryStore(), openVault(new Uint8Array(32)), platform);
  const door = {
    ask: async () => answer(404, 0),
    async put() {
      asked.add('asked');
      throw refusalOf(answers());
    },
  } as unknown as FileDoor;
  const session = {
    room: { id: room, status: 'active' },
    isFollowing: true,
    fileRevision: 0,
    outgoing: [],
    uploads: [{ id: MESSAGE, content: { kind: 'text', text: '', files: [file] } }],
    uploadsChanged: () => rested.add('rested'),
  } as unknown as RoomSession;
  const clock = { now: () => Date.now() };
  const early = new EarlyUploads({ records, cache, clock, door: () => door });
  const server = { connection: {} } as unknown as ServerConnection;
  const parts: UploadsParts = { session, server, records, cache, door, clock, early, fresh: new Set() };
  const uploads = new Uploads(parts);
  onTestFinished(() => uploads.close());
  return { uploads, asked, rested };
}

test.each([
  [
    'that its disk is full, asks again after a minute, and then after twice as long, up to half an hour',
    [507, MINUTE],
    'files-full',
    [1, 2, 4, 8, 16, 30, 30],
  ],
  ['that it is busy, and names no time, waits as long', [429, 0], 'server-busy', [1, 2, 4, 8, 16, 30, 30]],
  ['when it may come again, does not come earlier', [429, 5 * MINUTE], 'server-busy', [5, 5, 5, 8, 16, 30]],
  ['to wait for a day, waits for half an hour', [507, 24 * 60 * MINUTE], 'files-full', [30, 30, 30]],
  [
    'to wait for a day as it is busy, waits for half an hour',
    [429, 24 * 60 * MINUTE],
    'server-busy',
    [30, 30],
  ],
] as const)('an upload that gets %s', async (_what, [status, retryAfterMs], reason, minutes) => {
  const { uploads, asked, rested } = await refused(() => answer(status, retryAfterMs));
  uploads.nudge();
  for (const wait of minutes) {
    await asked.next();
    await rested.next();
    expect(uploads.state(MESSAGE)).toMatchObject({
      files: [{ done: 0, of: 10 }],
      problem: { data: { reason } },
    });
    vi.advanceTimersByTime(wait * MINUTE - 1);
    // Nor does anything else that happens in the room make it ask. Other files of this process may have timers of their own.
    const before = vi.getTimerCount();
    uploads.nudge();
    expect([vi.getTimerCount() - before, asked.none]).toEqual([0, true]);
    vi.advanceTimersByTime(1);
  }
  await asked.next();
});
