import type { Down } from '@gochat/protocol/down';

/** Takes a frame. The next frame is delivered when the returned promise resolves. */
export type FrameListener = (frame: Down) => void | Promise<void>;

/** How the inbox controls the link that fills it. */
export interface Tap {
  pause(): void;
  resume(): void;
  /** More frames wait than may be kept. */
  overrun(): void;
}

const HIGH_BYTES = 4 * 1024 * 1024;
const LOW_BYTES = 1024 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;
/** A frame's overhead beyond its length. */
const FRAME_BYTES = 512;

/**
 * Delivers frames to one listener, one at a time and in order. The link is paused while too many wait, unless a reply is due: the
 * reply arrives after the very frames that wait.
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

  /** Frames wait while there is no listener. @returns a function that removes the listener. */
  listen(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    this.#deliver();
    this.#regulate();
    return () => void this.#listeners.delete(listener);
  }

  /** @param due whether a reply is due. */
  expect(expecting: boolean): void {
    this.#expecting = expecting;
    this.#regulate();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Stops delivery. */
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
