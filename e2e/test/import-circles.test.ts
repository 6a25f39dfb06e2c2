import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { importCircles } from '../src/repository/import-circles.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

test('no import circle in the repository', () => {
  expect(importCircles(repository)).toEqual([]);
});

let planted: string | undefined;
afterEach(() => {
  if (planted) rmSync(planted, { recursive: true });
  planted = undefined;
});

function plant(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'gochat-circles-'));
  planted = root;
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  write('package.json', JSON.stringify({ workspaces: ['client', 'view'] }));
  write('client/package.json', JSON.stringify({ exports: { './room': './src/room/room.ts' } }));
  write('view/package.json', JSON.stringify({ exports: { './internal/*': './src/*.ts' } }));
  for (const [file, text] of Object.entries(files)) write(file, text);
  return importCircles(root);
}

test('a circle of three files is found, without the files that only import it', () => {
  expect(
    plant({
      'client/src/main.ts': `import './room/room.ts';`,
      'client/src/room/room.ts': `import { next } from './session.ts';`,
      'client/src/room/session.ts': `import { last } from '../net.ts';`,
      'client/src/net.ts': `import './room/room.ts';`,
    }),
  ).toEqual(['client/src/net.ts <-> client/src/room/room.ts <-> client/src/room/session.ts']);
});

test('an import of types alone closes a circle', () => {
  expect(
    plant({
      'view/src/row.ts': `import type { Snapshot } from './snapshot.ts';`,
      'view/src/snapshot.ts': `import type { Row } from './row.ts';`,
    }),
  ).toEqual(['view/src/row.ts <-> view/src/snapshot.ts']);
});

test('a circle through two workspaces is found', () => {
  expect(
    plant({
      'client/src/room/room.ts': `import '@gochat/view/internal/row';`,
      'view/src/row.ts': `import '@gochat/client/room';`,
    }),
  ).toEqual(['client/src/room/room.ts <-> view/src/row.ts']);
});
