import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Counters } from '../log/engine.ts';
import { type Address, isExempt } from '../net/address.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { Refusal } from './refusal.ts';

export type RatedRequest = 'create' | 'invite' | 'proof';

const MINUTE_SEC = 60;
const HOUR_SEC = 3600;
/** How many addresses that have used up their rate are remembered, so that their further requests don't reach the shared counters. */
const EXHAUSTED = 10_000;

interface Rate {
  readonly points: number;
  readonly windowSec: number;
}

/** @returns 0 when the request is allowed, else how many milliseconds to wait */
type Take = (kind: RatedRequest, rate: Rate, address: string) => Promise<number>;

/** Limits how often one address may make requests that are costly, or that could be used to guess secrets. */
export class AddressRates {
  readonly #rates: Readonly<Record<RatedRequest, Rate>>;
  readonly #exemptsLoopback: boolean;
  readonly #take: Take;

  /** @param counters shared by all nodes that serve the same rooms; absent: this node counts alone */
  constructor(limits: ServerLimits, now: () => number, counters?: Counters) {
    this.#exemptsLoopback = limits.exemptsLoopback;
    this.#rates = {
      create: { points: limits.createsPerHour, windowSec: HOUR_SEC },
      invite: { points: limits.invitesPerMinute, windowSec: MINUTE_SEC },
      proof: { points: limits.proofsPerMinute, windowSec: MINUTE_SEC },
    };
    this.#take = counters === undefined ? takeAlone(this.#rates) : takeTogether(counters, now);
  }

  /** Counts one request. @throws Refusal `rate-limited`; Unavailable when the shared counters don't answer */
  async take(kind: RatedRequest, address: Address): Promise<void> {
    if (isExempt(address, this.#exemptsLoopback)) return;
    const retryAfterMs = await this.#take(kind, this.#rates[kind], address.name);
    if (retryAfterMs > 0)
      throw new Refusal('rate-limited', 'too many such requests from this address', { retryAfterMs });
  }
}

function takeAlone(rates: Readonly<Record<RatedRequest, Rate>>): Take {
  const limiterOf = ({ points, windowSec }: Rate) => new RateLimiterMemory({ points, duration: windowSec });
  const limiters = {
    create: limiterOf(rates.create),
    invite: limiterOf(rates.invite),
    proof: limiterOf(rates.proof),
  };
  return async (kind, _, address) => {
    try {
      await limiters[kind].consume(address);
      return 0;
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      return Math.ceil(error.msBeforeNext);
    }
  };
}

/** Windows start at full hours or minutes, so that all nodes use the same window. */
function takeTogether(counters: Counters, now: () => number): Take {
  const exhausted = new Set<string>();
  return async (kind, { points, windowSec }, address) => {
    const windowMs = windowSec * 1000;
    const window = Math.floor(now() / windowMs);
    const name = `${kind} ${window} ${address}`;
    if (!exhausted.has(name)) {
      if ((await counters.add(name)) <= points) return 0;
      if (exhausted.size >= EXHAUSTED) exhausted.clear();
      exhausted.add(name);
    }
    return Math.max(1, (window + 1) * windowMs - now());
  };
}
