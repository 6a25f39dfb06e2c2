import type { RoomId } from '@gochat/protocol/fields';
import type { Rules } from '@gochat/protocol/rules';
import { type Address, isExempt } from '../net/address.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { Refusal } from '../session/refusal.ts';

/** How many intervals of addresses are kept; then those that began first are forgotten. */
const KEPT = 100_000;
/** How often the limit of one connection all visitors of an onion service have together in a room. */
const ALL_VISITORS = 10;
const VISITORS = 'visitors';

/** What was posted in an interval, which begins with its first post. */
interface Interval {
  readonly since: number;
  bytes: number;
}

/** The intervals of one connection, by room. */
export type QuietIntervals = Map<RoomId, Interval>;

export interface QuietPost {
  readonly room: RoomId;
  readonly rules: Rules | undefined;
  /** The size of its body. */
  readonly bytes: number;
  readonly address: Address;
  readonly connection: QuietIntervals;
}

const NOTHING = (): void => undefined;

/**
 * Limits posts without a voice, as a room's rules say, by connection and by address. Nodes don't count together: the limit only keeps
 * load and noise away, and members leave out exactly what nobody may say.
 */
export class QuietRates {
  readonly #limits: Pick<ServerLimits, 'exemptsLoopback'>;
  readonly #now: () => number;
  readonly #addresses = new Map<string, Interval>();

  constructor(limits: Pick<ServerLimits, 'exemptsLoopback'>, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Counts a post.
   * @returns a function to call if it was not appended: it no longer counts then
   * @throws Refusal `quiet`, with the time until the interval ends
   */
  take({ room, rules, bytes, address, connection }: QuietPost): () => void {
    const { quietBytes, quietMs } = rules ?? {};
    if (quietBytes === undefined || quietMs === undefined || quietMs === 0) return NOTHING;
    // One larger post takes a whole interval.
    const cost = Math.min(bytes, quietBytes);
    const now = this.#now();
    const own = openInterval(connection, room, now, quietMs);
    const shared = isExempt(address, this.#limits.exemptsLoopback)
      ? undefined
      : openInterval(this.#addresses, `${room} ${nameOf(address)}`, now, quietMs);
    const most = address.visitor === true ? quietBytes * ALL_VISITORS : quietBytes;
    const full = [
      ...(own.bytes + cost > quietBytes ? [own] : []),
      ...(shared !== undefined && shared.bytes + cost > most ? [shared] : []),
    ];
    const wait = Math.max(0, ...full.map(({ since }) => Math.ceil(since + quietMs - now)));
    if (wait > 0)
      throw new Refusal('quiet', 'this room limits posts without a voice', { retryAfterMs: wait });
    const taken = shared === undefined ? [own] : [own, shared];
    for (const interval of taken) interval.bytes += cost;
    this.#forgetOldest();
    return () => {
      for (const interval of taken) interval.bytes -= cost;
    };
  }

  #forgetOldest(): void {
    if (this.#addresses.size <= KEPT) return;
    const oldest = this.#addresses.keys().next();
    if (!oldest.done) this.#addresses.delete(oldest.value);
  }
}

const nameOf = (address: Address): string => (address.visitor === true ? VISITORS : address.name);

/** The present interval, or a new one if it has ended or nothing in it counts any more. */
function openInterval<Key>(intervals: Map<Key, Interval>, key: Key, now: number, lengthMs: number): Interval {
  const present = intervals.get(key);
  if (present !== undefined && present.bytes > 0 && now < present.since + lengthMs) return present;
  const begun = { since: now, bytes: 0 };
  // At the end of the map: it forgets those that began first.
  intervals.delete(key);
  intervals.set(key, begun);
  return begun;
}
