import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { availableParallelism } from 'node:os';

/** The cores of the server and of the load generator. A machine with one core shares it between them; every row says so. */
export const SERVER_CORE = 0;
export const GENERATOR_CORE = availableParallelism() > 1 ? 1 : 0;

const OPEN_MS = 60_000;
const END_MS = 5_000;
const TRY_MS = 20;

/** A server under load; by default pinned to {@link SERVER_CORE}. */
export class Child {
  readonly process: ChildProcess;
  #said = '';

  constructor(
    command: readonly string[],
    options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly pinned?: boolean },
  ) {
    const [program = '', ...args] =
      options.pinned === false ? command : ['taskset', '-c', String(SERVER_CORE), ...command];
    this.process = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#said = `${this.#said}${chunk.toString()}`.slice(-2000);
      });
  }

  /** The end of what it printed. */
  get said(): string {
    return this.#said;
  }

  /** The process and all its descendants. */
  get pids(): number[] {
    return this.process.pid === undefined ? [] : descendants(this.process.pid);
  }

  /** @throws Error when it ends, or 60 s pass, before the port answers. */
  async opens(port: number): Promise<void> {
    const until = Date.now() + OPEN_MS;
    while (!(await answers(port))) {
      if (this.process.exitCode !== null)
        throw new Error(`ended with ${this.process.exitCode}: ${this.#said}`);
      if (Date.now() > until) throw new Error(`port ${port} did not open: ${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    }
  }

  /** Waits until it has printed this. @throws Error when it ends before, or 60 s pass */
  async says(text: string): Promise<void> {
    const until = Date.now() + OPEN_MS;
    while (!this.#said.includes(text)) {
      if (this.process.exitCode !== null || Date.now() > until)
        throw new Error(`did not say "${text}": ${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    }
  }

  /** @returns the end of what it printed. @throws Error when it failed. */
  async ends(): Promise<string> {
    const [code] = (await once(this.process, 'close')) as [number | null];
    if (code !== 0) throw new Error(`ended with ${code}: ${this.#said}`);
    return this.#said;
  }

  async stop(): Promise<void> {
    const pids = this.pids;
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => {
      for (const pid of pids) kill(pid);
    }, END_MS);
    await ended;
    clearTimeout(timer);
    for (const pid of pids.slice(1)) kill(pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has already ended.
  }
}

/** A process and all that it has started, and those that they have. */
export function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [
      pid,
      ...(children === '' ? [] : children.split(' ').flatMap((child) => descendants(Number(child)))),
    ];
  } catch {
    return [pid];
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
