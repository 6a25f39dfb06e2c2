import { createRoom, landedFirst } from '@gochat/crypto/create';
import { heal } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { openVault } from '@gochat/crypto/vault';
import type { Position } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import type { Connection } from '../src/net/connection.ts';
import { platform } from '../src/profile/platform.ts';
import { RoomSession } from '../src/room/room-session.ts';
import { RoomStore } from '../src/room/room-store.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { Records } from '../src/store/records.ts';

const SEQ = '1' as Position;

/** A room of one member, and a connection to a server that lets it enter and answers nothing else. */
async function session() {
  const records = new Records(new MemoryStore(), openVault(new Uint8Array(32)), platform);
  const { room } = await createRoom(createIdentity(platform), { room: 'kitchen', own: 'ana' }, platform);
  const server = 'tcp://127.0.0.1:1';
  const meta = { id: room.id, server, name: 'kitchen', as: 'ana', left: false, leaving: [], since: 0 };
  await RoomStore.store(records, meta, landedFirst(room, SEQ), undefined);
  const one = new RoomSession(await RoomStore.load(records, platform, meta), platform, {
    items: () => undefined,
    waiting: () => undefined,
    presence: () => undefined,
  });
  let entered: () => void = () => undefined;
  const entering = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const connection = {
    dialled: { origin: '127.0.0.1:1', nonce: 'n' },
    request: async ({ type }: { readonly type: string }) => {
      if (type !== 'enter') return new Promise(() => undefined);
      entered();
      return { handshake: SEQ, rules: {}, floor: SEQ };
    },
  } as unknown as Connection;
  one.attach(connection);
  await entering;
  return { one, live: { type: 'live', room: room.id, seq: SEQ } as const };
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
