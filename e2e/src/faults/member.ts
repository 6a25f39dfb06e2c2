import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundledScript } from '../bundled-script.ts';
import type { Asks, FromMember } from './member-process.ts';

const SCRIPT = fileURLToPath(new URL('member-process.ts', import.meta.url));

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A member in a separate process, which can be killed and restarted with the same profile. */
export class Member {
  readonly name: string;
  readonly #dir: string;
  readonly #acknowledged: (id: string) => void;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | undefined;
  #asked = 0;

  /** @param acknowledged called with the id of each acknowledged message */
  constructor(name: string, dir: string, acknowledged: (id: string) => void) {
    this.name = name;
    this.#dir = dir;
    this.#acknowledged = acknowledged;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const child = fork(await bundledScript(SCRIPT), [this.name, this.#dir], { execArgv: [] });
    this.#child = child;
    const ready = new Promise<void>((resolve, reject) => {
      child.on('message', (message: FromMember) => this.#hear(message, resolve));
      child.once('exit', () => {
        const gone = new Error(`${this.name} is gone`);
        for (const { reject: rejectAsked } of this.#waiting.values()) rejectAsked(gone);
        this.#waiting.clear();
        reject(gone);
      });
    });
    await ready;
  }

  ask<K extends keyof Asks>(ask: K, params: Parameters<Asks[K]>[0]): Promise<ReturnType<Asks[K]>> {
    const n = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(n, { resolve: resolve as (result: unknown) => void, reject });
      this.#child?.send({ n, ask, params });
    });
  }

  /** @returns whether the signal ended it */
  async kill(): Promise<boolean> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    child.kill('SIGKILL');
    const [, signal] = await gone;
    return signal === 'SIGKILL';
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await gone;
  }

  #hear(message: FromMember, ready: () => void): void {
    if ('ready' in message) {
      ready();
      return;
    }
    if ('acknowledged' in message) {
      this.#acknowledged(message.acknowledged);
      return;
    }
    const waiting = this.#waiting.get(message.answers);
    this.#waiting.delete(message.answers);
    if ('error' in message) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message.result);
  }
}
