import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundledScript } from '@gochat/e2e/internal/bundled-script';
import type { FileName } from '../../src/files/file-store.ts';

const SCRIPT = fileURLToPath(new URL('putter.ts', import.meta.url));

export interface StoredChunkName extends FileName {
  readonly chunk: number;
}

/** Runs `putter.ts` until SIGKILL ends it, in the middle of its work. @param stop called with the count of stored chunks; true: kill it */
export async function killedPutter(
  folder: string,
  writers: number,
  stop: (count: number) => boolean,
): Promise<StoredChunkName[]> {
  const child = spawn(process.execPath, [await bundledScript(SCRIPT), folder, String(writers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stored: StoredChunkName[] = [];
  for await (const line of createInterface(child.stdout)) {
    // The kill may have cut the last line.
    if (!line.endsWith('}')) continue;
    stored.push(JSON.parse(line) as StoredChunkName);
    if (stop(stored.length)) child.kill('SIGKILL');
  }
  return stored;
}
