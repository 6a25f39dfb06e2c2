import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../src/command.ts';
import { profileOptions, VERBS } from '../src/verb-table.ts';

const WORDS = new Words('en-GB', terminalEnglish, 'UTC');

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gochat-command-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Runs a command line in this process, with a profile that doesn't exist yet. */
async function gochat(
  args: readonly string[],
  env: Record<string, string> = {},
  input = '',
): Promise<{ code: number; out: string; err: string; made: boolean }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  const profile = join(home, 'profile');
  const [verb = '', ...rest] = args;
  const own = [
    'serve',
    'doctor',
    'move',
    'conform',
    'backup',
    'restore',
    'help',
    '--help',
    '--version',
    '--profile',
  ].includes(verb)
    ? []
    : ['--profile', profile];
  const code = await run([verb, ...own, ...rest], { stdin, stdout, stderr, env, words: WORDS }, '1.2.3');
  return { code, out: text(stdout), err: text(stderr), made: existsSync(profile) };
}

const LINK = 'http://127.0.0.1:1/#/join/AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA';

test.each([
  ['tail', ['-aaaaaaaaaaaaaaaaaaaaa'], true],
  ['tail', ['--aaaaaaaaaaaaaaaaaaaa'], true],
  ['remove', ['x', '-bcdefgh'], true],
  ['remove', ['x', '--cdefgh'], true],
  ['compromised', ['x', `-${'b'.repeat(42)}`], true],
  ['safety', ['x', '-bcdefgh'], true],
  ['revoke', ['x', '-_-_-_-_'], true],
  ['revoke', ['--bbbbbbbbbbbbbbbbbbbb', '-bbbbbbbbbbbbbbbbbbbbb'], true],
  ['admin', ['x', '-bcdefgh', '--drop'], true],
  ['tail', ['x', '-bcdefgh'], false],
  ['send', ['x', '--urgent'], false],
  ['admin', ['x', '-bcdefg'], false],
])('%s %j: an id that begins like an option is taken: %s', async (verb, args, taken) => {
  const { code, err } = await gochat([verb, ...args]);
  expect(code).toBe(2);
  expect(err.includes('You have no room')).toBe(taken);
});

test('the key of a device that begins like an option is taken', async () => {
  const { code, err } = await gochat(['devices', 'remove', '-bcdefgh']);
  expect([code, err]).toEqual([2, expect.stringContaining('gochat devices lists your devices')]);
});

const MAY_BE_EMPTY = ['send TEXT', 'topic TEXT', 'edit TEXT'];

/** Every argument and every option with a value, of every verb, as an empty text. */
const EMPTY = VERBS.flatMap(({ name, options = [], describe = profileOptions }) => {
  const [verb = '', ...names] = name.replace(/[<>[\]]/g, '').split(' ');
  const command = describe(new Command());
  for (const [flags, meaning] of options) command.option(flags, meaning);
  const required = names.filter((one) => name.includes(`<${one}>`)).map(() => 'x');
  return [
    ...names.map((one, i) => ({
      what: `${verb} ${one.toUpperCase()}`,
      args: [verb, ...names.slice(0, Math.max(i + 1, required.length)).map((_, j) => (i === j ? '' : 'x'))],
    })),
    ...command.options
      .filter(({ required: takesValue }) => takesValue)
      .map(({ long }) => ({ what: `${verb} ${long}`, args: [verb, ...required, long ?? '', ''] })),
  ];
}).filter(({ what }) => !MAY_BE_EMPTY.includes(what));

test('an empty argument or value is refused by every verb, and makes no profile', async () => {
  expect(EMPTY.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      'compromised DEVICE',
      'safety MEMBER',
      'chat ROOM',
      'return --seen',
      'serve --data',
    ]),
  );
  for (const { what, args } of EMPTY) {
    const { code, err, made } = await gochat(args);
    expect([what, code, made, err]).toEqual([what, 2, false, expect.stringContaining('must not be empty')]);
    expect(err).toContain(what.split(' ')[1]?.replace('...', ''));
  }
});

test('a leading slash at the questions of the line mode is a command, not a name', async () => {
  const { code, out, err } = await gochat(['chat'], {}, '/help\nana\n/rooms\n/members\n/nonsense\n');
  expect(out).toContain('-- /help');
  expect(out).toContain('-- /members needs a room');
  expect(out).toContain('there is no /nonsense');
  expect([code, err]).toEqual([2, expect.stringContaining('no room was chosen')]);
});

test.each([['/quit\n'], ['ana\n/quit\n'], ['ana\n/help\n /quit \nnot a room\n']])(
  '/quit at a question ends the chat without an error: %j',
  async (input) => {
    expect(await gochat(['chat'], {}, input)).toMatchObject({
      code: 0,
      err: expect.not.stringMatching(/gochat:/),
    });
  },
);

test.each([
  ['', 'give a name'],
  ['ana\n', 'no room was chosen'],
])('the end of the input at a question is an error: %j', async (input, says) => {
  expect(await gochat(['chat'], {}, input)).toMatchObject({ code: 2, err: expect.stringContaining(says) });
});

test.each([
  [['new'], "missing required argument 'name'"],
  [['new', 'x', 'y', '--as', 'a'], 'too many arguments'],
  [['new', 'x', '--as'], 'argument missing'],
  [['new', 'x', '--as', 'a', '--loudly'], "unknown option '--loudly'"],
  [['new', 'x', '--as', 'a', '--wait', 'soon'], '"soon" is not a duration'],
  [['new', 'x', '--as', 'a', '--server', 'ftp://host'], 'ftp:// is not one of tcp, tls'],
  [['new', 'x', '--as', 'a', '--server', 'host:4040'], 'A server’s address begins with its scheme'],
  [['new', 'x', '--as', 'a', '--server', 'tcp://host:99999'], '99999 is not a port'],
  [['new', ' ', '--as', 'a'], 'A name must not be empty'],
  [['new', 'x', '--as', 'a\u202eb'], 'control characters or invisible'],
  [['join', 'nonsense', '--as', 'a'], 'An invite link looks like'],
  [['join', LINK, '--as', 'a'], 'The link is damaged: copy the whole link'],
  [['join', `${LINK}.AAAA`, '--as', 'a'], 'damaged'],
  [['join', `${LINK}.AAAAAAAAAAAAAAAAAAAAAA`, '--as', ''], '--as must not be empty'],
  [['invite', 'x', '--expires', '1.5d'], '"1.5d" is not a duration'],
  [['invite', 'x', '--expires', '0s'], 'above 0'],
  [['invite', 'x', '--uses', '0'], 'from 1 to 10000'],
  [['invite', 'x', '--uses', 'two'], 'from 1 to 10000'],
  [['tail', 'x', '--since', '-1'], '--since'],
  [['tail', 'x', '--since', '1e3'], '--since'],
  [['send', 'x', 'y', '--wait', ''], '--wait must not be empty'],
  [['rooms', '--ca', '/nowhere/ca.pem'], "/nowhere/ca.pem can't be read"],
  [['frobnicate'], "unknown command 'frobnicate'"],
  [['memebrs', 'x'], 'Did you mean members?'],
])('%j prints one clear line, exits with 2 and creates nothing', async (args, says) => {
  const { code, out, err, made } = await gochat(args);
  expect({ code, out, made }).toEqual({ code: 2, out: '', made: false });
  expect(err).toMatch(/^gochat: /);
  expect(err).toContain(says);
  expect(err.trim().split('\n').length).toBeLessThanOrEqual(2);
});

test('the usage is named after a mistake in the arguments, not after one elsewhere', async () => {
  const wrong = await gochat(['tail', 'x', '--since', '-1']);
  expect(wrong.err).toContain('gochat tail --help shows the usage');
  const file = await gochat(['rooms', '--ca', '/nowhere/ca.pem']);
  expect(file.err).not.toContain('--help');
  const backup = await gochat(['backup', join(home, 'copy'), '--data', join(home, 'none')]);
  expect([backup.code, backup.err]).toEqual([2, expect.not.stringContaining('--help')]);
});

test.each(['backup', 'restore'])('%s - is refused: a backup is a file', async (verb) => {
  const { code, err } = await gochat([verb, '-', '--data', home]);
  expect([code, err]).toEqual([2, expect.stringContaining('a backup is a file, not standard')]);
});

test.each([
  [{ GOCHAT_INSECURE: 'perhaps' }, 'GOCHAT_INSECURE must be 1 or 0'],
  [{ GOCHAT_CA: '/nowhere/ca.pem' }, "/nowhere/ca.pem can't be read"],
  [{ GOCHAT_INSECURE: '0' }, '--insecure'],
])('a variable works like its flag: %j', async (env, says) => {
  const { code, err } = await gochat(['new', 'x', '--as', 'a', '--server', 'tcp://192.0.2.1:1'], env);
  expect(code).toBe(2);
  expect(err).toContain(says);
});

test('an error about a link doesn’t repeat the link, which has a secret', async () => {
  const secret = 'c2VjcmV0LXNlY3JldC1zZQ';
  const { err } = await gochat(['join', LINK.replace(/[^.]+$/, secret), '--as', 'a']);
  expect(err).not.toContain(secret);
});

test('a room’s name instead of a command is answered with the command to chat in it', async () => {
  expect((await gochat(['kitchen'])).err).toContain('gochat chat ROOM');
});

test.each([
  [['--help'], 'Exit codes: 0 success'],
  [['help'], 'Exit codes: 0 success'],
  [['tail', '--help'], '--since'],
  [['help', 'tail'], '--since'],
  [['serve', '--help'], 'GOCHAT_TLS_CERT'],
  [['help', 'serve'], 'GOCHAT_BEHIND_PROXY'],
  [['--version'], '1.2.3'],
])('%j prints to standard output and exits with 0', async (args, says) => {
  const { code, out, err } = await gochat(args);
  expect(code).toBe(0);
  expect(out).toContain(says);
  expect(err).toBe('');
});

test('the help of every command fits into 80 columns', async () => {
  const { out } = await gochat(['--help']);
  const names = [...out.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, name]) => name ?? '');
  expect(names.length).toBeGreaterThan(14);
  for (const name of names) {
    const help = (await gochat([name, '--help'])).out;
    expect(help).toContain(`gochat ${name}`);
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }
});

test.each([
  [['serve', '--port', 'many'], {}, '--port'],
  [['serve', '--tls-cert', 'x.pem'], {}, '--tls-key'],
  [['serve', '--host', '0.0.0.0'], {}, '--insecure'],
  [['serve', '--log-level', 'loud'], {}, '--log-level'],
  [['serve', '--retain', '1y'], {}, '--retain'],
  [['serve'], { GOCHAT_PORT: '70000' }, '--port'],
  [['serve'], { GOCHAT_INSECURE: 'perhaps' }, 'GOCHAT_INSECURE'],
  [['serve', 'now'], {}, 'too many arguments'],
])('%j with %j does not start', async (args, env, says) => {
  const { code, out, err } = await gochat(args, env);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(says);
  expect(err.trim().split('\n')).toHaveLength(1);
});

test.each([
  [
    ['rooms', '--json'],
    [0, '', ''],
  ],
  [
    ['send', 'kitchen', 'hi'],
    [2, '', 'You have no room “kitchen”'],
  ],
  [
    ['--wait', '1s', 'tail', 'kitchen'],
    [2, '', 'You have no room “kitchen”'],
  ],
  [
    ['--as', 'send', '--', 'tail'],
    [2, '', 'You have no room “tail”'],
  ],
  [
    ['--as', 'send', 'kitchen'],
    [2, '', 'You have no room “kitchen”'],
  ],
])('options may come before the command: --profile P %j', async (args, [code, out, says]) => {
  const profile = join(home, 'profile');
  expect(await gochat(['--profile', profile, ...args])).toEqual({
    code,
    out,
    err: expect.stringContaining(String(says)),
    made: true,
  });
});
