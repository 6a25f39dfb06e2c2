import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openChat, type Profile } from '@gochat/client/open';
import { restoreBackup } from '@gochat/client/restore-backup';
import { recoveryKeys } from '@gochat/crypto/age';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { WAIT_MS } from '../src/waits.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ana: Someone;
let ben: Someone;
let kitchen: string;
let attic: string;
const keys = await recoveryKeys(crypto.getRandomValues(new Uint8Array(16)));

/** Ana and Ben talk in two rooms. */
beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'rooms'));
  await writeFile(join(home.path, 'key'), keys.identity);
  ana = await Someone.open('ana', join(home.path, 'ana'));
  ben = await Someone.open('ben', join(home.path, 'ben'));
  const hosted = await ana.hosts(server.url);
  kitchen = hosted.room;
  await ben.joins(hosted.link);
  const other = await ana.hosts(server.url, 'attic');
  attic = other.room;
  await ben.joins(other.link);
  await ana.posts(kitchen, { kind: 'text', text: 'from ana' });
  await ben.posts(kitchen, { kind: 'text', text: 'from ben' });
  await ben.posts(attic, { kind: 'text', text: 'up here' });
  await ana.hears(kitchen, 'from ben');
  await ana.hears(attic, 'up here');
  const said = (await ana.messages(kitchen)).find(({ text }) => text === 'from ben');
  await ana.posts(kitchen, {
    kind: 'react',
    to: { seq: said?.seq, id: said?.id } as never,
    emoji: '🎉',
    on: true,
  });
  await ana.profile.call('note', { room: kitchen, change: { draft: 'half a thought', notify: 'mentions' } });
  await ana.profile.call('prefer', { change: { ignored: ['x'.repeat(43)] } });
});

afterEach(async () => {
  await Promise.all([ana.close(), ben.close()]);
  await server.stop();
  await home.remove();
});

function run(who: string, args: readonly string[]) {
  return runGochat([...args, '--profile', join(home.path, who)], { HOME: home.path });
}

const file = () => join(home.path, 'ana.age');
const opened = () => ['--identity', join(home.path, 'key')];

async function backsUp(): Promise<void> {
  const made = await run('ana', ['profile', 'backup', file(), '--to', keys.recipient, '--force']);
  expect(made.code).toBe(0);
}

const restores = (who = 'new') =>
  run(who, ['profile', 'restore', file(), ...opened(), '--label', 'new laptop']);

const texts = async (who: Someone, room: string) => (await who.messages(room)).map(({ text }) => text);

test('a new device has the person, the messages, the notes and the rooms, and talks in them', async () => {
  await backsUp();
  await ana.close();
  const restored = await restores();
  expect(restored).toMatchObject({
    code: 0,
    out: '2 of 2 rooms have let this device in\n',
    err: expect.stringContaining('restored 2 rooms and 3 messages'),
  });
  const again = await Someone.open('ana', join(home.path, 'new'));
  await again.syncs(kitchen);
  expect(await texts(again, kitchen)).toEqual(['from ana', 'from ben']);
  const [own, other] = await again.messages(kitchen);
  expect(own).toMatchObject({ own: true, from: 'ana' });
  expect(other).toMatchObject({ own: false, reactions: [{ emoji: '🎉', by: [{ name: 'ana' }] }] });
  expect(other?.shared).toBeUndefined();
  expect(await again.profile.call('notes', { room: kitchen })).toMatchObject({
    draft: 'half a thought',
    notify: 'mentions',
  });
  expect(await again.profile.call('preferences', {})).toMatchObject({
    name: 'ana',
    ignored: ['x'.repeat(43)],
  });
  const rooms = await again.profile.call('rooms', {});
  expect(rooms.map(({ name, status, as }) => [name, status, as])).toEqual([
    ['kitchen', 'active', 'ana'],
    ['attic', 'active', 'ana'],
  ]);
  await again.delivered(kitchen, [await again.says(kitchen, 'I am back')]);
  await ben.hears(kitchen, 'I am back');
  const members = await ben.profile.call('members', { room: kitchen });
  expect(members.map(({ name, devices }) => [name, devices.length])).toEqual([
    ['ana', 2],
    ['ben', 1],
  ]);
  await again.close();
});

test('the device that was lost is another one, and can be removed', async () => {
  await ana.profile.call('labelDevice', { label: 'old laptop' });
  await backsUp();
  const lost = (await ana.profile.call('members', { room: kitchen }))
    .find(({ self }) => self)
    ?.devices.find(({ self }) => self)?.key;
  await ana.close();
  const { err } = await restores();
  expect(err).toMatch(
    /\nAnother device of yours is in these rooms:\n.+2 rooms.*\nRemove the devices that you/,
  );
  expect(err).toMatch(new RegExp(`\\n${String(lost).slice(0, 8)} +old laptop +2 rooms, since `));
  const again = await Someone.open('ana', join(home.path, 'new'));
  await again.syncs(kitchen);
  const own = (await again.profile.call('members', { room: kitchen })).find(({ self }) => self);
  expect(own?.devices.find(({ self }) => self)?.key).not.toBe(lost);
  await again.profile.call('reportCompromise', { room: kitchen, device: String(lost), waitMs: 10_000 });
  const left = (await again.profile.call('members', { room: kitchen })).find(({ self }) => self);
  expect(left?.devices).toHaveLength(1);
  await again.close();
});

test('a room that lets nobody in shows its messages, and says what to do', async () => {
  const ask = { room: attic, waitMs: 10_000 };
  await ana.profile.call('setRole', { ...ask, member: 'ben', role: 'admin' });
  await backsUp();
  await ana.close();
  // Whoever is removed has no way back by an old ticket.
  const attics = await ben.profile.call('members', { room: attic });
  const { id } = attics.find(({ name }) => name === 'ana') ?? { id: '' };
  await ben.profile.call('remove', { ...ask, member: id });
  const checked = await run('other', ['profile', 'check', file(), ...opened()]);
  expect(checked).toMatchObject({
    code: 5,
    out: expect.stringMatching(/\nattic: .+\n1 of 2 rooms would let a new device of yours in\n$/),
  });
  expect(await restores()).toMatchObject({
    code: 5,
    out: expect.stringMatching(/^attic: .+\n1 of 2 rooms have let this device in\n$/),
  });
  expect((await run('new', ['rooms'])).out).toMatch(/attic.*from a backup|from a backup.*attic/);
  expect(await run('new', ['tail', 'attic'])).toMatchObject({
    code: 4,
    out: '<ben> up here\n',
    err: expect.stringContaining('this device is not in this room yet'),
  });
  expect((await run('new', ['send', 'attic', 'hello'])).code).toBe(4);
  // An invite brings it in, with its messages.
  const link = await ben.invites(attic);
  expect((await run('new', ['join', link, '--no-chat'])).code).toBe(0);
  expect((await run('new', ['tail', 'attic'])).out).toContain('<ben> up here\n');
});

test('a profile that is in use is refused, and nothing in it changes', async () => {
  await backsUp();
  const before = await ben.profile.call('rooms', {});
  expect(await restores('ben')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('This profile is in use'),
  });
  expect(await ben.profile.call('rooms', {})).toEqual(before);
  expect(await ben.profile.call('whoami', {})).toMatchObject({ name: 'ben' });
});

test('a file that was changed or cut changes nothing in the profile', async () => {
  await backsUp();
  const bytes = await readFile(file());
  await writeFile(file(), bytes.subarray(0, -50));
  const before = (await run('new', ['rooms', '--json'])).out;
  expect(await restores()).toMatchObject({ code: 5, err: expect.stringContaining('changed or cut') });
  expect((await run('new', ['rooms', '--json'])).out).toBe(before);
  await writeFile(file(), bytes);
  expect((await restores()).code).toBe(0);
});

test('a backup of a restored profile has everything again', async () => {
  await backsUp();
  await ana.close();
  await restores();
  const second = join(home.path, 'second.age');
  const made = await run('new', ['profile', 'backup', second, '--to', keys.recipient]);
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining('saved 2 rooms and 3 messages') });
  expect(await run('other', ['profile', 'check', second, ...opened()])).toMatchObject({
    code: 0,
    out: expect.stringContaining('2 of 2 rooms would let'),
  });
});

/** A profile whose process ends right after it has done a number of things. */
function endingAfter(profile: Profile, calls: number): Pick<Profile, 'call'> {
  let count = 0;
  return {
    call: async (method, params) => {
      if (count === calls) throw new Error('the process has ended');
      count += 1;
      return profile.call(method, params);
    },
  };
}

test('a restore that is interrupted anywhere goes on with the same backup, and with no other one', async () => {
  await backsUp();
  await ana.close();
  const whole = await readFile(file());
  const open = async function* () {
    yield whole;
  };
  const how = { by: { identities: [keys.identity] }, label: 'new laptop' };
  // Identity, two rooms with a pack each; the end is the next call.
  for (const calls of [1, 2, 3, 4, 5]) {
    const name = `after ${calls}`;
    const half = await openChat({ dir: join(home.path, name) });
    await expect(restoreBackup(endingAfter(half, calls), open, how)).rejects.toThrow('has ended');
    await half.close();
    expect(await restores(name)).toMatchObject({ code: 0, out: '2 of 2 rooms have let this device in\n' });
    expect((await run(name, ['tail', 'kitchen'])).out).toContain('<ana> from ana\n<ben> from ben\n');
  }
});

test('while a restore is not complete, another backup is refused', async () => {
  await backsUp();
  const half = await openChat({ dir: join(home.path, 'half') });
  const whole = await readFile(file());
  const open = async function* () {
    yield whole;
  };
  const how = { by: { identities: [keys.identity] }, label: 'new laptop' };
  await expect(restoreBackup(endingAfter(half, 2), open, how)).rejects.toThrow('has ended');
  await half.close();
  await backsUp();
  expect(await restores('half')).toMatchObject({ code: 2, err: expect.stringContaining('in use') });
  await writeFile(file(), whole);
  expect((await restores('half')).code).toBe(0);
});

test('a process that is killed while it joins goes on at its next start', async () => {
  await backsUp();
  await ana.close();
  const { port } = server;
  await server.stop();
  expect(await run('new', ['profile', 'restore', file(), ...opened(), '--wait', '1s'])).toMatchObject({
    code: 3,
    out: expect.stringMatching(/^kitchen: .*\n/),
  });
  expect((await run('new', ['tail', 'kitchen', '--wait', '1s'])).out).toContain('<ben> from ben\n');
  server = await startServer(join(home.path, 'rooms'), port);
  const again = await Someone.open('ana', join(home.path, 'new'));
  await again.profile.call('follow', { room: kitchen });
  const { joined } = await again.profile.call('rejoined', { waitMs: WAIT_MS });
  expect(joined).toBe(2);
  await again.syncs(kitchen);
  await again.close();
});

test('a recovery link brings the rooms back, and a backup for it the words', async () => {
  const none = await run('ana', ['profile', 'backup', file(), '--to', 'recovery']);
  expect(none).toMatchObject({ code: 2, err: expect.stringContaining('no recovery link yet') });
  const { link } = await ana.profile.call('recoveryLink', { waitMs: WAIT_MS });
  expect((await run('ana', ['profile', 'backup', file(), '--to', 'recovery'])).code).toBe(0);
  await ana.close();
  await writeFile(join(home.path, 'key'), `${link}\n`);
  const again = await Someone.open('ana', join(home.path, 'new'));
  await again.profile.call('recover', { link, label: 'new laptop', waitMs: WAIT_MS });
  await again.until(
    async () =>
      (await again.profile.call('rooms', {})).filter(({ status }) => status === 'active').length === 2,
    'both rooms',
  );
  expect(await texts(again, kitchen)).not.toContain('from ben');
  expect(await restores()).toMatchObject({ code: 0, out: '2 of 2 rooms have let this device in\n' });
  expect(await texts(again, kitchen)).toEqual(['from ana', 'from ben']);
  // Nothing comes twice.
  expect((await restores()).code).toBe(0);
  expect(await texts(again, kitchen)).toEqual(['from ana', 'from ben']);
  await again.close();
});

test('on a device that has everything, a restore changes nothing', async () => {
  await backsUp();
  const before = await run('ana', ['tail', 'kitchen', '--json']);
  await ana.profile.call('note', { room: kitchen, change: { draft: 'another thought' } });
  expect(await restores('ana')).toMatchObject({ code: 0, out: '2 of 2 rooms have let this device in\n' });
  expect((await run('ana', ['tail', 'kitchen', '--json'])).out).toBe(before.out);
  expect(await ana.profile.call('notes', { room: kitchen })).toMatchObject({ draft: 'another thought' });
});
