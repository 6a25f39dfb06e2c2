import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GoChat } from '@gochat/client/internal/api/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';

let home: Awaited<ReturnType<typeof temporary>>;

/** Two people have written in a room whose server is gone. */
beforeAll(async () => {
  home = await temporary();
  const server = await startServer(join(home.path, 'rooms'));
  const env = { GOCHAT_SERVER: server.url };
  const made = await run('ana', ['new', 'kitchen', '--as', 'ana'], '', env);
  await run('ben', ['join', made.out.trim(), '--as', 'ben', '--no-chat'], '', env);
  await run('ana', ['send', 'kitchen'], 'see you at seven\n```\nand bring the key', env);
  await run('ben', ['send', 'kitchen', '--file', '-', '--name', 'map.txt'], 'turn left', env);
  await run('ana', ['tail', 'kitchen'], '', env);
  await server.stop();
});

afterAll(() => home.remove());

function run(who: string, args: readonly string[], input = '', env: Record<string, string> = {}) {
  return runGochat([...args, '--profile', join(home.path, who)], { HOME: home.path, ...env }, input);
}

const STAMP = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d`;

test('a room is saved as a file without a server, only for its user', async () => {
  const path = join(home.path, 'kitchen.txt');
  expect(await run('ana', ['export', 'kitchen', path])).toEqual({ code: 0, out: '', err: '' });
  expect(await readFile(path, 'utf8')).toMatch(
    new RegExp(
      `^-- kitchen\n-- Saved by <ana> on ${STAMP}, from tcp://127.0.0.1:\\d+\n\n` +
        `${STAMP} -- ben joined by invite\n` +
        `${STAMP} <ana> see you at seven\n {2}\`\`\`\n {2}and bring the key\n` +
        `${STAMP} <ben>\n-- file 1: map.txt, 9 bytes\n$`,
    ),
  );
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('the format follows the ending of the file, or the option; standard output gets Markdown', async () => {
  const path = join(home.path, 'kitchen.JSON');
  expect((await run('ana', ['export', 'kitchen', path])).code).toBe(0);
  const json = await readFile(path, 'utf8');
  expect(JSON.parse(json)).toMatchObject({
    name: 'kitchen',
    as: 'ana',
    items: [{ kind: 'joined' }, { text: 'see you at seven\n```\nand bring the key' }, { from: 'ben' }],
  });
  const { out, code } = await run('ana', ['export', 'kitchen']);
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^# kitchen\n/) });
  expect(out).toContain('\n````text\nsee you at seven\n```\nand bring the key\n````\n');
  expect((await run('ana', ['export', 'kitchen', '-', '--format', 'json'])).out.slice(-4)).toBe('\n]}\n');
  expect(await run('ana', ['export', 'kitchen', '--format', 'pdf'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('md, json or txt'),
  });
});

test('a file is replaced only by force, and as a whole', async () => {
  const folder = join(home.path, 'force');
  await mkdir(folder);
  const path = join(folder, 'kitchen.md');
  await writeFile(path, 'mine');
  const refused = { code: 2, out: '', err: expect.stringContaining('kitchen.md exists') };
  expect(await run('ana', ['export', 'kitchen', path])).toMatchObject(refused);
  expect(await readFile(path, 'utf8')).toBe('mine');
  expect((await run('ana', ['export', 'kitchen', path, '--force'])).code).toBe(0);
  expect(await readFile(path, 'utf8')).toMatch(/^# kitchen\n/);
  expect(await readdir(folder)).toEqual(['kitchen.md']);
});

test.each([
  ['a folder that is not there', 'no/such.md', /its folder does not exist/],
  ['a folder', 'folder', /exists/],
])('%s is refused, and nothing is left', async (_what, name, says) => {
  await mkdir(join(home.path, 'folder'), { recursive: true });
  const before = await readdir(home.path);
  const args = ['export', 'kitchen', join(home.path, name)];
  expect(await run('ana', args)).toMatchObject({ code: 2, err: expect.stringMatching(says) });
  expect(await readdir(home.path)).toEqual(before);
});

test.each([
  ['its database', 'ana/data.mdb'],
  ['its key, by a folder that is a link', 'way/key'],
  ['its database, by a link', 'data.md'],
])('force replaces nothing of the profile itself: %s', async (_what, name) => {
  const [profile, path] = [join(home.path, 'ana'), join(home.path, name)];
  await symlink(profile, join(home.path, 'way')).catch(() => undefined);
  await symlink(join(profile, 'data.mdb'), join(home.path, 'data.md')).catch(() => undefined);
  // A file that takes the place of another one has another number.
  const files = async () =>
    Promise.all(['data.mdb', 'key'].map(async (file) => (await stat(join(profile, file))).ino));
  const before = await files();
  const refused = { code: 2, out: '', err: expect.stringContaining('belongs to the profile') };
  expect(await run('ana', ['export', 'kitchen', path, '--format', 'md', '--force'])).toMatchObject(refused);
  const secret = join(home.path, 'passphrase');
  await writeFile(secret, 'correct horse battery\n');
  const backup = ['profile', 'backup', path, '--offline', '--passphrase-file', secret, '--force'];
  expect(await run('ana', backup)).toMatchObject(refused);
  expect(await files()).toEqual(before);
  expect(await run('ana', ['rooms'])).toMatchObject({ code: 0, out: expect.stringContaining('kitchen') });
});

test('a folder is not replaced by force either', async () => {
  const folder = join(home.path, 'kept.md');
  await mkdir(folder);
  await chmod(folder, 0o755);
  expect(await run('ana', ['export', 'kitchen', folder, '--force'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('is a folder'),
  });
  expect(await readdir(folder)).toEqual([]);
});

test('the SDK has an iterator that ends with the newest line', async () => {
  const chat = await GoChat.open(join(home.path, 'ana'));
  const room = await chat.room('kitchen');
  const kinds: string[] = [];
  for await (const { kind } of room.history()) kinds.push(kind);
  expect(kinds).toEqual(['joined', 'text', 'text']);
  const all = (await room.history().next()).value;
  const later: string[] = [];
  for await (const { seq } of room.history(all?.seq)) later.push(seq);
  expect(later).toHaveLength(2);
  await expect(room.history('x').next()).rejects.toMatchObject({ code: 'usage' });
  await chat.close();
});
