import { createRoom } from '@gochat/crypto/create';
import { createIdentity } from '@gochat/crypto/identity';
import { openVault } from '@gochat/crypto/vault';
import { noFiles } from '@gochat/e2e/internal/people/no-files';
import { expect, test } from 'vitest';
import { Rooms } from '../src/account/rooms.ts';
import { PREFERENCES } from '../src/account/settings.ts';
import { Disconnected } from '../src/net/connection-errors.ts';
import { platform } from '../src/profile/platform.ts';
import { RoomStore } from '../src/room/room-store.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { Records } from '../src/store/records.ts';

test('whoever asks for a room while it is joined again gets the new membership, not the one that was left', async () => {
  const records = new Records(new MemoryStore(), openVault(new Uint8Array(32)), platform);
  const who = createIdentity(platform);
  const { room } = await createRoom(who, { room: 'kitchen', own: 'ana' }, platform);
  const meta = {
    id: room.id,
    server: 'tcp://127.0.0.1:1',
    name: 'kitchen',
    as: 'ana',
    left: false,
    leaving: [],
    since: 0,
  };
  await RoomStore.store(records, { ...meta, left: true }, { ...room, status: 'removed' }, undefined);
  const rooms = await Rooms.load({
    records,
    who,
    env: platform,
    connect: () => Promise.reject(new Disconnected({ kind: 'closed-here' })),
    emit: () => undefined,
    watchWakes: () => () => undefined,
    files: noFiles.files,
    preferences: () => PREFERENCES,
  });
  const older = await rooms.named(room.id);
  expect(older.meta.left).toBe(true);
  await RoomStore.store(records, meta, { ...room, status: 'active' }, undefined);
  const adopting = rooms.adopt(meta);
  const [asked, adopted] = await Promise.all([rooms.named(room.id), adopting]);
  expect(adopted.meta.left).toBe(false);
  expect(asked).toBe(adopted);
  await rooms.close();
});
