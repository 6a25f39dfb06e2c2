import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { GENERATOR_CORE } from './child.ts';
import type { Running, System } from './system.ts';

/** How joining went: the first line that the generator prints. */
export interface Joining {
  readonly phase: 'join';
  readonly connections: number;
  readonly joined: number;
  readonly seconds: number;
  /** Of the server. */
  readonly cpuSeconds: number;
  /** Messages of the backlog. */
  readonly delivered: number;
}

/** One phase under load; `bench/generator/load.c` prints it. */
export interface Loaded {
  readonly phase: 'closed' | 'rate' | 'posts';
  readonly amount: number;
  readonly seconds: number;
  readonly deliveriesPerSecond: number;
  readonly acknowledgedPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly serverLoad: number;
  readonly generatorLoad: number;
  /** Not every generator reports it. */
  readonly otherLoad?: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lost: number;
  readonly refused: number;
  readonly dead: number;
}

export interface Idle {
  readonly phase: 'idle';
  readonly connections: number;
  readonly joined: number;
  readonly kbPerConnection: number;
}

export type Phase = Joining | Loaded | Idle;

export interface Load {
  readonly receivers: number;
  readonly senders: number;
  /** As `bench/generator/load.c` reads them. */
  readonly phases: readonly string[];
  /** The number of rooms, one for each sender; absent: one room for all. */
  readonly rooms?: number;
}

/** The payload of a message, in bytes. */
const PAYLOAD_BYTES = 400;
const LONGEST_MS = 240_000;

/**
 * Runs the generator against a server.
 * @param program the generator, built
 * @throws Error when not all could join, or when it stopped before its time.
 */
export async function runLoad(
  program: string,
  system: System,
  running: Running,
  load: Load,
): Promise<Phase[]> {
  const settings = {
    protocol: system.protocol,
    label: system.name,
    port: running.port,
    receivers: load.receivers,
    senders: load.senders,
    phases: load.phases.join(','),
    pids: running.pids.join(','),
    bytes: PAYLOAD_BYTES,
    core: GENERATOR_CORE,
    ...(load.rooms === undefined ? {} : { rooms: load.rooms }),
    ...(system.concurrent === undefined ? {} : { concurrent: system.concurrent }),
    ...running.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const [command = program, ...first] = running.generator ?? [];
  const generator = spawn(command, [...first, ...args]);
  const timer = setTimeout(() => generator.kill('SIGKILL'), LONGEST_MS);
  let complaints = '';
  generator.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  generator.stdin.on('error', () => undefined);
  const ended = once(generator, 'close');
  const phases = await readPhases(generator, running, load);
  const [code] = (await ended) as [number | null];
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the generator ended with ${code}: ${complaints.trim()}`);
  if (complaints !== '') throw new Error(`the server complained: ${complaints.trim()}`);
  return phases;
}

async function readPhases(
  generator: ChildProcessWithoutNullStreams,
  running: Running,
  load: Load,
): Promise<Phase[]> {
  const phases: Phase[] = [];
  for await (const line of createInterface(generator.stdout)) {
    if (line.startsWith('{')) {
      const phase = JSON.parse(line) as Phase;
      phases.push(phase);
      running.ended?.(phase.phase);
      continue;
    }
    const [, index = '', isSender = '', nonce = ''] = line.split(' ');
    const sender = isSender === '1' ? Number(index) - load.receivers : undefined;
    const frames = running.enter?.({ index: Number(index), sender, nonce }) ?? [];
    generator.stdin.write(`${index} ${frames.join('\t')}\n`);
  }
  return phases;
}
