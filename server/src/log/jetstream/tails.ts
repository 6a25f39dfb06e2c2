import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../engine.ts';
import type { LogPosition, RoomId, RoomState } from '../log.ts';
import { TAIL_KEY } from './layout.ts';

/** How many rooms' last known positions are cached. */
const KNOWN_ROOMS = 100_000;
const LONGEST_DELAY_MS = 30_000;
const LAST_TRY_MS = 2_000;

/**
 * Knows the last position of each room. JetStream deletes expired messages without a trace. To detect that, each entry names the
 * one before it, and a room's last position is stored before its last message can expire. Every node that has seen the message
 * stores it, because some may crash first.
 */
export class JetStreamTails {
  readonly #state: RoomState;
  readonly #now: Clock;
  readonly #known = new Map<RoomId, LogPosition>();
  readonly #due = new Map<RoomId, NodeJS.Timeout>();
  #closed = false;

  constructor(state: RoomState, now: Clock) {
    this.#state = state;
    this.#now = now;
  }

  /** The last position that this node knows; 0: none. */
  known(room: RoomId): LogPosition {
    return this.#known.get(room) ?? 0;
  }

  /** Records an entry. @param expiresAt when it expires, in milliseconds since 1970; 0: never */
  seen(room: RoomId, pos: LogPosition, expiresAt = 0): void {
    const known = this.#known.get(room) ?? 0;
    if (known < pos) this.#know(room, pos);
    if (expiresAt === 0 || this.#due.has(room)) return;
    // Random, so that the nodes don't all write at the same time.
    const delayMs = Math.min(LONGEST_DELAY_MS, Math.max(0, expiresAt - this.#now()) / 4);
    this.#writeIn(room, delayMs * (0.5 + Math.random() / 2));
  }

  forget(room: RoomId): void {
    this.#known.delete(room);
    clearTimeout(this.#due.get(room));
    this.#due.delete(room);
  }

  /** The stored position; 0: none. @throws Unavailable */
  async read(room: RoomId): Promise<LogPosition> {
    return storedPosition(await this.#state.get(room, TAIL_KEY));
  }

  /** Stores the positions that are still due, but waits at most {@link LAST_TRY_MS}. */
  async close(): Promise<void> {
    this.#closed = true;
    const rooms = [...this.#due.keys()];
    for (const timer of this.#due.values()) clearTimeout(timer);
    this.#due.clear();
    await Promise.race([
      Promise.allSettled(rooms.map((room) => this.#write(room))),
      delay(LAST_TRY_MS, undefined, { ref: false }),
    ]);
  }

  #know(room: RoomId, pos: LogPosition): void {
    this.#known.delete(room);
    this.#known.set(room, pos);
    if (this.#known.size <= KNOWN_ROOMS) return;
    const oldest = this.#known.keys().next();
    if (!oldest.done) this.#known.delete(oldest.value);
  }

  #writeIn(room: RoomId, delayMs: number): void {
    const timer = setTimeout(() => void this.#writeOrLater(room), delayMs);
    this.#due.set(room, timer.unref());
  }

  async #writeOrLater(room: RoomId): Promise<void> {
    this.#due.delete(room);
    try {
      await this.#write(room);
    } catch {
      if (!this.#closed && !this.#due.has(room)) this.#writeIn(room, LONGEST_DELAY_MS);
    }
  }

  /** Stores the known position, unless a later one is stored. @throws Unavailable */
  async #write(room: RoomId): Promise<void> {
    for (;;) {
      const known = this.known(room);
      const stored = await this.#state.get(room, TAIL_KEY);
      if (known <= storedPosition(stored)) return;
      const value = Buffer.from(String(known));
      const revision = stored?.revision ?? 'absent';
      if ((await this.#state.put(room, TAIL_KEY, value, { revision })) !== 'conflict') return;
    }
  }
}

function storedPosition(stored: { readonly value: Uint8Array } | undefined): LogPosition {
  return stored === undefined ? 0 : Number(Buffer.from(stored.value).toString());
}
