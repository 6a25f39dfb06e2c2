import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLink } from '@gochat/crypto/link';
import { afterEach, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function server(): Promise<TestServer & { readonly dir: string }> {
  const folder = await temporary();
  ends.push(() => folder.remove());
  const one = await startServer(folder.path);
  ends.push(() => one.stop());
  return Object.assign(one, { dir: folder.path });
}

async function someone(name: string, dir?: string): Promise<Someone> {
  const folder = dir === undefined ? await temporary() : undefined;
  if (folder !== undefined) ends.push(() => folder.remove());
  const one = await Someone.open(name, dir ?? folder?.path ?? '');
  ends.push(() => one.close().catch(() => undefined));
  return one;
}

async function roomsOf(one: Someone): Promise<readonly string[]> {
  const rooms = await one.profile.call('rooms', {});
  return rooms
    .filter(({ status }) => status === 'active')
    .map(({ name }) => name)
    .sort();
}

async function followsAll(one: Someone): Promise<void> {
  for (const { id } of await one.profile.call('rooms', {})) await one.profile.call('follow', { room: id });
}

/** Ana is in three rooms on three servers. The last is Ben's. */
async function anaInThreeRooms() {
  const servers = [await server(), await server(), await server()] as const;
  const [ana, ben] = [await someone('ana'), await someone('ben')];
  const { room: diary } = await ana.hosts(servers[0].url, 'diary');
  const { room: notes } = await ana.hosts(servers[1].url, 'notes');
  const kitchen = await ana.joins((await ben.hosts(servers[2].url, 'kitchen')).link);
  await followsAll(ben);
  await followsAll(ana);
  const epoch = async () => {
    const rooms = await ana.profile.call('rooms', {});
    return Number(rooms.find(({ id }) => id === kitchen)?.epoch);
  };
  const before = await epoch();
  // Otherwise he would give her the secret of the own invite a minute later. An answer follows, with another own invite.
  await ben.profile.call('reportCompromise', { room: kitchen, waitMs: WAIT_MS });
  await ana.until(async () => (await epoch()) >= before + 2, 'the own invite is the last one');
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

async function comesBack(link: string, label: string): Promise<Someone> {
  const again = await someone(label);
  expect(await again.profile.call('recover', { link, label, waitMs: WAIT_MS })).toBeNull();
  await again.until(
    async () => (await again.profile.call('linking', {})).stage === 'joined',
    `${label} has joined`,
  );
  return again;
}

test(
  'a recovery link alone brings a person back into rooms on three servers, with nobody online',
  async () => {
    const { ana, ben, kitchen } = await anaInThreeRooms();
    expect(await recoveryOf(ana)).toEqual({ made: false });
    const made = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
    expect(made).toMatchObject({ rooms: 3, left: 0, link: expect.stringContaining('/#/recover/') });
    await untilCurrent(ana, 3);
    await ana.close();
    await ben.close();

    const again = await comesBack(made.link, 'New laptop');
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
    const watcher = await Someone.open('ben', ben.dir);
    ends.push(() => watcher.close());
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
    const third = await comesBack(made.link, 'Third laptop');
    expect(await roomsOf(third)).toEqual(['diary', 'kitchen', 'notes']);
  },
  4 * WAIT_MS,
);

test('a room whose own invite has changed meanwhile is named, and its neighbours are joined', async () => {
  const { ana, ben, kitchen } = await anaInThreeRooms();
  const { link } = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  await untilCurrent(ana, 3);
  await ana.close();
  const cleo = await someone('cleo');
  await cleo.joins(await ben.invites(kitchen));
  await ben.profile.call('remove', { room: kitchen, member: 'cleo', waitMs: WAIT_MS });
  const again = await comesBack(link, 'New laptop');
  expect(await roomsOf(again)).toEqual(['diary', 'notes']);
  expect(await again.profile.call('linking', {})).toMatchObject({
    stage: 'joined',
    joined: 2,
    missing: [{ room: 'kitchen', problem: { code: 'refused' } }],
  });
});

test('a newer recovery link ends the one before, and neither is taken by a profile that is in use', async () => {
  const one = await server();
  const ana = await someone('ana');
  await ana.hosts(one.url, 'diary');
  const first = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  const second = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  const ben = await someone('ben');
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
  const cleo = await someone('cleo');
  await recovers(cleo, second.link);
});

test('a recovery goes on after the process has ended, with a server that was away', async () => {
  const { ana, ben, servers } = await anaInThreeRooms();
  const { link } = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  await untilCurrent(ana, 3);
  await ana.close();
  await ben.close();
  await servers[1].stop();
  const folder = await temporary();
  ends.push(() => folder.remove());
  const first = await Someone.open('again', folder.path);
  await first.profile.call('recover', { link, label: 'Laptop', waitMs: WAIT_MS });
  await first.close();
  const again = await someone('again', folder.path);
  await again.until(async () => (await roomsOf(again)).length === 2, 'two servers are there');
  const isOver = async () => (await again.profile.call('linking', {})).stage === 'joined';
  await again.until(isOver, 'the third is known to be away', 2 * WAIT_MS);
  const back = await startServer(servers[1].dir, servers[1].port);
  ends.push(() => back.stop());
  await again.until(async () => (await roomsOf(again)).length === 3, 'the third server is back');
});

test('neither link, names nor labels are on the disk of a server', async () => {
  const one = await server();
  const ana = await someone('ana');
  await ana.hosts(one.url, 'diary-of-ana');
  const { link } = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  const again = await comesBack(link, 'Laptop-of-ana');
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
  for (const file of await readdir(one.dir, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    for (const text of secrets) expect([file.name, bytes.includes(text)]).toEqual([file.name, false]);
  }
});
