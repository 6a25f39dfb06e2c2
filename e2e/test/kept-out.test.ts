import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recoveryKeys } from '@gochat/crypto/age';
import { expect } from 'vitest';
import { test } from '../src/people/device-test.ts';
import {
  type DeviceWorld,
  devicesOf,
  followsAll,
  isIn,
  links,
  renewsOwnInvite,
  roomsOf,
} from '../src/people/devices.ts';
import { type Someone, temporary } from '../src/people/people.ts';
import { Stolen } from '../src/people/stolen.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { WAIT_MS } from '../src/waits.ts';

/**
 * Ana has a diary of her own, and is in Ben's kitchen with two devices; Mia is a moderator there. She keeps a backup, a recovery link,
 * an invite that she has made and a copy of her phone. The phone is off.
 */
async function anaInTheKitchen(world: DeviceWorld) {
  const server = await world.server();
  const [ana, ben, mia] = [
    await world.someone('ana'),
    await world.someone('ben'),
    await world.someone('mia'),
  ];
  await ana.hosts(server.url, 'diary');
  const { room: kitchen, link: first } = await ben.hosts(server.url);
  await mia.joins(first);
  await ana.joins(first);
  await ben.profile.call('setRole', { room: kitchen, member: 'mia', role: 'moderator', waitMs: WAIT_MS });
  for (const one of [ana, ben, mia]) await followsAll(one);
  const phone = await world.someone('phone');
  await links(ana, phone, 'Phone');
  await renewsOwnInvite(ben, ana, kitchen);
  await isIn(phone, ['diary', 'kitchen']);
  const own = await ana.invites(kitchen);
  await ana.posts(kitchen, { kind: 'text', text: 'hello' });
  const recovery = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  const isCurrent = async () => {
    const state = await ana.profile.call('recovery', {});
    return state.made && state.current && state.rooms === 2;
  };
  await ana.until(isCurrent, 'the safe has the tickets of now', 3 * WAIT_MS);
  const backup = await backupOf(world, ana);
  await phone.until(
    async () => (await devicesOf(phone)).every(({ rooms }) => rooms === 2),
    'the phone is up to date',
  );
  await phone.close();
  return { server, ana, ben, mia, phone, kitchen, own, first, recovery: recovery.link, backup };
}

type Kitchen = Awaited<ReturnType<typeof anaInTheKitchen>>;

/** A backup in a drawer, and what restores it into another profile. */
async function backupOf(world: DeviceWorld, one: Someone) {
  const keys = await recoveryKeys(crypto.getRandomValues(new Uint8Array(16)));
  const folder = await temporary();
  world.finally(() => folder.remove());
  const at = (name: string) => join(folder.path, name);
  await writeFile(at('key'), keys.identity);
  const run = (dir: string, args: readonly string[]) =>
    runGochat(['profile', ...args, '--profile', dir], { HOME: folder.path });
  expect(await run(one.dir, ['backup', at('file'), '--to', keys.recipient])).toMatchObject({ code: 0 });
  return {
    profile: at('new'),
    restores: () => run(at('new'), ['restore', at('file'), '--identity', at('key'), '--label', 'Restored']),
  };
}

/** What everybody else in the kitchen has read. */
async function readBy({ ben, mia, kitchen }: Kitchen): Promise<string[][]> {
  for (const one of [ben, mia]) await one.syncs(kitchen);
  return [await ben.read(kitchen), await mia.read(kitchen)];
}

async function namesIn({ ben, kitchen }: Kitchen): Promise<string[]> {
  await ben.syncs(kitchen);
  return (await ben.profile.call('members', { room: kitchen })).map(({ name }) => name);
}

/** Tries all that has let Ana in before. @returns what she was shown each time */
async function triesAllWays(world: DeviceWorld, at: Kitchen): Promise<Record<string, unknown>> {
  const { ana, kitchen, own, first, recovery, backup } = at;
  const reasonOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'came in',
      (error: { readonly code?: string; readonly data?: { readonly reason?: string } }) =>
        error.data?.reason ?? error.code,
    );
  const shown: Record<string, unknown> = {};
  shown.says = await reasonOf(ana.says(kitchen, 'by ana'));
  shown['first invite'] = await reasonOf(ana.joins(first));
  shown['own invite'] = await reasonOf(ana.joins(own));
  const stolen = await Stolen.from(at.phone.dir);
  const copy = await stolen.device();
  world.finally(() => copy.close());
  shown.ticket = await reasonOf(
    copy.call('join', { link: stolen.link(kitchen), as: 'ana', waitMs: WAIT_MS }),
  );
  const phone = await world.opens('phone', at.phone.dir);
  // It hasn't read that it is out.
  const late = await phone.says(kitchen, 'too late');
  await followsAll(phone);
  await isIn(phone, ['diary']);
  shown['phone says'] = await reasonOf(phone.says(kitchen, 'by the phone'));
  shown['too late'] = await phone.profile.call('sent', { room: kitchen, ids: [late], waitMs: 0 });
  shown['phone, own invite'] = await reasonOf(phone.joins(own));
  const restored = await backup.restores();
  shown.restored = restored.code;
  expect(restored.out).toMatch(/^kitchen: .+\n1 of 2 rooms have let this device in\n$/);
  const saved = await world.someone('saved');
  await saved.profile.call('recover', { link: recovery, label: 'Recovered', waitMs: WAIT_MS });
  const linking = () => saved.profile.call('linking', {});
  await saved.until(async () => (await linking()).stage === 'joined', 'the recovered device has joined');
  shown.recovered = await linking();
  for (const one of [await world.opens('restored', backup.profile), saved, phone, ana])
    expect(await roomsOf(one), one.name).toEqual(['diary']);
  return shown;
}

/** What each device was shown. */
const REFUSED = {
  says: 'removed',
  'first invite': 'invite-dead',
  'own invite': 'invite-dead',
  ticket: 'invite-dead',
  'phone says': 'removed',
  'too late': { waiting: 0, outcomes: [{ state: 'refused' }], problem: { data: { reason: 'removed' } } },
  'phone, own invite': 'invite-dead',
  restored: 5,
  recovered: {
    stage: 'joined',
    joined: 1,
    recovered: true,
    missing: [{ room: 'kitchen', problem: { code: 'refused' } }],
  },
};

test.concurrent('whoever is banned comes in by nothing that it had before, and not by a fresh invite either', async ({
  world,
}) => {
  const at = await anaInTheKitchen(world);
  const { ana, mia, kitchen } = at;
  const before = await readBy(at);
  await mia.profile.call('ban', { room: kitchen, member: 'ana', waitMs: WAIT_MS });
  await isIn(ana, ['diary']);
  const shown = await triesAllWays(world, at);
  expect(shown).toMatchObject(REFUSED);
  await expect(ana.joins(await mia.invites(kitchen))).rejects.toMatchObject({ data: { reason: 'banned' } });
  expect(await readBy(at)).toEqual(before);
  expect(await namesIn(at)).toEqual(['ben', 'mia']);
});

test.concurrent('whoever is removed comes in by a fresh invite alone', async ({ world }) => {
  const at = await anaInTheKitchen(world);
  const { ana, ben, kitchen } = at;
  const before = await readBy(at);
  await ben.profile.call('remove', { room: kitchen, member: 'ana', waitMs: WAIT_MS });
  await isIn(ana, ['diary']);
  const shown = await triesAllWays(world, at);
  expect(shown).toMatchObject(REFUSED);
  expect(await readBy(at)).toEqual(before);
  expect(await namesIn(at)).toEqual(['ben', 'mia']);
  await ana.joins(await ben.invites(kitchen));
  expect(await namesIn(at)).toEqual(['ben', 'mia', 'ana']);
});
