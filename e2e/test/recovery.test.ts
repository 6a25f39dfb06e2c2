import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLink } from '@gochat/crypto/link';
import { expect } from 'vitest';
import { test } from '../src/people/device-test.ts';
import { type DeviceWorld, followsAll, renewsOwnInvite, roomsOf } from '../src/people/devices.ts';
import { Someone, startServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

/** Ana is in three rooms on three servers. The last is Ben's. */
async function anaInThreeRooms(world: DeviceWorld) {
  const servers = [await world.server(), await world.server(), await world.server()] as const;
  const [ana, ben] = [await world.someone('ana'), await world.someone('ben')];
  const { room: diary } = await ana.hosts(servers[0].url, 'diary');
  const { room: notes } = await ana.hosts(servers[1].url, 'notes');
  const kitchen = await ana.joins((await ben.hosts(servers[2].url, 'kitchen')).link);
  await followsAll(ben);
  await followsAll(ana);
  await renewsOwnInvite(ben, ana, kitchen);
  return { ana, ben, servers, diary, notes, kitchen };
}

/** Waits until a recovery link leads to so many rooms, as they are now. */
async function untilCurrent(one: Someone, rooms: number): Promise<void> {
  const isCurrent = async () => {
    const state = await recoveryOf(one);
    return state.made && state.current && state.rooms === rooms;
  };
  await one.until(isCurrent, 'the safe has the tickets of now', 3 * WAIT_MS);
}

const recoveryOf = (one: Someone) => one.profile.call('recovery', {});

async function comesBack(world: DeviceWorld, link: string, label: string): Promise<Someone> {
  const again = await world.someone(label);
  expect(await again.profile.call('recover', { link, label, waitMs: WAIT_MS })).toBeNull();
  await again.until(
    async () => (await again.profile.call('linking', {})).stage === 'joined',
    `${label} has joined`,
  );
  return again;
}

test.concurrent('a recovery link alone brings a person back into rooms on three servers, with nobody online', async ({
  world,
}) => {
  const { ana, ben, kitchen } = await anaInThreeRooms(world);
  expect(await recoveryOf(ana)).toEqual({ made: false });
  const made = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  expect(made).toMatchObject({ rooms: 3, left: 0, link: expect.stringContaining('/#/recover/') });
  await untilCurrent(ana, 3);
  await ana.close();
  await ben.close();

  const again = await comesBack(world, made.link, 'New laptop');
  expect(await roomsOf(again)).toEqual(['diary', 'kitchen', 'notes']);
  expect(await again.profile.call('linking', {})).toEqual({
    stage: 'joined',
    joined: 3,
    missing: [],
    recovered: true,
  });
  expect(await again.profile.call('whoami', {})).toMatchObject({ name: 'ana' });
  const devices = await again.profile.call('devices', {});
  expect(devices).toMatchObject([
    { self: true, label: 'New laptop' },
    { self: false, rooms: 3 },
  ]);
  // The lost one goes, and the others see one person all along.
  const lost = devices[1]?.key ?? '';
  const { left } = await again.profile.call('removeDevice', { device: lost, waitMs: WAIT_MS });
  expect(left).toEqual([]);
  await again.says(kitchen, 'I am back');
  const watcher = await world.opens('ben', ben.dir);
  await followsAll(watcher);
  await watcher.hears(kitchen, 'I am back');
  const members = await watcher.profile.call('members', { room: kitchen });
  expect(members.map(({ name, devices: own }) => [name, own.length])).toEqual([
    ['ben', 1],
    ['ana', 1],
  ]);
  // The link is as good for the next time: the removal has ended its invite, and this device has granted it again.
  await untilCurrent(again, 3);
  await again.close();
  await watcher.close();
  const third = await comesBack(world, made.link, 'Third laptop');
  expect(await roomsOf(third)).toEqual(['diary', 'kitchen', 'notes']);
});

test.concurrent('a room whose own invite has changed meanwhile is named, and its neighbours are joined', async ({
  world,
}) => {
  const { ana, ben, kitchen } = await anaInThreeRooms(world);
  const { link } = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  await untilCurrent(ana, 3);
  await ana.close();
  const cleo = await world.someone('cleo');
  await cleo.joins(await ben.invites(kitchen));
  await ben.profile.call('remove', { room: kitchen, member: 'cleo', waitMs: WAIT_MS });
  const again = await comesBack(world, link, 'New laptop');
  expect(await roomsOf(again)).toEqual(['diary', 'notes']);
  expect(await again.profile.call('linking', {})).toMatchObject({
    stage: 'joined',
    joined: 2,
    missing: [{ room: 'kitchen', problem: { code: 'refused' } }],
  });
});

test.concurrent('a newer recovery link ends the one before, and neither is taken by a profile that is in use', async ({
  world,
}) => {
  const one = await world.server();
  const ana = await world.someone('ana');
  await ana.hosts(one.url, 'diary');
  const first = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  const second = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  const ben = await world.someone('ben');
  const recovers = (who: Someone, link: string) =>
    who.profile.call('recover', { link, label: 'Laptop', waitMs: WAIT_MS });
  await expect(recovers(ben, first.link)).rejects.toMatchObject({ data: { reason: 'recovery-ended' } });
  await expect(recovers(ben, second.link.replace('recover', 'join'))).rejects.toMatchObject({
    data: { reason: 'link-invalid', why: 'for-joining' },
  });
  await expect(
    ben.profile.call('join', { link: second.link, as: 'ben', waitMs: WAIT_MS }),
  ).rejects.toMatchObject({
    data: { reason: 'link-invalid', why: 'for-recovery' },
  });
  // What was refused has left the profile as it was.
  await ben.hosts(one.url, 'other');
  await expect(recovers(ben, second.link)).rejects.toMatchObject({ data: { reason: 'link-profile-used' } });
  const cleo = await world.someone('cleo');
  await recovers(cleo, second.link);
});

test.concurrent('a recovery goes on after the process has ended, with a server that was away', async ({
  world,
}) => {
  const { ana, ben, servers } = await anaInThreeRooms(world);
  const { link } = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  await untilCurrent(ana, 3);
  await ana.close();
  await ben.close();
  await servers[1].stop();
  const folder = await temporary();
  world.finally(() => folder.remove());
  const first = await Someone.open('again', folder.path);
  await first.profile.call('recover', { link, label: 'Laptop', waitMs: WAIT_MS });
  await first.close();
  const again = await world.opens('again', folder.path);
  await again.until(async () => (await roomsOf(again)).length === 2, 'two servers are there');
  const isOver = async () => (await again.profile.call('linking', {})).stage === 'joined';
  await again.until(isOver, 'the third is known to be away', 2 * WAIT_MS);
  const back = await startServer(servers[1].folder, servers[1].port);
  world.finally(() => back.stop());
  await again.until(async () => (await roomsOf(again)).length === 3, 'the third server is back');
});

test.concurrent('neither link, names nor labels are on the disk of a server', async ({ world }) => {
  const one = await world.server();
  const ana = await world.someone('ana');
  await ana.hosts(one.url, 'diary-of-ana');
  const { link } = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  const again = await comesBack(world, link, 'Laptop-of-ana');
  await again.close();
  await ana.close();
  await one.stop();
  const { secret } = parseLink(link, 'recover');
  const secrets = [
    'diary-of-ana',
    'Laptop-of-ana',
    Buffer.from(secret),
    Buffer.from(secret).toString('base64url'),
  ];
  for (const file of await readdir(one.folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    for (const text of secrets) expect([file.name, bytes.includes(text)]).toEqual([file.name, false]);
  }
});
