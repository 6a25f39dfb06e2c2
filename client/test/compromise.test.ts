import { invite } from '@gochat/crypto/handshake';
import { createIdentity, withNewDevice } from '@gochat/crypto/identity';
import type { Room } from '@gochat/crypto/room';
import { expect, test } from 'vitest';
import { Governance } from '../src/account/governance.ts';
import { shownMembers } from '../src/account/room-info.ts';
import { platform } from '../src/profile/platform.ts';
import type { RoomSession } from '../src/room/room-session.ts';
import { Device, TestLog } from './device.ts';

/** Ana, who is admin, and ben, each with a laptop and a phone. All have read the log. */
async function twoWithTwo() {
  const who = { ana: createIdentity(platform), ben: createIdentity(platform) };
  const ana = await Device.founds(new TestLog(), who.ana, 'ana');
  await ana.reopens();
  const secret = platform.random(16);
  await ana.commits((room) => invite(room, secret, {}, platform));
  const ben = await Device.joins(ana, who.ben, 'ben', secret);
  await ana.heals();
  await ben.reads();
  const own = ben.room.own ?? new Uint8Array();
  const anaPhone = await Device.joins(ben, withNewDevice(who.ana, platform), 'ana', own);
  await ben.reads();
  const benPhone = await Device.joins(ben, withNewDevice(who.ben, platform), 'ben', own);
  for (const device of [ana, ben, anaPhone]) await device.reads();
  return { ana, ben, anaPhone, benPhone };
}

function reports(by: Device, device?: string): Promise<null> {
  const session = {
    get room() {
      return by.room;
    },
    change: (make: Parameters<Device['commits']>[0]) => by.commits(make),
  };
  const which = device === undefined ? {} : { device };
  const params = { room: by.room.id, ...which, waitMs: 0 };
  return new Governance(platform).reportCompromise(session as unknown as RoomSession, params);
}

/** The own devices in a room, as a member list has them. */
function devicesOf(room: Room): readonly string[] {
  const self = shownMembers(room).find(({ info }) => info.self);
  return self?.info.devices.map(({ key }) => key) ?? [];
}

test('a device that was copied renews its keys, and the admins are asked to end the access of copies', async () => {
  const { ana, ben } = await twoWithTwo();
  const before = ben.room.mls.signaturePrivateKey.slice();
  await reports(ben);
  await ana.reads();
  expect(ben.room.mls.signaturePrivateKey).not.toEqual(before);
  expect(devicesOf(ben.room)).toHaveLength(2);
  expect(ana.room.retirement.due).toBe('asked');
});

test('a device that was lost is removed, its person stays, and the admins are asked to end its access', async () => {
  const { ana, ben, benPhone } = await twoWithTwo();
  const [laptop, phone = ''] = devicesOf(ben.room);
  await reports(ben, phone.slice(0, 8));
  await ana.reads();
  await benPhone.reads();
  expect(devicesOf(ben.room)).toEqual([laptop]);
  expect(benPhone.room.status).toBe('removed');
  expect(ana.room.retirement.due).toBe('asked');
  expect(ana.room.joinsClosed).toBe(false);
});

test('the removal of an admin’s device ends the invites', async () => {
  const { ana, ben, anaPhone } = await twoWithTwo();
  const [, phone = ''] = devicesOf(ana.room);
  await reports(ana, phone);
  await ben.reads();
  await anaPhone.reads();
  expect(anaPhone.room.status).toBe('removed');
  expect(ben.room.joinsClosed).toBe(true);
  expect(devicesOf(ana.room)).toHaveLength(1);
});

test('the device of another person is not reported', async () => {
  const { ana, ben } = await twoWithTwo();
  const [hers = ''] = devicesOf(ana.room);
  await expect(reports(ben, hers)).rejects.toMatchObject({ data: { reason: 'device-unknown', id: hers } });
  await expect(reports(ben, '')).rejects.toMatchObject({ data: { reason: 'device-unknown' } });
});
