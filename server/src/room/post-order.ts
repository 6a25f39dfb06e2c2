import { LIMITS } from '@gochat/protocol/limits';
import type { LogPosition } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';

/** How many refused posts may wait to be repeated. A client has fewer in flight. */
const MOST_WAITING = 4 * LIMITS.requestsInFlight;
/** A client that doesn't repeat the first waiting post for this long is disconnected, and starts over on a new connection. */
const LONGEST_WAIT_MS = 15_000;

/**
 * Keeps one connection's posts to one room in the order in which they first arrived, although some are refused and repeated later.
 * Senders number their messages, and readers reject a message that arrives after a later one.
 */
export class PostOrder {
  /** The posts that must be repeated, with their places. All have the same base. */
  readonly #waiting = new Map<string, number>();
  #base: LogPosition = 0;
  #last = 0;
  /** When the last post was let through, or when a refused one may be repeated. */
  #movedAt = 0;

  /**
   * Lets a post through to the log.
   * @returns its place in the order, to pass to {@link refused} if the post is refused after all
   * @param now milliseconds
   * @throws Refusal `unavailable` while an earlier post must be repeated first
   */
  admit(id: string, base: LogPosition, now: number): number {
    this.#reach(base);
    const place = this.#waiting.get(id) ?? ++this.#last;
    if (base === this.#base && Math.min(...this.#waiting.values()) < place) {
      this.refused(id, base, place);
      const closes = now - this.#movedAt > LONGEST_WAIT_MS;
      const pause = this.#movedAt > now ? { retryAfterMs: this.#movedAt - now } : {};
      throw new Refusal('unavailable', 'earlier posts were refused: repeat them first', { closes, ...pause });
    }
    this.#movedAt = now;
    this.#waiting.delete(id);
    return place;
  }

  /** Records that a post was refused and must be repeated. @param place absent: it has none yet. @throws Refusal `rate-limited` when too many wait */
  refused(id: string, base: LogPosition, place = this.#waiting.get(id) ?? ++this.#last): void {
    this.#reach(base);
    if (base !== this.#base) return;
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(id))
      throw new Refusal('rate-limited', 'too many posts wait to be repeated', { closes: true });
    this.#waiting.set(id, place);
  }

  /** A post was refused that is not to be repeated before then. @param until milliseconds */
  pause(until: number): void {
    this.#movedAt = Math.max(this.#movedAt, until);
  }

  /** A post with a newer base was encrypted again, and so were all posts before it: the old ones no longer matter. */
  #reach(base: LogPosition): void {
    if (base <= this.#base) return;
    this.#base = base;
    this.#waiting.clear();
  }
}
