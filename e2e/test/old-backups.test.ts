import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platform } from '@gochat/client/internal/profile/platform';
import { recoveryKeys } from '@gochat/crypto/age';
import { expect } from 'vitest';
import { test } from '../src/people/device-test.ts';
import {
  type DeviceWorld,
  devicesOf,
  followsAll,
  isIn,
  renewsOwnInvite,
  roomsOf,
} from '../src/people/devices.ts';
import { type Someone, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { WAIT_MS } from '../src/waits.ts';

const DAY_MS = 24 * 3600_000;
/** How old backups are, in days. */
const AGES = [1, 60];
const keys = await recoveryKeys(crypto.getRandomValues(new Uint8Array(16)));

/** A folder for a backup and the profile that it is restored into. */
async function drawer(world: DeviceWorld) {
  const folder = await temporary();
  world.finally(() => folder.remove());
  const [file, key, profile] = ['ana.age', 'key', 'new'].map((name) => join(folder.path, name));
  await writeFile(key ?? '', keys.identity);
  const run = (dir: string, args: readonly string[]) =>
    runGochat([...args, '--profile', dir], { HOME: folder.path });
  return {
    profile: profile ?? '',
    backsUp: (one: Someone) => run(one.dir, ['profile', 'backup', file ?? '', '--to', keys.recipient]),
    restores: () =>
      run(profile ?? '', [
        'profile',
        'restore',
        file ?? '',
        '--identity',
        key ?? '',
        '--label',
        'New laptop',
      ]),
    tails: async (room: string) => (await run(profile ?? '', ['tail', room, '--wait', '1s'])).out,
  };
}

/** Ana, so many days ago, in a diary of her own and in Ben's kitchen. */
async function anaThen(world: DeviceWorld, days: number) {
  const then = { ...platform, now: () => Date.now() - days * DAY_MS };
  const server = await world.server();
  const [ana, ben] = [await world.someone('ana', { env: then }), await world.someone('ben')];
  const { room: diary } = await ana.hosts(server.url, 'diary');
  const kitchen = await ana.joins((await ben.hosts(server.url)).link);
  await followsAll(ana);
  await followsAll(ben);
  await renewsOwnInvite(ben, ana, kitchen);
  await ana.posts(diary, { kind: 'text', text: 'dear diary' });
  await ben.posts(kitchen, { kind: 'text', text: 'soup is ready' });
  await ana.hears(kitchen, 'soup is ready');
  return { server, ana, ben, diary, kitchen };
}

/** Ben takes somebody in and out again: the kitchen has another own invite since. */
async function removesCleo(world: DeviceWorld, ben: Someone, kitchen: string): Promise<void> {
  const cleo = await world.someone('cleo');
  await cleo.joins(await ben.invites(kitchen));
  await ben.profile.call('remove', { room: kitchen, member: 'cleo', waitMs: WAIT_MS });
}

test.concurrent('a backup brings a person back into rooms on three servers', async ({ world }) => {
  const ana = await world.someone('ana');
  for (const name of ['diary', 'notes', 'kitchen']) {
    const { room } = await ana.hosts((await world.server()).url, name);
    await ana.posts(room, { kind: 'text', text: `written in ${name}` });
  }
  const { backsUp, restores, tails, profile } = await drawer(world);
  const made = await backsUp(ana);
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining('saved 3 rooms and 3 messages') });
  await ana.close();
  expect(await restores()).toMatchObject({ code: 0, out: '3 of 3 rooms have let this device in\n' });
  for (const name of ['diary', 'notes', 'kitchen']) expect(await tails(name)).toContain(`written in ${name}`);
  const again = await world.opens('ana', profile);
  expect(await roomsOf(again)).toEqual(['diary', 'kitchen', 'notes']);
});

test.concurrent.for(AGES)(
  'of a backup of %i days ago, a room from which somebody was removed since shows its messages, and says what to do',
  async (days, { world }) => {
    const { ana, ben, kitchen } = await anaThen(world, days);
    const { backsUp, restores, tails, profile } = await drawer(world);
    expect(await backsUp(ana)).toMatchObject({ code: 0 });
    await ana.close();
    await removesCleo(world, ben, kitchen);
    expect(await restores()).toMatchObject({
      code: 5,
      out: expect.stringMatching(/^kitchen: .+\n1 of 2 rooms have let this device in\n$/),
    });
    expect(await tails('diary')).toContain('<ana> dear diary\n');
    expect(await tails('kitchen')).toContain('<ben> soup is ready\n');
    const again = await world.opens('ana', profile);
    expect(await roomsOf(again)).toEqual(['diary']);
  },
);

test.concurrent.for(AGES)(
  'beside a living device of its person, a backup of %i days ago brings a new one into all rooms',
  async (days, { world }) => {
    const { ana, ben, kitchen } = await anaThen(world, days);
    const { backsUp, restores, profile } = await drawer(world);
    expect(await backsUp(ana)).toMatchObject({ code: 0 });
    await ana.close();
    await removesCleo(world, ben, kitchen);
    const living = await world.opens('ana', ana.dir);
    await followsAll(living);
    await living.syncs(kitchen);
    await ben.posts(kitchen, { kind: 'text', text: 'long after' });
    await living.hears(kitchen, 'long after');
    expect(await restores()).toMatchObject({ code: 0, out: '2 of 2 rooms have let this device in\n' });
    const again = await world.opens('ana', profile);
    await isIn(again, ['diary', 'kitchen']);
    await again.hears(kitchen, 'soup is ready');
    const areBoth = async () => (await devicesOf(living)).filter(({ rooms }) => rooms === 2).length === 2;
    await living.until(areBoth, 'the living device sees the new one in both rooms');
    await again.delivered(kitchen, [await again.says(kitchen, 'from the new laptop')]);
    await living.hears(kitchen, 'from the new laptop');
  },
);
