import type { Signals } from '../engine.ts';
import type { RoomId } from '../log.ts';
import { signalSubject } from './layout.ts';
import type { LiveMessages } from './live-messages.ts';
import type { Nats } from './nats.ts';

/** Signals as plain NATS messages, which no stream stores. */
export class NatsSignals implements Signals {
  readonly #nats: Nats;

  readonly #live: LiveMessages;

  constructor(nats: Nats, live: LiveMessages) {
    this.#nats = nats;
    this.#live = live;
  }

  send(room: RoomId, body: Uint8Array): void {
    this.#nats.publish(signalSubject(room), body);
  }

  listen(room: RoomId, received: (body: Uint8Array) => void): () => void {
    const signals = signalSubject(room);
    return this.#live.listen(room, ({ subject, data }) => {
      if (subject === signals) received(data);
    });
  }
}
