import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Linux keeps it in memory. Systems and containers without it, or with a small one, get nothing. */
const MEMORY = '/dev/shm';
/** Short: the paths of sockets have a limit. */
const PREFIX = 'gctest-';
/** Several times what all workers have there at once. */
const LEAST_BYTES = 2 * 2 ** 30;
const ABANDONED_MS = 3600_000;

let folder: string | undefined;

/**
 * The global setup of all lanes: temporary folders are in memory if there is room. On a disk, tests wait for its syncs for most of their
 * time. Nothing that they check depends on where the folders are: a killed process leaves the same files, and whether stores sync is read
 * from their system calls. Whoever sets `TMPDIR` gets their folders there.
 */
export function setup(): void {
  if (process.env.TMPDIR !== undefined || !hasRoom()) return;
  sweep();
  folder = mkdtempSync(join(MEMORY, PREFIX));
  process.env.TMPDIR = folder;
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

/** Programs are installed into the folders, and run there. */
function hasRoom(): boolean {
  if (process.platform !== 'linux') return false;
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const [, , type, options = ''] =
    mounts.map((line) => line.split(' ')).findLast(([, at]) => at === MEMORY) ?? [];
  if (type !== 'tmpfs' || options.split(',').includes('noexec')) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= LEAST_BYTES;
}

/** Removes the folders of own runs that were killed. */
function sweep(): void {
  for (const name of readdirSync(MEMORY).filter((found) => found.startsWith(PREFIX))) {
    const path = join(MEMORY, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.uid === process.getuid?.() && (found?.mtimeMs ?? Date.now()) < Date.now() - ABANDONED_MS)
      rmSync(path, { recursive: true, force: true });
  }
}
