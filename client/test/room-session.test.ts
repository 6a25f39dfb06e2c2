import { createRoom, landedFirst } from '@gochat/crypto/create';
import { heal } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { openVault } from '@gochat/crypto/vault';
import type { Position } from '@gochat/protocol/fields';
import { expect, test, vi } from 'vitest';
import type { Connection } from '../src/net/connection.ts';
import { platform } from '../src/profile/platform.ts';
import { RoomSession } from '../src/room/room-session.ts';
import { RoomStore } from '../src/room/room-store.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { Records } from '../src/store/records.ts';

const SEQ = '1' as Position;

/** A room of one member, and a connection to a server that lets it enter when the test says so, and answers nothing else. */
async function session({ enters = true } = {}) {
  const disk = new MemoryStore();
  const records = new Records(disk, openVault(new Uint8Array(32)), platform);
  const { room } = await createRoom(createIdentity(platform), { room: 'kitchen', own: 'ana' }, platform);
  const server = 'tcp://127.0.0.1:1';
  const meta = { id: room.id, server, name: 'kitchen', as: 'ana', left: false, leaving: [], since: 0 };
  await RoomStore.store(records, meta, landedFirst(room, SEQ), undefined);
  const one = new RoomSession(await RoomStore.load(records, platform, meta), platform, {
    items: () => undefined,
    expired: () => undefined,
    waiting: () => undefined,
    presence: () => undefined,
  });
  const sent: string[] = [];
  let lets: () => void = () => undefined;
  const entered = new Promise<void>((resolve) => {
    lets = resolve;
  });
  if (enters) lets();
  const connection = {
    dialled: { origin: '127.0.0.1:1', nonce: 'n' },
    serverNow: () => Date.now(),
    request: async ({ type }: { readonly type: string }) => {
      sent.push(type);
      if (type !== 'enter') return new Promise(() => undefined);
      await entered;
      return { handshake: SEQ, rules: {}, floor: SEQ, last: '11' };
    },
  } as unknown as Connection;
  one.attach(connection);
  await expect.poll(() => sent).toEqual(['enter']);
  const noise = { type: 'entry', room: room.id, kind: 'message', at: platform.now(), body: 'AAAA' } as const;
  return {
    one,
    sent,
    lets,
    /** The disk takes no more writes. */
    breaks: () => {
      disk.write = () => Promise.reject(new Error('the disk is full'));
    },
    live: { type: 'live', room: room.id, seq: SEQ } as const,
    /** A message that nobody can open. */
    entry: { ...noise, seq: '2' as Position },
  };
}

test('a room is not live if its connection ended before the end of the backlog was processed', async () => {
  const { one, live } = await session();
  await one.take(live);
  one.detach();
  // Waits for all that was begun.
  await one.close();
  expect(one.isFollowing).toBe(false);
});

test('a change waits while the room has no connection, and lets other work run', async () => {
  const { one, live } = await session();
  await one.take(live);
  one.detach();
  await expect(one.change((room) => heal(room, platform), 50)).rejects.toMatchObject({
    data: { reason: 'change-unsent' },
  });
});

test('what arrives before the answer to enter is processed after it', async () => {
  const { one, lets, live, entry } = await session({ enters: false });
  await one.take(live);
  await one.take(entry);
  const queued = one.queue([{ id: 'A'.repeat(22), content: { kind: 'text', text: 'hello' } }]);
  // The server may answer late: what the user writes is stored meanwhile.
  await queued;
  expect(one.queued).toBe(1);
  expect(one.isFollowing).toBe(false);
  lets();
  await expect.poll(() => one.isLive).toBe(true);
  expect(one.unopened).toBe(1);
});

test('a change is sent although an entry arrives while it is made', async () => {
  const { one, sent, live, entry } = await session();
  await one.take(live);
  const change = one.change(async (room) => {
    void one.take(entry);
    return heal(room, platform);
  }, 60_000);
  change.catch(() => undefined);
  await expect.poll(() => sent).toEqual(['enter', 'handshake']);
});

test('a closed room ends the changes that wait, and says of each whether it may still land', async () => {
  const { one, live, sent } = await session();
  await one.take(live);
  const outcome = (change: Promise<void>) => change.catch((error: unknown) => error);
  const first = outcome(one.change((room) => heal(room, platform), 60_000));
  const second = outcome(one.change((room) => heal(room, platform), 60_000));
  await expect.poll(() => sent).toEqual(['enter', 'handshake']);
  await one.close();
  expect(await Promise.all([first, second])).toMatchObject([
    { data: { reason: 'change-unanswered' } },
    { data: { reason: 'change-unsent' } },
  ]);
});

test('nothing is sent that could not be stored', async () => {
  const { one, live, sent, breaks } = await session();
  await one.take(live);
  await expect.poll(() => one.isLive).toBe(true);
  breaks();
  await expect(one.change((room) => heal(room, platform), 60_000)).rejects.toMatchObject({
    data: { reason: 'profile-write' },
  });
  await one.take(live);
  await one.close();
  expect(sent).toEqual(['enter']);
});

test('while many entries are read, the platform has turns for other work', async () => {
  const { one, entry } = await session();
  const many = 100;
  let turns = 0;
  const count = () => {
    turns += 1;
    turn = setImmediate(count);
  };
  let turn = setImmediate(count);
  const read = new Promise<number>((resolve) => {
    one.condition.always(() => {
      if (one.unopened === many) resolve(turns);
    });
  });
  for (let i = 0; i < many; i += 1) void one.take({ ...entry, seq: String(2 + i) as Position });
  expect(await read).toBeGreaterThanOrEqual(3);
  clearImmediate(turn);
});

test('how much of the backlog is read is counted, and how much there is estimated, once it takes half a second', async () => {
  const { one, live, entry } = await session();
  await one.take(entry);
  await expect.poll(() => one.unopened).toBe(1);
  expect(one.catchingUp).toBeUndefined();
  const later = platform.now() + 600;
  vi.spyOn(platform, 'now').mockImplementation(() => later);
  expect(one.catchingUp).toEqual({ read: 1, of: 10 });
  await one.take({ ...entry, seq: '6' as Position });
  await expect.poll(() => one.catchingUp).toEqual({ read: 2, of: 4 });
  await one.take(live);
  await expect.poll(() => one.isLive).toBe(true);
  expect(one.catchingUp).toBeUndefined();
});
