import type { RoomId } from '@gochat/protocol/fields';
import { Refusal } from '../session/refusal.ts';
import { Room, type RoomContext } from './room.ts';
import { roomHeadOf } from './room-head.ts';

interface Held {
  readonly room: Promise<Room>;
  holds: number;
}

/** The rooms that somebody follows on this node, each once. */
export class Rooms {
  readonly #context: RoomContext;
  readonly #limit: number;
  readonly #held = new Map<RoomId, Held>();

  constructor(context: RoomContext, limit: number) {
    this.#context = context;
    this.#limit = limit;
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * The live room, until a matching {@link release}.
   * @throws Refusal `no-room` or `full`; then there is nothing to release.
   */
  async hold(id: RoomId): Promise<Room> {
    let held = this.#held.get(id);
    if (held === undefined) {
      if (this.#held.size >= this.#limit)
        throw new Refusal('full', 'the server follows as many rooms as it may');
      held = { room: this.#open(id), holds: 0 };
      this.#held.set(id, held);
    }
    held.holds += 1;
    try {
      return await held.room;
    } catch (error) {
      this.release(id);
      throw error;
    }
  }

  release(id: RoomId): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.holds -= 1;
    if (held.holds > 0) return;
    this.#held.delete(id);
    held.room.then(
      (room) => room.close(),
      () => undefined,
    );
  }

  close(): void {
    for (const id of [...this.#held.keys()]) {
      const held = this.#held.get(id);
      if (held !== undefined) held.holds = 1;
      this.release(id);
    }
  }

  async #open(id: RoomId): Promise<Room> {
    return new Room(id, await roomHeadOf(this.#context.log, id), this.#context);
  }
}
