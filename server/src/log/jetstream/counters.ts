import { createHash } from 'node:crypto';
import type { Counters } from '../engine.ts';
import { Unavailable } from '../log.ts';
import type { Nats } from './nats.ts';

const NAME_BYTES = 16;
const NOTHING = Buffer.of();

/** Counters in JetStream. If no answer arrives, the counter may or may not have changed. */
export class JetStreamCounters implements Counters {
  readonly #nats: Nats;

  constructor(nats: Nats) {
    this.#nats = nats;
  }

  async add(name: string): Promise<number> {
    // Hashed, because a name may contain any character, and the engine need not know the addresses in it.
    const hash = createHash('sha256').update(name).digest().subarray(0, NAME_BYTES).toString('base64url');
    const subject = `gochat.count.${hash}`;
    try {
      const { val } = await this.#nats.store({ subject, data: NOTHING, headers: { 'Nats-Incr': '1' } });
      return Number(val);
    } catch (cause) {
      throw cause instanceof Unavailable
        ? cause
        : new Unavailable('the engine could not update the counter', { cause });
    }
  }
}
