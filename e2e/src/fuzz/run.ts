import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundledScript } from '../bundled-script.ts';
import type { RunOptions } from '../run-options.ts';
import { WAIT_MS } from '../waits.ts';
import type { FromFuzzer, ToFuzzer } from './fuzz-process.ts';

const SCRIPT = fileURLToPath(new URL('fuzz-process.ts', import.meta.url));
/** Without a message for so long, the process hangs: a slice of cases takes a tenth of a second. */
const HANG_MS = WAIT_MS;
const MOST_CRASHES = 20;
/** The growth of a server's memory that caches explain. */
const MOST_GROWTH_BYTES = 256 * 1024 * 1024;

export interface FuzzReport {
  readonly seed: number;
  readonly cases: number;
  readonly crashes: number;
  readonly hangs: number;
  readonly byTarget: Readonly<Record<string, number>>;
  /** Resident memory of the server, in megabytes. */
  readonly memory: { readonly before: number; readonly after: number } | undefined;
}

export interface FuzzOptions extends Omit<RunOptions, 'only'> {
  print(line: string): void;
  /** The number of cases of each target, if they end before the time does; absent: as many as the time allows. */
  readonly cases?: number;
  /** The program that runs the cases. */
  readonly script?: string;
  readonly hangMs?: number;
}

/** Passes mutated bytes to every parser and to a live server, in a process that is watched for crashes and hangs. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seconds, seed, print, cases: most, script = SCRIPT, hangMs = HANG_MS } = options;
  const end = Date.now() + seconds * 1_000;
  const byTarget: Record<string, number> = {};
  const from: Record<string, number> = {};
  let [crashes, hangs] = [0, 0];
  let memory: FuzzReport['memory'];
  for (let done = false; !done && crashes + hangs < MOST_CRASHES; ) {
    const order = {
      seed,
      seconds: Math.max(1, (end - Date.now()) / 1_000),
      from,
      ...(most !== undefined && { cases: most }),
    };
    const child = fork(await bundledScript(script), { execArgv: [] });
    const ended = await watch(child, order, hangMs, (message) => {
      if (message.kind === 'done') memory = message.memory && megabytes(message.memory);
      else if (message.kind === 'crash') {
        crashes += 1;
        print(`${message.target}, case ${message.at}: ${message.error}\n  bytes ${message.bytes}`);
      } else {
        byTarget[message.target] = (byTarget[message.target] ?? 0) + message.cases;
        from[message.target] = message.at;
      }
    });
    if (ended.kind === 'hung') hangs += 1;
    if (ended.kind === 'died') crashes += 1;
    if (ended.kind !== 'done')
      print(`the process ${ended.kind} at ${ended.target}, from case ${from[ended.target]}`);
    // The next process skips the cases around the one that ended this process.
    if (ended.kind !== 'done') from[ended.target] = (from[ended.target] ?? 0) + 1_000;
    done = ended.kind === 'done' || Date.now() > end;
  }
  if (memory !== undefined && (memory.after - memory.before) * 2 ** 20 > MOST_GROWTH_BYTES) {
    crashes += 1;
    print(`the server grew from ${memory.before} to ${memory.after} MB`);
  }
  const cases = Object.values(byTarget).reduce((sum, n) => sum + n, 0);
  return { seed, cases, crashes, hangs, byTarget, memory };
}

function megabytes({ before, after }: { readonly before: number; readonly after: number }) {
  return { before: Math.round(before / 2 ** 20), after: Math.round(after / 2 ** 20) };
}

interface Ended {
  readonly kind: 'done' | 'hung' | 'died';
  /** The target of the last message. */
  readonly target: string;
}

/** @param hear is called with every message. @returns how the process ended */
function watch(
  child: ChildProcess,
  order: ToFuzzer,
  hangMs: number,
  hear: (message: FromFuzzer) => void,
): Promise<Ended> {
  let target = 'its start';
  let kind: Ended['kind'] = 'died';
  return new Promise((resolve) => {
    const hung = () => {
      kind = 'hung';
      child.kill('SIGKILL');
    };
    // The first message comes once the conversation that mutations start from is recorded.
    let timer = setTimeout(hung, 2 * HANG_MS);
    child.on('message', (message: FromFuzzer) => {
      clearTimeout(timer);
      if (message.kind === 'done') kind = 'done';
      else {
        target = message.target;
        timer = setTimeout(hung, hangMs);
      }
      hear(message);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      resolve({ kind, target });
    });
    child.send(order);
  });
}
