import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { type Import, readImports } from './imports.ts';

export interface Row {
  /** The sibling folders whose modules this folder's sources may import. */
  readonly may: readonly string[];
  /** What only its tests may import. */
  readonly testsMay?: readonly string[];
  /** Runs in browsers as well as in Node.js, so no module of either. */
  readonly anywhere?: true;
  /** Where it has a second implementation, for tests: with its own key libraries, and without any other module of the repository. */
  readonly apart?: string;
}

/** Which folder may import which: the table of docs/architecture.md. */
const TABLE: Readonly<Record<string, Row>> = {
  protocol: { may: [], anywhere: true },
  crypto: { may: ['protocol'], anywhere: true },
  client: { may: ['protocol', 'crypto'], testsMay: ['e2e'] },
  view: { may: ['client'], anywhere: true },
  conform: { may: ['protocol'], testsMay: ['server', 'e2e'] },
  terminal: { may: ['view', 'client', 'server', 'conform'] },
  web: { may: ['view', 'client'] },
  server: { may: ['protocol'], testsMay: ['e2e'] },
  e2e: {
    may: ['protocol', 'crypto', 'client', 'view', 'terminal', 'web', 'server', 'conform', 'bench'],
    apart: 'e2e/src/page-client/',
  },
  bench: { may: ['protocol', 'crypto', 'client', 'view', 'terminal', 'web', 'server', 'conform', 'e2e'] },
};

/** Libraries that make, use or seal keys. Only `crypto/`, and what is apart, may import them or name them in its manifest. */
const KEY_LIBRARIES = [
  'ts-mls',
  'hash-wasm',
  'age-encryption',
  'libsodium-wrappers',
  'tweetnacl',
  'openpgp',
  '@noble/*',
  '@hpke/*',
  '@node-rs/argon2',
  '@peculiar/*',
] as const;

/** Folders that contain only tests: they may import the root's development dependencies. */
const TEST_FOLDERS = ['e2e', 'bench'];

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  /** Names of files that differ with the platform (Node.js, "Subpath imports"): files by condition. */
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function readManifest(root: string, folder = '.'): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

/** @returns one line for each violation of the table in the repository at `root` */
export function breaches(root: string, table: Readonly<Record<string, Row>> = TABLE): string[] {
  const rootManifest = readManifest(root);
  const workspaces = rootManifest.workspaces ?? [];
  const strays = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'package.json')))
    .filter((entry) => !workspaces.includes(entry.name))
    .map((entry) => `${entry.name}/: has a package.json and is not a workspace`);
  return [...strays, ...workspaces.flatMap((folder) => folderBreaches(root, folder, table, rootManifest))];
}

function folderBreaches(
  root: string,
  folder: string,
  table: Readonly<Record<string, Row>>,
  rootManifest: Manifest,
): string[] {
  const row = table[folder];
  if (!row) return [`${folder}/: has no row in the import table`];
  const manifest = readManifest(root, folder);
  const judge = (part: 'src' | 'test') => {
    if (!existsSync(join(root, folder, part))) return [];
    const rules = rulesOf(folder, row, part, manifest, rootManifest);
    return readImports(root, join(folder, part)).flatMap((found) => {
      const why = breach(found, rules);
      return why === null ? [] : [`${found.file}:${found.line}: ${why}`];
    });
  };
  return [...manifestBreaches(folder, row, manifest), ...judge('src'), ...judge('test')];
}

function manifestBreaches(folder: string, row: Row, manifest: Manifest): string[] {
  const where = `${folder}/package.json`;
  return [
    ...(manifest.name === `@gochat/${folder}` ? [] : [`${where}: is named ${manifest.name}`]),
    ...Object.keys(manifest.dependencies ?? {}).flatMap((name) => {
      const sibling = siblingOf(name);
      if (sibling !== null) return row.may.includes(sibling) ? [] : [`${where}: may not depend on ${name}`];
      return isKeyLibrary(name) && folder !== 'crypto' && row.apart === undefined
        ? [`${where}: only crypto/ may depend on ${name}`]
        : [];
    }),
  ];
}

interface Rules {
  readonly folder: string;
  readonly siblings: readonly string[];
  readonly declared: ReadonlySet<string>;
  readonly builtins: boolean;
  /** Names of this folder's own files that differ with the platform. */
  readonly names: readonly string[];
  /** Files that only Node.js loads, by such a name. They may import its modules. */
  readonly ofNode: readonly string[];
  /** Whether it is a test: it may import its own folder by name, and modules that a sibling does not list. */
  readonly isTest: boolean;
  readonly apart: string | undefined;
}

function rulesOf(
  folder: string,
  row: Row,
  part: 'src' | 'test',
  manifest: Manifest,
  rootManifest: Manifest,
): Rules {
  const isTest = part === 'test' || TEST_FOLDERS.includes(folder);
  return {
    folder,
    siblings: part === 'test' ? [...row.may, ...(row.testsMay ?? [])] : row.may,
    declared: new Set([
      ...Object.keys(manifest.dependencies ?? {}),
      ...(isTest ? Object.keys(manifest.devDependencies ?? {}) : []),
      ...(isTest ? Object.keys(rootManifest.devDependencies ?? {}) : []),
      // Only the root declares development dependencies, so a manifest needn't list what its row lets tests import.
      ...(part === 'test' ? (row.testsMay ?? []).map((sibling) => `@gochat/${sibling}`) : []),
    ]),
    builtins: isTest || row.anywhere !== true,
    names: Object.keys(manifest.imports ?? {}),
    ofNode: Object.values(manifest.imports ?? {}).flatMap(({ node, default: elsewhere }) =>
      node === undefined || node === elsewhere ? [] : [posix.join(folder, node)],
    ),
    isTest,
    apart: row.apart,
  };
}

function breach({ file, specifier }: Import, rules: Rules): string | null {
  const { folder } = rules;
  const apart = rules.apart !== undefined && file.startsWith(rules.apart);
  if (specifier === null) return 'imports a computed name, which nobody can check';
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    if (apart && !target.startsWith(rules.apart)) return `leaves ${rules.apart} by the path ${specifier}`;
    if (!rules.isTest && rules.ofNode.includes(target))
      return `imports what only Node.js loads: ${specifier}`;
    return target.startsWith(`${folder}/`) ? null : `leaves ${folder}/ by the path ${specifier}`;
  }
  if (rules.names.includes(specifier)) return null;
  if (/^(\/|#|[a-z]+:\/)/i.test(specifier)) return `imports ${specifier} by an address`;
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `imports ${specifier} without node:`;
    return rules.builtins || rules.ofNode.includes(file)
      ? null
      : `${folder}/ runs in browsers too and may not import ${specifier}`;
  }
  const name = packageOf(specifier);
  const sibling = siblingOf(name);
  if (apart && sibling !== null) return `${rules.apart} may not import ${sibling}/ (${specifier})`;
  if (sibling === folder) return rules.isTest ? null : `${folder}/ imports itself by name: ${specifier}`;
  if (sibling !== null && !rules.siblings.includes(sibling)) {
    return `${folder}/ may not import ${sibling}/ (${specifier})`;
  }
  if (sibling !== null && !rules.isTest && specifier.startsWith(`${name}/internal/`)) {
    return `only tests may import ${specifier}: ${sibling}/package.json does not list it`;
  }
  if (isKeyLibrary(name) && folder !== 'crypto' && !apart) return `only crypto/ may import ${name}`;
  return rules.declared.has(name) ? null : `${name} is not declared in ${folder}/package.json`;
}

/** The package of an import: `@noble/hashes` of `@noble/hashes/sha2.js`, `ws` of `ws`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function siblingOf(name: string): string | null {
  return name.startsWith('@gochat/') ? name.slice('@gochat/'.length) : null;
}

function isKeyLibrary(name: string): boolean {
  return KEY_LIBRARIES.some((library) =>
    library.endsWith('/*') ? name.startsWith(library.slice(0, -1)) : name === library,
  );
}

/** Which files need each package of the registry at run time, over the sources of all workspaces. */
export function importersByPackage(root: string): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const folder of readManifest(root).workspaces ?? []) {
    if (TEST_FOLDERS.includes(folder) || !existsSync(join(root, folder, 'src'))) continue;
    for (const { file, specifier, typesOnly } of readImports(root, join(folder, 'src'))) {
      if (typesOnly || specifier === null || specifier.startsWith('.') || isBuiltin(specifier)) continue;
      const name = packageOf(specifier);
      if (siblingOf(name) !== null) continue;
      const files = importers.get(name) ?? [];
      if (!files.includes(file)) importers.set(name, [...files, file]);
    }
  }
  return importers;
}
