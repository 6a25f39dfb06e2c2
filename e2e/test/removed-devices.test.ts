import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from '../src/people/device-test.ts';
import {
  devicesOf,
  followsAll,
  isIn,
  isOut,
  keyOf,
  keysIn,
  links,
  renewsOwnInvite,
} from '../src/people/devices.ts';
import { startServer } from '../src/people/people.ts';
import { Stolen } from '../src/people/stolen.ts';
import { WAIT_MS } from '../src/waits.ts';

/** The server knows by an admin that an invite has ended; until then no member wraps the room's description for it. */
const REFUSED = expect.stringMatching(/^(refused|no-wrap)$/);

test('a lost device is removed from all rooms, says why, and comes back as an empty profile', async ({
  world,
}) => {
  const { ana, ben, phone, tablet, rooms } = await world.anaOnThreeDevices();
  const [diary, notes, kitchen, garden] = rooms;
  const lost = await keyOf(phone);
  const removal = await ana.profile.call('removeDevice', { device: lost, waitMs: WAIT_MS });
  expect(removal).toEqual({ key: lost, label: 'Phone', left: [] });
  await isOut(phone);
  const refusal = { code: 'not-member', data: { reason: 'device-removed' } };
  await expect(phone.profile.call('rooms', {})).rejects.toMatchObject(refusal);
  for (const [other, room] of [
    [tablet, diary],
    [tablet, notes],
    [ben, kitchen],
    [ben, garden],
  ] as const)
    await other.until(async () => !(await keysIn(other, room)).includes(lost), 'it is out of every room');
  await tablet.until(async () => (await devicesOf(tablet)).length === 2, 'two devices are left');
  expect((await devicesOf(ana)).map(({ rooms: many }) => many)).toEqual([4, 4]);

  const id = await tablet.says(kitchen, 'still here');
  await tablet.delivered(kitchen, [id]);
  await ben.hears(kitchen, 'still here');

  await phone.close();
  const again = await world.opens('phone', phone.dir);
  expect(await again.profile.call('rooms', {})).toEqual([]);
  expect(await again.profile.call('linking', {})).toEqual({ stage: 'none' });
  expect((await again.profile.call('preferences', {})).removed).toEqual(expect.any(Number));
  const { identity } = await again.profile.call('whoami', {});
  expect(identity).not.toBe((await ana.profile.call('whoami', {})).identity);
  await links(ana, again, 'Phone again');
  await isIn(again, ['diary', 'garden', 'kitchen', 'notes']);
  expect((await again.profile.call('preferences', {})).removed).toBeUndefined();
});

test('a thief with the identity key and all tickets is out once the device is removed, also where a server was away', async ({
  world,
}) => {
  const { ana, ben, phone, tablet, rooms, second } = await world.anaOnThreeDevices();
  const [, , kitchen, garden] = rooms;
  const lost = await keyOf(phone);
  const invites = [await phone.invites(kitchen), await ana.invites(garden)];
  await phone.close();
  const stolen = await Stolen.from(phone.dir);
  const [thief, later] = [await stolen.device(), await stolen.device()];
  for (const one of [thief, later]) world.finally(() => one.close());
  await thief.call('join', { link: stolen.link(kitchen), as: 'ana', waitMs: WAIT_MS });
  await ana.until(
    async () => (await devicesOf(ana)).some(({ unknown }) => unknown === true),
    'ana is warned',
  );

  await second.stop();
  const { left } = await ana.profile.call('removeDevice', { device: lost, waitMs: 4000 });
  expect(left.map(({ room, problem }) => [room, problem?.code])).toEqual(
    expect.arrayContaining([
      ['garden', 'offline'],
      ['notes', 'offline'],
    ]),
  );
  await ben.until(
    async () => (await keysIn(ben, kitchen)).length === 3,
    'ana is in the kitchen with two devices',
  );
  expect(await keysIn(ben, kitchen)).not.toContain(lost);
  await expect(
    later.call('join', { link: stolen.link(kitchen), as: 'ana', waitMs: WAIT_MS }),
  ).rejects.toMatchObject({ code: REFUSED });

  // The one who has ordered it is away meanwhile: another one carries it out.
  await ana.close();
  const again = await startServer(second.folder, second.port);
  world.finally(() => again.stop());
  const isOut = async () => !(await keysIn(ben, garden)).includes(lost);
  await ben.until(isOut, 'it is out of the garden');
  await tablet.until(
    async () => (await devicesOf(tablet)).every(({ removal }) => removal === undefined),
    'the tablet has removed it everywhere',
  );
  await expect(
    later.call('join', { link: stolen.link(garden), as: 'ana', waitMs: WAIT_MS }),
  ).rejects.toMatchObject({ code: REFUSED });
  // Nor by links that were made before.
  for (const link of invites)
    await expect(later.call('join', { link, as: 'ana', waitMs: WAIT_MS })).rejects.toMatchObject({
      code: REFUSED,
    });
  expect(await devicesOf(tablet)).toHaveLength(2);
});

test('a device that a lost one has taken in stays, is named as one that came later, and can be removed as well', async ({
  world,
}) => {
  const [server, ana] = [await world.server(), await world.someone('ana')];
  const [early, phone, burner] = [
    await world.someone('early'),
    await world.someone('phone'),
    await world.someone('burner'),
  ];
  await ana.hosts(server.url, 'diary');
  await links(ana, early, 'Desk');
  await links(ana, phone, 'Phone');
  await isIn(phone, ['diary']);
  await links(phone, burner, 'Burner');
  const [lost, taken] = [await keyOf(phone), await keyOf(burner)];
  const laterOf = async (label: string) =>
    (await devicesOf(ana)).find((device) => device.label === label)?.later;
  await ana.until(async () => (await laterOf('Phone')) !== undefined, 'ana sees the burner');
  expect(await laterOf('Phone')).toEqual([taken]);
  expect((await laterOf('Desk'))?.toSorted()).toEqual([lost, taken].toSorted());
  expect(await laterOf('Burner')).toBeUndefined();
  await ana.profile.call('removeDevice', { device: lost, waitMs: WAIT_MS });
  await isOut(phone);
  expect((await devicesOf(ana)).map(({ label }) => label)).toContain('Burner');
  expect(await laterOf('Desk')).toEqual([taken]);
  await ana.profile.call('removeDevice', { device: taken, waitMs: WAIT_MS });
  await isOut(burner);
});

test('two devices remove a third one at once, and a limited one removes nobody', async ({ world }) => {
  const { ana, ben, phone, tablet, rooms } = await world.anaOnThreeDevices();
  const [, , kitchen] = rooms;
  const bot = await world.someone('bot');
  await links(ana, bot, 'Bot', true);
  await isIn(bot, ['diary', 'garden', 'kitchen', 'notes']);
  await followsAll(bot);
  const lost = await keyOf(phone);
  await expect(bot.profile.call('removeDevice', { device: lost, waitMs: WAIT_MS })).rejects.toMatchObject({
    data: { reason: 'device-limited' },
  });
  await expect(
    ana.profile.call('removeDevice', { device: await keyOf(ana), waitMs: WAIT_MS }),
  ).rejects.toMatchObject({
    data: { reason: 'device-self' },
  });
  const removals = [ana, tablet].map((one) =>
    one.profile.call('removeDevice', { device: lost, waitMs: WAIT_MS }),
  );
  for (const { left } of await Promise.all(removals)) expect(left).toEqual([]);
  await isOut(phone);
  for (const one of [ana, tablet, bot]) {
    await isIn(one, ['diary', 'garden', 'kitchen', 'notes']);
    await one.until(async () => (await devicesOf(one)).length === 3, `${one.name} sees three devices`);
  }
  expect((await devicesOf(ana)).find(({ label }) => label === 'Bot')).toMatchObject({
    limited: true,
    rooms: 4,
  });
  const id = await bot.says(kitchen, 'beep');
  await bot.delivered(kitchen, [id]);
  await ben.hears(kitchen, 'beep');
  expect(await ben.warnings(kitchen)).toEqual([]);
});

test('whoever was removed by an admin, and is invited again on one device, comes back on all', async ({
  world,
}) => {
  const { ana, ben, phone, tablet, rooms } = await world.anaOnThreeDevices();
  const [, , kitchen] = rooms;
  const member = (await ben.profile.call('members', { room: kitchen })).find(({ self }) => !self)?.id ?? '';
  await ben.profile.call('remove', { room: kitchen, member, waitMs: WAIT_MS });
  for (const one of [ana, phone, tablet]) await isIn(one, ['diary', 'garden', 'notes']);
  await phone.joins(await ben.invites(kitchen));
  await renewsOwnInvite(ben, phone, kitchen);
  for (const one of [ana, phone, tablet]) await isIn(one, ['diary', 'garden', 'kitchen', 'notes']);

  await phone.profile.call('leave', { room: kitchen, waitMs: WAIT_MS });
  for (const one of [ana, tablet]) await isIn(one, ['diary', 'garden', 'notes']);
  await ana.joins(await ben.invites(kitchen));
  await renewsOwnInvite(ben, ana, kitchen);
  for (const one of [ana, phone, tablet]) await isIn(one, ['diary', 'garden', 'kitchen', 'notes']);
});

test('the server stores neither what a device is called nor what is kept, nor the digits that were typed', async ({
  world,
}) => {
  const { ana, first, second, digits } = await world.anaOnThreeDevices();
  await ana.profile.call('labelDevice', { label: 'Umbrella holder' });
  // In a longer number they are there by chance.
  const typed = digits.map((six) => new RegExp(`(?<![0-9])${six.slice(0, 3)}[ -]?${six.slice(3)}(?![0-9])`));
  const folders = [first.folder, second.folder];
  for (const one of [first, second]) await one.stop();
  let bytes = 0;
  for (const folder of folders)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const content = await readFile(join(entry.parentPath, entry.name));
      bytes += content.length;
      for (const secret of ['Umbrella', 'Tablet', 'kitchen', 'diary', 'ticket ', 'verified '])
        expect(content.includes(secret), `${entry.name} has ${secret}`).toBe(false);
      for (const six of typed)
        expect(six.test(content.toString('latin1')), `${entry.name} has ${six}`).toBe(false);
    }
  expect(typed).toHaveLength(2);
  expect(bytes).toBeGreaterThan(100_000);
});
