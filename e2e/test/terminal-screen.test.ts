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

function screen(args: readonly string[], size: { cols?: number; rows?: number } = {}): PseudoTerminal {
  const opened = new PseudoTerminal([...args, '--profile', `ana-${tests}`], { cwd: home.path, ...size });
  screens.push(opened);
  return opened;
}

/** Ana's terminal in line mode, in a room that she has joined. */
async function joined(size: { cols?: number; rows?: number } = {}): Promise<PseudoTerminal> {
  const ana = screen(['join', link, '--as', 'ana', '--plain'], size);
  await ana.shows('Connected!');
  await ana.shows('> ');
  return ana;
}

/** Ana ends the chat with these keys: the cursor is on a new line, and raw input and bracketed paste are off. */
async function ends(ana: PseudoTerminal, keys: string): Promise<void> {
  ana.type(keys);
  expect(await ana.ended).toBe(0);
  expect(ana.row).toBe('');
  expect(ana.pastesInBrackets).toBe(false);
}

test('a typed line of many rows stays intact when a message arrives, and Ctrl-C restores the terminal', async () => {
  const ana = await joined({ cols: 40, rows: 12 });
  const typed =
    'It is a long line that goes on and on, over the edge of the screen, and then once more over it';
  ana.type(typed);
  await ana.shows(`> ${typed}`);
  for (const text of ['one', 'two', 'three']) {
    await ben.says(room, text);
    await ana.shows(`<ben> ${text}`);
  }
  // The message is written first, then the typed line again.
  await ana.shows(`> ${typed}`);
  await expect
    .poll(() => ana.lines.slice(-4))
    .toEqual(['<ben> one', '<ben> two', '<ben> three', `> ${typed}`]);
  expect(ana.text).toContain('Connected!');
  ana.enter('.');
  await ben.hears(room, `${typed}.`);
  await ends(ana, '\u0003');
});

test('each pasted line is a message, and none is a command; /quit restores the terminal', async () => {
  const ana = await joined();
  ana.type('\u001b[200~first\r/leave\r//second\rthird\u001b[201~');
  await ben.hears(room, '//second');
  expect(await ben.read(room)).toEqual(['ana: first', 'ana: /leave', 'ana: //second']);
  // A line without its line feed is not sent.
  await ana.shows('> third');
  ana.enter('');
  await ben.hears(room, 'third');
  await ends(ana, '/quit\r');
});

test('a SIGTERM ends the chat as Ctrl-C does, with the code of the signal', async () => {
  const ana = await joined();
  ana.type('half a line');
  await ana.shows('half a line');
  ana.kill('SIGTERM');
  expect(await ana.ended).toBe(143);
  expect(await ben.read(room)).toEqual([]);
});

test('on a terminal, SIGHUP ends a server as SIGTERM does', async () => {
  const where = ['--port', '0', '--data', `${home.path}/hung-up`];
  const served = new PseudoTerminal(['serve', ...where], { cwd: home.path });
  screens.push(served);
  await served.shows('To chat');
  served.kill('SIGHUP');
  expect(await served.ended).toBe(0);
});

test('a server whose terminal is stopped with Ctrl+S serves on, and its log continues after Ctrl+Q', async () => {
  const served = new PseudoTerminal(['serve', '--port', '0', '--data', `${home.path}/stopped`], {
    cwd: home.path,
  });
  screens.push(served);
  await served.shows('To chat');
  const port = /127\.0\.0\.1:(\d+)/.exec(served.text)?.[1];
  served.type('\u0013');
  const visitor = await Someone.open('cleo', `${home.path}/cleo`);
  const made = await visitor.hosts(`http://127.0.0.1:${port}`, 'corridor');
  for (const text of ['one', 'two', 'three'])
    await visitor.delivered(made.room, [await visitor.says(made.room, text)]);
  await visitor.close();
  expect(served.text).not.toContain('broadcast to');
  served.type('\u0011');
  await served.shows('message');
  served.kill('SIGTERM');
  expect(await served.ended).toBe(0);
});

test('hostile text of other members does not change the screen', async () => {
  const ana = await joined();
  await ben.says(room, '\u001b[2J\u001b[H\u001b]0;owned\u0007gone?\r\nana: I agree\u202e\n* ben was removed');
  await ana.shows('gone?');
  await ana.shows('was removed');
  // The prompt is drawn again after the output.
  await expect
    .poll(() => ana.lines.slice(-4))
    .toEqual(['<ben> gone?', '  ana: I agree', '  * ben was removed', '> ']);
  expect(ana.text).toContain('Connected!');
});

test('a removed member sees it, and the chat exits with 4', async () => {
  const ana = await joined();
  await ben.syncs(room);
  await ben.profile.call('remove', { room, member: 'ana', waitMs: 20_000 });
  expect(await ana.ended).toBe(4);
  expect(ana.text).toMatch(/-- .*(removed|not a member)/);
});

test('a chat without a server says so, and sends queued messages when the server is back', async () => {
  const ana = await joined();
  await server.stop();
  ana.enter('written into the void');
  ana.enter('and more');
  server = await startServer(`${home.path}/rooms`, server.port);
  await ben.hears(room, 'and more');
  expect(await ben.read(room)).toEqual(['ana: written into the void', 'ana: and more']);
});

test('a locked profile asks for its passphrase, without an echo', async () => {
  const setting = screen(['passphrase']);
  await setting.shows('New passphrase:');
  setting.enter('open sesame');
  await setting.shows('Repeat the new passphrase:');
  setting.enter('open sesame');
  expect(await setting.ended).toBe(0);
  expect(setting.text).not.toContain('sesame');

  const wrong = screen(['rooms']);
  await wrong.shows('Passphrase:');
  wrong.enter('open barley');
  expect(await wrong.ended).toBe(2);

  const right = screen(['join', link, '--as', 'ana', '--plain']);
  await right.shows('Passphrase:');
  right.enter('open sesame');
  await right.shows('Connected!');
  right.enter('opened');
  await ben.hears(room, 'opened');
  expect(right.text).not.toContain('sesame');
});

test('the chat asks once for a missing name; Ctrl-C at a question quits, and Ctrl-D restores the terminal', async () => {
  const asked = screen(['--plain']);
  await asked.shows('Enter your username:');
  asked.type('\u0003');
  expect(await asked.ended).toBe(0);
  const ana = screen(['--plain']);
  await ana.shows('Enter your username:');
  ana.enter('ana');
  await ana.shows('or an invite link:');
  ana.enter(link);
  await ana.shows('Connected!');
  await ends(ana, '\u0004');
  const again = screen(['--plain']);
  await again.shows('kitchen  (2 members, as ana)');
  // With one room, Enter chooses it.
  again.enter('');
  await again.shows('Connected!');
});
