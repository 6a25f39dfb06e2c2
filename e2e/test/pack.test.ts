import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest } from '../src/repository/import-table.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

let place: string;
let home: string;
let packed: string[];

// npm passes its settings to scripts in the environment. They would make the npm below work on this repository.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_/i.test(name) || /^npm_config_(cache|registry|userconfig|globalconfig)$/i.test(name),
  ),
);

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'gochat-pack-'));
  home = join(place, 'home');
  mkdirSync(home);
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', place], { cwd: copy(), env });
  packed = (JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ files: { path: string }[] }])[0].files.map(
    ({ path }) => path,
  );
  const tarball = readdirSync(place).find((name) => name.endsWith('.tgz'))!;
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=dev'];
  await run('npm', ['install', '--prefix', home, ...quietly, join(place, tarball)], { cwd: home, env });
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

// Packing rebuilds dist/, which other tests use at the same time.
function copy(): string {
  const target = join(place, 'repository');
  const left = ['node_modules', 'dist', '.git', 'coverage'];
  cpSync(repository, target, {
    recursive: true,
    filter: (path) => !left.includes(relative(repository, path)),
  });
  symlinkSync(join(repository, 'node_modules'), join(target, 'node_modules'));
  return target;
}

const gochat = (...args: string[]) => run(join(home, 'node_modules/.bin/gochat'), args, { cwd: home, env });

test('the package holds the command, the bundle and its documents, and no sources', () => {
  expect(packed).toEqual(
    expect.arrayContaining([
      'package.json',
      'LICENSE',
      'terminal/bin/gochat.js',
      'dist/gochat.js',
      'dist/picture-worker.js',
      'dist/web/index.html',
      expect.stringMatching(/^dist\/web\/assets\/main-.{8}\.js$/),
    ]),
  );
  expect(packed.filter((path) => /(^|\/)(src|test|scripts|node_modules)\//.test(path))).toEqual([]);
});

test('the licences of bundled libraries are included', () => {
  const installed = join(home, 'node_modules/gochat/dist');
  const names = (file: string) =>
    [...readFileSync(join(installed, file), 'utf8').matchAll(/(?:^|-\n\n)(\S+)\n\n.*(?:MIT|License)/gi)].map(
      ([, name]) => name,
    );
  expect(names('licences.txt')).toEqual(
    expect.arrayContaining(['@noble/curves', 'commander', 'ts-mls', 'valibot']),
  );
  expect(names('licences-of-the-page.txt')).toEqual(expect.arrayContaining(['preact', 'ts-mls']));
});

test('installed in an empty folder, the command prints its version', async () => {
  const { stdout } = await gochat('--version');
  expect(stdout).toBe(`${readManifest(repository).version}\n`);
});

async function serves(): Promise<{ address: string; stop: () => Promise<void> }> {
  const server = start('serve', '--port', '0', '--data', 'rooms');
  let output = '';
  for await (const chunk of server.stderr) {
    output += String(chunk);
    if (output.includes('To chat')) break;
  }
  return {
    address: `tcp://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(output)?.[1]}`,
    stop: async () => {
      const gone = once(server, 'exit');
      server.kill('SIGTERM');
      expect(await gone).toEqual([0, null]);
    },
  };
}

const start = (...args: string[]) => spawn(join(home, 'node_modules/.bin/gochat'), args, { cwd: home, env });

test('the installed command serves, creates a room, joins it, sends and reads', async () => {
  const { address, stop } = await serves();
  try {
    const { stdout: link } = await gochat(
      'new',
      'kitchen',
      '--as',
      'ana',
      '--server',
      address,
      '--profile',
      'ana',
    );
    await gochat('join', link.trim(), '--as', 'ben', '--no-chat', '--profile', 'ben');
    await gochat('send', 'kitchen', 'from the package', '--profile', 'ana');
    const { stdout } = await gochat('tail', 'kitchen', '--profile', 'ben');
    expect(stdout).toBe('<ana> from the package\n');
  } finally {
    await stop();
  }
});

test('the example bot works with the installed package', async () => {
  const { address, stop } = await serves();
  try {
    const { stdout: link } = await gochat(
      'new',
      'bots',
      '--as',
      'ana',
      '--server',
      address,
      '--profile',
      'ana',
    );
    cpSync(join(repository, 'examples/echo-bot.mjs'), join(home, 'bot.mjs'));
    const bot = spawn(process.execPath, ['bot.mjs', link.trim()], { cwd: home, env });
    const follow = start('tail', 'bots', '--follow', '--profile', 'ana');
    const read = lines(follow.stdout);
    await read('<echo> I repeat what you say.');
    await gochat('send', 'bots', 'anybody?', '--profile', 'ana');
    await read('<echo> ana said: anybody?');
    for (const process of [bot, follow]) {
      const gone = once(process, 'exit');
      process.kill('SIGINT');
      expect(await gone).toEqual([0, null]);
    }
  } finally {
    await stop();
  }
});

/** @returns a function that waits until the stream has had this line */
function lines(stream: Readable): (wanted: string) => Promise<void> {
  let seen = '';
  stream.on('data', (chunk: Buffer) => {
    seen += String(chunk);
    stream.emit('seen');
  });
  return async (wanted) => {
    while (!seen.split('\n').includes(wanted)) await once(stream, 'seen');
  };
}
