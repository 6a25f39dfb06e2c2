import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { importersByPackage, type Manifest, readManifest } from '../src/repository/import-table.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const root = readManifest(repository);
const workspaces = (root.workspaces ?? []).map((folder) => readManifest(repository, folder));

/** Libraries that are a language rather than a service: a folder may speak them in several files. */
const SPOKEN_IN_MANY_FILES = ['valibot', 'preact'];

const fromRegistry = ({ dependencies = {} }: Manifest) =>
  Object.entries(dependencies).filter(([name]) => !name.startsWith('@gochat/'));

const unique = (names: string[]) => [...new Set(names)].sort();
const folderOf = (file: string) => file.slice(0, file.indexOf('/') + 1);

test('the published package depends on exactly what its workspaces depend on', () => {
  const needed = Object.fromEntries(workspaces.flatMap(fromRegistry));
  expect(root.dependencies).toEqual(needed);
  for (const workspace of workspaces) {
    expect(root.dependencies, workspace.name).toMatchObject(Object.fromEntries(fromRegistry(workspace)));
  }
});

test('every version is exact, and the same in the root and its workspaces', () => {
  const pinned = { ...root.dependencies, ...root.devDependencies };
  for (const [name, version] of Object.entries(pinned)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  for (const { name, version } of workspaces)
    expect({ name, version }).toEqual({ name, version: root.version });
});

test('only the root has development dependencies', () => {
  expect(workspaces.filter(({ devDependencies }) => devDependencies).map(({ name }) => name)).toEqual([]);
});

test('the lock file names only the default registry', () => {
  const lock = readFileSync(join(repository, 'package-lock.json'), 'utf8');
  const hosts = [...lock.matchAll(/"resolved": "([a-z+]+:\/\/[^/]+)/g)].map(([, host]) => host);
  expect(hosts.filter((host) => host !== 'https://registry.npmjs.org')).toEqual([]);
});

describe('docs/dependencies.md', () => {
  const page = readFileSync(join(repository, 'docs/dependencies.md'), 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const quoted = (cell: string | undefined) =>
    [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name);

  test('lists every dependency with its version', () => {
    const documented = rows.map(([, name, version]) => [quoted(name)[0], version]);
    expect(Object.fromEntries(documented)).toEqual({ ...root.dependencies, ...root.devDependencies });
  });

  test('names the files that import each library, one for each folder', () => {
    const importers = importersByPackage(repository);
    const libraries = rows.filter(([, name]) => quoted(name)[0]! in (root.dependencies ?? {}));
    const documented = libraries.map(([, name, , , where]) => [quoted(name)[0], quoted(where).sort()]);
    const found = libraries.map(([, cell]) => {
      const name = quoted(cell)[0]!;
      const files = importers.get(name) ?? [];
      return [name, SPOKEN_IN_MANY_FILES.includes(name) ? unique(files.map(folderOf)) : files.toSorted()];
    });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(documented));

    const spread = [...importers].filter(([name, files]) => {
      const folders = files.map(folderOf);
      return unique(folders).length < folders.length && !SPOKEN_IN_MANY_FILES.includes(name);
    });
    expect(Object.fromEntries(spread)).toEqual({});
  });
});
