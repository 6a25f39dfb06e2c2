import type { KeyObject } from 'node:crypto';
import type { RoomId } from '@gochat/protocol/fields';
import { type LogPosition, type RoomLog, Unavailable } from '../log/log.ts';
import { anyRoomHeadOf, type RoomHead } from '../room/room-head.ts';
import { Refusal } from './refusal.ts';
import { publicKeyOf } from './signature.ts';

/** Reads access keys from the log and caches up to `limit` of them, the oldest out first. */
export class AccessKeys {
  readonly #log: RoomLog;
  readonly #limit: number;
  readonly #known = new Map<string, KeyObject>();

  constructor(log: RoomLog, limit: number) {
    this.#log = log;
    this.#limit = limit;
  }

  /**
   * The key that the handshake at `position` added, retired or not.
   * @throws as {@link find}
   */
  async at(room: RoomId, position: LogPosition): Promise<KeyObject> {
    return (await this.find(room, position)).key;
  }

  /**
   * The key that the handshake at `position` added, retired or not, and the room's head if it is known for that.
   * @param known the head, if the caller has just read it: it is not read again
   * @throws Refusal `refused` when there is no handshake at that position, `no-room` when there is no such room
   * @throws Unavailable when the replica that was read is behind
   */
  async find(room: RoomId, position: LogPosition, known?: RoomHead): Promise<FoundKey> {
    const name = `${room} ${position}`;
    const cached = this.#known.get(name);
    if (cached !== undefined) return known === undefined ? { key: cached } : { key: cached, head: known };
    // The head first: most keys are those of the last handshake.
    const head = known ?? (await anyRoomHeadOf(this.#log, room));
    const key = publicKeyOf(
      head.handshake === position ? head.access : await this.#read(room, position, head),
    );
    const oldest = this.#known.keys().next();
    if (this.#known.size >= this.#limit && !oldest.done) this.#known.delete(oldest.value);
    this.#known.set(name, key);
    return { key, head };
  }

  async #read(room: RoomId, position: LogPosition, head: RoomHead): Promise<Uint8Array> {
    // A position after the head does not exist.
    const isPast = position > 0 && position < head.handshake;
    const entry = isPast ? (await this.#log.read(room, position - 1, 1)).entries[0] : undefined;
    if (entry?.pos === position && entry.access !== undefined) return entry.access;
    // The replica that was read may be behind the head.
    if (isPast && entry === undefined) throw new Unavailable('this replica is lagging');
    throw new Refusal('refused', 'no access key was added at that position');
  }
}

export interface FoundKey {
  readonly key: KeyObject;
  /** As of this call. Absent: it was not read. */
  readonly head?: RoomHead;
}
