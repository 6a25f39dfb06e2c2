import { encode } from 'uqr';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporary } from '../src/people/people.ts';
import { buildGochat, GochatProcess } from '../src/terminal/gochat-process.ts';
import { PseudoTerminal } from '../src/terminal/pseudo-terminal.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: GochatProcess;
let env: Record<string, string>;

beforeAll(async () => {
  buildGochat();
  home = await temporary();
  server = new GochatProcess(['serve', '--port', '0', '--data', 'rooms', '--log-format', 'pretty'], {
    cwd: home.path,
  });
  await server.shows('To chat');
  env = { GOCHAT_SERVER: `tcp://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(server.all)?.[1]}` };
});

afterAll(async () => {
  await server.stop('SIGTERM');
  await home.remove();
});

/** The modules that half blocks on a screen show, row by row: true is dark. */
function modulesOf(lines: readonly string[]): boolean[][] {
  const drawn = lines.filter((line) => /^[█▀▄ ]{20,}$/.test(line));
  return drawn.flatMap((line) => [
    [...line].map((char) => char === ' ' || char === '▄'),
    [...line].map((char) => char === ' ' || char === '▀'),
  ]);
}

test('the commands of the README’s first minute work', async () => {
  const ana = new PseudoTerminal(['--plain', '--profile', 'ana'], {
    cwd: home.path,
    env,
    cols: 100,
    rows: 40,
  });
  await ana.shows('Enter your username:');
  ana.enter('ana');
  await ana.shows('You are not in any room yet.');
  ana.enter('kitchen');
  await ana.shows('Connected!');
  const link =
    /http:\/\/127\.0\.0\.1:\d+\/#\/join\/[\w-]{22}\.[\w-]{22}\.[\w-]{22}/.exec(ana.text)?.[0] ?? '';
  expect(link).not.toBe('');

  // The QR code on the screen has the link.
  const { data } = encode(link, { border: 1 });
  const seen = modulesOf(ana.lines);
  expect(seen.slice(0, data.length).map((row) => row.slice(0, data.length))).toEqual(data);

  const ben = new PseudoTerminal(['join', link, '--as', 'ben', '--plain', '--profile', 'ben'], {
    cwd: home.path,
    env,
  });
  await ben.shows('Connected!');
  await ana.shows('-- <ben> joined by invite');
  ben.enter('hello');
  await ana.shows('<ben> hello');
  ana.enter('hi ben');
  await ben.shows('<ana> hi ben');
  // Own messages are on the screen once, as they were typed.
  expect(ana.lines.filter((line) => line.includes('hi ben'))).toEqual(['> hi ben']);
  expect(ben.lines.filter((line) => line.includes('hello'))).toEqual(['> hello']);

  // A message that arrives leaves the typed line intact.
  ana.type('half a li');
  await ana.shows('> half a li');
  ben.enter('in between');
  await ana.shows('<ben> in between');
  ana.enter('ne');
  await ben.shows('<ana> half a line');
  expect(ana.lines.slice(-3)).toEqual(['<ben> in between', '> half a line', '> ']);

  ben.resize(40, 12);
  ben.enter('/members');
  await ben.until(
    (lines) =>
      lines.some((l) => /^-- \S{8} {2}ana +admin$/.test(l)) &&
      lines.some((l) => /^-- \S{8} {2}ben +you$/.test(l)),
    'both members',
  );
  ben.enter('/inspect');
  await ben.shows('<ana> half a line');
  ben.enter('/frobnicate');
  await ben.shows('there is no /frobnicate');
  ben.enter('//shrug');
  await ana.shows('<ben> /shrug');
  expect(ana.text).not.toContain('frobnicate');
  ben.enter('/help');
  await ben.shows('/quit');

  // The server has seen only ciphertext, and the number of recipients.
  expect(server.all).toMatch(/message +\S{8} \d+ {2}\S+… {2}\d+ bytes, broadcast to 2 connections/);
  for (const word of ['kitchen', 'hello', 'hi ben', 'shrug', 'ana:']) expect(server.all).not.toContain(word);

  ana.type('\u0003');
  expect(await ana.ended).toBe(0);
  ben.type('\u0004');
  expect(await ben.ended).toBe(0);

  // The next start knows the room and the name.
  const again = new PseudoTerminal(['--plain', '--profile', 'ana'], { cwd: home.path, env });
  await again.shows('kitchen  (2 members, as ana)');
  again.enter('1');
  await again.shows('Connected!');
  again.enter('/leave');
  expect(await again.ended).toBe(0);
});
