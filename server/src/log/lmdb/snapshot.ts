import { chmod, mkdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CannotOpen } from '../cannot-open.ts';
import type { Environment, Tree } from './environment.ts';
import type { Trees } from './trees.ts';

/** The space that a snapshot leaves for the writes of the server meanwhile. */
const SPARE_BYTES = 16 * 1024 * 1024;
const META_PAGES = 2;

/**
 * Writes a compact copy of the last transaction to a new file that only its owner can read. The copy is not synced.
 * @throws Error when it can't be written; then nothing is left of it
 */
export async function writeSnapshot(environment: Environment, file: string): Promise<void> {
  // The binding creates a file that others can read. Others can't enter this folder.
  const folder = `${file}.d`;
  const copy = join(folder, 'copy');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    await environment.backup(copy, true);
    await chmod(copy, 0o600);
    await rename(copy, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A snapshot that fills the disk would make the writes of the server fail. @throws CannotOpen when there is not enough space for it */
export async function requireSpace(trees: Trees, file: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(file));
  const needed = snapshotBytes(trees) + SPARE_BYTES;
  if (bavail * bsize < needed)
    throw new CannotOpen(
      'unusable',
      `a backup of a running server needs ${megabytes(needed)} MB in its data folder, and ${megabytes(bavail * bsize)} MB are free: free some space, or stop the server and repeat the command`,
    );
}

function snapshotBytes(trees: Trees): number {
  const counts = Object.values<Tree>({ ...trees }).map((tree) => statsOf(tree));
  const pages = counts.reduce((sum, { branches, leaves, overflow }) => sum + branches + leaves + overflow, 0);
  return (META_PAGES + pages) * (counts[0]?.pageSize ?? 0);
}

/** The binding's types don't list the statistics. */
function statsOf(tree: Tree) {
  const stats: Partial<Record<string, number>> = tree.getStats();
  return {
    pageSize: stats.pageSize ?? 0,
    branches: stats.treeBranchPageCount ?? 0,
    leaves: stats.treeLeafPageCount ?? 0,
    overflow: stats.overflowPages ?? 0,
  };
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
