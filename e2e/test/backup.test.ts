import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recoveryKeys } from '@gochat/crypto/age';
import { decodePack } from '@gochat/crypto/pack';
import { decodeBytes } from '@gochat/protocol/encoding';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';

const PASSPHRASE = 'correct horse battery staple';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ana: Someone;
let kitchen: string;
let attic: string;
const keys = await recoveryKeys(crypto.getRandomValues(new Uint8Array(16)));

/** Ana's profile is open in this process, as with a full screen: the commands work through it. */
beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'rooms'));
  ana = await Someone.open('ana', join(home.path, 'ana'));
  const ben = await Someone.open('ben', join(home.path, 'ben'));
  const hosted = await ana.hosts(server.url);
  kitchen = hosted.room;
  await ben.joins(hosted.link);
  await ben.posts(kitchen, { kind: 'text', text: 'from ben' });
  const edited = await ana.posts(kitchen, { kind: 'text', text: 'first version' });
  await ana.hears(kitchen, 'from ben');
  const { seq } = (await ana.messages(kitchen)).find(({ id }) => id === edited) ?? {};
  await ana.posts(kitchen, { kind: 'edit', of: { seq, id: edited } as never, text: 'second version' });
  attic = (await ana.hosts(server.url, 'attic')).room;
  await ana.posts(attic, { kind: 'text', text: 'alone' });
  await ana.profile.call('note', { room: attic, change: { draft: 'half a thought' } });
  await ben.close();
});

afterAll(async () => {
  await ana.close();
  await server.stop();
  await home.remove();
});

function run(args: readonly string[], env: Record<string, string> = {}, who = 'ana') {
  return runGochat([...args, '--profile', join(home.path, who)], { HOME: home.path, ...env });
}

async function keyFile(): Promise<string> {
  const path = join(home.path, 'key.txt');
  await writeFile(path, `# made by a test\n${keys.identity}\n`);
  return path;
}

async function backedUp(name: string): Promise<string> {
  const file = join(home.path, name);
  const made = await run(['profile', 'backup', file, '--to', keys.recipient, '--force']);
  expect(made).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringContaining('saved 2 rooms and 3 messages'),
  });
  return file;
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  return bytes;
}

/** The lines of a backup, decrypted. */
async function linesOf(file: string): Promise<Record<string, unknown>[]> {
  const { decryptFile } = await import('@gochat/crypto/age');
  const bytes = await readFile(file);
  const text = await new Response(
    await decryptFile(new Blob([bytes]).stream(), { identities: [keys.identity] }),
  ).text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a backup by a key that opens nothing is made while the profile is in use, only for its user', async () => {
  const file = await backedUp('first.age');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await readFile(file, 'latin1')).startsWith('age-encryption.org/v1\n-> X25519 ')).toBe(true);
  const again = await run(['profile', 'backup', file, '--to', keys.recipient]);
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('exists') });
  const checked = await run(['profile', 'check', file, '--identity', await keyFile()]);
  expect(checked).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(
      /ana: 2 rooms and 3 messages, with valid signatures\n2 of 2 rooms would let a new device of yours in\n$/,
    ),
  });
  const { out } = await run(['profile', 'check', file, '--identity', await keyFile(), '--json']);
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { room: kitchen, name: 'kitchen', messages: 2, left: false, joins: true },
    { room: attic, name: 'attic', messages: 1, left: false, joins: true },
  ]);
});

test('it has identity, preferences, rooms, notes and messages, and no key of a device or room', async () => {
  const lines = await linesOf(await backedUp('keys.age'));
  expect(lines.map(({ kind }) => kind)).toEqual([
    'backup',
    'identity',
    'preferences',
    'room',
    'pack',
    'room',
    'pack',
    'room',
    'end',
  ]);
  const [header, identity, preferences, room, pack, other, _pack, between] = lines;
  expect(header).toEqual({ kind: 'backup', version: 1, made: expect.any(Number), rooms: 3 });
  expect(identity).toEqual({ kind: 'identity', seed: expect.stringMatching(/^[\w-]{43}$/) });
  expect(preferences).toMatchObject({ kind: 'preferences', name: 'ana', pictures: 'always' });
  // Nothing else: no device key, no key of a leaf, no state of MLS, no sealed frame.
  expect(Object.keys(room ?? {}).sort()).toEqual(
    [
      'as',
      'founder',
      'kind',
      'left',
      'name',
      'notes',
      'own',
      'position',
      'room',
      'server',
      'since',
      'topic',
    ].sort(),
  );
  expect(room).toMatchObject({ room: kitchen, name: 'kitchen', server: server.url, as: 'ana', left: false });
  // Through it, a device that is restored has from the others what has changed since.
  expect(between).toMatchObject({ between: 'devices', own: expect.any(String), left: false });
  expect(other).toMatchObject({ name: 'attic', notes: { draft: 'half a thought' } });
  expect(Object.keys(pack ?? {}).sort()).toEqual(['kind', 'messages', 'pack', 'room']);
  const said = decodePack(decodeBytes(String(pack?.pack)))?.lines.map(({ payload }) =>
    new TextDecoder().decode(payload),
  );
  expect(said?.join('\n')).toMatch(/second version/);
  expect(said?.join('\n')).toMatch(/from ben/);
});

/** All that is readable in a backup: its lines, and the texts in its packs. */
async function readable(file: string): Promise<string> {
  const lines = await linesOf(file);
  const packed = lines.flatMap(({ pack }) =>
    pack ? (decodePack(decodeBytes(String(pack)))?.lines ?? []) : [],
  );
  return [
    ...lines.map((line) => JSON.stringify(line)),
    ...packed.map(({ payload }) => new TextDecoder().decode(payload)),
  ].join('\n');
}

test('words that were deleted are in no backup', async () => {
  const eva = await Someone.open('eva', join(home.path, 'eva'));
  const { room } = await eva.hosts(server.url, 'shed');
  const ids: string[] = [];
  for (const text of ['words that stay', 'words to delete'])
    ids.push(await eva.posts(room, { kind: 'text', text }));
  const { seq } = (await eva.messages(room)).find(({ id }) => id === ids[1]) ?? {};
  await eva.posts(room, { kind: 'delete', of: { seq, id: ids[1] } as never });
  await eva.close();
  const file = join(home.path, 'eva.age');
  expect((await run(['profile', 'backup', file, '--to', keys.recipient], {}, 'eva')).code).toBe(0);
  const all = await readable(file);
  expect(all).toContain('words that stay');
  expect(all).not.toContain('words to delete');
});

test('texts that wait to be sent are drafts in a backup', async () => {
  const dan = await Someone.open('dan', join(home.path, 'dan'));
  const own = await startServer(join(home.path, 'own'));
  const { room } = await dan.hosts(own.url, 'cellar');
  await own.stop();
  await dan.profile.call('note', { room, change: { draft: 'later' } });
  await dan.says(room, 'not sent yet');
  const file = join(home.path, 'dan.age');
  expect((await run(['profile', 'backup', file, '--to', keys.recipient], {}, 'dan')).code).toBe(0);
  expect((await linesOf(file)).find(({ kind }) => kind === 'room')).toMatchObject({
    notes: { draft: 'not sent yet\n\nlater' },
  });
  await dan.close();
});

test('a passphrase opens a backup; another one, and none, are refused', async () => {
  const file = join(home.path, 'locked.age');
  const env = { GOCHAT_BACKUP_PASSPHRASE: PASSPHRASE };
  expect((await run(['profile', 'backup', file], env)).code).toBe(0);
  const secret = join(home.path, 'passphrase');
  await writeFile(secret, `${PASSPHRASE}\n`);
  expect((await run(['profile', 'check', file, '--offline', '--passphrase-file', secret])).code).toBe(0);
  const wrong = { GOCHAT_BACKUP_PASSPHRASE: 'wrong' };
  expect(await run(['profile', 'check', file, '--offline'], wrong)).toMatchObject({
    code: 2,
    err: expect.stringContaining('This doesn’t open the backup'),
  });
  expect(await run(['profile', 'check', file])).toMatchObject({
    code: 2,
    err: expect.stringContaining('needs a passphrase or a key'),
  });
  expect(await run(['profile', 'backup', join(home.path, 'none.age')])).toMatchObject({ code: 2 });
  expect(await run(['profile', 'backup', join(home.path, 'none.age'), '--to', 'age1x'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('begins with age1'),
  });
});

test.each([
  ['a flipped bit in the middle', (bytes: Buffer) => flipped(bytes, bytes.length >> 1)],
  ['a flipped bit at the end', (bytes: Buffer) => flipped(bytes, bytes.length - 1)],
  ['a cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
  ['another kind of file', () => Buffer.from('hello')],
  ['an empty file', () => Buffer.alloc(0)],
])('%s is refused, and it says so', async (_what, change) => {
  const bytes = await readFile(await backedUp('whole.age'));
  const file = join(home.path, 'changed.age');
  await writeFile(file, change(Buffer.from(bytes)));
  expect(await run(['profile', 'check', file, '--offline', '--identity', await keyFile()])).toMatchObject({
    code: 5,
    out: '',
    err: expect.stringContaining('changed or cut'),
  });
});

/** What somebody who can open and close the file makes of it. */
test.each([
  ['a line less', (lines: string[]) => lines.toSpliced(4, 1)],
  ['a line twice', (lines: string[]) => lines.toSpliced(4, 0, lines[4] ?? '')],
  ['no end', (lines: string[]) => lines.slice(0, -1)],
  ['more after the end', (lines: string[]) => [...lines, lines.at(-1) ?? '']],
  ['another room’s messages', (lines: string[]) => lines.map((line) => line.replace(kitchen, attic))],
  ['a line of no kind', (lines: string[]) => lines.with(2, '{"kind":"other"}')],
  ['no JSON', (lines: string[]) => lines.with(2, 'hello')],
])('a file with %s is refused', async (_what, change) => {
  const { encryptFile } = await import('@gochat/crypto/age');
  const lines = (await linesOf(await backedUp('source.age'))).map((line) => JSON.stringify(line));
  const text = change(lines)
    .map((line) => `${line}\n`)
    .join('');
  const sealed = await encryptFile(new Blob([text]).stream(), { recipients: [keys.recipient] });
  const file = join(home.path, 'made-up.age');
  await writeFile(file, new Uint8Array(await new Response(sealed).arrayBuffer()));
  expect(await run(['profile', 'check', file, '--offline', '--identity', await keyFile()])).toMatchObject({
    code: 5,
    out: '',
  });
});

test('rooms whose server is away are named', async () => {
  const file = await backedUp('later.age');
  await server.stop();
  const checked = await run(['profile', 'check', file, '--identity', await keyFile(), '--wait', '1s']);
  expect(checked).toMatchObject({
    code: 3,
    out: expect.stringMatching(/\nkitchen: .*\nattic: .*\n0 of 2 rooms/),
  });
  server = await startServer(join(home.path, 'rooms'), server.port);
});
