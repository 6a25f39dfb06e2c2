import type { RoomId } from '@gochat/protocol/fields';
import type { LogPosition } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';
import { encodeNodeMessage } from './node-message.ts';
import { Room, type RoomContext } from './room.ts';
import type { RoomHead } from './room-head.ts';

interface Followed {
  readonly room: Promise<Room>;
  users: number;
}

export interface AcquiredRoom {
  readonly room: Room;
  /** As of this call. Absent: the room was open. */
  readonly head?: RoomHead;
}

/** The rooms that someone on this node follows. Each is open once, however many connections use it. */
export class Rooms {
  readonly #context: RoomContext;
  readonly #limit: number;
  readonly #followed = new Map<RoomId, Followed>();

  constructor(context: RoomContext, limit: number) {
    this.#context = context;
    this.#limit = limit;
  }

  get size(): number {
    return this.#followed.size;
  }

  /**
   * Opens the room, or uses it if it is open. The caller must call {@link release} once.
   * @throws Refusal `no-room` or `full`; the caller then has nothing to release
   */
  async acquire(id: RoomId): Promise<AcquiredRoom> {
    let followed = this.#followed.get(id);
    let opened: ReturnType<typeof Room.open> | undefined;
    if (followed === undefined) {
      if (this.#followed.size >= this.#limit)
        throw new Refusal('full', 'the server follows the maximum number of rooms');
      opened = Room.open(id, this.#context);
      // Without the head, which may hold megabytes.
      followed = { room: opened.then(({ room }) => room), users: 0 };
      this.#followed.set(id, followed);
    }
    followed.users += 1;
    try {
      const room = await followed.room;
      return (await opened) ?? { room };
    } catch (error) {
      this.release(id);
      throw error;
    }
  }

  /** Announces to the room's followers on all nodes that the GroupInfo of a handshake was replaced. */
  refreshed(id: RoomId, handshake: LogPosition): void {
    this.#followed.get(id)?.room.then(
      (room) => room.refreshed(handshake),
      () => undefined,
    );
    this.#context.signals?.send(id, encodeNodeMessage({ kind: 'refreshed', handshake }));
  }

  release(id: RoomId): void {
    const followed = this.#followed.get(id);
    if (followed === undefined) return;
    followed.users -= 1;
    if (followed.users > 0) return;
    this.#followed.delete(id);
    followed.room.then(
      (room) => room.close(),
      () => undefined,
    );
  }

  close(): void {
    for (const id of [...this.#followed.keys()]) {
      const followed = this.#followed.get(id);
      if (followed !== undefined) followed.users = 1;
      this.release(id);
    }
  }
}
