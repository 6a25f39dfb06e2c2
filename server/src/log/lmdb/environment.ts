import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Database, open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { CannotOpen } from '../cannot-open.ts';

/** Binary keys to binary values. */
export type Tree = Database<Buffer, Buffer>;

export type Environment = RootDatabase<Buffer, Buffer>;

const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const;

/**
 * Opens or creates an LMDB file that only its owner can read. The file is checked first: the binding crashes with a segmentation
 * fault when LMDB rejects a file.
 *
 * No other process may commit to the file meanwhile, so the caller holds the lock of its folder, or the file is its own. The
 * binding's LMDB has the fault ITS#9496: opening a file sets the number of the last transaction, which all processes share, to what
 * the file's header said a moment before. If another process commits in that moment, the number goes back, and the next transaction
 * overwrites the one that was committed.
 * @throws CannotOpen
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
    // With overlapping syncs a transaction is visible before it is on disk. Without them, everything that can be read is durable.
    overlappingSync: false,
    // With turn batching a failed commit rejects a promise that can't be caught. The writer does its own batching.
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

/** Offsets in LMDB's meta pages. They are little-endian, as are all platforms that the binding supports. */
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

/** Checks that both meta pages are LMDB's, and that the roots of the newest tree are inside the file. */
function requireSound(path: string): void {
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size === 0) return;
    const first = metaAt(file, 0);
    const second = first && metaAt(file, first.pageSize);
    const newest = first && second && (second.txnId > first.txnId ? second : first);
    // Taken after the roots: a server may be writing, and the file grows before a root that lies in the new part is written.
    const { size } = fstatSync(file);
    if (newest?.roots.every((root) => root === NO_ROOT || (root + 1n) * BigInt(newest.pageSize) <= size))
      return;
  } finally {
    closeSync(file);
  }
  throw new CannotOpen(
    'damaged',
    `${path} is damaged: restore it from a backup, or move it away to start with no rooms`,
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
