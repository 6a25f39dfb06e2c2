import type { ClockFace } from '../words/clock-face.ts';
import type { Platform } from './platform.ts';

/** Calls `passed` when a day begins: what was said today was then said yesterday. */
export class Midnight {
  readonly #platform: Pick<Platform, 'now' | 'after'>;
  readonly #clock: ClockFace;
  readonly #passed: () => void;
  #stopTimer: () => void = () => undefined;

  constructor(platform: Pick<Platform, 'now' | 'after'>, clock: ClockFace, passed: () => void) {
    this.#platform = platform;
    this.#clock = clock;
    this.#passed = passed;
    this.#wait();
  }

  #wait(): void {
    const now = this.#platform.now();
    this.#stopTimer = this.#platform.after(this.#clock.nextDay(now) - now, () => {
      this.#wait();
      this.#passed();
    });
  }

  close(): void {
    this.#stopTimer();
  }
}
