import { LIMITS } from '@gochat/protocol/limits';
import type { LogPosition } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';

/** So many may wait to be repeated: a client has fewer in flight. */
const MOST_WAITING = 4 * LIMITS.requestsInFlight;
/** Who doesn't repeat for so long what all others wait for has lost its way: a new connection begins anew. */
const LONGEST_WAIT_MS = 15_000;

/**
 * Keeps one connection's posts to one room in the order in which they first came, although some are refused for now and repeated
 * later. A sender counts its messages and readers take each only in its turn: what is overtaken is lost to them.
 */
export class PostOrder {
  /** Those that are to be repeated, with their turns. All were sealed for the same handshake. */
  readonly #waiting = new Map<string, number>();
  #base: LogPosition = 0;
  #last = 0;
  /** When the first of those that wait was repeated last, or began to wait. */
  #movedAt = 0;

  /**
   * Whether a post may go to the log now.
   * @returns its turn, to be given back if it is refused after all
   * @param now milliseconds
   * @throws Refusal `unavailable` while an earlier one is to be repeated first
   */
  admit(id: string, base: LogPosition, now: number): number {
    this.#reach(base);
    const turn = this.#waiting.get(id) ?? ++this.#last;
    if (base === this.#base && Math.min(...this.#waiting.values()) < turn) {
      this.refused(id, base, turn);
      const closes = now - this.#movedAt > LONGEST_WAIT_MS;
      throw new Refusal('unavailable', 'posts before this one were refused: repeat them first', { closes });
    }
    this.#movedAt = now;
    this.#waiting.delete(id);
    return turn;
  }

  /** It was refused for now. @param turn absent: it has had none. @throws Refusal `rate-limited` when too many wait */
  refused(id: string, base: LogPosition, turn = this.#waiting.get(id) ?? ++this.#last): void {
    this.#reach(base);
    if (base !== this.#base) return;
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(id))
      throw new Refusal('rate-limited', 'too many posts wait to be repeated', { closes: true });
    this.#waiting.set(id, turn);
  }

  /** What is sealed for a newer handshake was sealed anew, and so was all that it could overtake. */
  #reach(base: LogPosition): void {
    if (base <= this.#base) return;
    this.#base = base;
    this.#waiting.clear();
  }
}
