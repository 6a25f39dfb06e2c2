import type { RoomId } from '@gochat/protocol/fields';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Counters } from '../log/engine.ts';
import { type Address, isExempt } from '../net/address.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { Bucket } from './bucket.ts';
import { Refusal } from './refusal.ts';

export type RatedRequest = 'create' | 'invite' | 'knock' | 'proof' | 'refresh';
type RateName = RatedRequest | 'room-refresh';

const MINUTE_SEC = 60;
const HOUR_SEC = 3600;
/** How many addresses that have used up their rate are remembered, so that their further requests don't reach the shared counters. */
const EXHAUSTED = 10_000;

/** How many times the rate of one connection all visitors of an onion service have together. */
const ALL_VISITORS = 10;
const VISITORS = 'visitors';

interface Rate {
  readonly points: number;
  readonly windowSec: number;
}

/** @returns 0 when the request is allowed, else how many milliseconds to wait */
type Take = (name: RateName, rate: Rate, whose: string) => Promise<number>;

/**
 * Limits how often one address may make requests that are costly, or that could be used to guess secrets, and how often the GroupInfo
 * of one room may be replaced.
 */
export class AddressRates {
  readonly #rates: Readonly<Record<RateName, Rate>>;
  readonly #exemptsLoopback: boolean;
  readonly #take: Take;
  readonly #now: () => number;
  /** What each connection of an onion service has left. */
  readonly #visitors = new WeakMap<Address, Map<RatedRequest, Bucket>>();

  readonly #fileBytes: RateLimiterMemory;
  readonly #visitorBytes: RateLimiterMemory;

  /** @param counters shared by all nodes that serve the same rooms; absent: this node counts alone */
  constructor(limits: ServerLimits, now: () => number, counters?: Counters) {
    this.#exemptsLoopback = limits.exemptsLoopback;
    this.#rates = {
      create: { points: limits.createsPerHour, windowSec: HOUR_SEC },
      invite: { points: limits.invitesPerMinute, windowSec: MINUTE_SEC },
      knock: { points: limits.knocksPerHour, windowSec: HOUR_SEC },
      proof: { points: limits.proofsPerMinute, windowSec: MINUTE_SEC },
      refresh: { points: limits.refreshesPerMinute, windowSec: MINUTE_SEC },
      'room-refresh': { points: limits.roomRefreshesPerMinute, windowSec: MINUTE_SEC },
    };
    this.#fileBytes = new RateLimiterMemory({ points: limits.fileAddressBytes, duration: HOUR_SEC });
    this.#visitorBytes = new RateLimiterMemory({
      points: limits.fileAddressBytes * ALL_VISITORS,
      duration: HOUR_SEC,
    });
    this.#now = now;
    this.#take = counters === undefined ? takeAlone() : takeTogether(counters, now);
  }

  /** Counts one request. @throws Refusal `rate-limited`; Unavailable when the shared counters don't answer */
  async take(kind: RatedRequest, address: Address): Promise<void> {
    if (isExempt(address, this.#exemptsLoopback)) return;
    const rate = this.#rates[kind];
    if (address.visitor !== true) {
      refuseFor(await this.#take(kind, rate, address.name), 'too many such requests from this address');
      return;
    }
    // First its own: a connection that is over its rate must not use up that of the others.
    refuseFor(this.#takeOfVisitor(kind, rate, address), 'too many such requests from this connection');
    const all = { ...rate, points: rate.points * ALL_VISITORS };
    refuseFor(
      await this.#take(kind, all, VISITORS),
      'too many such requests from all visitors of the onion service',
    );
  }

  /** Counts one refresh of the room, from any address. @throws as {@link take} */
  async takeRefresh(room: RoomId): Promise<void> {
    const retryAfterMs = await this.#take('room-refresh', this.#rates['room-refresh'], room);
    refuseFor(retryAfterMs, 'the GroupInfo of this room was replaced too often');
  }

  /** Counts bytes of files that an address stores. Nodes don't count together. @throws Refusal `rate-limited` */
  async takeFileBytes(address: Address, bytes: number): Promise<void> {
    if (isExempt(address, this.#exemptsLoopback)) return;
    const [whose, limiter] =
      address.visitor === true
        ? ([VISITORS, this.#visitorBytes] as const)
        : ([address.name, this.#fileBytes] as const);
    const retryAfterMs = await consume(limiter, whose, bytes);
    refuseFor(retryAfterMs, 'too many bytes of files from this address in an hour');
  }

  #takeOfVisitor(kind: RatedRequest, { points, windowSec }: Rate, address: Address): number {
    const buckets = this.#visitors.get(address) ?? new Map<RatedRequest, Bucket>();
    const bucket = buckets.get(kind) ?? new Bucket(points, this.#now());
    this.#visitors.set(address, buckets.set(kind, bucket));
    return bucket.take(this.#now(), points / windowSec, points);
  }
}

/** @throws Refusal `rate-limited` if there is a time to wait */
function refuseFor(retryAfterMs: number, message: string): void {
  if (retryAfterMs > 0) throw new Refusal('rate-limited', message, { retryAfterMs });
}

function takeAlone(): Take {
  const limiters = new Map<string, RateLimiterMemory>();
  return async (kind, { points, windowSec }, whose) => {
    const name = `${kind} ${points}`;
    const limiter = limiters.get(name) ?? new RateLimiterMemory({ points, duration: windowSec });
    limiters.set(name, limiter);
    return consume(limiter, whose, 1);
  };
}

/** @returns 0 when the points were there, else how many milliseconds to wait */
async function consume(limiter: RateLimiterMemory, whose: string, points: number): Promise<number> {
  try {
    await limiter.consume(whose, points);
    return 0;
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    return Math.ceil(error.msBeforeNext);
  }
}

/** Windows start at full hours or minutes, so that all nodes use the same window. */
function takeTogether(counters: Counters, now: () => number): Take {
  const exhausted = new Set<string>();
  return async (rate, { points, windowSec }, whose) => {
    const windowMs = windowSec * 1000;
    const window = Math.floor(now() / windowMs);
    const name = `${rate} ${window} ${whose}`;
    if (!exhausted.has(name)) {
      if ((await counters.add(name)) <= points) return 0;
      if (exhausted.size >= EXHAUSTED) exhausted.clear();
      exhausted.add(name);
    }
    return Math.max(1, (window + 1) * windowMs - now());
  };
}
