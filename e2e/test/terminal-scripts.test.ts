import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GoChat } from '@gochat/client/internal/api/sdk';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { buildGochat, type Ended, GochatProcess } from '../src/terminal/gochat-process.ts';

const GOCHAT = fileURLToPath(new URL('../../terminal/bin/gochat.js', import.meta.url));

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ben: Someone;
let count = 0;
let room: string;
let name: string;
/** The folder of ana's profile, which the first command creates. */
let ana: string;

beforeAll(async () => {
  buildGochat();
  home = await temporary();
  server = await startServer(join(home.path, 'rooms'));
  ben = await Someone.open('ben', join(home.path, 'ben'));
});

afterAll(async () => {
  await ben.close();
  await server.stop();
  await home.remove();
});

/** A room of ben, whose client is in this process; ana uses commands. */
beforeEach(async () => {
  count += 1;
  [name, ana] = [`room ${count}`, join(home.path, `ana ${count}`)];
  const made = await ben.hosts(server.url, name);
  room = made.room;
  expect(await gochat(['join', made.link, '--as', 'ana', '--no-chat'])).toMatchObject({ code: 0, out: '' });
});

const variables = (): Record<string, string> => ({
  HOME: home.path,
  GOCHAT_PROFILE: ana,
  GOCHAT_SERVER: server.url,
});

/** A process, for what a signal or a later input ends. */
const start = (args: readonly string[]) => new GochatProcess(args, { cwd: home.path, env: variables() });

/** A command that ends, in this process. */
const gochat = (args: readonly string[], input: string | Buffer = '', env: Record<string, string> = {}) =>
  runGochat(args, { ...variables(), ...env }, input);

/** The output of a shell pipeline in which `gochat` is the command. */
async function shell(line: string): Promise<Ended> {
  const child = spawn(
    'bash',
    ['-o', 'pipefail', '-c', `gochat() { '${process.execPath}' '${GOCHAT}' "$@"; }; ${line}`],
    {
      env: { PATH: process.env.PATH ?? '', HOME: home.path, GOCHAT_PROFILE: ana },
      timeout: 30_000,
    },
  );
  const [out, err]: string[][] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out?.push(String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => err?.push(String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: out?.join('') ?? '', err: err?.join('') ?? '' };
}

const jsonLines = (out: string): Record<string, unknown>[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('a pipe is sent as it is: line ends and blank lines', async () => {
  expect((await gochat(['send', name], 'one\r\n\r\n  two\r\n')).code).toBe(0);
  expect((await gochat(['send', name, '--lines'], 'a\r\n\r\n \u200b\nb\rb\u2028b\nc')).code).toBe(0);
  expect((await gochat(['send', name, '-'], '\ufeffa byte order mark\n')).code).toBe(0);
  // With --lines, empty input is no error: `grep ... | gochat send ROOM --lines`.
  expect((await gochat(['send', name, '--lines'], '')).code).toBe(0);
  expect((await gochat(['send', name, '--', '--lines'])).code).toBe(0);
  await ben.hears(room, '--lines');
  expect(await ben.read(room)).toEqual([
    'ana: one\r\n\r\n  two',
    'ana: a',
    'ana: b\rb\u2028b',
    'ana: c',
    'ana: a byte order mark',
    'ana: --lines',
  ]);
});

test('input that is no text in UTF-8 and blank messages are refused with 2, and what came before is sent', async () => {
  const latin = Buffer.from('Gr\u00fc\u00dfe', 'latin1');
  const refusals: [string[], string | Buffer, string][] = [
    [['send', name], latin, 'iconv -f ISO-8859-1'],
    [['send', name, '-'], Buffer.from('\ufeffwide', 'utf16le'), 'UTF-16'],
    [['send', name, '--lines'], Buffer.concat([Buffer.from('\none\n'), latin]), 'line 3 and those'],
    [['chat', name], Buffer.concat([Buffer.from('two\n'), latin, Buffer.from('\nthree\n')]), 'is not UTF-8'],
    [['send', name], '\n', 'no visible text'],
    [['send', name], '\u200b \r\n', 'no visible text'],
    [['send', name, ' \u2060'], '', 'no visible text'],
    [['send', name, ''], '', 'no visible text'],
  ];
  for (const [args, input, said] of refusals)
    expect([args, await gochat(args, input)]).toEqual([
      args,
      expect.objectContaining({ code: 2, err: expect.stringContaining(said) }),
    ]);
  await ben.hears(room, 'two');
  expect(await ben.read(room)).toEqual(['ana: one', 'ana: two']);
});

test('64 KiB is one message; after a line that is too long nothing is sent, but the lines before it are', async () => {
  const long = 'x'.repeat(64 * 1024);
  expect((await gochat(['send', name], long)).code).toBe(0);
  const stopped = await gochat(
    ['send', name, '--lines'],
    `\nbefore\n\n${'y'.repeat(64 * 1024 + 1)}\nbehind\n`,
  );
  expect(stopped).toMatchObject({ code: 2, err: expect.stringContaining('64 KiB') });
  expect(stopped.err).toContain('line 4 and those after it are not sent');
  await ben.hears(room, 'before');
  expect(await ben.read(room)).toEqual([`ana: ${long}`, 'ana: before']);
});

test('join - joins by each link of a line', async () => {
  const other = await ben.hosts(server.url, `other ${count}`);
  const third = await ben.hosts(server.url, `third ${count}`);
  const profile = ['--profile', join(home.path, `several ${count}`), '--as', 'cai'];
  const text = `ours: ${await ben.invites(room)}, <${other.link}> ${other.link}\n\nand https://example.org, “${third.link}”\n`;
  const joined = await gochat(['join', '-', '--json', ...profile], text);
  expect([joined.code, jsonLines(joined.out).map((line) => line.room)]).toEqual([
    0,
    [room, other.room, third.room],
  ]);
});

test('too few file descriptors are reported in one line', async () => {
  let reported = 0;
  for (let limit = 18; limit <= 30; limit += 2) {
    const { code, err } = await shell(`ulimit -n ${limit}; gochat rooms`);
    // With even fewer, Node.js can't read the command.
    if (code === 0 || code === null || err === '' || err.includes('bin/gochat.js')) continue;
    expect([limit, code, err.trim().split('\n')]).toEqual([
      limit,
      expect.any(Number),
      [expect.stringContaining('too many open files')],
    ]);
    reported += 1;
  }
  expect(reported).toBeGreaterThan(0);
});

test('output that can not be written is one line and exit code 1', async () => {
  for (const command of [`tail '${name}' --json`, `members '${name}'`, '--version'])
    expect([command, await shell(`gochat ${command} > /dev/full`)]).toEqual([
      command,
      {
        code: 1,
        out: '',
        err: 'gochat: standard output could not be written: there is no space left on the device\n',
      },
    ]);
});

test('a reader that closes the pipe early causes no error', async () => {
  for (let i = 0; i < 5; i++) await ben.says(room, `line ${i}`);
  await ben.syncs(room);
  const cut = await shell(`gochat tail '${name}' | head -n 1`);
  expect(cut).toEqual({ code: 0, out: '<ben> line 0\n', err: '' });
  expect(await shell(`gochat tail '${name}' | wc -l`)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\s*5\n$/),
  });
});

test('tail --since and --follow together miss nothing and repeat nothing', async () => {
  const follow = start(['tail', name, '--follow', '--json']);
  const texts = Array.from({ length: 60 }, (_, i) => `message ${i}`);
  await ben.delivered(room, [await ben.says(room, texts[0] ?? '')]);
  await follow.shows('message 0"');
  for (const text of texts.slice(1, 30)) await ben.says(room, text);
  await follow.shows('message 29"');
  const first = jsonLines((await follow.stop('SIGINT')).out);
  for (const text of texts.slice(30, 45)) await ben.says(room, text);
  const since = String(first.at(-1)?.seq);
  const rest = start(['tail', name, '--follow', '--json', '--since', since]);
  await rest.shows('message 44"');
  for (const text of texts.slice(45)) await ben.says(room, text);
  await rest.shows('message 59"');
  const second = jsonLines((await rest.stop('SIGTERM')).out);
  const all = [...first, ...second];
  expect(all.filter((l) => l.kind === 'text').map((l) => l.text)).toEqual(texts);
  const seqs = all.map((l) => Number(l.seq));
  expect(seqs.every((seq, i) => i === 0 || seq > (seqs[i - 1] ?? 0))).toBe(true);
  expect(Object.keys(all.at(-1) ?? {})).toEqual(['room', 'name', 'seq', 'at', 'from', 'kind', 'text', 'id']);
});

test('tail --follow --json names the room as it is called when the line is printed', async () => {
  const follow = start(['tail', name, '--follow', '--json']);
  await ben.says(room, 'before');
  await follow.shows('before"');
  await ben.profile.call('configure', { room, name: 'pantry', waitMs: 10_000 });
  await ben.says(room, 'after');
  await follow.shows('after"');
  const lines = jsonLines((await follow.stop('SIGINT')).out).filter((l) => l.kind === 'text');
  expect(lines.map((l) => [l.text, l.name])).toEqual([
    ['before', name],
    ['after', 'pantry'],
  ]);
});

test('concurrent commands on one profile all succeed', async () => {
  const chat = start(['chat', name]);
  await chat.shows('Connected!');
  chat.write('from the chat\n');
  const sent = await Promise.all([1, 2, 3].map((i) => gochat(['send', name, `at once ${i}`])));
  expect(sent.map((ended) => ended.code)).toEqual([0, 0, 0]);
  // The owner of the profile exits, and the others continue.
  const follow = start(['tail', '--follow', '--json', '--', room.slice(0, 8)]);
  await follow.shows('at once 3');
  expect((await chat.stop('SIGINT')).code).toBe(130);
  await ben.says(room, 'still there?');
  await follow.shows('still there?');
  expect((await gochat(['send', name, 'yes'])).code).toBe(0);
  await follow.shows('"yes"');
  const texts = jsonLines((await follow.stop('SIGINT')).out)
    .filter((l) => l.kind === 'text')
    .map((l) => l.text);
  expect([...texts].sort()).toEqual([
    'at once 1',
    'at once 2',
    'at once 3',
    'from the chat',
    'still there?',
    'yes',
  ]);
});

test('a chat on a pipe sends every line, prints the others’ messages, and ends with its input', async () => {
  const chat = start(['chat', name]);
  await chat.shows('Connected!');
  await ben.says(room, 'hello\nana: forged');
  await chat.shows('forged');
  const { code, out } = await chat.end('one\n\n/members\n//two\n/nonsense\nthree');
  // `/nonsense` may have been a message, and was not sent.
  expect(code).toBe(2);
  expect(out).toContain('Connected!\n');
  expect(out).toContain('<ben> hello\n  ana: forged\n');
  expect(out).toMatch(/^-- \S{8} {2}ana {2}you$/m);
  expect(out).not.toContain('\u001b');
  await ben.hears(room, 'three');
  expect(await ben.read(room)).toEqual(['ben: hello\nana: forged', 'ana: one', 'ana: /two', 'ana: three']);
});

test('a chat on a pipe exits with the code of what failed, and makes no room of a message', async () => {
  expect(await gochat(['chat', name], `\n${'x'.repeat(80_000)}\nlast\n`)).toMatchObject({
    code: 2,
    out: expect.stringMatching(/-- .*64 KiB.*\n-- line 2 failed\n/),
  });
  expect(await gochat(['chat', name], '/remove nobody\n')).toMatchObject({
    code: 2,
    out: expect.stringMatching(/-- line 1 failed\n/),
  });
  expect(await gochat(['chat', name], Buffer.from('\n\n\xff\xfe\n', 'latin1'))).toMatchObject({
    code: 2,
    out: expect.stringContaining('-- line 3 and those after it are not sent\n'),
  });
  expect(await gochat(['chat', name], '/leave me alone\n/no-command\nstill here\n')).toMatchObject({
    code: 2,
    out: expect.stringMatching(
      /\/leave takes no text after it.*\n-- line 1 failed\n.*there is no \/no-command.*\n-- line 2 failed\n/,
    ),
  });
  // The full screen has commands that open another room. What follows them is not meant for this one.
  for (const line of ['/room sec3', '/go sec3', '/new sec3', '/join'])
    expect(await gochat(['chat', name], `${line}\nfor another room\n`)).toMatchObject({
      code: 2,
      out: expect.stringMatching(/there is no \/[a-z]+;.*\n-- line 1 and those after it are not sent\n/),
    });
  await ben.hears(room, 'last');
  expect(await ben.read(room)).not.toContain('ana: for another room');
  expect(await gochat([], 'the build failed\n')).toMatchObject({
    code: 2,
    err: expect.stringContaining('You have no room “the build failed”'),
  });
  expect(await gochat([], '2\n')).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no room number 2'),
  });
  expect(jsonLines((await gochat(['rooms', '--json'])).out)).toHaveLength(1);
});

test('/me on a pipe sends an action', async () => {
  expect(await gochat(['chat', name], '/me waves\n')).toMatchObject({ code: 0 });
  await ben.hears(room, 'waves');
  expect(await ben.messages(room)).toMatchObject([{ text: 'waves', me: true }]);
  expect(await gochat(['chat', name], '/me\n')).toMatchObject({ code: 2 });
});

test.each(['quit', 'leave'])('what a pipe has after /%s is not dropped silently', async (command) => {
  const end = await gochat(['chat', name], `one\n/${command}\n\ntwo\nthree\n`);
  expect(end).toMatchObject({
    code: 2,
    out: expect.stringContaining('-- line 4 and those after it are not sent\n'),
  });
  await ben.hears(room, 'one');
  expect(await gochat(['join', await ben.invites(room), '--no-chat'])).toMatchObject({ code: 0 });
  expect(await gochat(['chat', name], `four\n/${command}\n\n`)).toMatchObject({ code: 0 });
  await ben.hears(room, 'four');
  expect(await ben.read(room)).toEqual(['ana: one', 'ana: four']);
});

test('a chat on a pipe sends its lines although nobody reads what it prints', async () => {
  const chat = start(['chat', name]);
  chat.child.stdout.destroy();
  expect(await chat.end('one\ntwo\nthree\n')).toMatchObject({ code: 0 });
  await ben.hears(room, 'three');
  expect(await ben.read(room)).toEqual(['ana: one', 'ana: two', 'ana: three']);
  const wrong = start(['chat', name]);
  wrong.child.stdout.destroy();
  expect(await wrong.end('/nothing\nfour\n')).toMatchObject({ code: 2 });
  await ben.hears(room, 'four');
  const json = start(['send', name, '--lines', '--json']);
  json.child.stdout.destroy();
  await server.stop();
  expect(await json.end('five\nsix\n')).toMatchObject({ code: 3 });
  server = await startServer(join(home.path, 'rooms'), server.port);
});

test('tail ends without an error when nobody reads it any more', async () => {
  await gochat(['send', name, 'first']);
  const tail = start(['tail', name, '-f']);
  await tail.shows('first');
  tail.child.stdout.destroy();
  await ben.says(room, 'second');
  expect(await tail.end()).toEqual({ code: 0, out: '<ana> first\n', err: '' });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('a chat on a pipe sends what it has read, and exits after %s with %i', async (signal, code) => {
  const chat = start(['chat', name]);
  await chat.shows('Connected!');
  chat.write('first\nsecond');
  await ben.hears(room, 'first');
  expect(await chat.stop(signal)).toMatchObject({ code });
  expect(await ben.read(room)).toEqual(['ana: first']);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops a chat that has read many lines, which names the first that it has not sent',
  async (signal) => {
    const chat = start(['chat', name]);
    await chat.shows('Connected!');
    chat.write(Array.from({ length: 5_000 }, (_, i) => `row ${i + 1}\n`).join(''));
    await ben.hears(room, 'row 1');
    const { code, out } = await chat.stop(signal);
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
    const first = Number(
      /-- line ([\d,]+) and those after it are not sent/.exec(out)?.[1]?.replaceAll(',', ''),
    );
    expect(first).toBeLessThan(5_000);
    await ben.hears(room, `row ${first - 1}`);
    const rows = (await ben.read(room)).length;
    // Whatever comes later would be one more.
    await ben.says(room, 'after the end');
    await ben.hears(room, 'after the end');
    expect([rows, (await ben.read(room)).length]).toEqual([first - 1, first]);
  },
);

test('sending lines that a signal ends says so, and not that the server is away', async () => {
  const sending = start(['send', name, '--lines']);
  sending.write(Array.from({ length: 5_000 }, (_, i) => `row ${i + 1}\n`).join(''));
  await ben.hears(room, 'row 1');
  const { code, err } = await sending.stop('SIGINT');
  expect(code).toBe(3);
  expect(err).toMatch(/Stopped before the server had all; [\d,]+ messages are queued/);
  expect(err).not.toContain('could not be reached');
});

test('changed invite links are taken by the verb, from standard input, at the prompt and by the SDK', async () => {
  const guest = (n: number) => ['--profile', join(home.path, `guest ${count} ${n}`)];
  const link = await ben.invites(room);
  const wrapped = link.replace(/(.{60})(?=.)/, '$1=\r\n');
  const encoded = link.replace('#', '%23').replace('/join/', '%2Fjoin%2F');
  const bare = link.replace('http://', '');
  expect((await gochat(['join', `“${encoded}”.`, '--as', 'a', '--no-chat', ...guest(1)])).code).toBe(0);
  expect((await gochat(['join', '-', '--as', 'b', ...guest(2)], `Hello,\n\n${wrapped}\n\nBen`)).code).toBe(0);
  const sdk = await GoChat.open(join(home.path, `guest ${count} 4`));
  expect(await sdk.join(`[join](${link}?fbclid=x)`, 'd')).toMatchObject({ id: room });
  await sdk.close();
  const chat = await gochat(['chat', '--as', 'c', ...guest(3)], `(${bare})\nhello\n`);
  expect(chat.code).toBe(0);
  await ben.hears(room, 'hello');
  const names = (await ben.profile.call('members', { room })).map((member) => member.name);
  expect(names.sort()).toEqual(['a', 'ana', 'b', 'ben', 'c', 'd']);
  // A damaged link is an error, not the name of a new room.
  const damaged = await gochat(['chat', '--as', 'e', ...guest(5)], `${bare.slice(0, -3)}\n`);
  expect(damaged).toMatchObject({ code: 2, err: expect.stringContaining('damaged') });
  expect((await gochat(['join', '-', '--as', 'e', ...guest(5)], 'see you')).code).toBe(2);
});

test('several links on standard input are joined one after another, and an error names its line', async () => {
  const guest = (n: number) => ['--profile', join(home.path, `many ${count} ${n}`)];
  const first = await ben.invites(room);
  const { room: other, link: second } = await ben.hosts(server.url, `attic ${count}`);
  const wrapped = second.replace(/(.{60})(?=.)/, '$1=\r\n');
  const both = await gochat(
    ['join', '-', '--as', 'f', '--json', ...guest(1)],
    `\r\nthe kitchen: ${first}\r\nhttps://example.org/\n\n${wrapped}\n${first}\n`,
  );
  expect(both.code).toBe(0);
  expect(jsonLines(both.out).map((line) => line.room)).toEqual([room, other]);
  const damaged = await gochat(
    ['join', '-', '--as', 'g', ...guest(2)],
    `${first}\n\n${second.slice(0, -3)}\nbye\n`,
  );
  expect(damaged).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/^gochat: line 3: .*damaged.*\n$/),
  });
  expect(damaged.err).not.toContain(second.slice(-20, -3));
  // Nothing was joined.
  expect(jsonLines((await gochat(['rooms', '--json', ...guest(2)])).out)).toEqual([]);
  const { link: dead } = await ben.profile.call('invite', {
    room: other,
    expiresMs: 1,
    uses: undefined,
    waitMs: 20_000,
  });
  const partly = await gochat(['join', '-', '--as', 'g', '--json', ...guest(2)], `${dead}\n${first}\n`);
  expect(partly).toMatchObject({ code: 5, err: expect.stringMatching(/^gochat: line 1: /) });
  expect(jsonLines(partly.out)).toMatchObject([{ room }]);
});

test('an expired invite and one that is revoked by a removal are refused with 5', async () => {
  await ben.syncs(room);
  const { link } = await ben.profile.call('invite', { room, expiresMs: 1, uses: undefined, waitMs: 20_000 });
  const cai = join(home.path, `cai ${count}`);
  const expired = await gochat(['join', link, '--as', 'cai', '--no-chat', '--profile', cai]);
  expect(expired).toMatchObject({ code: 5, out: '' });
  expect(expired.err.trim().split('\n')).toHaveLength(1);
  await ben.profile.call('remove', { room, member: 'ana', waitMs: 20_000 });
  for (const args of [
    ['send', name, 'x'],
    ['tail', name],
    ['invite', name],
    ['members', name],
  ])
    expect([args[0], (await gochat(args)).code]).toEqual([args[0], 4]);
  expect((await gochat(['send', name, 'x'])).err.trim().split('\n')).toHaveLength(1);
  // What was refused with 4 is not sent after joining again either.
  const again = await ben.invites(room);
  expect(await gochat(['join', again, '--no-chat'])).toMatchObject({ code: 0 });
  const fresh = await gochat(['send', name, 'fresh', '--json']);
  expect(fresh.code).toBe(0);
  expect(jsonLines(fresh.out)).toMatchObject([{ state: 'posted', queued: false }]);
  await ben.hears(room, 'fresh');
  expect(await ben.read(room)).toEqual(['ana: fresh']);
});

test('a room that is left without a connection is left once, and joining it again cancels that', async () => {
  const own = await startServer(join(home.path, 'gone'));
  const env = { GOCHAT_SERVER: own.url };
  const made = await gochat(['new', 'left early', '--json'], '', env);
  const { link } = JSON.parse(made.out) as { link: string };
  await own.stop();
  const wait = ['--wait', '100ms'];
  expect(await gochat(['leave', 'left early', ...wait])).toMatchObject({
    code: 3,
    err: expect.stringContaining('you leave the room, and the others are notified, once it can be'),
  });
  expect(await gochat(['leave', 'left early', ...wait])).toMatchObject({
    code: 3,
    err: expect.stringContaining('You are leaving this room already'),
  });
  expect(await gochat(['send', 'left early', 'hi', ...wait])).toMatchObject({
    code: 5,
    err: expect.stringContaining('To stay, open an invite link of the room again'),
  });
  const stays = await gochat(['join', link, '--json', ...wait]);
  expect(stays).toMatchObject({ code: 0, err: expect.stringContaining('ana stays in “left early”') });
  expect(JSON.parse(stays.out)).toMatchObject({ already: true, stayed: true });
  // Queued, as in any other room.
  expect(await gochat(['send', 'left early', 'hi', ...wait])).toMatchObject({ code: 3 });
});

test('a member is named by the whole identity as well', async () => {
  const listed = await gochat(['members', name, '--json']);
  const { identity } = jsonLines(listed.out).find((one) => one.self === false) as { identity: string };
  expect(await gochat(['safety', name, identity])).toMatchObject({
    code: 0,
    out: expect.stringContaining('ben'),
  });
});

test('two members with the same name are distinguished by their ids', async () => {
  const link = await ben.invites(room);
  const other = join(home.path, `other ${count}`);
  await gochat(['join', link, '--as', 'ana', '--no-chat', '--profile', other]);
  // The profile has not received the other member yet.
  expect(await gochat(['safety', name, 'ana'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('is you'),
  });
  await gochat(['members', name]);
  await ben.syncs(room);
  const members = await ben.profile.call('members', { room });
  const ids = members.filter((m) => m.name.startsWith('ana')).map((m) => m.id);
  expect(ids).toHaveLength(2);
  const refused = await gochat(['safety', name, 'ana']);
  expect(refused).toMatchObject({ code: 2, out: '' });
  for (const id of ids) expect(refused.err).toContain(id);
  // One in 64 ids begins like an option.
  expect(await gochat(['safety', '--', name, ids[1] ?? ''])).toMatchObject({
    code: 0,
    out: expect.stringContaining(ids[1] ?? ''),
  });
});

test('a passphrase can come from a file', async () => {
  const file = join(home.path, 'passphrase');
  writeFileSync(file, 'open sesame\n');
  expect((await gochat(['passphrase'], '', { GOCHAT_NEW_PASSPHRASE: 'open sesame' })).code).toBe(0);
  expect(await gochat(['rooms'])).toMatchObject({ code: 2, out: '' });
  expect(await gochat(['rooms'], '', { GOCHAT_PASSPHRASE_FILE: file })).toMatchObject({
    code: 0,
    out: expect.stringContaining(name),
  });
  expect(await gochat(['rooms'], '', { GOCHAT_PASSPHRASE_FILE: '/nowhere' })).toMatchObject({
    code: 2,
    err: expect.stringContaining('/nowhere'),
  });
});

test('a server exits with 0 on SIGINT and SIGTERM, even sent twice at once', async () => {
  for (const signals of [['SIGTERM'], ['SIGINT'], ['SIGINT', 'SIGINT']] as const) {
    const running = start(['serve', '--port', '0', '--data', join(home.path, `data ${signals.join()}`)]);
    await running.shows('To chat');
    for (const signal of signals) running.child.kill(signal);
    expect(await running.end()).toMatchObject({ code: 0 });
  }
});

test.each([
  ['no certificate', []],
  ['a proxy in front of it', ['--behind-proxy', '--name', 'chat.example.org']],
])('signals that don’t end a server without a terminal, with %s', async (what, options) => {
  const where = ['--port', '0', '--data', join(home.path, `hang up, ${what}`)];
  const running = start(['serve', ...where, ...options]);
  await running.shows('To chat');
  running.child.kill('SIGHUP');
  await running.shows('nothing to reload');
  running.child.kill('SIGUSR1');
  await running.shows('SIGUSR1 has no meaning');
  running.child.kill('SIGUSR2');
  await running.shows('SIGUSR2 has no meaning');
  running.child.kill('SIGHUP');
  await running.shows('nothing to reload', 2);
  const { code, err } = await running.stop('SIGTERM');
  expect(code).toBe(0);
  expect(err).not.toContain('Debugger');
});

/** A room that a server's client makes and writes to. */
async function serves(port: string, at: string): Promise<void> {
  const visitor = await Someone.open('cleo', join(home.path, at));
  const made = await visitor.hosts(`http://127.0.0.1:${port}`, 'corridor');
  for (const text of ['one', 'two', 'three'])
    await visitor.delivered(made.room, [await visitor.says(made.room, text)]);
  await visitor.close();
}

test.each(['json', 'pretty'])('a server goes on when nobody reads its log any more (%s)', async (format) => {
  const where = ['--port', '0', '--data', join(home.path, `unread ${format}`)];
  const running = start(['serve', ...where, '--log-format', format]);
  await running.shows('To chat');
  const port = /127\.0\.0\.1:(\d+)/.exec(running.all)?.[1] ?? '';
  running.child.stdout.destroy();
  await serves(port, `visitor ${format}`);
  expect(await running.stop('SIGTERM')).toMatchObject({ code: 0 });
});

test('a server goes on when there is no space for its log', async () => {
  const full = openSync('/dev/full', 'w');
  const running = spawn(
    process.execPath,
    [GOCHAT, 'serve', '--port', '0', '--data', join(home.path, 'full')],
    {
      cwd: home.path,
      env: { PATH: process.env.PATH ?? '', HOME: home.path },
      stdio: ['ignore', full, 'pipe'],
    },
  );
  onTestFinished(() => void running.kill('SIGKILL'));
  const ended = once(running, 'close');
  let said = '';
  running.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  await expect.poll(() => said).toContain('To chat');
  await serves(/127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? '', 'visitor of a full disk');
  running.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  closeSync(full);
});

test('SIGHUP does not end a server that is still starting', async () => {
  const starting = start(['serve', '--port', '0', '--log', 'nats://127.0.0.1:1']);
  await starting.shows("can't be used");
  starting.child.kill('SIGHUP');
  await starting.shows('still starting');
  expect(await starting.stop('SIGTERM')).toMatchObject({ code: 0 });
});

test('a server that can’t use its port or its folder exits with 2 and one line', async () => {
  for (const args of [
    ['--port', String(server.port), '--data', join(home.path, 'other')],
    ['--port', '0', '--data', '/dev/null/x'],
    ['--port', '0', '--data', join(home.path, 'rooms', 'log.mdb')],
    ['--port', '0', '--data', join(home.path, 'rooms')],
  ]) {
    const { code, out, err } = await gochat(['serve', ...args]);
    expect([args, code, out, err.trim().split('\n').length]).toEqual([args, 2, '', 1]);
  }
});
