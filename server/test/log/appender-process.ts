import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundledScript } from '@gochat/e2e/internal/bundled-script';

export interface Line {
  readonly room: string;
  readonly id: string;
  readonly pos: number;
  readonly body: string;
  readonly refused?: string;
}

const SCRIPT = fileURLToPath(new URL('appender.ts', import.meta.url));

/** Runs `appender.ts`, under another command if one is given. @returns its lines, complete when it has ended */
export async function runAppender(
  args: readonly [where: string, writers: number, appends: number, streams?: number],
  {
    under = [],
    onLine,
  }: { under?: readonly string[]; onLine?: (count: number, child: ChildProcess) => void } = {},
): Promise<Line[]> {
  const [command, ...rest] = [...under, process.execPath, await bundledScript(SCRIPT), ...args.map(String)];
  const child = spawn(command as string, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // One thread does all of LMDB's work, so that a fault can be injected into its n-th call.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const lines: Line[] = [];
  for await (const line of createInterface(child.stdout)) {
    // Deliveries matter only in a trace. A line that the kill truncated is ignored.
    if (!line.startsWith('{') || !line.endsWith('}')) continue;
    lines.push(JSON.parse(line));
    onLine?.(lines.length, child);
  }
  if (lines.length === 0) throw new Error(`the appender said nothing: ${complaints}`);
  return lines;
}
