import type { Clock } from '../engine.ts';
import type { Entry, LogPosition, RoomId } from '../log.ts';
import {
  decodeEntry,
  decodeHead,
  decodePostKey,
  decodeRoom,
  decodeState,
  endOf,
  entryKey,
  positionOfKey,
  type RoomMeta,
  readPosition,
} from './layout.ts';
import type { Trees } from './trees.ts';

export interface StoredEntry {
  readonly entry: Entry;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  /** Seconds until it expires, rounded up. Absent: it never expires. */
  readonly ttlSec?: number;
  /** The id of its post, if it is still known. */
  readonly id?: string;
  /** The last position between the entry before it and this one whose message has expired, as far as it is known; 0: none. */
  readonly expired: LogPosition;
}

/** A room in a data folder that no server uses. */
export interface StoredRoom {
  readonly id: RoomId;
  readonly first: LogPosition;
  /** The position of the last entry, even if it has expired. */
  readonly last: LogPosition;
  /** The highest position that may have been issued. */
  readonly issued: LogPosition;
  readonly handshake: LogPosition;
  readonly floor: LogPosition;
  readonly head: { readonly id: string; readonly access: Uint8Array; readonly state: Uint8Array };
  /** The entries after a position that have not expired, in order. */
  entries(after?: LogPosition): Iterable<StoredEntry>;
  /** How many entries there are up to a position, or in total. */
  count(upTo?: LogPosition): number;
  state(): Iterable<readonly [key: string, { readonly value: Uint8Array; readonly ttlSec?: number }]>;
}

/** Reads the rooms of a data folder, to move them to a cluster. */
export class StoredRooms {
  readonly now: Clock;
  readonly #trees: Trees;
  readonly #ids = new Map<string, string>();

  constructor(trees: Trees, now: Clock = Date.now) {
    this.#trees = trees;
    this.now = now;
    for (const { key, value } of trees.posts.getRange()) {
      const { room, id } = decodePostKey(key);
      this.#ids.set(`${room} ${readPosition(value, 0)}`, id);
    }
  }

  get count(): number {
    return this.#trees.rooms.getKeysCount();
  }

  get entries(): number {
    return this.#trees.entries.getKeysCount();
  }

  *all(): Generator<StoredRoom> {
    for (const { key, value } of this.#trees.rooms.getRange()) {
      const room = Buffer.from(key);
      const head = this.#trees.heads.get(room);
      if (head !== undefined) yield this.#room(room, value, Buffer.from(head));
    }
  }

  #room(room: Buffer, record: Buffer, headRecord: Buffer): StoredRoom {
    const { pos, handshake, floor, lowestNext = 0 } = decodeRoom(record);
    const { id, access, state } = decodeHead(headRecord);
    const roomId = room.toString('base64url');
    const entries = (after = 0) => this.#entries(room, roomId, after, { pos, floor });
    return {
      id: roomId,
      first: this.#first(entries),
      last: pos,
      issued: Math.max(pos, lowestNext - 1),
      handshake,
      floor,
      head: { id: Buffer.from(id).toString('base64url'), access, state },
      entries,
      count: (upTo = pos) => {
        let count = 0;
        for (const _ of this.#trees.entries.getKeys({
          start: entryKey(room, 0),
          end: entryKey(room, upTo + 1),
        }))
          count += 1;
        return count;
      },
      state: () => this.#state(room),
    };
  }

  #first(entries: () => Iterable<StoredEntry>): LogPosition {
    for (const { entry } of entries()) return entry.pos;
    return 0;
  }

  *#entries(
    room: Buffer,
    roomId: RoomId,
    after: LogPosition,
    { pos: last, floor }: Pick<RoomMeta, 'pos' | 'floor'>,
  ): Generator<StoredEntry> {
    const range = { start: entryKey(room, after + 1), end: entryKey(room, last + 1) };
    let expired = floor > after ? floor : 0;
    for (const { key, value } of this.#trees.entries.getRange(range)) {
      const { entry, expiresAt } = decodeEntry(positionOfKey(key), Buffer.from(value));
      const leftMs = expiresAt - this.now();
      if (expiresAt !== 0 && leftMs <= 0) {
        expired = Math.max(expired, entry.pos);
        continue;
      }
      const id = this.#ids.get(`${roomId} ${entry.pos}`);
      yield {
        entry,
        expiresAt,
        expired: expired < entry.pos ? expired : 0,
        ...(expiresAt === 0 ? {} : { ttlSec: Math.ceil(leftMs / 1000) }),
        ...(id === undefined ? {} : { id }),
      };
      if (expired < entry.pos) expired = 0;
    }
  }

  *#state(room: Buffer): ReturnType<StoredRoom['state']> & Generator {
    for (const { key, value } of this.#trees.state.getRange({ start: room, end: endOf(room) })) {
      const record = decodeState(Buffer.from(value));
      const leftMs = record.expiresAt - this.now();
      if (record.expiresAt !== 0 && leftMs <= 0) continue;
      const name = Buffer.from(key).toString('utf8', room.length);
      const stored = { value: Buffer.from(record.value) };
      yield [name, record.expiresAt === 0 ? stored : { ...stored, ttlSec: Math.ceil(leftMs / 1000) }];
    }
  }
}
