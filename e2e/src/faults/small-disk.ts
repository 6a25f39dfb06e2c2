import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const MEGABYTES = 256;
const BALLAST = 'ballast';
const BLOCK = Buffer.alloc(64 * 1024, 1);

/** A separate disk for a server's data, small enough to be filled; needs root. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @returns undefined where this process may not mount anything */
  static async mount(path: string): Promise<SmallDisk | undefined> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
    await mkdir(path, { recursive: true });
    const { status } = run('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${MEGABYTES}m,mode=700`,
      'gochat-faults',
      path,
    ]);
    return status === 0 ? new SmallDisk(path) : undefined;
  }

  /** @returns whether the disk is full */
  fill(): boolean {
    const file = openSync(join(this.path, BALLAST), 'w');
    try {
      for (;;) if (writeSync(file, BLOCK) < BLOCK.length) return true;
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(join(this.path, BALLAST), { force: true });
  }

  /** @returns whether it succeeded: a disk stays writable while files on it are open for writing */
  setReadOnly(readOnly: boolean): boolean {
    return run('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'}`, this.path]).status === 0;
  }

  unmount(): void {
    run('umount', ['--lazy', this.path]);
  }
}

function run(command: string, args: readonly string[]) {
  return spawnSync(command, args, { stdio: 'ignore' });
}
