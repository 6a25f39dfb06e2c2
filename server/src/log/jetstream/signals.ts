import type { Signals } from '../engine.ts';
import type { RoomId } from '../log.ts';
import { signalSubject } from './layout.ts';
import type { Nats } from './nats.ts';

/** Signals as plain NATS messages, which no stream stores. */
export class NatsSignals implements Signals {
  readonly #nats: Nats;

  constructor(nats: Nats) {
    this.#nats = nats;
  }

  send(room: RoomId, body: Uint8Array): void {
    this.#nats.publish(signalSubject(room), body);
  }

  listen(room: RoomId, received: (body: Uint8Array) => void): () => void {
    return this.#nats.subscribe(signalSubject(room), ({ data }) => received(data));
  }
}
