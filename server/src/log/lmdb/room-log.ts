import type { Followers } from '../followers.ts';
import { bytesOfId, requireId } from '../ids.ts';
import {
  type Appended,
  type Entry,
  type Follower,
  type HandshakeAppend,
  type Head,
  type LogPosition,
  type MessageAppend,
  openByHead,
  PAGE_BYTES,
  type Page,
  type RoomId,
  type RoomLog,
  type Sink,
} from '../log.ts';
import {
  decodeEntry,
  decodeHead,
  decodeRoom,
  encodeEntry,
  encodeHead,
  encodeRoom,
  entryKey,
  expiryKey,
  expiryTime,
  NO_VALUE,
  positionOfKey,
  type RoomMeta,
} from './layout.ts';
import type { Post } from './posts.ts';
import type { RoomDeletion } from './room-deletion.ts';
import { read, type Store, type Written } from './store.ts';
import type { WriterJob } from './writer.ts';

const PAGE_ENTRIES = 256;

/** The log in LMDB. Everything that can be read is durable. All checks are made inside the transaction that appends. */
export class LmdbLog implements RoomLog {
  readonly #store: Store;
  readonly #followers: Followers;
  readonly #deletion: RoomDeletion;

  constructor(store: Store, followers: Followers, deletion: RoomDeletion) {
    this.#store = store;
    this.#followers = followers;
    this.#deletion = deletion;
  }

  async append(roomId: RoomId, message: MessageAppend): Promise<Appended | { readonly stale: LogPosition }> {
    const room = bytesOfId(roomId);
    const id = requireId(message.id);
    return this.#store.writer.write<Appended | { readonly stale: LogPosition }>(message.body.length, () => {
      const record = this.#room(room);
      if (!record) return { result: { stale: 0 } };
      const known = this.#store.posts.find(roomId, id);
      if (known) return { result: repeated(known) };
      if (message.base !== record.handshake) return { result: { stale: record.handshake } };
      const at = Math.floor(this.#store.now());
      const { kind = 'message', body, note } = message;
      const noted = note === undefined ? {} : { note };
      const entry: Entry = { pos: nextAfter(record), kind, at, body, ...noted };
      return this.#put(
        roomId,
        room,
        { ...record, pos: entry.pos, storedBytes: record.storedBytes + body.length },
        entry,
        id,
        expiryTime(at, message.ttlSec),
      );
    });
  }

  async handshake(
    roomId: RoomId,
    after: LogPosition,
    { id, body, access, retires, note, state }: HandshakeAppend,
  ): Promise<Appended | { readonly conflict: LogPosition }> {
    const room = bytesOfId(roomId);
    const idBytes = bytesOfId(id);
    const clearing = this.#deletion.clearing(roomId);
    if (clearing) await clearing;
    return this.#store.writer.write<Appended | { readonly conflict: LogPosition }>(
      body.length + state.length,
      () => {
        const record = this.#room(room);
        const known = record && (this.#store.posts.find(roomId, id) ?? this.#newest(room, record, idBytes));
        if (known) return { result: repeated(known) };
        const last = record?.handshake ?? 0;
        if (after !== last) return { result: { conflict: last } };
        const at = Math.floor(this.#store.now());
        const pos = nextAfter(record);
        const noted = note === undefined ? {} : { note };
        const entry: Entry = { pos, kind: 'handshake', at, body, access, retires, ...noted };
        void this.#store.trees.heads.put(room, encodeHead({ id: idBytes, at, access, state }));
        return this.#put(
          roomId,
          room,
          { pos, handshake: pos, floor: record?.floor ?? 0, storedBytes: record?.storedBytes ?? 0 },
          entry,
          id,
          0,
        );
      },
    );
  }

  async head(roomId: RoomId): Promise<Head | undefined> {
    const room = bytesOfId(roomId);
    return read(this.#store, () => {
      const record = this.#room(room);
      const head = this.#store.trees.heads.get(room);
      if (!record || !head) return undefined;
      const { access, state } = decodeHead(head);
      const { pos, handshake, lowestNext } = record;
      return {
        pos,
        handshake,
        access,
        state,
        ...(lowestNext === undefined ? {} : { issued: lowestNext - 1 }),
      };
    });
  }

  async read(roomId: RoomId, after: LogPosition, limit: number): Promise<Page> {
    return this.#page(bytesOfId(roomId), after, limit);
  }

  follow(roomId: RoomId, after: LogPosition, sink: Sink): Follower {
    this.#store.writer.requireOpen();
    const room = bytesOfId(roomId);
    const next = (last: LogPosition) => this.#page(room, last, PAGE_ENTRIES).entries;
    return this.#followers.follow(roomId, after, sink, next);
  }

  open(roomId: RoomId, begin: (head: Head) => Sink): Promise<Follower | undefined> {
    return openByHead(this, roomId, begin);
  }

  drop(roomId: RoomId): Promise<void> {
    return this.#deletion.drop(roomId);
  }

  #room(room: Buffer): RoomMeta | undefined {
    const record = this.#store.trees.rooms.get(room);
    return record && decodeRoom(record);
  }

  /** The last handshake, if it has this id, however old it is. */
  #newest(room: Buffer, { handshake }: RoomMeta, id: Buffer): Post | undefined {
    const record = this.#store.trees.heads.get(room);
    const head = record && decodeHead(record);
    return head && id.equals(head.id) ? { pos: handshake, at: head.at } : undefined;
  }

  #put(
    roomId: RoomId,
    room: Buffer,
    record: RoomMeta,
    entry: Entry,
    id: string,
    expiresAt: number,
  ): WriterJob<Appended, Written> {
    const { rooms, entries, expiry } = this.#store.trees;
    const { pos, at } = entry;
    const key = entryKey(room, pos);
    void rooms.put(room, encodeRoom(record));
    void entries.put(key, encodeEntry({ entry, expiresAt }));
    if (expiresAt) void expiry.put(expiryKey(expiresAt, 'message', key), NO_VALUE);
    const undo = this.#store.posts.put(roomId, id, { pos, at });
    return { result: { pos, at, dup: false }, written: { room: roomId, entry }, undo };
  }

  #page(room: Buffer, after: LogPosition, limit: number): Page {
    return read(this.#store, () => {
      const record = this.#room(room);
      const found: Entry[] = [];
      if (!record || limit <= 0) return { entries: found, floor: record?.floor ?? 0 };
      const now = this.#store.now();
      let floor = record.floor;
      let bytes = 0;
      const range = { start: entryKey(room, after + 1), end: entryKey(room, record.pos + 1) };
      for (const { key, value } of this.#store.trees.entries.getRange(range)) {
        const { entry, expiresAt } = decodeEntry(positionOfKey(key), value);
        if (expiresAt !== 0 && expiresAt <= now) {
          floor = Math.max(floor, entry.pos);
          continue;
        }
        found.push(entry);
        bytes += entry.body.length;
        if (found.length === limit || bytes >= PAGE_BYTES) break;
      }
      return { entries: found, floor };
    });
  }
}

function repeated({ pos, at }: Post): Appended {
  return { pos, at, dup: true };
}

/** Leaves gaps on purpose, as clustered engines do, so that no code relies on consecutive positions. */
function nextAfter({ pos, lowestNext = 0 }: Pick<RoomMeta, 'pos' | 'lowestNext'> = { pos: 0 }): LogPosition {
  return Math.max(pos + 1 + (pos % 5), lowestNext);
}
