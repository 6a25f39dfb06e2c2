import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderFiles } from '@gochat/server/internal/files/folder';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { openMemory } from '@gochat/server/internal/log/memory/open';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { CHECKS, conform, type Result } from '../src/suite.ts';
import { parseTarget, type Target } from '../src/target.ts';

/** Where the server reports errors of its own. */
const complaints: string[] = [];
const out = { write: (line: string) => complaints.push(line) };
afterEach(() => expect(complaints.splice(0)).toEqual([]));

type Engine = Parameters<typeof serve>[0]['engine'];
type Files = Parameters<typeof serve>[0]['files'];

/** A server with this engine, until the test ends. */
async function served(engine: Engine, files?: Files): Promise<Target> {
  const server = await serve({
    engine,
    ...(files !== undefined && { files }),
    host: '127.0.0.1',
    port: 0,
    names: [{ host: '127.0.0.1' }],
    logger: openOperatorLog({ format: 'json', level: 'error', showsMessages: false, out }).logger,
  });
  onTestFinished(() => server.close());
  return targetAt(server.port);
}

function targetAt(port: number): Target {
  const target = parseTarget(`http://127.0.0.1:${port}`);
  if (target === undefined) throw new Error('the address is one');
  return target;
}

function failed(results: readonly Result[]): readonly Result[] {
  return results.filter(({ failure }) => failure !== undefined);
}

test('a server that keeps rooms in memory conforms', async () => {
  const results = await conform(await served(openMemory()), () => undefined);
  expect(failed(results)).toEqual([]);
  expect(results.map(({ name }) => name)).toEqual(CHECKS.map(({ name }) => name));
});

test('a server that keeps rooms in LMDB conforms', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gochat-conform-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = await FolderFiles.open({ folder: join(folder, 'files') });
  const results = await conform(await served(await openLmdb({ folder }), files), () => undefined);
  expect(failed(results)).toEqual([]);
  const ofFiles = results.filter(({ name }) => name.startsWith('files:'));
  expect(ofFiles.every(({ transcript }) => transcript.includes('← 201'))).toBe(true);
});

test('the transcript has the frames of both sides', async () => {
  const [result] = await conform(await served(openMemory()), () => undefined, CHECKS.slice(0, 1));
  expect(result?.transcript[0]).toMatch(/^a → \{"type":"hello"/);
  expect(result?.transcript.join('\n')).toMatch(/^a ← \{"type":"welcome"/m);
});

test('every check fails at a server that closes each connection, and says why', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as { port: number };
  const results = await conform(targetAt(port), () => undefined);
  expect(failed(results)).toHaveLength(CHECKS.length);
  expect(results.filter(({ failure }) => failure === '')).toEqual([]);
});

test('no two checks have one name', () => {
  expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length);
});

test.each([
  ['http://chat.example', { host: 'chat.example', port: 80, tls: false, origin: 'chat.example' }],
  ['https://Chat.example:8443', { host: 'chat.example', port: 8443, tls: true, origin: 'chat.example:8443' }],
  ['tcp://[::1]', { host: '::1', port: 4040, tls: false, origin: '[::1]:4040' }],
  ['tls://127.0.0.1:4040', { host: '127.0.0.1', port: 4040, tls: true, origin: '127.0.0.1:4040' }],
])('%s is an address', (text, target) => {
  expect(parseTarget(text)).toEqual(target);
});

test.each(['', 'chat.example', 'ftp://chat.example', 'http://'])('%j is no address', (text) => {
  expect(parseTarget(text)).toBeUndefined();
});
