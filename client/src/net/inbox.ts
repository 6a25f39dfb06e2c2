import type { Down } from '@gochat/protocol/down';

/** Takes a frame. What it returns is waited for before the next one comes. */
export type FrameListener = (frame: Down) => void | Promise<void>;

/** What the inbox does to the link that fills it. */
export interface Tap {
  pause(): void;
  resume(): void;
  /** More waits than is ever kept. */
  overrun(): void;
}

const HIGH_BYTES = 4 * 1024 * 1024;
const LOW_BYTES = 1024 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;
/** What a frame costs over its length. */
const FRAME_BYTES = 512;

/**
 * Frames on their way to whoever listens, one at a time and in order. While too many wait the link is paused, unless somebody
 * waits for a reply: it stands behind the very frames that nobody takes.
 */
export class Inbox {
  readonly #tap: Tap;
  readonly #listeners = new Set<FrameListener>();
  #waiting: { frame: Down; bytes: number }[] = [];
  #bytes = 0;
  #busy = false;
  #paused = false;
  #expecting = false;
  #closed = false;

  constructor(tap: Tap) {
    this.#tap = tap;
  }

  push(frame: Down, bytes: number): void {
    if (this.#closed) return;
    this.#waiting.push({ frame, bytes: bytes + FRAME_BYTES });
    this.#bytes += bytes + FRAME_BYTES;
    this.#deliver();
    this.#regulate();
  }

  /** Frames wait while nobody listens. @returns what ends it. */
  listen(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    this.#deliver();
    this.#regulate();
    return () => void this.#listeners.delete(listener);
  }

  /** Whether a reply is waited for. */
  expect(expecting: boolean): void {
    this.#expecting = expecting;
    this.#regulate();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Nothing is delivered any more. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#bytes = 0;
  }

  #deliver(): void {
    let next = 0;
    while (!this.#closed && !this.#busy && this.#listeners.size > 0 && next < this.#waiting.length) {
      const taken = this.#waiting[next];
      next += 1;
      if (taken === undefined) continue;
      this.#bytes -= taken.bytes;
      this.#hand(taken.frame);
    }
    if (!this.#closed) this.#waiting.splice(0, next);
  }

  #hand(frame: Down): void {
    const results = [...this.#listeners].map((listener) => listener(frame));
    if (results.every((result) => result === undefined)) return;
    this.#busy = true;
    void Promise.allSettled(results).then(() => {
      this.#busy = false;
      this.#deliver();
      this.#regulate();
    });
  }

  #regulate(): void {
    if (this.#closed) return;
    if (this.#bytes > MOST_BYTES) {
      this.#tap.overrun();
    } else if (!this.#paused && this.#bytes > HIGH_BYTES && !this.#expecting) {
      this.#paused = true;
      this.#tap.pause();
    } else if (this.#paused && (this.#bytes < LOW_BYTES || this.#expecting)) {
      this.#paused = false;
      this.#tap.resume();
    }
  }
}
