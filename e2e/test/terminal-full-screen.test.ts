import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';
import { PseudoTerminal } from '../src/terminal/pseudo-terminal.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ben: Someone;
let room: string;
let link: string;
let screens: PseudoTerminal[] = [];
let tests = 0;

beforeAll(async () => {
  buildGochat();
  home = await temporary();
  server = await startServer(`${home.path}/rooms`);
  ben = await Someone.open('ben', `${home.path}/ben`);
}, 120_000);

// Each test has a room of ben and a profile of ana.
beforeEach(async () => {
  tests += 1;
  ({ room, link } = await ben.hosts(server.url));
});

afterEach(async () => {
  for (const screen of screens) screen.kill();
  await Promise.all(screens.map((screen) => screen.ended));
  screens = [];
});

afterAll(async () => {
  await ben.close();
  await server.stop();
  await home.remove();
});

interface Given {
  readonly cols?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

function screen(args: readonly string[], given: Given = {}): PseudoTerminal {
  const opened = new PseudoTerminal([...args, '--profile', `ana-${tests}`], { cwd: home.path, ...given });
  screens.push(opened);
  return opened;
}

/** Ana's full screen, in a room that she has joined. */
async function joined(given: Given = {}): Promise<PseudoTerminal> {
  const ana = screen(['join', link, '--as', 'ana'], given);
  await ana.shows('> Write a message');
  return ana;
}

/** Ana ends the chat with these keys, and the terminal is as before. */
async function ends(ana: PseudoTerminal, keys: string): Promise<void> {
  expect(ana.isAsBefore).toBe(false);
  ana.type(keys);
  expect(await ana.ended).toBe(0);
  expect(ana.isAsBefore).toBe(true);
}

test('two people create a room, join it and chat on full screens; Ctrl+D and /quit restore the terminal', async () => {
  const env = { GOCHAT_SERVER: server.url };
  const ana = screen([], { cols: 100, rows: 40, env });
  await ana.shows('You are not in any room yet.');
  ana.type('c');
  await ana.shows('Room name');
  ana.type('garden\tana\r');
  await ana.shows('Anyone with this link can join garden until');
  const shown = ana.lines.map((line) => /│ (\S+) *│/.exec(line)?.[1] ?? '').join('');
  const invite = /https?:\/\/[^/]+\/#\/join\/[\w-]{22}\.[\w-]{22}\.[\w-]{22}/.exec(shown)?.[0] ?? '';
  expect(invite).not.toBe('');
  ana.type('\u001b');
  await ana.until((lines) => lines[0]?.includes('garden') === true, 'the room');

  const cleo = new PseudoTerminal(['join', invite, '--profile', 'cleo'], { cwd: home.path });
  screens.push(cleo);
  await cleo.shows('Your name in this room');
  cleo.type('cleo\r');
  await ana.shows('cleo joined by invite');
  await cleo.shows('You joined garden');
  cleo.enter('hello **you**');
  await ana.until(
    (lines) => lines.some((line) => /cleo hello you$/.test(line.split('│')[1]?.trimEnd() ?? '')),
    'cleo’s',
  );
  ana.enter('hi!');
  await cleo.shows('ana hi!');
  await ana.shows('hi! ✓');
  await ends(ana, '\u0004');
  await ends(cleo, '/quit\r');
});

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])('%s restores the terminal, and ends with %i', async (signal, code) => {
  const ana = await joined();
  ana.kill(signal);
  expect(await ana.ended).toBe(code);
  expect(ana.isAsBefore).toBe(true);
});

test('a crash restores the terminal and prints the error', async () => {
  const bomb = `${home.path}/bomb.mjs`;
  await writeFile(bomb, `process.on('SIGUSR2', () => { throw new Error('boom'); });`);
  const ana = await joined({ env: { NODE_OPTIONS: `--import=${bomb}` } });
  ana.kill('SIGUSR2');
  expect(await ana.ended).toBe(1);
  expect(ana.isAsBefore).toBe(true);
  expect(ana.text).toContain('boom');
});

test('hostile text of other members does not change the screen, a paste of many lines opens a dialog and runs no command, and the screen is drawn for a new size of the window; Ctrl+C twice restores the terminal', async () => {
  const ana = await joined();
  await ben.says(room, '\u001b[2J\u001b[H\u001b]0;owned\u0007gone?\u202e');
  await ana.shows('gone?');
  expect(ana.lines[0]).toMatch(/^ kitchen/);
  expect(ana.lines.at(-1)?.trimEnd()).toBe('> Write a message');

  ana.type('\u001b[200~one\r/leave\rthree\rfour\rfive\u001b[201~');
  await ana.shows('Paste 5 lines?');
  ana.type('\u001b[B\u001b[B\r');
  await ben.hears(room, 'one\n/leave\nthree\nfour\nfive');

  await ben.says(room, 'something to be read');
  await ana.shows('something to be read');
  ana.resize(40, 12);
  // The emulator wraps the old rows until they are drawn again.
  await ana.until((lines) => !lines.some((line) => line.includes('│')), 'a screen without panes');
  ana.resize(120, 40);
  await ana.shows('2 members');
  await ends(ana, '\u0003\u0003');
});

test('without a server the screen says so, and queued messages are sent later', async () => {
  const ana = await joined();
  await server.stop();
  await ana.until(
    (lines) => lines.some((line) => /○ (?:offline|connecting)/.test(line)),
    'the server is away',
  );
  ana.enter('into the void');
  await ana.shows('into the void ◷');
  server = await startServer(`${home.path}/rooms`, server.port);
  await ben.hears(room, 'into the void');
  await ana.until((lines) => lines.some((line) => line.startsWith(' ●')), 'the server is back');
});

test('a removed member sees it in the message field', async () => {
  const ana = await joined();
  await ben.syncs(room);
  await ben.profile.call('remove', { room, member: 'ana', waitMs: 20_000 });
  await ana.until((lines) => /removed|not a member/.test(lines.at(-1) ?? ''), 'why nothing can be said');
});

test('a locked profile asks for its passphrase first', async () => {
  const setting = screen(['passphrase']);
  await setting.shows('New passphrase:');
  setting.enter('open sesame');
  await setting.shows('Repeat the new passphrase:');
  setting.enter('open sesame');
  expect(await setting.ended).toBe(0);
  const ana = screen(['join', link, '--as', 'ana']);
  await ana.shows('Passphrase:');
  ana.enter('open sesame');
  await ana.shows('> Write a message');
  ana.enter('opened');
  await ben.hears(room, 'opened');
});

test('a terminal that can’t draw gets the line mode', async () => {
  const ana = screen(['join', link, '--as', 'ana'], { env: { TERM: 'dumb' } });
  await ana.shows('Connected!');
});
