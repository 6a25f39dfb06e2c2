import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/ensure.mjs', import.meta.url));

// Replaces npm: records how it was called, takes a moment, and creates the files that npm would.
const npmProgram = `
  const fs = require('node:fs');
  const [command] = process.argv.slice(2);
  const { npm_config_workspace } = process.env;
  for (const stream of [process.stdout, process.stderr]) stream.write('noise of npm ' + command + '\\n');
  fs.appendFileSync('calls', JSON.stringify({ argv: process.argv.slice(2), npm_config_workspace }) + '\\n');
  if (fs.existsSync('break-' + command)) process.exit(7);
  setTimeout(() => {
    if (command === 'ci') {
      fs.rmSync('node_modules', { recursive: true, force: true });
      fs.mkdirSync('node_modules');
    } else {
      fs.mkdirSync('dist/web', { recursive: true });
      fs.writeFileSync('dist/gochat.js', '');
      fs.writeFileSync('dist/web/index.html', '');
    }
  }, 200);
`;

let clone: string;
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'gochat-clone-'));
  mkdirSync(join(clone, 'scripts'));
  cpSync(script, join(clone, 'scripts/ensure.mjs'));
  write('npm-cli.js', npmProgram);
  write('package.json', { workspaces: ['server'], engines: { node: '>=20.19.0' } });
  write('package-lock.json', lockFile('1.0.0'));
  write('rolldown.config.js', '');
  write('server/package.json', {});
  write('server/src/session/node-context.ts', 'one');
});
afterEach(() => rmSync(clone, { recursive: true }));

const lockFile = (version: string) => ({
  packages: {
    '': {},
    server: {},
    'node_modules/@gochat/server': { link: true },
    'node_modules/ws': { version },
    'node_modules/only-on-mac': { version, optional: true },
  },
});

function write(file: string, content: string | object) {
  const path = join(clone, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
}

function start(env: NodeJS.ProcessEnv = {}, cwd = clone) {
  return spawn(process.execPath, [join(clone, 'scripts/ensure.mjs')], {
    cwd,
    env: { ...process.env, npm_execpath: join(clone, 'npm-cli.js'), ...env },
    stdio: 'pipe',
  });
}

/** Runs the script to its end. */
async function ensure(env?: NodeJS.ProcessEnv, cwd?: string) {
  const child = start(env, cwd);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
}

interface Call {
  argv: string[];
  npm_config_workspace?: string;
}

function calls(): Call[] {
  if (!existsSync(join(clone, 'calls'))) return [];
  const lines = readFileSync(join(clone, 'calls'), 'utf8').trimEnd().split('\n');
  rmSync(join(clone, 'calls'));
  return lines.map((line) => JSON.parse(line) as Call);
}

const commands = () => calls().map(({ argv }) => (argv[0] === 'run' ? argv[1] : argv[0]));

test('a fresh clone is installed and built once, with one line for each step and nothing on standard output', async () => {
  expect(await ensure()).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'gochat: installing what package-lock.json names\ngochat: building\n',
  });
  expect(commands()).toEqual(['ci', 'build']);
  expect(await ensure()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(commands()).toEqual([]);
});

test('development dependencies are installed whatever folder, workspace or NODE_ENV npm was called with', async () => {
  await ensure(
    { NODE_ENV: 'production', npm_config_omit: 'dev', npm_config_workspace: 'server' },
    join(clone, 'server/src'),
  );
  const [install] = calls();
  expect(install?.argv).toContain('--include=dev');
  expect(install).not.toHaveProperty('npm_config_workspace');
});

test('three processes at once install and build once', async () => {
  const both = await Promise.all([ensure(), ensure(), ensure()]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  expect(commands()).toEqual(['ci', 'build']);
});

test('a changed lock file is installed, a changed source is only built', async () => {
  await ensure();
  calls();
  const later = new Date(Date.now() + 2_000);
  utimesSync(join(clone, 'server/src/session/node-context.ts'), later, later);
  await ensure();
  expect(commands()).toEqual(['build']);
  write('server/src/session/node-context.ts', 'two');
  write('package-lock.json', lockFile('2.0.0'));
  await ensure();
  expect(commands()).toEqual(['ci', 'build']);
});

test('a bundle without its page is built again', async () => {
  await ensure();
  calls();
  rmSync(join(clone, 'dist/web/index.html'));
  await ensure();
  expect(commands()).toEqual(['build']);
});

test('deleting a source causes a build', async () => {
  write('server/src/session/session.ts', '');
  await ensure();
  calls();
  rmSync(join(clone, 'server/src/session/session.ts'));
  await ensure();
  expect(commands()).toEqual(['build']);
});

test('packages installed by hand are not installed again, unless one is missing', async () => {
  const installed = (packages: object) => write('node_modules/.package-lock.json', { packages });
  installed({ 'node_modules/@gochat/server': { link: true }, 'node_modules/ws': { version: '1.0.0' } });
  await ensure();
  expect(commands()).toEqual(['build']);
  rmSync(join(clone, 'node_modules'), { recursive: true });
  installed({ 'node_modules/@gochat/server': { link: true } });
  await ensure();
  expect(commands()).toEqual(['ci']);
});

test("npm's exit code and what it printed are passed on, and the next run tries again", async () => {
  for (const command of ['ci', 'run']) {
    write(`break-${command}`, '');
    const { exitCode, stdout, stderr } = await ensure();
    expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: '' });
    expect(stderr.split(`noise of npm ${command}\n`)).toHaveLength(3);
    expect(stderr.endsWith(`gochat: npm ${command} failed\n`)).toBe(true);
    rmSync(join(clone, `break-${command}`));
  }
  calls();
  expect((await ensure()).exitCode).toBe(0);
  expect(commands()).toEqual(['build']);
});

test('the lock of a killed process is taken over', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'close');
  write('.ensure.lock/owner', { host: hostname(), pid: gone.pid });
  expect((await ensure()).exitCode).toBe(0);
  expect(existsSync(join(clone, '.ensure.lock'))).toBe(false);
});

test('a lock from another machine is respected until its owner stops updating it', async () => {
  write('.ensure.lock/owner', { host: 'elsewhere', pid: 1 });
  const waiting = start();
  const [line] = (await once(waiting.stderr.setEncoding('utf8'), 'data')) as [string];
  expect(line).toContain('waiting for another process');
  expect(calls()).toEqual([]);
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(join(clone, '.ensure.lock/owner'), longAgo, longAgo);
  utimesSync(join(clone, '.ensure.lock'), longAgo, longAgo);
  await once(waiting, 'close');
  expect(waiting.exitCode).toBe(0);
  expect(commands()).toEqual(['ci', 'build']);
});

test.each(['SIGTERM', 'SIGHUP'] as const)('%s ends the install and frees the lock', async (signal) => {
  const child = start();
  await once(child.stderr, 'data');
  while (!existsSync(join(clone, 'calls'))) await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill(signal);
  await once(child, 'close');
  expect(child.exitCode).toBe(signal === 'SIGTERM' ? 143 : 129);
  expect(existsSync(join(clone, '.ensure.lock'))).toBe(false);
  expect(existsSync(join(clone, 'node_modules'))).toBe(false);
});

test('a Node.js that is too old is refused with the needed version', async () => {
  write('package.json', { workspaces: ['server'], engines: { node: '>=99.1.0' } });
  const { exitCode, stderr } = await ensure();
  expect(exitCode).toBe(2);
  expect(stderr).toBe(`gochat: needs Node.js 99.1 or newer; this is ${process.versions.node}\n`);
});
