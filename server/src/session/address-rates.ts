import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Counters } from '../log/engine.ts';
import type { Address } from '../net/address.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { Refusal } from './refusal.ts';

export type RatedWork = 'create' | 'invite' | 'proof';

const MINUTE_SEC = 60;
const HOUR_SEC = 3600;
/** Of those who have spent theirs so many are remembered, so that their further tries cost the others nothing. */
const SPENT = 10_000;

interface Rate {
  readonly points: number;
  readonly windowSec: number;
}

/** @returns how many milliseconds there are to wait; 0: it was taken */
type Take = (work: RatedWork, rate: Rate, address: string) => Promise<number>;

/** How often one address may ask for what is dear or could be guessed at. Forgotten once its hour or minute is over. */
export class AddressRates {
  readonly #rates: Readonly<Record<RatedWork, Rate>>;
  readonly #sparesLoopback: boolean;
  readonly #take: Take;

  /** @param counts of all nodes that serve the same rooms; absent: this node counts for itself */
  constructor(limits: ServerLimits, now: () => number, counts?: Counters) {
    this.#sparesLoopback = limits.sparesLoopback;
    this.#rates = {
      create: { points: limits.createsPerHour, windowSec: HOUR_SEC },
      invite: { points: limits.invitesPerMinute, windowSec: MINUTE_SEC },
      proof: { points: limits.proofsPerMinute, windowSec: MINUTE_SEC },
    };
    this.#take = counts === undefined ? takeAlone(this.#rates) : takeTogether(counts, now);
  }

  /** @throws Refusal `rate-limited`; Unavailable when those who count together can't be asked */
  async take(work: RatedWork, address: Address): Promise<void> {
    if (address.loopback && this.#sparesLoopback) return;
    const retryAfterMs = await this.#take(work, this.#rates[work], address.name);
    if (retryAfterMs > 0)
      throw new Refusal('rate-limited', 'too many such requests from this address', { retryAfterMs });
  }
}

function takeAlone(rates: Readonly<Record<RatedWork, Rate>>): Take {
  const limiterOf = ({ points, windowSec }: Rate) => new RateLimiterMemory({ points, duration: windowSec });
  const limiters = {
    create: limiterOf(rates.create),
    invite: limiterOf(rates.invite),
    proof: limiterOf(rates.proof),
  };
  return async (work, _, address) => {
    try {
      await limiters[work].consume(address);
      return 0;
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      return Math.ceil(error.msBeforeNext);
    }
  };
}

/** Windows begin with the hour or minute, so that no node has to know when another began to count. */
function takeTogether(counts: Counters, now: () => number): Take {
  const spent = new Set<string>();
  return async (work, { points, windowSec }, address) => {
    const windowMs = windowSec * 1000;
    const window = Math.floor(now() / windowMs);
    const name = `${work} ${window} ${address}`;
    if (!spent.has(name)) {
      if ((await counts.add(name)) <= points) return 0;
      if (spent.size >= SPENT) spent.clear();
      spent.add(name);
    }
    return Math.max(1, (window + 1) * windowMs - now());
  };
}
