import type { RoomId } from '../log.ts';
import { liveSubjects } from './layout.ts';
import type { Nats, StoredMessage } from './nats.ts';

type Received = (message: StoredMessage) => void;

interface Subscribed {
  readonly listeners: Set<Received>;
  readonly stop: () => void;
}

/**
 * What is sent to the nodes that follow a room: stored entries, deletions and signals. A node has one subscription for each room,
 * because every NATS server of the cluster has to know it.
 */
export class LiveMessages {
  readonly #nats: Nats;
  readonly #rooms = new Map<RoomId, Subscribed>();

  constructor(nats: Nats) {
    this.#nats = nats;
  }

  /** @returns a function that ends it, and may be called again */
  listen(room: RoomId, received: Received): () => void {
    const subscribed = this.#rooms.get(room) ?? this.#subscribe(room);
    // Another object for each call, in case one function listens twice.
    const listener: Received = (message) => received(message);
    subscribed.listeners.add(listener);
    return () => {
      if (!subscribed.listeners.delete(listener) || subscribed.listeners.size > 0) return;
      subscribed.stop();
      this.#rooms.delete(room);
    };
  }

  #subscribe(room: RoomId): Subscribed {
    const listeners = new Set<Received>();
    const stop = this.#nats.subscribe(liveSubjects(room), (message) => {
      for (const listener of listeners) listener(message);
    });
    const subscribed = { listeners, stop };
    this.#rooms.set(room, subscribed);
    return subscribed;
  }
}
