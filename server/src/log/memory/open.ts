import { type Clock, type EmbeddedEngine, POST_MEMORY_MS } from '../engine.ts';
import { Followers } from '../followers.ts';
import { requireId } from '../ids.ts';
import {
  type Appended,
  type Entry,
  type Follower,
  type Head,
  type LogPosition,
  openByHead,
  PAGE_BYTES,
  type Page,
  type RoomId,
  type RoomLog,
  type Sink,
  Unavailable,
} from '../log.ts';
import { MemoryState } from './room-state.ts';

interface MemoryEntry {
  readonly entry: Entry;
  readonly expiresAt: number;
}

interface Post {
  readonly pos: LogPosition;
  readonly at: number;
}

interface MemoryRoom {
  entries: MemoryEntry[];
  floor: LogPosition;
  head: Head;
  newestHandshake: Post & { readonly id: string };
  readonly posts: Map<string, Post>;
}

const PAGE = 256;

/** The reference engine: the simplest implementation of the ports. It stores nothing on disk. */
export function openMemory({ now = Date.now }: { readonly now?: Clock } = {}): EmbeddedEngine {
  const log = new MemoryLog(now);
  return {
    log,
    state: log.state,
    sweep: async () => log.sweep(),
    writable: () => Number(log.isOpen),
    rooms: () => log.size,
    close: async () => log.close(),
  };
}

class MemoryLog implements RoomLog {
  readonly state: MemoryState;
  readonly #now: Clock;
  readonly #rooms = new Map<RoomId, MemoryRoom>();
  readonly #followers = new Followers();
  #unpublished = new Map<RoomId, Entry[]>();
  #publishing: Promise<void> | undefined;
  #closed = false;

  constructor(now: Clock) {
    this.#now = now;
    this.state = new MemoryState(now, () => this.#requireOpen());
  }

  get size(): number {
    return this.#rooms.size;
  }

  async append(
    roomId: RoomId,
    { kind = 'message', id, base, body, note, ttlSec }: Parameters<RoomLog['append']>[1],
  ): Promise<Appended | { readonly stale: LogPosition }> {
    const room = this.#find(roomId);
    const known = room?.posts.get(requireId(id));
    if (known) return this.#repeated(known);
    if (!room || base !== room.head.handshake) return { stale: room?.head.handshake ?? 0 };
    const entry: Entry = {
      pos: nextAfter(room.head.pos),
      kind,
      at: this.#now(),
      body: new Uint8Array(body),
      ...(note === undefined ? {} : { note: new Uint8Array(note) }),
    };
    room.head = { ...room.head, pos: entry.pos };
    const expiresAt = ttlSec === undefined ? Number.POSITIVE_INFINITY : entry.at + ttlSec * 1000;
    return this.#commit(roomId, room, id, { entry, expiresAt });
  }

  async handshake(
    roomId: RoomId,
    after: LogPosition,
    { id, body, access, retires, note, state }: Parameters<RoomLog['handshake']>[2],
  ): Promise<Appended | { readonly conflict: LogPosition }> {
    const present = this.#find(roomId);
    const newest = present?.newestHandshake;
    const known = present?.posts.get(requireId(id)) ?? (newest?.id === id ? newest : undefined);
    if (known) return this.#repeated(known);
    const last = present?.head.handshake ?? 0;
    if (after !== last) return { conflict: last };
    const pos = nextAfter(present?.head.pos ?? 0);
    const at = this.#now();
    const entry: Entry = {
      pos,
      kind: 'handshake',
      at,
      body: new Uint8Array(body),
      access: new Uint8Array(access),
      retires,
      ...(note === undefined ? {} : { note: new Uint8Array(note) }),
    };
    const room: MemoryRoom = present ?? {
      entries: [],
      floor: 0,
      head: { pos, handshake: pos, access, state },
      newestHandshake: { id, pos, at },
      posts: new Map(),
    };
    room.head = { pos, handshake: pos, access: new Uint8Array(access), state: new Uint8Array(state) };
    room.newestHandshake = { id, pos, at };
    this.#rooms.set(roomId, room);
    return this.#commit(roomId, room, id, { entry, expiresAt: Number.POSITIVE_INFINITY });
  }

  async head(roomId: RoomId): Promise<Head | undefined> {
    return this.#find(roomId)?.head;
  }

  open(roomId: RoomId, begin: (head: Head) => Sink): Promise<Follower | undefined> {
    return openByHead(this, roomId, begin);
  }

  async read(roomId: RoomId, after: LogPosition, limit: number): Promise<Page> {
    const room = this.#find(roomId);
    return room ? this.#page(room, after, limit) : { entries: [], floor: 0 };
  }

  follow(
    roomId: RoomId,
    after: LogPosition,
    sink: Parameters<RoomLog['follow']>[2],
  ): ReturnType<RoomLog['follow']> {
    this.#requireOpen();
    return this.#followers.follow(requireId(roomId), after, sink, (last) => {
      // The page may hold entries that are not published yet. The follower gets them only once: it skips positions that it has.
      const room = this.#rooms.get(roomId);
      return room ? this.#page(room, last, PAGE).entries : [];
    });
  }

  async drop(roomId: RoomId): Promise<void> {
    this.#find(roomId);
    this.#rooms.delete(roomId);
    this.state.drop(roomId);
    this.#unpublished.delete(roomId);
    this.#followers.lose(roomId);
  }

  sweep(): number {
    this.#requireOpen();
    const now = this.#now();
    let count = 0;
    for (const room of this.#rooms.values()) {
      const expired = room.entries.filter((stored) => stored.expiresAt <= now);
      count += expired.length;
      room.floor = Math.max(room.floor, expired.at(-1)?.entry.pos ?? 0);
      if (expired.length > 0) room.entries = room.entries.filter((stored) => stored.expiresAt > now);
      for (const [id, { at }] of room.posts) if (at + POST_MEMORY_MS <= now) room.posts.delete(id);
    }
    this.state.sweep();
    return count;
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#followers.loseAll();
  }

  #find(roomId: RoomId): MemoryRoom | undefined {
    this.#requireOpen();
    return this.#rooms.get(requireId(roomId));
  }

  #requireOpen(): void {
    if (this.#closed) throw new Unavailable('the log is closed');
  }

  async #repeated({ pos, at }: Post): Promise<Appended> {
    await this.#publishing;
    return { pos, at, dup: true };
  }

  async #commit(roomId: RoomId, room: MemoryRoom, id: string, stored: MemoryEntry): Promise<Appended> {
    const { pos, at } = stored.entry;
    room.entries.push(stored);
    room.posts.set(id, { pos, at });
    const batch = this.#unpublished.get(roomId);
    if (batch) batch.push(stored.entry);
    else this.#unpublished.set(roomId, [stored.entry]);
    this.#publishing ??= Promise.resolve().then(() => this.#publish());
    await this.#publishing;
    return { pos, at, dup: false };
  }

  /** Runs after the call that appended has returned, so that a sink that appends can't change the order for other followers. */
  #publish(): void {
    const batches = this.#unpublished;
    this.#unpublished = new Map();
    this.#publishing = undefined;
    for (const [roomId, entries] of batches) this.#followers.publish(roomId, entries);
  }

  #page(room: MemoryRoom, after: LogPosition, limit: number): Page {
    const now = this.#now();
    const entries: Entry[] = [];
    let [floor, bytes] = [room.floor, 0];
    for (let i = indexAfter(room.entries, after); i < room.entries.length && entries.length < limit; i++) {
      const stored = room.entries[i] as MemoryEntry;
      if (stored.expiresAt <= now) {
        floor = Math.max(floor, stored.entry.pos);
        continue;
      }
      entries.push(stored.entry);
      bytes += stored.entry.body.length;
      if (bytes >= PAGE_BYTES) break;
    }
    return { entries, floor };
  }
}

/** Leaves gaps, as clustered engines do. */
function nextAfter(pos: LogPosition): LogPosition {
  return pos + 1 + (pos % 4);
}

function indexAfter(entries: readonly MemoryEntry[], after: LogPosition): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as MemoryEntry).entry.pos > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
