import { createHash } from 'node:crypto';
import type { Counters, Signals } from '../engine.ts';
import { type RoomId, Unavailable } from '../log.ts';
import { signalSubject } from './layout.ts';
import type { Nats } from './nats.ts';

const NAME_BYTES = 16;
const NOTHING = Buffer.of();

/** Counters of JetStream. A count of which no answer came may have been counted. */
export class JetStreamCounters implements Counters {
  readonly #nats: Nats;

  constructor(nats: Nats) {
    this.#nats = nats;
  }

  async add(name: string): Promise<number> {
    // Names have no common form, and what is counted is none of the engine's business.
    const hash = createHash('sha256').update(name).digest().subarray(0, NAME_BYTES).toString('base64url');
    const subject = `gochat.count.${hash}`;
    try {
      const { val } = await this.#nats.store({ subject, data: NOTHING, headers: { 'Nats-Incr': '1' } });
      return Number(val);
    } catch (cause) {
      throw cause instanceof Unavailable ? cause : new Unavailable('the engine could not count', { cause });
    }
  }
}

/** Messages of NATS that no stream keeps. */
export class NatsSignals implements Signals {
  readonly #nats: Nats;

  constructor(nats: Nats) {
    this.#nats = nats;
  }

  send(room: RoomId, body: Uint8Array): void {
    this.#nats.tell(signalSubject(room), body);
  }

  listen(room: RoomId, heard: (body: Uint8Array) => void): () => void {
    return this.#nats.listen(signalSubject(room), ({ data }) => heard(data));
  }
}
