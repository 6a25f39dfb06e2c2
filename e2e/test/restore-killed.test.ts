import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recoveryKeys } from '@gochat/crypto/age';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { roomsOf } from '../src/people/devices.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';
import { PseudoTerminal } from '../src/terminal/pseudo-terminal.ts';
import { WAIT_MS } from '../src/waits.ts';

/** Long enough for several packs in each room, and for storing them to be seen ten times a second. */
const LONG = 'x'.repeat(8000);
const LINES = 250;
const keys = await recoveryKeys(crypto.getRandomValues(new Uint8Array(16)));

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
const rooms = ['kitchen', 'attic'];
const said = new Map<string, readonly string[]>();

beforeAll(async () => {
  buildGochat();
  home = await temporary();
  server = await startServer(join(home.path, 'rooms'), 0, { createsPerHour: 1000 });
  await writeFile(join(home.path, 'key'), keys.identity);
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  for (const name of rooms) {
    const { room } = await ana.hosts(server.url, name);
    const texts = Array.from({ length: LINES }, (_, i) => `${name} ${i} ${LONG}`);
    said.set(name, texts);
    const ids: string[] = [];
    for (const text of texts) ids.push(await ana.says(room, text));
    await ana.delivered(room, ids);
  }
  await ana.close();
  const made = await run('ana', ['profile', 'backup', join(home.path, 'ana.age'), '--to', keys.recipient]);
  expect(made.code).toBe(0);
}, 3 * WAIT_MS);

afterAll(async () => {
  await server.stop();
  await home.remove();
});

const run = (who: string, args: readonly string[]) =>
  runGochat([...args, '--profile', join(home.path, who)], { HOME: home.path });

const RESTORE = ['profile', 'restore', 'ana.age', '--identity', 'key', '--label', 'new laptop'];

/** Runs a restore on a terminal, and kills it as soon as it shows this. */
async function killed(who: string, shown: RegExp): Promise<void> {
  const terminal = new PseudoTerminal([...RESTORE, '--profile', join(home.path, who)], { cwd: home.path });
  await terminal.until((lines) => lines.some((line) => shown.test(line)), String(shown));
  terminal.kill('SIGKILL');
  await terminal.ended;
}

async function hasAll(one: Someone): Promise<void> {
  const all = await one.profile.call('rooms', {});
  expect(all.map(({ name }) => name).sort()).toEqual(['attic', 'kitchen']);
  for (const { id, name } of all)
    expect((await one.messages(id)).map(({ text }) => text)).toEqual(said.get(name));
}

test(
  'a restore that is killed while it checks, stores and joins goes on, and nothing comes twice',
  async () => {
    const { port } = server;
    await server.stop();
    // A file that isn't checked to its end changes nothing.
    await killed('new', /verified \d/);
    expect((await run('new', ['rooms', '--json'])).out).toBe('');
    await killed('new', /restored \d+ messages/);
    await killed('new', /restored (2[5-9]\d|[34]\d\d) messages/);
    // All is stored, and no server has let it in.
    await killed('new', /restored 2 rooms and 500 messages/);
    const offline = await Someone.open('ana', join(home.path, 'new'));
    await hasAll(offline);
    expect(await roomsOf(offline)).toEqual([]);
    await offline.close();
    server = await startServer(join(home.path, 'rooms'), port, { createsPerHour: 1000 });
    const again = await Someone.open('ana', join(home.path, 'new'));
    expect(await again.profile.call('rejoined', { waitMs: WAIT_MS })).toEqual({
      joined: 2,
      of: 2,
      missing: [],
    });
    expect(await roomsOf(again)).toEqual(['attic', 'kitchen']);
    for (const { id } of await again.profile.call('rooms', {})) await again.syncs(id);
    await hasAll(again);
    await again.close();
  },
  4 * WAIT_MS,
);

test('a backup is made while the full screen of the profile runs', async () => {
  const screen = new PseudoTerminal(['--profile', join(home.path, 'ana')], { cwd: home.path });
  await screen.until((lines) => lines.some((line) => line.includes('Write a message')), 'a place to write');
  const file = join(home.path, 'nightly.age');
  const made = await run('ana', ['profile', 'backup', file, '--to', keys.recipient]);
  expect(made).toMatchObject({
    code: 0,
    err: expect.stringContaining(`saved 2 rooms and ${2 * LINES} messages`),
  });
  const checked = await run('eve', ['profile', 'check', file, '--identity', join(home.path, 'key')]);
  expect(checked).toMatchObject({
    code: 0,
    out: expect.stringContaining(`2 rooms and ${2 * LINES} messages`),
  });
  screen.kill('SIGTERM');
  await screen.ended;
});

test('a restore that is killed while it joins leaves no second device in a room', async () => {
  await killed('other', /restored 2 rooms/);
  const again = await Someone.open('ana', join(home.path, 'other'));
  expect(await again.profile.call('rejoined', { waitMs: WAIT_MS })).toMatchObject({ joined: 2, missing: [] });
  for (const { id } of await again.profile.call('rooms', {})) {
    await again.syncs(id);
    const [ana] = await again.profile.call('members', { room: id });
    // The device that the backup was made on, the one of the test before, and this one.
    expect(ana?.devices).toHaveLength(3);
  }
  await hasAll(again);
  await again.close();
});
