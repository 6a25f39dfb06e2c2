import { TAIL_KEY } from './jetstream-layout.ts';
import type { Position, RoomId, RoomState } from './log.ts';

/** Rooms of which the last known position is kept. */
const KNOWN_ROOMS = 100_000;
const LONGEST_DELAY_MS = 30_000;

/**
 * Where rooms end. The engine lets messages vanish without a trace; what was there can still be told because each entry names
 * the one before it, and because a room's last position is written down before its last message may go.
 */
export class JetStreamTails {
  readonly #state: RoomState;
  readonly #known = new Map<RoomId, Position>();
  readonly #due = new Map<RoomId, NodeJS.Timeout>();

  constructor(state: RoomState) {
    this.#state = state;
  }

  /** The last position that this node knows, 0 if none. */
  known(room: RoomId): Position {
    return this.#known.get(room) ?? 0;
  }

  seen(room: RoomId, pos: Position): void {
    const known = this.#known.get(room) ?? 0;
    if (known >= pos) return;
    this.#known.delete(room);
    this.#known.set(room, pos);
    if (this.#known.size <= KNOWN_ROOMS) return;
    const oldest = this.#known.keys().next();
    if (!oldest.done) this.#known.delete(oldest.value);
  }

  /** @param ttlSec of a message that will vanish */
  appended(room: RoomId, pos: Position, ttlSec?: number): void {
    this.seen(room, pos);
    if (ttlSec === undefined || this.#due.has(room)) return;
    const delay = Math.min(LONGEST_DELAY_MS, (ttlSec * 1000) / 4);
    const timer = setTimeout(() => void this.#write(room), delay);
    this.#due.set(room, timer.unref());
  }

  forget(room: RoomId): void {
    this.#known.delete(room);
    clearTimeout(this.#due.get(room));
    this.#due.delete(room);
  }

  /** The position that was written down, 0 if none. @throws Unavailable */
  async read(room: RoomId): Promise<Position> {
    const stored = await this.#state.get(room, TAIL_KEY);
    return stored === undefined ? 0 : Number(Buffer.from(stored.value).toString());
  }

  /** Writes down at once what is still to be. */
  async close(): Promise<void> {
    await Promise.all([...this.#due.keys()].map((room) => this.#write(room)));
  }

  /** Best effort: without it a reader isn't told that messages have expired. */
  async #write(room: RoomId): Promise<void> {
    clearTimeout(this.#due.get(room));
    this.#due.delete(room);
    const value = Buffer.from(String(this.known(room)));
    await this.#state.put(room, TAIL_KEY, value).catch(() => undefined);
  }
}
