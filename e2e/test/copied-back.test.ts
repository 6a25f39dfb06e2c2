import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { platform } from '@gochat/client/internal/profile/platform';
import { expect, test } from 'vitest';
import { Someone, startServer, temporary } from '../src/people/people.ts';

const DAY_MS = 24 * 3600 * 1000;

/** Ana, the only admin of a room with ben. Her profile is copied, renews its keys, and is replaced by the copy. */
async function copiedBack(more: (newer: Someone, room: string) => Promise<void> = async () => undefined) {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  let shiftMs = 0;
  const env = { ...platform, now: () => platform.now() + shiftMs };
  const [profile, copy] = [join(home.path, 'ana'), join(home.path, 'copy')];
  const before = await Someone.open('ana', profile, { env });
  const { room, link } = await before.hosts(server.url);
  const ben = await Someone.open('ben', join(home.path, 'ben'), { env });
  await ben.joins(link);
  await before.delivered(room, [await before.says(room, 'welcome')]);
  await ben.hears(room, 'welcome');
  await before.close();
  await cp(profile, copy, { recursive: true });
  shiftMs += 3 * DAY_MS;
  const newer = await Someone.open('ana', profile, { env });
  const epoch = async () => Number((await newer.profile.call('rooms', {}))[0]?.epoch);
  const first = await epoch();
  await newer.syncs(room);
  await newer.until(async () => (await epoch()) > first, 'ana renews her keys');
  await more(newer, room);
  await newer.close();
  const ana = await Someone.open('ana', copy, { env });
  const end = async () => {
    await ana.close();
    await ben.close();
    await server.stop();
    await home.remove();
  };
  return { room, link, ana, ben, end };
}

/** Ana is in with one device, and removes ben with the admin key. */
async function isBack(ana: Someone, ben: Someone, room: string) {
  await ana.until(async () => {
    const members = await ana.profile.call('members', { room });
    return members.find(({ self }) => self)?.devices.length === 1;
  }, 'the older leaf is removed');
  await ana.delivered(room, [await ana.says(room, 'I am back')]);
  await ben.hears(room, 'I am back');
  await ana.profile.call('remove', { room, member: 'ben', waitMs: 20_000 });
  await ben.until(async () => (await ben.profile.call('rooms', {}))[0]?.status === 'removed', 'ben is out');
}

test("the only admin's profile, copied back from an older one, comes back on request, and removes a member", async () => {
  const { room, ana, ben, end } = await copiedBack();
  const written = await ana.says(room, 'written while locked out');
  await ana.profile.call('sync', { room, waitMs: 20_000 });
  expect((await ana.profile.call('rooms', {}))[0]).toMatchObject({ status: 'broken', queued: 1 });
  expect(await ana.profile.call('return', { room, waitMs: 20_000 })).toEqual({ returned: true });
  await ana.delivered(room, [written]);
  await ben.hears(room, 'written while locked out');
  await isBack(ana, ben, room);
  await end();
});

test('it does the same with a link, although its older leaf is still in the room', async () => {
  const { room, link, ana, ben, end } = await copiedBack();
  // The new device gets the name that its person has in the room.
  expect(await ana.profile.call('join', { link, as: 'anna', waitMs: 20_000 })).toMatchObject({
    already: false,
    as: 'ana',
  });
  await isBack(ana, ben, room);
  await end();
});

test('if the own invite has ended, too, the reason is the older leaf, not the link', async () => {
  let link = '';
  const { room, ana, end } = await copiedBack(async (newer, id) => {
    await newer.profile.call('remove', { room: id, member: 'ben', waitMs: 20_000 });
    link = await newer.invites(id);
  });
  await expect(ana.profile.call('join', { link, as: 'ana', waitMs: 20_000 })).rejects.toMatchObject({
    data: { reason: 'still-member' },
  });
  await expect(ana.profile.call('return', { room, waitMs: 5000 })).rejects.toMatchObject({ code: 'refused' });
  await end();
});

test('what waits in an older copy, and was sent from the newer one, is read once, and nobody is blamed', async () => {
  const home = await temporary();
  const data = join(home.path, 'server');
  const first = await startServer(data);
  const [profile, copy] = [join(home.path, 'ana'), join(home.path, 'copy')];
  const ana = await Someone.open('ana', profile);
  const { room, link } = await ana.hosts(first.url);
  const ben = await Someone.open('ben', join(home.path, 'ben'));
  await ben.joins(link);
  await ana.delivered(room, [await ana.says(room, 'before')]);
  await ben.hears(room, 'before');
  await first.stop();
  const waits = await ana.says(room, 'waits');
  await ana.close();
  await cp(profile, copy, { recursive: true });

  const server = await startServer(data, Number(new URL(first.url).port));
  const newer = await Someone.open('ana', profile);
  await newer.delivered(room, [waits, await newer.says(room, 'from the newer copy')]);
  await newer.close();
  const older = await Someone.open('ana', copy);
  await older.delivered(room, [waits, await older.says(room, 'from the older copy')]);
  await ben.hears(room, 'from the older copy');

  const texts = ['before', 'waits', 'from the newer copy', 'from the older copy'];
  for (const person of [ben, older]) {
    const items = await person.profile.call('history', { room, after: '0', limit: 100 });
    expect(items.flatMap((item) => (item.kind === 'text' ? [item.text] : []))).toEqual(texts);
    const warnings = items.flatMap((item) => (item.kind === 'warning' ? [item.warning] : []));
    expect(warnings.filter((warning) => warning !== 'rolled-back')).toEqual([]);
  }
  expect((await older.profile.call('rooms', {}))[0]?.queued).toBe(0);
  for (const person of [older, ben]) await person.close();
  await server.stop();
  await home.remove();
});
