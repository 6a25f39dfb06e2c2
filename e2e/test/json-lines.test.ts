import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { recoveryKeys } from '@gochat/crypto/age';
import { run } from '@gochat/terminal/internal/command';
import { VERBS } from '@gochat/terminal/internal/verb-table';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer, temporary } from '../src/people/people.ts';

const SCRIPTING = fileURLToPath(new URL('../../docs/scripting.md', import.meta.url));
const WORDS = new Words('en-GB', terminalEnglish, 'UTC');
const DAY_MS = 24 * 3600 * 1000;
const ID = expect.stringMatching(/^[\w-]{22}$/);
const SHORT_ID = expect.stringMatching(/^[\w-]{8}$/);
const LINK = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#\/join\/[\w.-]+$/);

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'rooms'));
});

afterAll(async () => {
  await server.stop();
  await home.remove();
});

/** Runs a command in this process, with the profile of `who`. */
async function gochat(
  who: string,
  [verb = '', ...args]: readonly string[],
  env: Record<string, string> = { GOCHAT_SERVER: server.url },
) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end();
  const printed = [text(stdout), text(stderr)];
  const io = { stdin, stdout, stderr, env, words: WORDS };
  const code = await run([verb, '--profile', join(home.path, who), ...args], io, '1.2.3');
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(printed);
  return { code, out, err };
}

type Line = Readonly<Record<string, unknown>>;

interface Key {
  readonly name: string;
  /** Left out when it has no value. */
  readonly isOptional: boolean;
}

/** The rows of a table of the documentation: the keys of each command's lines, or of each kind of line. */
function documented(table: string): Map<string, Key[]> {
  const [, rows = ''] = readFileSync(SCRIPTING, 'utf8').split(`| ${table} |`);
  const [own = ''] = rows.split('\n\n');
  return new Map(
    [...own.matchAll(/^\| `(\w+)`.*? \| (.*)\|$/gm)].map(([, row = '', about = '']) => {
      // What is explained is in parentheses, with those of links in them.
      const keys = about.replace(/\([^()]*\)/g, '').replace(/\([^()]*\)/g, '');
      return [
        row,
        [...keys.matchAll(/`(\w+)`(\??)/g)].map(([, name = '', mark]) => ({
          name,
          isOptional: mark === '?',
        })),
      ];
    }),
  );
}

const COMMANDS = documented('command | keys of each line');
const KINDS = documented('`kind` of a line of `tail` | other keys');

/** The commands whose lines were compared with the documentation. */
const compared = new Set<string>();

/** Compares the lines that a command prints with `--json`, and their keys with the documentation. @returns them */
async function prints(
  who: string,
  [verb = '', ...args]: readonly string[],
  expected: unknown,
  exits = 0,
): Promise<Line[]> {
  const { code, out, err } = await gochat(who, [verb, ...args, '--json']);
  expect({ verb, code, err }).toEqual({ verb, code: exits, err: expect.any(String) });
  const texts = out.split('\n').filter((line) => line !== '');
  const lines = texts.map((line) => JSON.parse(line) as Line);
  expect([verb, lines]).toEqual([verb, expected]);
  compare(verb, lines);
  return lines;
}

/** Compares the keys of a command's lines with the documentation. */
function compare(verb: string, lines: readonly Line[]): void {
  for (const line of lines) {
    const kind = COMMANDS.get(verb) ?? [];
    const keys = 'kind' in line ? [...kind, ...(KINDS.get(String(line.kind)) ?? [])] : kind;
    const due = keys.filter(({ name, isOptional }) => !isOptional || name in line).map(({ name }) => name);
    expect([verb, Object.keys(line).sort()]).toEqual([verb, [...new Set(due)].sort()]);
  }
  compared.add(verb);
}

/** Runs a command whose input is given as its lines come. */
function starts(who: string, args: readonly string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io = { stdin, stdout, stderr, env: { GOCHAT_SERVER: server.url }, words: WORDS };
  const ended = run([...args, '--profile', join(home.path, who)], io, '1.2.3').finally(() => stdout.end());
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse(String((await lines.next()).value)) as Line;
  const rest = async () => {
    const all: Line[] = [];
    for (let line = await lines.next(); line.done !== true; line = await lines.next())
      all.push(JSON.parse(line.value) as Line);
    return all;
  };
  return { next, rest, ended, says: (line: string) => stdin.write(`${line}\n`) };
}

/** A person links a device, removes it, and comes back as another one. */
async function printsOfDevices(): Promise<void> {
  await gochat('fay', ['new', 'cellar', '--as', 'fay']);
  const offering = starts('fay', ['link', '--json']);
  const offered = await offering.next();
  const accepting = starts('fay-2', ['link', String(offered.link), '--label', 'Sofa', '--json']);
  const digits = await accepting.next();
  const opened = await offering.next();
  offering.says(String(digits.digits));
  compare('link', [offered, opened, digits, ...(await offering.rest()), ...(await accepting.rest())]);
  expect([await offering.ended, await accepting.ended]).toEqual([0, 0]);
  const key = expect.any(String);
  const device = { key, self: true, limited: false, rooms: 1, since: expect.any(Number) };
  const [sofa] = await prints(
    'fay-2',
    ['devices'],
    [{ ...device, label: 'Sofa' }, expect.objectContaining({ key, self: false, limited: false, rooms: 1 })],
  );
  // It asks the other devices; a removal takes a label that is known here.
  await prints(
    'fay',
    ['devices'],
    [expect.objectContaining({ self: true }), expect.objectContaining({ key: sofa?.key, label: 'Sofa' })],
  );
  await prints(
    'fay',
    ['devices', 'remove', String(sofa?.key)],
    [{ key: sofa?.key, label: 'Sofa', left: [] }],
  );
  const nobody = [{ room: ID, name: 'cellar', devices: 0, came: false }];
  await prints('fay', ['older', 'cellar'], nobody, 5);
  await prints('fay', ['recovery', '--status'], [{ made: false }]);
  const link = expect.stringContaining('/#/recover/');
  const [made] = await prints('fay', ['recovery'], [{ link, rooms: 1, left: 0 }]);
  const state = { made: true, server: expect.any(String), since: expect.any(Number), rooms: 1, left: 0 };
  await prints(
    'fay',
    ['recovery', '--status'],
    [{ ...state, current: expect.any(Boolean), backup: expect.stringMatching(/^age1/) }],
  );
  const joined = { stage: 'joined', recovered: true, joined: 1, missing: [] };
  await prints('fay-3', ['recover', String(made?.link)], [joined]);
}

test('what every command prints as JSON has the keys that the documentation lists', async () => {
  const [{ link, room } = {}] = await prints(
    'ana',
    ['new', 'kitchen', '--as', 'ana'],
    [{ room: ID, name: 'kitchen', link: LINK }],
  );
  const kitchen = { room, name: 'kitchen' };
  const joined = { ...kitchen, as: 'ben', already: false, stayed: false };
  await prints('ben', ['join', String(link), '--as', 'ben'], [joined]);
  await prints('ben', ['join', String(link)], [{ ...joined, already: true }]);
  const cat = join(home.path, 'cat.txt');
  await writeFile(cat, 'meow');
  const post = { ...kitchen, id: ID, state: 'posted', queued: false };
  const [sent] = await prints(
    'ana',
    ['send', 'kitchen', '--file', cat, '--alt', 'what cats say', '-m', 'hear'],
    [post],
  );
  const files = [{ name: 'cat.txt', bytes: 4, type: 'text/plain', alt: 'what cats say' }];
  const heard = { from: 'ana', kind: 'text', id: String(sent?.id), files };
  const where = { ...kitchen, seq: expect.any(String), at: expect.any(Number) };
  await prints('ben', ['tail', 'kitchen'], [{ ...where, ...heard, text: 'hear' }]);
  await prints('ben', ['search', 'kitchen', 'cats say'], [{ ...where, ...heard, text: 'hear' }]);
  await prints('ben', ['thread', 'kitchen', String(sent?.id)], [{ ...where, ...heard, text: 'hear' }]);
  const folder = join(home.path, 'saved');
  const path = join(folder, 'cat.txt');
  await prints(
    'ben',
    ['save', 'kitchen', String(sent?.id), '--to', folder],
    [{ ...kitchen, id: String(sent?.id), file: 1, path, bytes: 4, type: 'text/plain' }],
  );
  expect(await readFile(path, 'utf8')).toBe('meow');
  await prints('ana', ['edit', 'kitchen', String(sent?.id), 'listen'], [post]);
  const edited = { ...where, ...heard, text: 'listen', edited: expect.any(Number) };
  await prints('ben', ['tail', 'kitchen', '-n', '1'], [edited]);
  await prints('ana', ['delete', 'kitchen', String(sent?.id)], [post]);
  await prints(
    'ben',
    ['tail', 'kitchen', '-n', '1'],
    [
      {
        ...where,
        from: 'ana',
        kind: 'text',
        text: '',
        id: String(sent?.id),
        deleted: { by: 'ana', own: false },
      },
    ],
  );
  await prints('ben', ['send', 'kitchen', 'hello'], [{ ...kitchen, id: ID, state: 'posted', queued: false }]);
  const topic = { topic: 'what we cook' };
  await prints('ana', ['topic', 'kitchen', topic.topic], [{ ...kitchen, ...topic }]);
  await prints('ben', ['topic', 'kitchen'], [{ ...kitchen, ...topic }]);
  const placed = { ...kitchen, seq: expect.stringMatching(/^\d+$/), at: expect.any(Number) };
  await prints(
    'ana',
    ['tail', 'kitchen'],
    [
      { ...placed, from: 'ben', kind: 'joined' },
      expect.objectContaining({ from: 'ana', deleted: { by: 'ana', own: true } }),
      { ...placed, from: 'ben', kind: 'text', text: 'hello', id: ID },
      { ...placed, from: 'ana', kind: 'changed', ...topic },
    ],
  );
  await prints(
    'ana',
    ['inspect', 'kitchen'],
    [
      {
        seq: placed.seq,
        at: placed.at,
        kind: expect.any(String),
        body: expect.stringMatching(/^[\w-]+$/),
        bytes: expect.any(Number),
        says: [expect.objectContaining({ from: 'ben', text: 'hello' })],
      },
    ],
  );
  await prints(
    'ben',
    ['rooms'],
    [
      expect.objectContaining({
        id: room,
        name: 'kitchen',
        ...topic,
        as: 'ben',
        status: 'active',
        members: 2,
        queued: 0,
        admin: false,
        founded: false,
        missed: 0,
        unsent: 0,
        unfollowed: '',
      }),
    ],
  );
  const member = (self: boolean) => ({
    id: SHORT_ID,
    identity: expect.any(String),
    self,
    devices: [{ key: expect.any(String), self }],
  });
  await prints(
    'ben',
    ['members', 'kitchen'],
    [
      { ...member(false), name: 'ana', admin: true, role: 'admin' },
      { ...member(true), name: 'ben', admin: false, role: 'member' },
    ],
  );
  const [device] = await prints('ben', ['devices', 'kitchen'], [{ key: expect.any(String), self: true }]);
  await prints('ben', ['compromised', 'kitchen'], [{ ...kitchen, compromised: device?.key, removed: false }]);
  await prints(
    'ben',
    ['safety', 'kitchen'],
    [
      {
        ...kitchen,
        code: expect.any(String),
        epoch: expect.any(String),
        log: { code: expect.stringMatching(/^\d{5} \d{5} \d{5}$/), at: expect.any(Number) },
        members: [expect.objectContaining({ name: 'ana' })],
      },
    ],
  );
  const [invite] = await prints(
    'ana',
    ['invite', 'kitchen', '--uses', '1'],
    [{ ...kitchen, id: ID, link: LINK }],
  );
  const listed = { by: 'ana', live: true, expires: expect.any(Number), approval: false };
  await prints(
    'ana',
    ['invites', 'kitchen'],
    [
      { ...listed, id: ID },
      { ...listed, id: invite?.id, uses: 1 },
    ],
  );
  const revoked = String(invite?.id);
  await prints('ana', ['revoke', 'kitchen', revoked], [{ ...kitchen, revoked }]);
  const made = { ...kitchen, id: ID, link: LINK };
  const [door] = await prints('ana', ['invite', 'kitchen', '--approve'], [made]);
  for (const name of ['cleo', 'dora']) {
    const asking = ['join', String(door?.link), '--as', name, '--no-chat', '--words', 'hello'];
    const asked = await gochat(name, asking);
    expect(asked).toMatchObject({ code: 3, out: '' });
  }
  const at = expect.any(Number);
  const waits = { room, name: 'kitchen', server: expect.any(String), as: 'cleo', at, state: 'waiting' };
  await prints('cleo', ['knocks'], [waits]);
  const asks = { room, id: ID, identity: expect.any(String), words: 'hello', at, banned: false };
  await prints(
    'ana',
    ['knocks', 'kitchen'],
    ['cleo', 'dora'].map((name) => ({ ...asks, name })),
  );
  await prints('ana', ['approve', 'kitchen', 'cleo'], [{ ...kitchen, approved: 'cleo' }]);
  await prints('ana', ['decline', 'kitchen', 'dora'], [{ ...kitchen, declined: 'dora' }]);
  await prints('ana', ['admin', 'kitchen', 'ben'], [{ ...kitchen, member: 'ben', admin: true }]);
  await prints('ana', ['admin', 'kitchen', 'ben', '--drop'], [{ ...kitchen, member: 'ben', admin: false }]);
  for (const [verb, role] of [
    ['mute', 'observer'],
    ['unmute', 'member'],
  ] as const)
    await prints('ana', [verb, 'kitchen', 'ben'], [{ ...kitchen, member: 'ben', role }]);
  await prints(
    'ana',
    ['role', 'kitchen', 'ben', 'speaker'],
    [{ ...kitchen, member: 'ben', role: 'speaker' }],
  );
  for (const as of ['Benno', 'ben']) await prints('ben', ['nick', 'kitchen', as], [{ ...kitchen, as }]);
  const rules = { speak: 'all', slow: 'off', links: 'all', expire: '7d', history: '100' };
  await prints('ana', ['rules', 'kitchen', '--expire', '7d'], [{ ...kitchen, ...rules }]);
  const [poll] = await prints('ana', ['poll', 'kitchen', 'Tea?', 'yes', 'no'], [post]);
  await prints('ben', ['vote', 'kitchen', String(poll?.id), '1'], [post]);
  await prints('ana', ['close', 'kitchen', String(poll?.id)], [post]);
  await prints('ana', ['pin', 'kitchen', String(poll?.id)], [{ ...kitchen, pinned: poll?.id }]);
  const pinned = { ...placed, from: 'ana', id: poll?.id, text: expect.stringContaining('Tea?') };
  await prints('ben', ['pins', 'kitchen'], [pinned]);
  await prints('ana', ['unpin', 'kitchen', String(poll?.id)], [{ ...kitchen, unpinned: poll?.id }]);
  const direct = { room: ID, name: 'ana', asked: true, queued: false };
  await prints('ben', ['dm', 'kitchen', 'ana', 'psst'], [direct]);
  await gochat('ana', ['tail', 'kitchen']);
  const [request] = await prints(
    'ana',
    ['requests'],
    [expect.objectContaining({ room, roomName: 'kitchen', name: 'ben', text: 'psst' })],
  );
  await prints('ana', ['requests', 'accept', String(request?.id)], [{ room: ID, name: 'ben' }]);
  await prints('ana', ['history', 'kitchen', '30d'], [{ ...kitchen, history: '30d' }]);
  await prints('ana', ['rename', 'kitchen', ' pantry '], [{ room, name: 'pantry' }]);
  await prints('ana', ['remove', 'pantry', 'ben'], [{ room, name: 'pantry', removed: 'ben' }]);
  await prints('ana', ['ban', 'pantry', 'ben'], [{ room, name: 'pantry', banned: 'ben' }]);
  const banned = { fingerprint: ID, identity: expect.any(String), name: 'ben' };
  await prints('ana', ['bans', 'pantry'], [banned]);
  await prints('ana', ['unban', 'pantry', 'ben'], [{ room, name: 'pantry', unbanned: 'ben' }]);
  await prints('ana', ['return', 'pantry'], [{ room, name: 'pantry', returned: false }]);
  await prints('ana', ['resend', 'pantry'], []);
  const { identity, recipient } = await recoveryKeys(new Uint8Array(16));
  const [key, backup] = [join(home.path, 'key'), join(home.path, 'ana.age')];
  await writeFile(key, identity);
  await gochat('ana', ['profile', 'backup', backup, '--to', recipient]);
  const checked = { ...{ room, name: 'pantry' }, messages: expect.any(Number), left: false };
  await prints(
    'ana',
    ['profile', 'check', backup, '--identity', key],
    [
      { ...checked, joins: true },
      { ...checked, room: ID, name: 'ben', joins: true },
    ],
  );
  await prints('ana', ['leave', 'pantry'], [{ room, name: 'pantry', left: true, admins: 0 }]);
  await printsOfDevices();
  const takesJson = VERBS.filter(({ options = [] }) => options.some(([flags]) => flags === '--json'));
  for (const verbs of [[...compared], [...COMMANDS.keys()]])
    expect(verbs.sort()).toEqual(takesJson.map(({ name }) => name.split(' ')[0]).sort());
});

test('tail prints the last messages, with times', async () => {
  await gochat('dan', ['new', 'attic', '--as', 'dan']);
  for (const text of ['one', 'two', 'three']) await gochat('dan', ['send', 'attic', text]);
  const { out } = await gochat('dan', ['tail', 'attic', '-n', '2', '--time']);
  const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`;
  expect(out).toMatch(new RegExp(`^${time} <dan> two\n${time} <dan> three\n$`));
  expect((await gochat('dan', ['tail', 'attic', '-n', '1'])).out).toBe('<dan> three\n');
});

test('a new room is on the server of the newest room, unless another server is given', async () => {
  await gochat('eva', ['new', 'first', '--as', 'eva']);
  expect(await gochat('eva', ['new', 'second', '--json'], {})).toMatchObject({ code: 0 });
  const { out } = await gochat('eva', ['rooms', '--json'], {});
  const rooms = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  expect(rooms.map((room) => room.server)).toEqual([server.url, server.url]);
});

test('an invite works for seven days unless it is given a time, and the command says until when', async () => {
  await gochat('cleo', ['new', 'garden', '--as', 'cleo']);
  const plain = await gochat('cleo', ['invite', 'garden']);
  const once = await gochat('cleo', ['invite', 'garden', '--expires', '30d', '--uses', '1']);
  const { out } = await gochat('cleo', ['invites', 'garden', '--json']);
  const ends = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { expires: number }).expires);
  const days = ends.map((end) => Math.round((end - Date.now()) / DAY_MS));
  expect(days).toEqual([7, 7, 30]);
  const until = ends.map((end) => WORDS.clock.date(end));
  expect(plain.err).toContain(`Until ${until[1]}, anyone with this link can join:`);
  expect(once.err).toContain(`Until ${until[2]}, one person with this link can join:`);
  expect(plain.out).toMatch(/^http:\S+\n$/);
});
