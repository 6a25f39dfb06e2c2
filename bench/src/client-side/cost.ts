import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What a command took. */
export interface Cost {
  readonly ms: number;
  /** Its processor time, user and system. */
  readonly cpuSeconds: number;
}

/**
 * Runs a command to its end, without its output.
 * @param input a file for its standard input. @throws Error when it fails
 */
export async function costOf(command: readonly string[], cwd: string, input = '/dev/null'): Promise<Cost> {
  const env = { PATH: process.env.PATH ?? '', HOME: cwd };
  const begun = performance.now();
  // The shell reports the processor time of what it has waited for (POSIX `times`: minutes and seconds, user and system, in line two).
  const shell = spawn('sh', ['-c', '"$@" < "$0" > /dev/null || exit 1; times', input, ...command], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  shell.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [code] = (await once(shell, 'close')) as [number | null];
  const ms = performance.now() - begun;
  if (code !== 0) throw new Error(`${command.join(' ')} failed`);
  const times = [...(out.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuSeconds = times.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
  return { ms, cpuSeconds };
}
