import type { Deadline, TimerWheel } from '../net/timer-wheel.ts';
import type { ServerLimits } from '../operate/limits.ts';

export interface TransferOptions {
  readonly timers: TimerWheel;
  readonly limits: Pick<ServerLimits, 'transferBytes' | 'transferMs'>;
  readonly now: () => number;
  /** Ends the connection. Called when the peer is too slow. */
  readonly cut: () => void;
}

/** The bytes of one chunk on their way. Ends the connection of a peer that sends or reads them too slowly. */
export class Transfer implements Deadline {
  readonly #options: TransferOptions;
  #moved = 0;
  #checkAt: number;
  #ended = false;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#checkAt = options.now() + options.limits.transferMs;
    options.timers.watch(this);
  }

  moved(bytes: number): void {
    this.#moved += bytes;
  }

  end(): void {
    this.#ended = true;
    this.#options.timers.forget(this);
  }

  due(): number {
    return this.#ended ? Number.POSITIVE_INFINITY : this.#checkAt;
  }

  expire(): void {
    const { limits, timers, now, cut } = this.#options;
    if (this.#moved < limits.transferBytes) {
      cut();
      return;
    }
    this.#moved = 0;
    this.#checkAt = now() + limits.transferMs;
    timers.watch(this);
  }
}
