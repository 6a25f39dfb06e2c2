import type { Env } from '@gochat/crypto/primitives';
import type { ChatError } from '../api/chat-error.ts';
import { toChatError } from '../api/to-chat-error.ts';
import { BackOff } from '../schedule/backoff.ts';
import type { Timers } from '../schedule/timers.ts';

const FIRST_MS = 1000;
const LONGEST_MS = 5 * 60_000;

/** Another device has done a job first. */
export class Done extends Error {}

interface JobsParts {
  readonly env: Env;
  readonly timers: Timers;
  /** A job has ended, or may begin. */
  readonly nudge: () => void;
}

/** Work that needs a server, by name: each at most once at a time, and again after a growing pause when it fails. */
export class Jobs {
  readonly #parts: JobsParts;
  readonly #running = new Map<string, Promise<void>>();
  /** What ends each pause. */
  readonly #resting = new Map<string, () => void>();
  readonly #backs = new Map<string, BackOff>();
  readonly #problems = new Map<string, ChatError>();
  /** The server that each job has failed at. */
  readonly #servers = new Map<string, string>();
  /** How often there was a new connection to each server. */
  readonly #reaches = new Map<string, number>();
  /** When jobs that are due may begin, by this device's clock. */
  readonly #starts = new Map<string, number>();

  constructor(parts: JobsParts) {
    this.#parts = parts;
  }

  /** Why the last attempt failed. */
  problem(name: string): ChatError | undefined {
    return this.#problems.get(name);
  }

  isRunning(name: string): boolean {
    return this.#running.has(name);
  }

  /**
   * Whether a job that is due may begin: each device waits for another time, so that one of them does it.
   * @param waitMs from when it was due first
   */
  isTime(name: string, due: boolean, waitMs: number): boolean {
    if (!due) this.#starts.delete(name);
    if (!due) return false;
    const { env, timers, nudge } = this.#parts;
    const known = this.#starts.get(name);
    if (known !== undefined) return env.now() >= known;
    this.#starts.set(name, env.now() + waitMs);
    if (waitMs > 0) timers.after(waitMs, nudge);
    return waitMs <= 0;
  }

  /**
   * @param server the one that the job needs, as `serverOf` spells it
   * @returns false if it runs already, or rests after a failure
   */
  start(name: string, server: string, job: () => Promise<void>): boolean {
    if (this.#running.has(name) || this.#resting.has(name)) return false;
    const before = this.#reaches.get(server);
    const isBack = () => this.#reaches.get(server) !== before;
    const running = job()
      .then(
        () => this.#succeeded(name),
        (error: unknown) => {
          if (error instanceof Done) this.#succeeded(name);
          else this.#failed(name, server, error, isBack());
        },
      )
      .finally(() => {
        this.#running.delete(name);
        this.#parts.nudge();
      });
    this.#running.set(name, running);
    return true;
  }

  /** What it waits for may have changed: it doesn't rest any more, and its next failure counts as the first. */
  hurry(name: string): void {
    this.#wakes(name);
    this.#backs.delete(name);
  }

  /** There is a connection to a server again: what failed without one doesn't rest any more. */
  reached(server: string): void {
    this.#reaches.set(server, (this.#reaches.get(server) ?? 0) + 1);
    const waiting = [...this.#resting.keys()].filter(
      (name) => this.#servers.get(name) === server && this.#isOffline(name),
    );
    for (const name of waiting) this.#wakes(name);
    if (waiting.length > 0) this.#parts.nudge();
  }

  /** Resolves when none runs any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #isOffline(name: string): boolean {
    return this.#problems.get(name)?.code === 'offline';
  }

  #wakes(name: string): void {
    this.#resting.get(name)?.();
    this.#resting.delete(name);
  }

  #succeeded(name: string): void {
    this.#problems.delete(name);
    this.#servers.delete(name);
    this.#backs.delete(name);
  }

  /** @param isBack whether there has been a new connection to the server since it began */
  #failed(name: string, server: string, error: unknown, isBack: boolean): void {
    const { env, timers, nudge } = this.#parts;
    this.#problems.set(name, toChatError(error));
    this.#servers.set(name, server);
    const back =
      this.#backs.get(name) ??
      new BackOff({
        clock: env,
        random: () => (env.random(1)[0] ?? 0) / 256,
        firstMs: FIRST_MS,
        longestMs: LONGEST_MS,
      });
    this.#backs.set(name, back);
    const restMs = back.next();
    const stop = timers.after(isBack && this.#isOffline(name) ? 0 : restMs, () => {
      this.#resting.delete(name);
      nudge();
    });
    this.#resting.set(name, stop);
  }
}
