import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { bundledScript } from '../src/bundled-script.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const SCRIPT = fileURLToPath(new URL('../src/people/leaving-process.ts', import.meta.url));
const MESSAGES = 12;
/** Where a process is in its writes when it exits is chance. */
const ROUNDS = 8;

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ana: Someone;
let room: string;

beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  ana = await Someone.open('ana', join(home.path, 'ana'));
  ({ room } = await ana.hosts(server.url));
});

afterEach(async () => {
  await ana.close();
  await server.stop();
  await home.remove();
});

/** Starts a process on ana's profile, which the test kills if it doesn't end. */
async function start(...args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [await bundledScript(SCRIPT), ana.dir, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** @returns the exit code; the test fails when the process does not end */
async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(WAIT_MS) });
  return code;
}

async function texts(): Promise<readonly string[]> {
  ana = await Someone.open('ana', ana.dir);
  await ana.syncs(room);
  return ana.read(room);
}

test('a process stops running whose second handle took the profile over from its first', async () => {
  await ana.close();
  const child = await start('alone');
  expect(await end(child)).toBe(0);
  expect(await texts()).toEqual(['ana: message 1']);
});

test('a process stops running that took the profile over while it was sending', async () => {
  const child = await start('visiting', String(MESSAGES));
  if (child.stdout === null) throw new Error('its output is not read');
  let sent = 0;
  createInterface({ input: child.stdout }).on('line', () => {
    sent += 1;
    if (sent === 3) void ana.close();
  });
  expect(await end(child)).toBe(0);
  const all = Array.from({ length: MESSAGES }, (_, at) => `ana: message ${at + 1}`);
  expect(await texts()).toEqual(all);
});

test('a process stops running whose owner closes as it does', async () => {
  const child = await start('visiting', '1');
  child.stdout?.once('data', () => void ana.close());
  expect(await end(child)).toBe(0);
  expect(await texts()).toEqual(['ana: message 1']);
});

test('a process stops running that closed the profile while calls were under way', async () => {
  await ana.close();
  expect(await end(await start('hasty'))).toBe(0);
});

test('a process that exits without closing its profile ends, and what it had queued is sent later', async () => {
  await ana.close();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const child = await start('exiting', String(MESSAGES));
    expect(await end(child), `round ${round}`).toBe(7);
  }
  expect(await texts()).toHaveLength(ROUNDS * MESSAGES);
});
