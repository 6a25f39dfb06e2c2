import type { Timers } from './timers.ts';

/** The longest wait: a timer doesn't run while the machine sleeps, and a clock may be set. */
const LOOK_MS = 60_000;

/** Runs a job at a time that may change: one timer, which looks again at least every minute. */
export class Alarm {
  readonly #timers: Timers;
  readonly #job: () => void;
  #set: { readonly at: number; readonly clear: () => void } | undefined;

  /** @param job may run early, and sets the alarm again then */
  constructor(timers: Timers, job: () => void) {
    this.#timers = timers;
    this.#job = job;
  }

  /** @param at when the job is due; undefined: never. @param now by the same clock, in milliseconds since 1970 */
  set(at: number | undefined, now: number): void {
    const next = at === undefined ? undefined : Math.min(at, now + LOOK_MS);
    if (this.#set !== undefined && next !== undefined && next >= this.#set.at && this.#set.at > now) return;
    this.#set?.clear();
    this.#set = undefined;
    if (next === undefined) return;
    const clear = this.#timers.after(next - now, () => {
      this.#set = undefined;
      this.#job();
    });
    this.#set = { at: next, clear };
  }
}
