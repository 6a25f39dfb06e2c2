import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Position } from '@gochat/protocol/fields';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { findWords, folderBytes } from '../src/servers/wiretap.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { WAIT_MS } from '../src/waits.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
const people: Someone[] = [];

beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
});

afterEach(async () => {
  for (const one of people.splice(0)) await one.close();
  await server.stop();
  await home.remove();
});

async function person(
  name: string,
  options: Parameters<typeof Someone.open>[2] = {},
  profile = name,
): Promise<Someone> {
  const someone = await Someone.open(name, join(home.path, profile), options);
  people.push(someone);
  return someone;
}

test('a second process of a profile works through the first, and continues when the first ends', async () => {
  const ana = await person('ana');
  const { room, link } = await ana.hosts(server.url);
  const guest = await person('ana', {}, 'ana');
  await guest.profile.call('follow', { room });
  await guest.delivered(room, [await guest.says(room, 'through the other')]);
  expect(await ana.read(room)).toEqual(['ana: through the other']);

  await ana.close();
  const ben = await person('ben');
  await ben.joins(link);
  await ben.delivered(room, [await ben.says(room, 'is anybody there?')]);
  await guest.hears(room, 'is anybody there?');
  await guest.delivered(room, [await guest.says(room, 'yes')]);
  await ben.hears(room, 'yes');
  expect(await ben.warnings(room)).toEqual([]);
});

test('messages written without a server are delivered later, in order and once', async () => {
  let ana = await person('ana');
  const ben = await person('ben');
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await server.stop();
  for (const text of ['one', 'two', 'three']) await ana.says(room, text);
  await expect(ana.delivered(room, [await ana.says(room, 'four')], 50)).rejects.toThrow('still waiting');
  await ana.close();
  server = await startServer(join(home.path, 'server'), server.port);
  ana = await person('ana');
  // Whatever connects first posts the outbox; nobody has to name the messages.
  await ana.syncs(room);
  await ben.hears(room, 'four');
  expect(await ben.read(room)).toEqual(['ana: one', 'ana: two', 'ana: three', 'ana: four']);
  expect(await ben.warnings(room)).toEqual([]);
});

test('the same message queued twice is sent once', async () => {
  const ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  const id = await ana.says(room, 'once');
  await ana.profile.call('queue', { room, id, content: { kind: 'text', text: 'once' } });
  await ana.delivered(room, [id]);
  await ana.profile.call('queue', { room, id, content: { kind: 'text', text: 'once' }, again: true });
  await ana.delivered(room, [id]);
  expect(await ana.read(room)).toEqual(['ana: once']);
});

test('while a process has a locked profile open, others are refused with a wrong passphrase', async () => {
  const ana = await person('ana');
  const { dir } = ana;
  const guest = (passphrase?: string) =>
    Someone.open('guest', dir, { passphrase: async ({ isOpen }) => (isOpen ? passphrase : 'not asked for') });
  const change = async (other: Someone, old?: string, passphrase?: string) =>
    other.profile.call('passphrase', { passphrase, ...(old !== undefined && { old }) });
  // Without a passphrase none is wrong.
  await (await guest('anything')).close();
  await ana.profile.call('passphrase', { passphrase: 'correct horse' });
  const wrong = { code: 'locked', data: { reason: 'passphrase-wrong' } };
  for (const given of ['wrong', '']) await expect(guest(given)).rejects.toMatchObject(wrong);
  for (const given of [undefined, 'correct horse']) {
    const other = await guest(given);
    await expect(change(other, undefined, 'new')).rejects.toMatchObject({
      code: 'locked',
      data: { reason: 'passphrase-missing' },
    });
    await expect(change(other, 'wrong', 'new')).rejects.toMatchObject(wrong);
    await other.close();
  }
  const other = await guest();
  await change(other, 'correct horse', 'battery staple');
  await expect(guest('correct horse')).rejects.toMatchObject(wrong);
  await change(other, 'battery staple');
  await (await guest('anything')).close();
  await other.close();
});

test('the key of another profile opens nothing and changes nothing', async () => {
  const ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  const { identity } = await ana.profile.call('whoami', {});
  const ben = await person('ben');
  for (const one of [ana, ben]) await one.close();
  const key = join(ana.dir, 'key');
  const own = await readFile(key);
  await copyFile(join(ben.dir, 'key'), key);
  await expect(Someone.open('ana', ana.dir)).rejects.toMatchObject({
    data: { reason: 'profile-damaged', part: 'key' },
  });
  await writeFile(key, own);
  const again = await person('ana');
  expect((await again.profile.call('whoami', {})).identity).toBe(identity);
  expect(await again.profile.call('rooms', {})).toMatchObject([{ id: room }]);
});

test('a passphrase locks a profile', async () => {
  const ana = await person('anastasia the first', {}, 'ana');
  const { room } = await ana.hosts(server.url, 'secret garden');
  await ana.profile.call('passphrase', { passphrase: 'correct horse' });
  await ana.close();
  const dir = join(home.path, 'ana');
  expect(
    findWords(await folderBytes(dir), ['secret garden', 'anastasia the first', 'correct horse']),
  ).toEqual([]);
  await expect(Someone.open('anyone', dir)).rejects.toMatchObject({ code: 'locked' });
  await expect(Someone.open('anyone', dir, { passphrase: async () => 'wrong' })).rejects.toMatchObject({
    code: 'locked',
  });
  const again = await person('ana', { passphrase: 'correct horse' });
  await again.delivered(room, [await again.says(room, 'open again')]);
  await again.profile.call('passphrase', { passphrase: undefined });
  await again.close();
  await person('ana');
});

test('only the owner can read a profile', async () => {
  await person('ana');
  const dir = join(home.path, 'ana');
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  for (const name of ['key', 'data.mdb']) expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
});

test('an ambiguous or unknown name is refused, with the ids', async () => {
  const ana = await person('ana');
  const one = await ana.hosts(server.url, 'kitchen');
  const two = await ana.hosts(server.url, 'kitchen');
  await expect(ana.says('kitchen', 'which?')).rejects.toMatchObject({
    code: 'ambiguous',
    data: { reason: 'room-ambiguous', name: 'kitchen', ids: expect.arrayContaining([one.room, two.room]) },
  });
  await expect(ana.says('cellar', 'where?')).rejects.toMatchObject({ code: 'unknown-room' });
  const twins = [await person('ben', {}, 'ben-1'), await person('Ben', {}, 'ben-2')];
  for (const twin of twins) await twin.joins(one.link);
  await ana.until(
    async () => (await ana.profile.call('members', { room: one.room })).length === 3,
    'both are in',
  );
  const names = (await ana.profile.call('members', { room: one.room })).map((m) => m.name);
  expect(names.filter((name) => /^[Bb]en#/.test(name))).toHaveLength(2);
});

test('a message of 64 KiB is delivered; a larger one is refused, and nothing is lost', async () => {
  const ana = await person('ana');
  const ben = await person('ben');
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  const large = 'ß'.repeat(32 * 1024);
  await ana.delivered(room, [await ana.says(room, large)]);
  await ben.hears(room, large);
  const [{ seq, id } = { seq: '', id: '' }] = await ana.messages(room);
  const of = { seq: seq as Position, id };
  const refused = { code: 'usage', data: { reason: 'message-too-large', bytes: 64 * 1024 } };
  for (const text of [`${large}x`, 'x'.repeat(64 * 1024 + 1), 'x'.repeat(80_000)]) {
    await expect(ana.says(room, text)).rejects.toMatchObject(refused);
    await expect(ana.posts(room, { kind: 'edit', of, text })).rejects.toMatchObject(refused);
  }
  await ana.delivered(room, [await ana.says(room, 'still here')]);
});

test('inspect shows the ciphertext that the server has next to the plaintext', async () => {
  const ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  await ana.delivered(room, [await ana.says(room, 'look at me')]);
  const shown = await ana.profile.call('inspect', { room, seq: undefined, waitMs: WAIT_MS });
  expect(shown.says).toMatchObject([{ kind: 'text', text: 'look at me' }]);
  expect(findWords(Buffer.from(shown.body), ['look at me'])).toEqual([]);
  const after = [String(Number(shown.seq) + 1), '9999', '9'.repeat(16)];
  for (const seq of after)
    await expect(ana.profile.call('inspect', { room, seq, waitMs: WAIT_MS })).rejects.toMatchObject({
      data: { reason: 'entry-unknown', seq },
    });
  // The log is the last to be asked: its file holds these bytes.
  expect((await folderBytes(join(home.path, 'server'))).includes(Buffer.from(shown.body, 'base64url'))).toBe(
    true,
  );
});

test('of two joins of a room at once, the second one finds the room', async () => {
  const [ana, ben] = [await person('ana'), await person('ben')];
  const { room, link } = await ana.hosts(server.url);
  const join = () => ben.profile.call('join', { link, as: 'ben', waitMs: WAIT_MS });
  const joined = await Promise.all([join(), join()]);
  expect(joined).toMatchObject([
    { id: room, already: false },
    { id: room, already: true },
  ]);
  expect(await ben.profile.call('members', { room })).toHaveLength(2);
});

test('invites are listed, revoked and expire', async () => {
  const ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  const link = await ana.invites(room, 3);
  const listed = await ana.profile.call('invites', { room, waitMs: WAIT_MS });
  expect(listed).toHaveLength(2);
  const three = listed.find((i) => i.uses === 3);
  expect(three).toMatchObject({ by: 'ana', live: true });
  await ana.profile.call('revoke', { room, id: three?.id ?? '', waitMs: WAIT_MS });
  const ben = await person('ben');
  await expect(ben.joins(link)).rejects.toMatchObject({ code: 'refused' });
  expect(await ben.profile.call('rooms', {})).toEqual([]);
  // Terms that no server takes are refused, and no change of the room is left pending.
  for (const [uses, expiresMs] of [
    [0],
    [1.5],
    [10_001],
    [Number.NaN],
    [1, -5],
    [1, 0.5],
    [1, Number.NaN],
  ] as const)
    await expect(
      ana.profile.call('invite', { room, expiresMs, uses, waitMs: WAIT_MS }),
    ).rejects.toMatchObject({ data: { reason: 'invite-terms' } });
  await expect(ana.profile.call('revoke', { room, id: '', waitMs: WAIT_MS })).rejects.toMatchObject({
    data: { reason: 'invite-unknown' },
  });
  const brief = await ana.profile.call('invite', { room, expiresMs: 1, uses: undefined, waitMs: WAIT_MS });
  await expect(ben.joins(brief.link)).rejects.toMatchObject({ code: 'refused' });
});

test('invites that have ended make place for new ones', async () => {
  const ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  const ben = await person('ben');
  await ben.joins(await ana.invites(room));
  const invite = (who: Someone, expiresMs?: number) =>
    who.profile.call('invite', { room, expiresMs, uses: undefined, waitMs: WAIT_MS });
  for (let made = 0; made < 7; made++) await invite(ana, 1);
  for (let made = 0; made < 6; made++) await invite(ben, 1);
  // A member drops its own, an admin all.
  const last = await invite(ben);
  expect(await ben.profile.call('invites', { room, waitMs: WAIT_MS })).toHaveLength(10);
  for (let made = 0; made < 5; made++) await invite(ana, 1);
  await invite(ana);
  expect(await ana.profile.call('invites', { room, waitMs: WAIT_MS })).toMatchObject(
    Array.from({ length: 4 }, () => ({ live: true })),
  );
  const cleo = await person('cleo');
  await cleo.joins(last.link);
});

test('whoever leaves finds out first whether somebody has joined', async () => {
  const dir = join(home.path, 'leaver');
  const first = await Someone.open('ana', dir);
  const { room, link } = await first.hosts(server.url, 'left');
  await first.close();
  const ben = await Someone.open('ben', join(home.path, 'stays'));
  await ben.joins(link);
  const ana = await Someone.open('ana', dir);
  expect(await ana.profile.call('leave', { room, waitMs: WAIT_MS })).toEqual({ alone: false, admins: 0 });
  await ben.until(
    async () => (await ben.history(room)).some(({ kind }) => kind === 'leaving'),
    'ben reads that ana leaves',
  );
  await ana.close();
  await ben.close();
});

test('whoever leaves a room that its server does not have reads that the others don’t learn of it', async () => {
  const dir = join(home.path, 'leaver');
  const ana = await Someone.open('ana', join(home.path, 'stays'));
  const { room, link } = await ana.hosts(server.url);
  const first = await Someone.open('ben', dir);
  await first.joins(link);
  await first.close();
  await ana.close();
  await server.stop();
  // As after a start without the volume that has the data.
  server = await startServer(join(home.path, 'empty'), server.port);
  const ben = await Someone.open('ben', dir);
  const gochat = (...args: string[]) => runGochat([...args, '--profile', dir], { HOME: home.path });
  expect(await gochat('leave', room)).toMatchObject({
    code: 3,
    err: expect.stringMatching(/but the others don’t learn of it.*: The server has no such room\n$/),
  });
  expect((await ben.profile.call('rooms', {})).map(({ status }) => status)).toEqual(['left']);
  await ben.close();
});
