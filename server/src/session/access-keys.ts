import type { KeyObject } from 'node:crypto';
import type { RoomId } from '@gochat/protocol/fields';
import { type LogPosition, type RoomLog, Unavailable } from '../log/log.ts';
import { Refusal } from './refusal.ts';
import { noRoom } from './refusals.ts';
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
   * @throws Refusal `refused` when there is no handshake at that position, `no-room` when there is no such room
   * @throws Unavailable when the replica that was read is behind
   */
  async at(room: RoomId, position: LogPosition): Promise<KeyObject> {
    const name = `${room} ${position}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const key = publicKeyOf(await this.#read(room, position));
    const oldest = this.#known.keys().next();
    if (this.#known.size >= this.#limit && !oldest.done) this.#known.delete(oldest.value);
    this.#known.set(name, key);
    return key;
  }

  async #read(room: RoomId, position: LogPosition): Promise<Uint8Array> {
    const page = position > 0 ? await this.#log.read(room, position - 1, 1) : undefined;
    const entry = page?.entries[0];
    if (entry?.pos === position && entry.access !== undefined) return entry.access;
    const head = await this.#log.head(room);
    if (head === undefined) throw noRoom();
    if (head.handshake === position) return head.access;
    // The replica that was read may be behind the head. A position after the head does not exist.
    if (entry === undefined && position > 0 && position < head.handshake)
      throw new Unavailable('this replica is lagging');
    throw new Refusal('refused', 'no access key was added at that position');
  }
}
