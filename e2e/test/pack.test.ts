import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest } from '../src/import-table.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

let place: string;
let home: string;
let packed: string[];

// What npm tells its scripts would aim the npm below at this repository.
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

// Packing empties and fills dist/, which other tests run from at the same time.
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

test('the package holds the command, the bundle and the papers, and no sources', () => {
  expect(packed).toEqual(
    expect.arrayContaining(['package.json', 'LICENSE', 'terminal/bin/gochat.js', 'dist/gochat.js']),
  );
  expect(packed.filter((path) => /(^|\/)(src|test|scripts|node_modules)\//.test(path))).toEqual([]);
});

test('an empty folder gets a command that says its version', async () => {
  const { stdout } = await gochat('--version');
  expect(stdout).toBe(`${readManifest(repository).version}\n`);
});
