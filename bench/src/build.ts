import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../generator', import.meta.url));

export interface Programs {
  /** The load generator. */
  readonly load: string;
  /** The C broadcaster that is the limit. */
  readonly broadcaster: string;
}

/**
 * Builds the C programs into a folder.
 * @throws Error when there is no C compiler, or it fails.
 */
export function buildPrograms(folder: string): Programs {
  const programs = { load: join(folder, 'load'), broadcaster: join(folder, 'broadcaster') };
  compile(programs.load, ['load.c', 'protocols.c', 'usage.c']);
  compile(programs.broadcaster, ['broadcaster.c']);
  return programs;
}

function compile(program: string, sources: readonly string[]): void {
  const { status, stderr, error } = spawnSync('cc', ['-O3', '-march=native', '-o', program, ...sources], {
    cwd: SOURCES,
    encoding: 'utf8',
  });
  if (error !== undefined) throw new Error('there is no C compiler: install one (on Debian: gcc libc6-dev)');
  if (status !== 0) throw new Error(`cc failed: ${stderr}`);
}
