import type { RoomId } from '@gochat/protocol/fields';
import type { ServerLimits } from '../operate/limits.ts';
import { Bucket } from '../session/bucket.ts';
import { Refusal } from '../session/refusal.ts';

/** How many rooms' rates are kept, the least recently used out first. */
const KEPT_ROOMS = 10_000;

/**
 * Limits on this node, for each room, how often handshakes and joins without an order are appended. Those with an order are exempt, so
 * that an admin's removal gets through a flood of them.
 */
export class HandshakeRates {
  readonly #limits: Pick<ServerLimits, 'handshakesPerSecond' | 'handshakesBurst'>;
  readonly #now: () => number;
  readonly #rooms = new Map<RoomId, Bucket>();

  constructor(limits: Pick<ServerLimits, 'handshakesPerSecond' | 'handshakesBurst'>, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** @throws Refusal `rate-limited` when the room may have no more for now */
  check(room: RoomId): void {
    const { handshakesPerSecond, handshakesBurst } = this.#limits;
    const retryAfterMs = this.#rooms.get(room)?.wait(this.#now(), handshakesPerSecond, handshakesBurst) ?? 0;
    if (retryAfterMs > 0)
      throw new Refusal('rate-limited', 'too many handshakes in this room', { retryAfterMs });
  }

  /** Counts one that was appended. Only those count, because all but one of several concurrent ones conflict. */
  appended(room: RoomId): void {
    const { handshakesPerSecond, handshakesBurst } = this.#limits;
    const bucket = this.#rooms.get(room) ?? new Bucket(handshakesBurst, this.#now());
    bucket.take(this.#now(), handshakesPerSecond, handshakesBurst);
    this.#rooms.delete(room);
    this.#rooms.set(room, bucket);
    if (this.#rooms.size <= KEPT_ROOMS) return;
    const oldest = this.#rooms.keys().next();
    if (!oldest.done) this.#rooms.delete(oldest.value);
  }
}
