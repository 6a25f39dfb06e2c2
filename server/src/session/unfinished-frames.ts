import { type Address, isExempt } from '../net/address.ts';
import type { Deadline, TimerWheel } from '../net/timer-wheel.ts';
import type { ServerLimits } from '../operate/limits.ts';

/** A frame below this size never waits for memory. Node.js reads as much at once, and once more before a pause takes effect. */
const SMALL_FRAME_BYTES = 64 * 1024;
/** What one address may hold, as a share of all. */
const ADDRESS_SHARE = 1 / 8;
/** What connections that have entered no room may hold together, as a share of all. */
const OUTSIDE_SHARE = 1 / 2;
/** In this time an unfinished frame must grow by {@link LEAST_GROWTH_BYTES}, or end. */
const CHECK_MS = 10_000;
const LEAST_GROWTH_BYTES = 16 * 1024;
const LONGEST_MS = 10 * 60_000;

/** A connection whose peer sends frames. */
export interface FrameReader {
  readonly address: Address;
  /** Whether it has entered a room. */
  readonly inside: boolean;
  /** Its bytes are not read while `on`. */
  waitForMemory(on: boolean): void;
  /** Its frame took too long. */
  tooSlow(): void;
}

interface Unfinished {
  bytes: number;
  /** When it began: the connection may enter a room meanwhile. */
  readonly inside: boolean;
  readonly since: number;
  /** Its size at the last check; undefined before its first. */
  checked: number | undefined;
}

/**
 * The memory of all frames that have begun to arrive and have not ended. When it is used up, or one address or those who are in no
 * room use more than their share, connections with a large unfinished frame are not read. A frame that hardly grows ends its
 * connection, which frees its memory.
 */
export class UnfinishedFrames implements Deadline {
  readonly #limits: ServerLimits;
  readonly #timers: TimerWheel;
  readonly #now: () => number;
  readonly #frames = new Map<FrameReader, Unfinished>();
  readonly #byAddress = new Map<string, number>();
  readonly #waiting = new Set<FrameReader>();
  #bytes = 0;
  #outsideBytes = 0;
  #nextCheck = Number.POSITIVE_INFINITY;

  constructor(limits: ServerLimits, timers: TimerWheel, now: () => number) {
    this.#limits = limits;
    this.#timers = timers;
    this.#now = now;
  }

  /** Of all unfinished frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Called after each read. @param bytes that were read of a frame that has not ended; 0: there is none */
  update(reader: FrameReader, bytes: number): void {
    const known = this.#frames.get(reader);
    if (bytes === 0) {
      if (known !== undefined) this.forget(reader);
      return;
    }
    // A smaller size is that of the next frame.
    if (known !== undefined && bytes < known.bytes) this.forget(reader);
    const frame = this.#frames.get(reader) ?? this.#begin(reader);
    this.#count(reader, frame, bytes - frame.bytes);
    frame.bytes = bytes;
    if (this.#isOver(reader, frame)) {
      this.#waiting.add(reader);
      reader.waitForMemory(true);
    }
  }

  /** The connection has ended, or its frame has. */
  forget(reader: FrameReader): void {
    const frame = this.#frames.get(reader);
    if (frame === undefined) return;
    this.#frames.delete(reader);
    this.#count(reader, frame, -frame.bytes);
    if (this.#waiting.delete(reader)) reader.waitForMemory(false);
    for (const other of [...this.#waiting]) {
      const waits = this.#frames.get(other);
      if (waits !== undefined && this.#isOver(other, waits)) continue;
      this.#waiting.delete(other);
      other.waitForMemory(false);
    }
  }

  due(): number {
    return this.#nextCheck;
  }

  /** Ends the connections whose frames take too long. */
  expire(): void {
    const now = this.#now();
    for (const [reader, frame] of [...this.#frames]) {
      const { bytes, since, checked } = frame;
      const stalls = checked !== undefined && bytes - checked < LEAST_GROWTH_BYTES;
      frame.checked = bytes;
      if (stalls || now - since > LONGEST_MS) reader.tooSlow();
    }
    this.#nextCheck = this.#frames.size === 0 ? Number.POSITIVE_INFINITY : now + CHECK_MS;
    this.#timers.watch(this);
  }

  #begin(reader: FrameReader): Unfinished {
    const now = this.#now();
    if (this.#nextCheck === Number.POSITIVE_INFINITY) {
      this.#nextCheck = now + CHECK_MS;
      this.#timers.watch(this);
    }
    const frame = { bytes: 0, inside: reader.inside, since: now, checked: undefined };
    this.#frames.set(reader, frame);
    return frame;
  }

  #count({ address: { name } }: FrameReader, { inside }: Unfinished, more: number): void {
    this.#bytes += more;
    if (!inside) this.#outsideBytes += more;
    const ofAddress = (this.#byAddress.get(name) ?? 0) + more;
    if (ofAddress > 0) this.#byAddress.set(name, ofAddress);
    else this.#byAddress.delete(name);
  }

  #isOver({ address }: FrameReader, { bytes, inside }: Unfinished): boolean {
    const { unfinishedBytes, exemptsLoopback } = this.#limits;
    if (bytes < SMALL_FRAME_BYTES) return false;
    const ofAddress = this.#byAddress.get(address.name) ?? 0;
    return (
      this.#bytes > unfinishedBytes ||
      (!inside && this.#outsideBytes > unfinishedBytes * OUTSIDE_SHARE) ||
      (!isExempt(address, exemptsLoopback) && ofAddress > unfinishedBytes * ADDRESS_SHARE)
    );
  }
}
