import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Database, open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { CannotOpen } from '../cannot-open.ts';

/** Binary keys to binary values. */
export type Tree = Database<Buffer, Buffer>;

export type Environment = RootDatabase<Buffer, Buffer>;

const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const;

/**
 * Opens or makes one LMDB file, readable by its owner only. The binding dies of a segmentation fault when LMDB refuses a file:
 * what LMDB would refuse is found before.
 */
export function openEnvironment(path: string): Environment {
  if (existsSync(path)) {
    requireAccess(path);
    requireSound(path);
  }
  if (existsSync(`${path}-lock`)) requireAccess(`${path}-lock`);
  const options: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    ...BINARY,
    path,
    maxDbs: 16,
    permissionsMode: 0o600,
    // With overlapping syncs a transaction is visible before it is on disk; without them, whatever can be read is durable.
    overlappingSync: false,
    // With it a failed commit rejects a promise that nobody can catch. The writer gathers what goes together.
    eventTurnBatching: false,
  };
  return open<Buffer, Buffer>(options);
}

export function openTree(environment: Environment, name: string): Tree {
  return environment.openDB<Buffer, Buffer>({ ...BINARY, name });
}

function requireAccess(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw new CannotOpen('unusable', `can't write ${path}`, { cause });
  }
}

/** Where the meta pages keep what is looked at here; little-endian, as all platforms are that the binding exists for. */
const META = {
  magic: 24,
  version: 28,
  pageSize: 48,
  freeRoot: 88,
  mainRoot: 136,
  txnId: 152,
  end: 160,
} as const;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const NO_ROOT = 2n ** 64n - 1n;

/** Both meta pages are LMDB's, and the roots of the newest tree lie inside the file. */
function requireSound(path: string): void {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return;
    const first = metaAt(file, 0);
    const second = first && metaAt(file, first.pageSize);
    const newest = first && second && (second.txnId > first.txnId ? second : first);
    if (newest?.roots.every((root) => root === NO_ROOT || (root + 1n) * BigInt(newest.pageSize) <= size))
      return;
  } finally {
    closeSync(file);
  }
  throw new CannotOpen(
    'damaged',
    `${path} is damaged: restore it from a backup, or move it away to begin anew`,
  );
}

function metaAt(file: number, offset: number) {
  const page = Buffer.alloc(META.end);
  if (readSync(file, page, 0, META.end, offset) < META.end) return undefined;
  if (page.readUInt32LE(META.magic) !== MAGIC || page.readUInt16LE(META.version) !== VERSION)
    return undefined;
  return {
    pageSize: page.readUInt32LE(META.pageSize),
    roots: [page.readBigUInt64LE(META.freeRoot), page.readBigUInt64LE(META.mainRoot)],
    txnId: page.readBigUInt64LE(META.txnId),
  };
}
