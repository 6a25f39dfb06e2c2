import { builtinModules } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type OutputChunk } from 'rolldown';
import { beforeAll, expect, test } from 'vitest';
import { browserBundle } from '../bundle.mjs';

const entry = fileURLToPath(new URL('../../client/src/api/open-browser.ts', import.meta.url));
/** Gzipped: all that reads and writes messages and changes. Each member checks roles, rules and disappearing messages, so they are in it. */
const BUDGET_BYTES = 157_000;
/** What is loaded later: with the first file, other device, backup, conversation of two, or pack of history. */
const LATER_BYTES = 58_000;
/** The modules at which the parts for files begin. */
const FILE_PARTS = ['client-files.ts', 'profile-files.ts', 'indexed-db-cache.ts', 'browser-transfer.ts'];
/** What draws a profile without rooms. */
const FIRST_LOAD_BYTES = 91_000;
/** With what draws rooms and dialogs. */
const ROOM_LOAD_BYTES = 254_000;
/** The modules at which those parts begin. What else is loaded later is for files, devices, backups, emoji, highlighting and QR codes. */
const ROOM_PARTS = ['room-requests.ts', 'dialog-code.ts', 'panels.ts'];

let chunks: OutputChunk[];
beforeAll(async () => {
  const { output } = await build({ ...browserBundle({ sdk: entry }), write: false });
  chunks = output.filter((part) => part.type === 'chunk');
});

const modules = () => chunks.flatMap((chunk) => Object.keys(chunk.modules));

test('the browser SDK imports nothing of Node.js and nothing outside of its bundle', () => {
  const own = new Set(chunks.map(({ fileName }) => fileName));
  const named = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
  expect(named.filter((name) => !own.has(name))).toEqual([]);
  const builtins = builtinModules.map((name) => `"node:${name}"`);
  for (const { code } of chunks) {
    expect(builtins.filter((name) => code.includes(name))).toEqual([]);
    expect(code).not.toMatch(/\brequire\(/);
  }
});

test('it contains no library for Node.js only, and no eval or WebAssembly', () => {
  const packages = modules().map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  const found = new Set(packages);
  for (const name of ['hash-wasm', 'ws', 'lmdb', 'pino', 'commander']) expect(found).not.toContain(name);
  expect(found).toContain('ts-mls');
  expect(found).toContain('idb');
  expect(modules().filter((path) => /\/(server|terminal|e2e)\/src\//.test(path))).toEqual([]);
  for (const { code } of chunks) expect(code).not.toMatch(/\beval\(|new Function\(|WebAssembly/);
});

test('it contains one cipher suite', () => {
  const others =
    /@noble\/curves\/(nist|ed448)|@noble\/post-quantum|@hpke\/(ml-kem|dhkem-x448|hybridkem)|dhkemPrimitives\/ec/;
  expect(modules().filter((path) => others.test(path))).toEqual([]);
});

test('it stays within its size budget', () => {
  const parts = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const isOf = (modules: readonly string[]) => (chunk: OutputChunk) =>
    modules.includes(basename(chunk.facadeModuleId ?? ''));
  const sizeOf = (some: Iterable<OutputChunk>) =>
    [...some].reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  const withoutFiles = new Set(chunks.filter((chunk) => chunk.isEntry || isOf(['room-requests.ts'])(chunk)));
  for (const { imports } of withoutFiles)
    for (const name of imports) withoutFiles.add(parts.get(name) as OutputChunk);
  expect(chunks.filter(isOf(FILE_PARTS))).toHaveLength(FILE_PARTS.length);
  expect([...withoutFiles].filter(isOf(FILE_PARTS))).toEqual([]);
  const later = chunks.filter((chunk) => !withoutFiles.has(chunk));
  const [bytes, laterBytes] = [sizeOf(withoutFiles), sizeOf(later)];
  process.stdout.write(
    `the SDK in a browser: ${(bytes / 1000).toFixed(1)} kB gzipped; later parts ${(laterBytes / 1000).toFixed(1)} kB more\n`,
  );
  expect(bytes).toBeLessThan(BUDGET_BYTES);
  expect(laterBytes).toBeLessThan(LATER_BYTES);
});

test('the first load of the page stays within its size budget', async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const { output } = await build({ ...browserBundle({ main }), write: false });
  const parts = new Map(output.flatMap((part) => (part.type === 'chunk' ? [[part.fileName, part]] : [])));
  const chunkOf = (is: (part: OutputChunk) => boolean) =>
    [...parts.values()].filter(is).map((part) => part.fileName);
  const withImports = (names: readonly string[]) => {
    const found = new Set(names);
    for (const name of found) for (const imported of parts.get(name)?.imports ?? []) found.add(imported);
    return found;
  };
  const sizeOf = (names: Iterable<string>) =>
    [...names].reduce((sum, name) => sum + gzipSync(parts.get(name)?.code ?? '', { level: 9 }).length, 0);
  const entries = chunkOf((part) => part.name === 'main');
  const later = chunkOf(({ facadeModuleId }) => ROOM_PARTS.includes(basename(facadeModuleId ?? '')));
  expect(later).toHaveLength(ROOM_PARTS.length);
  const loaded = withImports(entries);
  const bytes = sizeOf(loaded);
  const roomBytes = sizeOf(withImports([...entries, ...later]));
  process.stdout.write(
    `the page's first load: ${(bytes / 1000).toFixed(1)} kB of script, gzipped; with rooms and dialogs: ${(roomBytes / 1000).toFixed(1)} kB\n`,
  );
  expect(bytes).toBeLessThan(FIRST_LOAD_BYTES);
  expect(roomBytes).toBeLessThan(ROOM_LOAD_BYTES);
  // A profile without rooms is drawn without them.
  const first = [...loaded].flatMap((name) => Object.keys(parts.get(name)?.modules ?? {}));
  expect(first.filter((path) => /node_modules\/(ts-mls|@hpke)\//.test(path))).toEqual([]);
});
