import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { recoveryKeys } from '@gochat/crypto/age';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { findTool, needed } from '../src/tool.ts';

const age = needed(await findTool('age', ['age']), 'backups with another age program');
const run = promisify(execFile);

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'rooms'));
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const { room } = await ana.hosts(server.url);
  await ana.posts(room, { kind: 'text', text: 'kept in a drawer' });
  await ana.close();
});

afterAll(async () => {
  await server.stop();
  await home.remove();
});

const gochat = (args: readonly string[]) =>
  runGochat([...args, '--profile', join(home.path, 'ana')], { HOME: home.path });

/** @returns how many lines the program has read, and the number of messages in the last one */
function readLines(text: string): { lines: number; messages: unknown } {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { lines: lines.length, messages: lines.at(-1)?.messages };
}

describe.skipIf(age === undefined)('with another age program', () => {
  test('it opens a backup for the keys that it has made, and those of a recovery code', async () => {
    const key = join(home.path, 'key.txt');
    await run('age-keygen', ['-o', key]);
    const recipient = (await run('age-keygen', ['-y', key])).stdout.trim();
    const recovery = await recoveryKeys(Uint8Array.from({ length: 16 }, (_, i) => i));
    const recoveryFile = join(home.path, 'recovery.txt');
    await writeFile(recoveryFile, `${recovery.identity}\n`);
    expect((await run('age-keygen', ['-y', recoveryFile])).stdout.trim()).toBe(recovery.recipient);
    const file = join(home.path, 'both.age');
    const made = await gochat(['profile', 'backup', file, '--to', recipient, recovery.recipient]);
    expect(made.code).toBe(0);
    for (const identity of [key, recoveryFile]) {
      const { stdout } = await run('age', ['--decrypt', '-i', identity, file]);
      expect(readLines(stdout)).toEqual({ lines: 7, messages: 1 });
      expect((await gochat(['profile', 'check', file, '--identity', identity])).code).toBe(0);
    }
  });

  test('a backup that it has encrypted again is read', async () => {
    const key = join(home.path, 'again.txt');
    await run('age-keygen', ['-o', key]);
    const recipient = (await run('age-keygen', ['-y', key])).stdout.trim();
    const [first, plain, second] = ['first.age', 'plain', 'second.age'].map((name) => join(home.path, name));
    await gochat(['profile', 'backup', String(first), '--to', recipient]);
    await run('age', ['--decrypt', '-i', key, '-o', String(plain), String(first)]);
    await run('age', ['-r', recipient, '-o', String(second), String(plain)]);
    expect((await readFile(String(second))).equals(await readFile(String(first)))).toBe(false);
    expect((await gochat(['profile', 'check', String(second), '--identity', key])).code).toBe(0);
  });
});
