import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { platform } from '@gochat/client/internal/profile/platform';
import { decodePack } from '@gochat/crypto/pack';
import { decodeBytes } from '@gochat/protocol/encoding';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { serve } from '@gochat/server/internal/serve';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesBelow } from '../src/files-below.ts';
import {
  fileOf,
  Someone,
  silentLogger,
  startServer,
  type TestServer,
  temporary,
} from '../src/people/people.ts';
import { recordsOf } from '../src/people/stored-bytes.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { WAIT_MS } from '../src/waits.ts';

const HOUR = 3600;
const HOUR_MS = HOUR * 1000;
const SECRET = 'wombat';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
const people: Someone[] = [];
/** How far the clocks of the people are ahead. */
let aheadMs = 0;
const env = { ...platform, now: () => Date.now() + aheadMs };

beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  aheadMs = 0;
});

afterEach(async () => {
  await Promise.all(people.splice(0).map((p) => p.close()));
  await server.stop();
  await home.remove();
});

async function person(name: string): Promise<Someone> {
  const someone = await Someone.open(name, join(home.path, name), { env });
  people.push(someone);
  return someone;
}

/** Ana and ben in a room whose messages disappear after an hour. */
async function anaAndBen() {
  const [ana, ben] = [await person('ana'), await person('ben')];
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await ana.profile.call('configure', { room, expire: HOUR, waitMs: WAIT_MS });
  await ben.syncs(room);
  return { ana, ben, room, link };
}

/** What a backup of the room would have, and what a search finds. */
async function packed(who: Someone, room: string): Promise<string> {
  const { pack } = await who.profile.call('backupPage', { room });
  const lines = pack === undefined ? [] : (decodePack(decodeBytes(pack))?.lines ?? []);
  return lines.map(({ payload }) => Buffer.from(payload).toString()).join('\n');
}

async function found(who: Someone, room: string): Promise<number> {
  return (await who.profile.call('search', { room, text: SECRET, limit: 10 })).items.length;
}

test('what has disappeared is in no record, search, backup or file of any profile, and its files are gone from the server', async () => {
  const { ana, ben, room } = await anaAndBen();
  const bytes = createHash('shake256', { outputLength: 50_000 }).update('picture').digest();
  const withFile = await ana.queuesFiles(room, [fileOf(`${SECRET}.bin`, Buffer.from(bytes))], `a ${SECRET}`);
  await ana.delivered(room, [withFile]);
  await ben.hears(room, `a ${SECRET}`);
  expect(Buffer.compare(await ben.opens(room, withFile), bytes)).toBe(0);
  const { seq } = (await ben.messages(room)).find(({ id }) => id === withFile) ?? { seq: '0' };
  const of = { seq, id: withFile } as never;
  await ben.posts(room, { kind: 'react', to: of, emoji: '🎉', on: true });
  await ben.posts(room, { kind: 'text', text: `no ${SECRET}`, reply: of });
  await ana.posts(room, { kind: 'edit', of, text: `the ${SECRET}` });
  await ben.hears(room, `the ${SECRET}`);
  for (const who of [ana, ben]) {
    expect(await found(who, room)).toBe(2);
    expect(await packed(who, room)).toContain(SECRET);
  }
  const stored = () => filesBelow(join(home.path, 'server', 'files'));
  expect((await stored()).some((file) => file.length >= bytes.length)).toBe(true);

  aheadMs = HOUR_MS;
  for (const who of [ana, ben]) {
    expect(await who.messages(room)).toEqual([]);
    expect(await found(who, room)).toBe(0);
    expect(await packed(who, room)).not.toContain(SECRET);
  }
  await expect(ben.opens(room, withFile)).rejects.toThrow();
  await ana.until(
    async () => !(await stored()).some((file) => file.length >= bytes.length),
    'the server drops the file',
  );
  for (const who of [ana, ben])
    await who.until(
      async () => (await filesBelow(join(who.dir, 'files'))).every(({ length }) => length < bytes.length),
      `the cache of ${who.name} drops the file`,
    );
  await Promise.all(people.splice(0).map((p) => p.close()));
  for (const { dir } of [ana, ben]) {
    const records = await recordsOf(dir);
    expect([records.includes('kitchen'), records.includes(SECRET)]).toEqual([true, false]);
  }
});

test('whoever looks at the room sees it at that time, by the timer', async () => {
  const { ana, ben, room } = await anaAndBen();
  await ana.profile.call('configure', { room, expire: 2, waitMs: WAIT_MS });
  await ben.syncs(room);
  const gone: string[] = [];
  ben.profile.on((event) => {
    if (event.kind === 'expired') gone.push(event.room);
  });
  await ana.posts(room, { kind: 'text', text: SECRET });
  await ben.syncs(room);
  await ben.until(async () => gone.length > 0, 'the message disappears');
  expect(gone[0]).toBe(room);
  await Promise.all(people.splice(0).map((p) => p.close()));
  expect((await recordsOf(ben.dir)).includes(SECRET)).toBe(false);
});

test('a profile that was closed when the time came deletes it before it shows anything', async () => {
  const { ana, ben, room } = await anaAndBen();
  await ana.posts(room, { kind: 'text', text: SECRET });
  await ben.hears(room, SECRET);
  const { dir } = ben;
  await Promise.all(people.splice(0).map((p) => p.close()));
  expect((await recordsOf(dir)).includes(SECRET)).toBe(true);
  aheadMs = HOUR_MS;
  const again = await person('ben');
  expect(await again.read(room)).toEqual([]);
  await Promise.all(people.splice(0).map((p) => p.close()));
  expect((await recordsOf(dir)).includes(SECRET)).toBe(false);
});

test('the server keeps it for an hour longer: who comes in that hour reads so, and who comes later gets nothing', async () => {
  const { ana, ben, room } = await anaAndBen();
  await Promise.all([ben.close(), people.splice(people.indexOf(ben), 1)]);
  await ana.posts(room, { kind: 'text', text: SECRET });
  aheadMs = HOUR_MS + 60_000;
  const back = await person('ben');
  await back.syncs(room);
  expect(await back.read(room)).toEqual([]);
  expect(await back.warnings(room)).toEqual([{ warning: 'disappeared', count: 1 }]);
  await Promise.all(people.splice(0).map((p) => p.close()));
  expect((await recordsOf(back.dir)).includes(SECRET)).toBe(false);

  const { port } = server;
  await server.stop();
  const folder = join(home.path, 'server');
  const now = () => Date.now() + 2 * HOUR_MS + 60_000;
  const engine = await openLmdb({ folder, now });
  expect(await engine.sweep()).toBe(1);
  const later = await serve({
    engine,
    now,
    host: '127.0.0.1',
    port,
    limits: {},
    names: [{ host: '127.0.0.1' }],
    logger: silentLogger(),
  });
  aheadMs = 2 * HOUR_MS + 60_000;
  const ana2 = await person('ana');
  await ana2.syncs(room);
  expect(await ana2.read(room)).toEqual([]);
  // What the members have set is no news.
  expect(await ana2.warnings(room)).toEqual([]);
  await Promise.all(people.splice(0).map((p) => p.close()));
  await later.close();
  server = await startServer(folder, port);
});

test('the command line sets it for a new room and for one that is there', async () => {
  const run = (...args: readonly string[]) =>
    runGochat([...args, '--profile', join(home.path, 'cleo')], { HOME: home.path });
  const made = await run('new', 'attic', '--as', 'cleo', '--server', server.url, '--expire', '12h');
  expect(made.code).toBe(0);
  expect(await run('rules', 'attic')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Messages disappear after 12 hours.'),
  });
  expect(await run('rules', 'attic', '--expire', '7d')).toMatchObject({ code: 0 });
  const shown = await run('rules', 'attic', '--json');
  expect(JSON.parse(shown.out)).toMatchObject({ name: 'attic', expire: '7d' });
  expect((await run('tail', 'attic')).out).toContain('<cleo> set new messages to disappear after 7 days');
  expect(await run('rules', 'attic', '--expire', 'soon')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Say off, or a time such as'),
  });
  expect(await run('rules', 'attic', '--expire', 'off')).toMatchObject({ code: 0 });
  expect((await run('rules', 'attic')).out).not.toContain('disappear');
});
