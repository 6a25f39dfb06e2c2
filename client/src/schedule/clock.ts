import { startTimer } from './timer.ts';

/** The SDK's source of time; tests pass their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `then` once, after at least `ms`. @returns a function that cancels it. */
  after(ms: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, then) {
    const timer = startTimer(ms, then);
    return () => clearTimeout(timer);
  },
};
