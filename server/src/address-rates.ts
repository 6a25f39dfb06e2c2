import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Address } from './address.ts';
import type { ServerLimits } from './limits.ts';
import { Refusal } from './refusal.ts';

export type RatedWork = 'create' | 'invite' | 'proof';

/** How often one address may ask for what is dear or could be guessed at. Forgotten once its hour or minute is over. */
export class AddressRates {
  readonly #limiters: Readonly<Record<RatedWork, RateLimiterMemory>>;
  readonly #sparesLoopback: boolean;

  constructor(limits: ServerLimits) {
    const perMinute = (points: number) => new RateLimiterMemory({ points, duration: 60 });
    const perHour = (points: number) => new RateLimiterMemory({ points, duration: 3600 });
    this.#sparesLoopback = limits.sparesLoopback;
    this.#limiters = {
      create: perHour(limits.createsPerHour),
      invite: perMinute(limits.invitesPerMinute),
      proof: perMinute(limits.proofsPerMinute),
    };
  }

  /** @throws Refusal `rate-limited`. */
  async take(work: RatedWork, address: Address): Promise<void> {
    if (address.loopback && this.#sparesLoopback) return;
    try {
      await this.#limiters[work].consume(address.name);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const retryAfterMs = Math.ceil(error.msBeforeNext);
      throw new Refusal('rate-limited', 'too many such requests from this address', { retryAfterMs });
    }
  }
}
