// Makes a clone ready to run: installs what package-lock.json names and builds the bundle, each only when needed.
// It is called by `npm start`, `npm test` and `npm run verify` themselves, not by a pre-script or a postinstall:
// those don't run under --ignore-scripts. It depends on nothing but Node.js, because nothing is installed yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants, hostname } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

const STAMP = at('node_modules', '.gochat-ready');
const LOCK = at('.ensure.lock');
const BUNDLE = at('dist', 'gochat.js');
const PAGE = at('dist', 'web', 'index.html');
const HEARTBEAT_MS = 1_000;
const ABANDONED_MS = 30_000;

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const say = (line) => process.stderr.write(`gochat: ${line}\n`);

class Stop extends Error {
  constructor(exitCode, line) {
    super(line);
    this.exitCode = exitCode;
  }
}

function refuseOldNode() {
  const least = /\d+\.\d+/.exec(readJson(at('package.json')).engines.node)[0];
  const [major, minor] = least.split('.').map(Number);
  const [ourMajor, ourMinor] = process.versions.node.split('.').map(Number);
  if (ourMajor < major || (ourMajor === major && ourMinor < minor)) {
    throw new Stop(2, `needs Node.js ${least} or newer; this is ${process.versions.node}`);
  }
}

// Native modules depend on platform and ABI as well as on the lock file.
function wantedStamp() {
  return createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .update([process.platform, process.arch, process.versions.modules].join())
    .digest('hex');
}

// True when npm's own record of node_modules holds every package of the lock file that this machine can use. Then
// `npm ci` was run by hand, and a second install would change nothing.
function installedByHand() {
  if (existsSync(STAMP) || !existsSync(at('node_modules', '.package-lock.json'))) return false;
  const installed = readJson(at('node_modules', '.package-lock.json')).packages;
  return Object.entries(readJson(at('package-lock.json')).packages).every(
    ([path, wanted]) =>
      !path.includes('node_modules/') ||
      wanted.optional ||
      wanted.peer ||
      installed[path]?.version === wanted.version,
  );
}

function installedIsCurrent() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wantedStamp()) return true;
  if (!installedByHand()) return false;
  writeFileSync(STAMP, wantedStamp());
  return true;
}

// Folders count too: their time changes when a file in them is deleted.
function newest(path) {
  const { mtimeMs, isDirectory } = stat(path);
  if (!isDirectory) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function stat(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return { mtimeMs: found?.mtimeMs ?? 0, isDirectory: found?.isDirectory() ?? false };
}

function bundleIsCurrent() {
  if (!existsSync(BUNDLE) || !existsSync(PAGE)) return false;
  const workspaces = readJson(at('package.json')).workspaces;
  const sources = [
    'package-lock.json',
    'rolldown.config.js',
    'web/build.mjs',
    'web/bundle.mjs',
    ...workspaces.flatMap((folder) => [join(folder, 'package.json'), join(folder, 'src')]),
  ];
  const builtAt = statSync(BUNDLE).mtimeMs;
  return sources.every((path) => newest(at(path)) <= builtAt);
}

const isReady = () => installedIsCurrent() && bundleIsCurrent();

// npm passes its settings to scripts in the environment. These ones would make the npm below work on the calling workspace only.
function environment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (
      /^npm_config_(workspaces?|include_workspace_root|local_prefix|prefix|global|location|dry_run)$/i.test(
        name,
      )
    ) {
      delete env[name];
    }
  }
  return env;
}

let child;

function npm(...args) {
  const self = process.env.npm_execpath;
  const [command, ...first] =
    self && /^npm-cli\.c?js$/.test(basename(self)) ? [process.execPath, self] : ['npm'];
  return new Promise((resolve, reject) => {
    child = spawn(command, [...first, ...args], {
      cwd: root,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Shown only on a failure.
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
    child.on('error', (cause) => reject(new Stop(1, `can't start npm: ${cause.message}`)));
    child.on('close', (code, signal) => {
      child = undefined;
      if (code === 0) {
        resolve();
        return;
      }
      process.stderr.write(Buffer.concat(said));
      reject(new Stop(code ?? 128 + constants.signals[signal], `npm ${args[0]} failed`));
    });
  });
}

async function install() {
  say('installing what package-lock.json names');
  await npm(
    'ci',
    '--include=dev',
    '--include=optional',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  );
  writeFileSync(STAMP, wantedStamp());
}

async function build() {
  say('building');
  const startedAt = new Date();
  await npm('run', 'build', '--silent');
  // A source saved while the build ran must count as newer than its result.
  utimesSync(BUNDLE, startedAt, startedAt);
}

const owner = JSON.stringify({ host: hostname(), pid: process.pid });
const OWNER = join(LOCK, 'owner');

function take() {
  try {
    mkdirSync(LOCK);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(OWNER, owner);
  return true;
}

const lockOwner = (folder) => {
  const path = join(folder, 'owner');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function isAbandoned(held) {
  if (Date.now() - Math.max(stat(LOCK).mtimeMs, stat(OWNER).mtimeMs) > ABANDONED_MS) return true;
  if (held === '') return false;
  const { host, pid } = JSON.parse(held);
  return host === hostname() && !isAlive(pid);
}

// Moving the folder is atomic. If another waiter was faster, the moved lock is its live one; the owner file shows that, and the
// lock is moved back.
function clear(held) {
  const aside = `${LOCK}.${process.pid}`;
  try {
    renameSync(LOCK, aside);
    if (lockOwner(aside) !== held) renameSync(aside, LOCK);
  } catch (error) {
    if (!['ENOENT', 'EEXIST', 'ENOTEMPTY'].includes(error.code)) throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

// Runs `work` while no other process of this clone does. The holder updates the lock's time, so that others can distinguish a slow
// install from a killed one, even on another machine or in another container.
async function alone(work) {
  let waited = false;
  while (!take()) {
    const held = lockOwner(LOCK);
    if (existsSync(LOCK) && isAbandoned(held)) clear(held);
    else {
      if (!waited) say('waiting for another process that is setting up this clone');
      waited = true;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const heartbeat = setInterval(() => utimesSync(OWNER, new Date(), new Date()), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (lockOwner(LOCK) === owner) rmSync(LOCK, { recursive: true, force: true });
  }
}

async function ensure() {
  refuseOldNode();
  if (isReady()) return;
  await alone(async () => {
    if (!installedIsCurrent()) await install();
    if (!bundleIsCurrent()) await build();
  });
}

// The signal reaches npm too when it comes from the terminal, and is passed on when it was meant for this process
// only; either way npm's end makes `npm()` reject, and the lock is released.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (!child) process.exit(128 + constants.signals[signal]);
    if (signal !== 'SIGINT') child.kill(signal);
  });
}

try {
  await ensure();
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
