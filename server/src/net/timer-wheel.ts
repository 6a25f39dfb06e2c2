/** A deadline that may move. Its time is read only when the wheel reaches it. */
export interface Deadline {
  /** When it expires, in milliseconds since 1970; Infinity: it need not be watched any more. */
  due(): number;
  expire(): void;
}

const SLOTS = 64;

/** One timer for all deadlines of a node. Moving a deadline to later costs nothing: the wheel reads its time again when it reaches it. */
export class TimerWheel {
  readonly #slots: Set<Deadline>[] = Array.from({ length: SLOTS }, () => new Set());
  readonly #now: () => number;
  readonly #tickMs: number;
  readonly #timer: NodeJS.Timeout;
  #turned: number;

  constructor(now: () => number, tickMs: number) {
    this.#now = now;
    this.#tickMs = tickMs;
    this.#turned = Math.floor(now() / tickMs);
    this.#timer = setInterval(() => this.#turn(), tickMs);
    this.#timer.unref();
  }

  watch(deadline: Deadline): void {
    const due = deadline.due();
    if (due === Number.POSITIVE_INFINITY) return;
    const ticks = Math.ceil(due / this.#tickMs) - this.#turned;
    this.#slot(this.#turned + Math.min(Math.max(ticks, 1), SLOTS - 1)).add(deadline);
  }

  forget(deadline: Deadline): void {
    for (const slot of this.#slots) if (slot.delete(deadline)) return;
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const slot of this.#slots) slot.clear();
  }

  #slot(tick: number): Set<Deadline> {
    return this.#slots[tick % SLOTS] as Set<Deadline>;
  }

  #turn(): void {
    const now = this.#now();
    const until = Math.floor(now / this.#tickMs);
    // The clock may have been set back, or jumped ahead by more than one round: then each slot is checked once.
    if (until < this.#turned || until - this.#turned > SLOTS) this.#turned = until - SLOTS;
    while (this.#turned < until) {
      this.#turned += 1;
      const slot = this.#slot(this.#turned);
      const deadlines = [...slot];
      slot.clear();
      for (const deadline of deadlines) {
        if (deadline.due() <= now) deadline.expire();
        else this.watch(deadline);
      }
    }
  }
}
