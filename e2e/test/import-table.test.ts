import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { breaches } from '../src/repository/import-table.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

test('every folder imports only what the table allows', () => {
  expect(breaches(repository)).toEqual([]);
});

const planted: string[] = [];
afterEach(() => {
  for (const folder of planted.splice(0)) rmSync(folder, { recursive: true });
});

/** A repository of the given files whose manifests declare everything that the plants import. */
function plant(files: Record<string, string>, manifests: Record<string, object> = {}): string[] {
  const root = mkdtempSync(join(tmpdir(), 'gochat-imports-'));
  planted.push(root);
  const workspaces = [...new Set(Object.keys(files).map((file) => file.slice(0, file.indexOf('/'))))];
  const write = (file: string, text: string) => {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  write('package.json', JSON.stringify({ workspaces, devDependencies: { vitest: '1' } }));
  for (const folder of workspaces) {
    write(`${folder}/package.json`, JSON.stringify({ name: `@gochat/${folder}`, ...manifests[folder] }));
  }
  for (const [file, text] of Object.entries(files)) write(file, text);
  return breaches(root);
}

const depends = (...names: string[]) => ({
  dependencies: Object.fromEntries(names.map((name) => [name, '*'])),
});

test.each([
  ['an import', `import { Room } from '@gochat/crypto/room';`],
  ['a type import', `import type { Room } from '@gochat/crypto/room';`],
  ['an import for its effect', `import '@gochat/crypto/room';`],
  ['a named re-export', `export { Room } from '@gochat/crypto/room';`],
  ['a star re-export', `export * from '@gochat/crypto/room';`],
  ['a dynamic import', `const { Room } = await import('@gochat/crypto/room');`],
  ['a type in passing', `export type Room = import('@gochat/crypto/room').Room;`],
  ['a require', `const { Room } = require('@gochat/crypto/room');`],
  ['a created require', `const { Room } = createRequire(import.meta.url)('@gochat/crypto/room');`],
  ['a resolved path', `const path = import.meta.resolve('@gochat/crypto/room');`],
  ['an import-equals', `import room = require('@gochat/crypto/room');`],
])('the server is caught naming a room: %s', (_how, line) => {
  expect(plant({ 'server/src/session/node-context.ts': `// first line\n${line}\n` })).toEqual([
    'server/src/session/node-context.ts:2: server/ may not import crypto/ (@gochat/crypto/room)',
  ]);
});

test('text in comments and strings is not an import', () => {
  const text = `// import { Room } from '@gochat/crypto/room';\nexport const help = "import '@gochat/crypto/room'";\n`;
  expect(plant({ 'server/src/session/node-context.ts': text })).toEqual([]);
});

test('a sibling can be imported neither by a path nor by a URL', () => {
  expect(
    plant({
      'server/src/log/relay.ts': [
        `import '../../../crypto/src/room.ts';`,
        `import '/crypto/src/room.ts';`,
        `import 'file:///crypto/src/room.ts';`,
        `import '../session.ts';`,
        `import packageJson from '../../package.json' with { type: 'json' };`,
        `await import(process.argv[2]);`,
      ].join('\n'),
    }),
  ).toEqual([
    'server/src/log/relay.ts:1: leaves server/ by the path ../../../crypto/src/room.ts',
    'server/src/log/relay.ts:2: imports /crypto/src/room.ts by an address',
    'server/src/log/relay.ts:3: imports file:///crypto/src/room.ts by an address',
    'server/src/log/relay.ts:6: imports a computed name, which nobody can check',
  ]);
});

test('a file that only Node.js loads may import its modules, and is imported by its name', () => {
  const files = {
    'crypto/src/room.ts': `import '#clock';\nimport './clock-node.ts';\nimport '#other';\nimport 'node:fs';\n`,
    'crypto/src/clock-node.ts': `import 'node:fs';\n`,
    'crypto/src/clock.ts': `import 'node:fs';\n`,
  };
  const imports = { '#clock': { node: './src/clock-node.ts', default: './src/clock.ts' } };
  expect(plant(files, { crypto: { imports } })).toEqual([
    'crypto/src/clock.ts:1: crypto/ runs in browsers too and may not import node:fs',
    'crypto/src/room.ts:2: imports what only Node.js loads: ./clock-node.ts',
    'crypto/src/room.ts:3: imports #other by an address',
    'crypto/src/room.ts:4: crypto/ runs in browsers too and may not import node:fs',
  ]);
});

test('only crypto/ imports the MLS library and libraries for keys', () => {
  const line = `import 'ts-mls';\nimport '@noble/hashes/sha2.js';\nimport 'hash-wasm';\n`;
  const manifest = depends('ts-mls', '@noble/hashes', 'hash-wasm');
  expect(
    plant(
      { 'crypto/src/room.ts': line, 'client/src/vault.ts': line },
      { crypto: manifest, client: manifest },
    ),
  ).toEqual([
    'client/package.json: only crypto/ may depend on ts-mls',
    'client/package.json: only crypto/ may depend on @noble/hashes',
    'client/package.json: only crypto/ may depend on hash-wasm',
    'client/src/vault.ts:1: only crypto/ may import ts-mls',
    'client/src/vault.ts:2: only crypto/ may import @noble/hashes',
    'client/src/vault.ts:3: only crypto/ may import hash-wasm',
  ]);
});

test('a second implementation has its own key libraries, and imports nothing else of the repository', () => {
  const files = {
    'e2e/src/page-client/mls.ts': `import 'ts-mls';\nimport './link.ts';\nimport 'node:net';\n`,
    'e2e/src/page-client/link.ts': `import '../people/line.ts';\nimport '@gochat/crypto/room';\nimport '@gochat/e2e/line';\n`,
    'e2e/src/people/line.ts': `import 'ts-mls';\nimport '../page-client/link.ts';\n`,
  };
  expect(plant(files, { e2e: depends('ts-mls', '@gochat/crypto') })).toEqual([
    'e2e/src/page-client/link.ts:1: leaves e2e/src/page-client/ by the path ../people/line.ts',
    'e2e/src/page-client/link.ts:2: e2e/src/page-client/ may not import crypto/ (@gochat/crypto/room)',
    'e2e/src/page-client/link.ts:3: e2e/src/page-client/ may not import e2e/ (@gochat/e2e/line)',
    'e2e/src/people/line.ts:1: only crypto/ may import ts-mls',
  ]);
});

test('the manifest of the server may not name crypto either', () => {
  expect(
    plant(
      { 'server/src/session/node-context.ts': `import '@gochat/protocol/up';` },
      { server: depends('@gochat/protocol', '@gochat/crypto', '@gochat/client', 'ts-mls') },
    ),
  ).toEqual([
    'server/package.json: may not depend on @gochat/crypto',
    'server/package.json: may not depend on @gochat/client',
    'server/package.json: only crypto/ may depend on ts-mls',
  ]);
});

test('a folder’s manifest declares all that it imports', () => {
  const files = {
    'server/src/session/node-context.ts': `import { WebSocketServer } from 'ws';\nimport '@gochat/protocol/up';\nimport 'vitest';\n`,
    'server/test/relay.test.ts': `import 'vitest';\nimport 'ws';\n`,
  };
  expect(plant(files)).toEqual([
    'server/src/session/node-context.ts:1: ws is not declared in server/package.json',
    'server/src/session/node-context.ts:2: @gochat/protocol is not declared in server/package.json',
    'server/src/session/node-context.ts:3: vitest is not declared in server/package.json',
    'server/test/relay.test.ts:2: ws is not declared in server/package.json',
  ]);
  expect(
    plant(
      { 'server/src/session/node-context.ts': `import 'ws';\nimport '@gochat/protocol/up';\n` },
      { server: depends('ws', '@gochat/protocol') },
    ),
  ).toEqual([]);
});

test('code that also runs in browsers imports no module of Node.js', () => {
  expect(
    plant({
      'protocol/src/up.ts': `import 'node:fs';`,
      'server/src/session/node-context.ts': `import 'node:fs';\nimport 'fs';`,
    }),
  ).toEqual([
    'protocol/src/up.ts:1: protocol/ runs in browsers too and may not import node:fs',
    'server/src/session/node-context.ts:2: imports fs without node:',
  ]);
});

test('only tests import modules that a sibling does not list', () => {
  const line = `import { Room } from '@gochat/crypto/internal/room';\n`;
  expect(
    plant(
      { 'client/src/account.ts': line, 'client/test/account.test.ts': line, 'crypto/src/room.ts': '' },
      { client: depends('@gochat/crypto') },
    ),
  ).toEqual([
    'client/src/account.ts:1: only tests may import @gochat/crypto/internal/room: crypto/package.json does not list it',
  ]);
});

test('a folder without a row is reported', () => {
  expect(plant({ 'helpers/src/a.ts': '' })).toEqual(['helpers/: has no row in the import table']);
});
