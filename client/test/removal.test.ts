import { invite, remove } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { invitesOf, membersOf, type Room } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import { encodeBytes } from '@gochat/protocol/encoding';
import { expect, test } from 'vitest';
import { Governance } from '../src/account/governance.ts';
import { platform } from '../src/profile/platform.ts';
import type { RoomSession } from '../src/room/room-session.ts';
import { Device, TestLog } from './device.ts';

/** Ana, who is admin, and mal, who has made a link. */
async function anaAndMal() {
  const who = createIdentity(platform);
  const ana = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  await ana.reopens();
  const secret = platform.random(16);
  await ana.commits((room) => invite(room, secret, {}, platform));
  const mal = await Device.joins(ana, who, 'mal', secret);
  await mal.commits((room) => invite(room, platform.random(16), {}, platform));
  await ana.reads();
  return { ana, mal, device: encodeBytes(who.device.publicKey) };
}

/** Ana removes mal. @param first what is in the log before her removal is made */
function removes(ana: Device, first: (room: Room) => Promise<void>) {
  let isFirst = true;
  const session = {
    get room() {
      return ana.room;
    },
    change: async (make: Parameters<Device['commits']>[0]) => {
      if (isFirst) await first(ana.room);
      isFirst = false;
      await ana.commits(make);
    },
  };
  const params = { room: ana.room.id, member: 'mal', waitMs: 0 };
  return new Governance(platform).remove(session as unknown as RoomSession, params);
}

const names = ({ room }: Device) => membersOf(room).map(({ name }) => name);

test('whoever asks to leave just before the removal keeps no link, either', async () => {
  const { ana, device } = await anaAndMal();
  expect(invitesOf(ana.room)).toHaveLength(2);
  // Ana's client answers mal's message by a removal that leaves the invites valid.
  await removes(ana, () => ana.commits((room) => remove(room, device, platform, { keep: true })));
  expect(names(ana)).toEqual(['ana']);
  expect(invitesOf(ana.room)).toEqual([]);
});

test('a removal that another admin has made first is enough', async () => {
  const { ana, device } = await anaAndMal();
  let handshakes = 0;
  await removes(ana, async () => {
    await ana.commits((room) => remove(room, device, platform));
    handshakes = ana.log.entries.length;
  });
  expect(ana.log.entries).toHaveLength(handshakes);
  expect(ana.room.joinsClosed).toBe(true);
});

test('a removal that fails for another reason fails', async () => {
  const { ana } = await anaAndMal();
  const removal = removes(ana, async () => {
    throw new RoomError('pending');
  });
  await expect(removal).rejects.toMatchObject({ code: 'pending' });
  expect(names(ana)).toEqual(['ana', 'mal']);
});
