import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledScript } from '../bundled-script.ts';
import { temporary } from '../people/people.ts';
import { ChildServer } from '../servers/child-server.ts';
import { buildGochat } from '../terminal/gochat-process.ts';
import type { Outcome, Target } from './attack.ts';
import { ATTACK_NAMES, type AttackName, WAITING } from './attacks.ts';
import { Bystanders, type Latency } from './bystanders.ts';
import { pause } from './intruder.ts';

export interface AttackOptions {
  /** How long an attack lasts that isn't a fixed number of tries. */
  readonly seconds: number;
  readonly only?: readonly string[];
  /** How long the bystanders talk undisturbed before each attack, in milliseconds. */
  readonly calmMs: number;
  /** How long the bystanders' speaker pauses between its messages. */
  readonly postEveryMs: number;
  readonly crowd: number;
  /** How often an attack that slowed the others is tried: other programs on the machine may have slowed them. */
  readonly tries: number;
  /** Whether attacks that mostly wait run beside the others. That takes less time, and no ratio says then what one attack costs. */
  readonly atOnce: boolean;
  /**
   * Whether attackers have the lowest priority. Real attackers have their own machines; here they share the processor with
   * those whose latency is measured. On a busy machine, processes of the lowest priority hardly run.
   */
  readonly yielding: boolean;
  print(line: string): void;
}

export interface Attacked extends Outcome {
  readonly calm: Latency;
  readonly meanwhile: Latency;
  /** Of the 99th percentiles. */
  readonly ratio: number;
  /** The server's largest resident memory during the attack, in megabytes. */
  readonly residentMb: number;
}

export interface AttackReport {
  readonly attackers: Readonly<Partial<Record<AttackName, Attacked>>>;
  readonly said: number;
  readonly lost: number;
  readonly wrong: number;
  readonly residentMb: { readonly before: number; readonly most: number; readonly after: number };
}

/** Limits for the growth of the bystanders' 99th percentile, and for the server's memory. */
const MOST_RATIO = 3;
const MOST_RESIDENT_MB = 512;
/** In place of 10 s and 30 s for a first frame, and of 90 s, so that a run takes less time. On a busy machine bystanders may be silent for seconds. */
const PATIENCE_MS = 6_000;
const SILENCE_MS = 20_000;
const SCRIPT = fileURLToPath(new URL('attack-process.ts', import.meta.url));
const WEB = fileURLToPath(new URL('../../../dist/web', import.meta.url));

/** Runs every attack on one server while bystanders talk. */
export async function runAttackers(options: AttackOptions): Promise<AttackReport> {
  buildGochat();
  const home = await temporary();
  const server = await ChildServer.start(join(home.path, 'server'), 0, [], WEB, {
    // Loopback is limited like every other address.
    exemptsLoopback: false,
    helloMs: PATIENCE_MS,
    httpMs: PATIENCE_MS,
    silenceMs: SILENCE_MS,
    transferMs: PATIENCE_MS,
  });
  const before = residentMb(server.pid);
  const memory = { most: before };
  const watch = setInterval(() => {
    memory.most = Math.max(memory.most, residentMb(server.pid));
  }, 50);
  try {
    const bystanders = await Bystanders.open(server.port, options.postEveryMs);
    const { seconds, crowd } = options;
    const target: Target = {
      port: server.port,
      room: bystanders.room,
      seconds,
      crowd,
      patienceMs: PATIENCE_MS,
      silenceMs: SILENCE_MS,
    };
    const names = ATTACK_NAMES.filter((name) => !options.only?.length || options.only.includes(name));
    const run = (name: AttackName) => attackOften(name, target, bystanders, server.pid, options);
    const attackers = await inRows(names, options.atOnce ? WAITING : [], run);
    const { said, lost, wrong } = await bystanders.close();
    return { attackers, said, lost, wrong, residentMb: { before, ...memory, after: residentMb(server.pid) } };
  } finally {
    clearInterval(watch);
    await server.stop();
    await home.remove();
  }
}

/** Runs those of each row, and those of no row, one after the other; the rows at once. @returns the results in the order of `names` */
async function inRows(
  names: readonly AttackName[],
  rows: readonly (readonly AttackName[])[],
  run: (name: AttackName) => Promise<Attacked>,
): Promise<AttackReport['attackers']> {
  const results: Partial<Record<AttackName, Attacked>> = {};
  const others = names.filter((name) => !rows.flat().includes(name));
  const ended = await Promise.allSettled(
    [...rows, others].map(async (row) => {
      for (const name of row) if (names.includes(name)) results[name] = await run(name);
    }),
  );
  for (const row of ended) if (row.status === 'rejected') throw row.reason;
  const sorted = Object.entries(results).sort(
    ([a], [b]) => names.indexOf(a as AttackName) - names.indexOf(b as AttackName),
  );
  return Object.fromEntries(sorted);
}

/** Tries an attack until it slows nobody. @returns the result of the try that slowed the others least */
async function attackOften(
  name: AttackName,
  target: Target,
  bystanders: Bystanders,
  pid: number,
  options: AttackOptions,
): Promise<Attacked> {
  let attacked: Attacked | undefined;
  for (let tries = 1; ; tries++) {
    const next = await attack(name, target, bystanders, pid, options);
    // An attack that succeeded once counts, however often it is tried.
    const got = Math.max(next.got, attacked?.got ?? 0);
    const calmer = attacked === undefined || next.ratio < attacked.ratio ? next : attacked;
    attacked = { ...calmer, got };
    options.print(lineOf(name, next));
    if (next.ratio <= MOST_RATIO || got > 0 || tries >= options.tries) return attacked;
  }
}

async function attack(
  name: AttackName,
  target: Target,
  bystanders: Bystanders,
  pid: number,
  { calmMs, yielding }: AttackOptions,
): Promise<Attacked> {
  const calmly = bystanders.listen();
  await pause(calmMs);
  const calm = calmly.end();
  const memory = { most: residentMb(pid) };
  const watch = setInterval(() => {
    memory.most = Math.max(memory.most, residentMb(pid));
  }, 50);
  const child = fork(await bundledScript(SCRIPT), [name, JSON.stringify(target)], { execArgv: [] });
  if (yielding && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const ended = once(child, 'exit');
  const hearing = bystanders.listen();
  try {
    const [outcome] = (await Promise.race([once(child, 'message'), ended])) as [Outcome | number | null];
    if (typeof outcome !== 'object' || outcome === null) throw new Error(`${name} ended without an outcome`);
    // Some attacks end before the next message of the bystanders.
    await hearing.something();
    const meanwhile = hearing.end();
    return { ...outcome, calm, meanwhile, ratio: meanwhile.p99Ms / calm.p99Ms, residentMb: memory.most };
  } finally {
    clearInterval(watch);
    child.kill('SIGKILL');
    await ended;
  }
}

export function isHeld({ attackers, lost, wrong, residentMb: { most } }: AttackReport): boolean {
  const all = Object.values(attackers);
  const gotNothing = all.every(({ tried, got }) => tried > 0 && got === 0);
  return gotNothing && lost === 0 && wrong === 0 && most <= MOST_RESIDENT_MB;
}

/** Whether no attack slowed the bystanders more than {@link MOST_RATIO}. */
export function isCalm({ attackers }: AttackReport): boolean {
  return Object.values(attackers).every(({ ratio }) => ratio <= MOST_RATIO);
}

function lineOf(
  name: string,
  { tried, got, details, calm, meanwhile, ratio, residentMb: mb }: Attacked,
): string {
  const p99 = `p99 ${calm.p99Ms.toFixed(1)} -> ${meanwhile.p99Ms.toFixed(1)} ms (${ratio.toFixed(1)}x)`;
  return `${name.padEnd(16)} tried ${tried}, got in ${got}; ${p99}; ${Math.round(mb)} MB; ${details}`;
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}
