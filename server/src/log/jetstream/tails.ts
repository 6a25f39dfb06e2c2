import { setTimeout as after } from 'node:timers/promises';
import type { Clock } from '../engine.ts';
import type { LogPosition, RoomId, RoomState } from '../log.ts';
import { TAIL_KEY } from './layout.ts';

/** Rooms of which the last known position is kept. */
const KNOWN_ROOMS = 100_000;
const LONGEST_DELAY_MS = 30_000;
const LAST_TRY_MS = 2_000;

/**
 * Where rooms end. The engine lets messages vanish without a trace; what was there can still be told because each entry names
 * the one before it, and because a room's last position is written down before its last message may go: by every node that has
 * seen it, since one of them may die before it does.
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

  /** The last position that this node knows, 0 if none. */
  known(room: RoomId): LogPosition {
    return this.#known.get(room) ?? 0;
  }

  /** @param expiresAt of what stands there, milliseconds since 1970; 0: never */
  seen(room: RoomId, pos: LogPosition, expiresAt = 0): void {
    const known = this.#known.get(room) ?? 0;
    if (known < pos) this.#know(room, pos);
    if (expiresAt === 0 || this.#due.has(room)) return;
    // Nodes that saw it at the same moment don't write at the same moment.
    const delay = Math.min(LONGEST_DELAY_MS, Math.max(0, expiresAt - this.#now()) / 4);
    this.#writeIn(room, delay * (0.5 + Math.random() / 2));
  }

  forget(room: RoomId): void {
    this.#known.delete(room);
    clearTimeout(this.#due.get(room));
    this.#due.delete(room);
  }

  /** The position that was written down, 0 if none. @throws Unavailable */
  async read(room: RoomId): Promise<LogPosition> {
    return positionOf(await this.#state.get(room, TAIL_KEY));
  }

  /** Writes down what is still to be, as far as it can be done at once. */
  async close(): Promise<void> {
    this.#closed = true;
    const rooms = [...this.#due.keys()];
    for (const timer of this.#due.values()) clearTimeout(timer);
    this.#due.clear();
    await Promise.race([
      Promise.allSettled(rooms.map((room) => this.#write(room))),
      after(LAST_TRY_MS, undefined, { ref: false }),
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

  /** Never an earlier one than stands there. @throws Unavailable */
  async #write(room: RoomId): Promise<void> {
    for (;;) {
      const known = this.known(room);
      const stored = await this.#state.get(room, TAIL_KEY);
      if (known <= positionOf(stored)) return;
      const value = Buffer.from(String(known));
      const revision = stored?.revision ?? 'absent';
      if ((await this.#state.put(room, TAIL_KEY, value, { revision })) !== 'conflict') return;
    }
  }
}

function positionOf(stored: { readonly value: Uint8Array } | undefined): LogPosition {
  return stored === undefined ? 0 : Number(Buffer.from(stored.value).toString());
}
