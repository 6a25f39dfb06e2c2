import { createIdentity } from '@gochat/crypto/identity';
import { openVault } from '@gochat/crypto/vault';
import { noFiles } from '@gochat/e2e/internal/people/no-files';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Rooms } from '../src/account/rooms.ts';
import { PREFERENCES } from '../src/account/settings.ts';
import type { Connection } from '../src/net/connection.ts';
import { platform } from '../src/profile/platform.ts';
import type { RoomSession } from '../src/room/room-session.ts';
import { Condition } from '../src/schedule/condition.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { Records } from '../src/store/records.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What comes of waiting for a room whose entries come in intervals, and are all there after `entries` of them. */
async function caughtUp(entries: number, intervalMs: number, waitMs: number): Promise<string> {
  const connection = {
    closed: new Promise(() => undefined),
    onFrame: () => () => undefined,
    close: () => undefined,
  };
  const rooms = await Rooms.load({
    records: new Records(new MemoryStore(), openVault(new Uint8Array(32)), platform),
    who: createIdentity(platform),
    env: platform,
    connect: async () => connection as unknown as Connection,
    emit: () => undefined,
    watchWakes: () => () => undefined,
    files: noFiles.files,
    preferences: () => PREFERENCES,
  });
  const session = {
    ended: undefined,
    isLive: false,
    meta: { server: 'tcp://127.0.0.1:1' },
    room: { position: 0 },
    condition: new Condition(),
  };
  const result = rooms.caughtUp(session as unknown as RoomSession, waitMs).then(
    () => 'caught up',
    (error: { readonly data: { readonly reason: string } }) => error.data.reason,
  );
  for (let entry = 1; entry <= entries; entry++) {
    await vi.advanceTimersByTimeAsync(intervalMs);
    session.room.position = entry;
    session.isLive = entry === entries;
    session.condition.changed();
  }
  return result;
}

test('a room is caught up however long that takes, as long as its entries keep coming', async () => {
  expect(await caughtUp(100, 4000, 5000)).toBe('caught up');
  expect(await caughtUp(100, 6000, 5000)).toBe('server-slow');
});
