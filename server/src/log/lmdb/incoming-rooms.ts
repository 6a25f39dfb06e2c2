import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotOpen, cannotWrite } from '../cannot-open.ts';
import { type Clock, POST_MEMORY_MS } from '../engine.ts';
import { bytesOfId } from '../ids.ts';
import type { Entry, LogPosition, RoomId } from '../log.ts';
import {
  decodeEntry,
  decodeExpiryKey,
  decodeRoom,
  decodeState,
  encodeEntry,
  encodeHead,
  encodeRoom,
  encodeState,
  entryKey,
  expiryKey,
  NO_VALUE,
  positionOfKey,
  postKey,
  type RoomMeta,
  stateKey,
  writtenPosition,
} from './layout.ts';
import { writeRevision } from './room-state.ts';
import { migrate } from './schema.ts';
import { openStore, STORE, type Trees } from './trees.ts';

/** The store has this name until it is complete: no server uses it before. */
const MOVING = `${STORE}.moving`;
const SOURCE = 'source ';

/** An entry that comes from another engine. */
export interface IncomingEntry {
  readonly room: RoomId;
  readonly entry: Entry;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  /** A position before the entry. If the room has no such entry, it has expired. */
  readonly before: LogPosition;
  /** The id of its post, if it is known. */
  readonly post?: string;
  /** Of a handshake: its id, and the room's state as of it. */
  readonly head?: { readonly id: string; readonly state: Uint8Array };
}

export interface IncomingValue {
  readonly room: RoomId;
  readonly key: string;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  readonly value: Uint8Array;
}

/** How far a source of rooms was copied. */
export interface Source {
  /** What distinguishes the source from others of this name. */
  readonly created: string;
  /** A number in the source: everything up to it is in the folder. */
  readonly last: number;
}

/** The sources that the rooms of a folder were copied from, by name, and what each held then. */
export function sourcesOf({ meta }: Trees): Map<string, Source> {
  const start = Buffer.from(SOURCE);
  const sources = new Map<string, Source>();
  for (const { key, value } of meta.getRange({ start, end: Buffer.from(`${SOURCE}\u00ff`) }))
    sources.set(Buffer.from(key).toString('utf8', start.length), JSON.parse(value.toString()) as Source);
  return sources;
}

/** Fills a data folder with the rooms of another engine. Each call is durable when it returns. The caller holds the folder's lock. */
export class IncomingRooms {
  readonly #folder: string;
  readonly #now: Clock;
  #trees: Trees;
  #closed = false;

  /** @throws CannotOpen when the folder holds rooms */
  constructor(folder: string, now: Clock) {
    if (existsSync(join(folder, STORE)))
      throw new CannotOpen('unusable', `${folder} already holds rooms: choose another folder`);
    this.#folder = folder;
    this.#now = now;
    this.#trees = openStore(join(folder, MOVING));
    migrate(this.#trees);
  }

  get rooms(): number {
    return this.#trees.rooms.getKeysCount();
  }

  get entries(): number {
    return this.#trees.entries.getKeysCount();
  }

  get sources(): Map<string, Source> {
    return sourcesOf(this.#trees);
  }

  /** Adds the next entries of a source, in its order. */
  add(name: string, source: Source, incoming: readonly IncomingEntry[]): void {
    this.#write(() => {
      for (const one of incoming) this.#add(one);
      this.#copied(name, source);
    });
  }

  #add({ room: roomId, entry, expiresAt, before, post, head }: IncomingEntry): void {
    const { rooms, heads, entries, expiry, posts } = this.#trees;
    const room = bytesOfId(roomId);
    const record = rooms.get(room);
    const present: RoomMeta =
      record === undefined ? { pos: 0, handshake: 0, floor: 0, storedBytes: 0 } : decodeRoom(record);
    const { pos, at } = entry;
    const isHandshake = entry.kind === 'handshake';
    void rooms.put(
      room,
      encodeRoom({
        pos,
        handshake: isHandshake ? pos : present.handshake,
        floor: before > present.pos ? Math.max(present.floor, before) : present.floor,
        storedBytes: present.storedBytes + (isHandshake ? 0 : entry.body.length),
      }),
    );
    const key = entryKey(room, pos);
    void entries.put(key, encodeEntry({ entry, expiresAt }));
    if (expiresAt !== 0) void expiry.put(expiryKey(expiresAt, 'message', key), NO_VALUE);
    if (head !== undefined) void heads.put(room, headOf(entry, head));
    if (post !== undefined && at > this.#now() - POST_MEMORY_MS)
      void posts.put(postKey(at, roomId, post), writtenPosition(pos));
  }

  /** Replaces all state values. Those of rooms that have no entries are left out. */
  async replaceState(pages: AsyncIterable<readonly IncomingValue[]>): Promise<void> {
    const { state, expiry } = this.#trees;
    this.#write(() => {
      for (const key of [...expiry.getKeys()])
        if (decodeExpiryKey(key).kind === 'state') void expiry.remove(key);
      for (const key of [...state.getKeys()]) void state.remove(key);
    });
    let revision = 0;
    for await (const page of pages)
      this.#write(() => {
        for (const { room: roomId, key, expiresAt, value } of page) {
          const room = bytesOfId(roomId);
          if (this.#trees.rooms.get(room) === undefined) continue;
          const at = stateKey(room, key);
          revision += 1;
          void state.put(at, encodeState({ revision, expiresAt, value }));
          if (expiresAt !== 0) void expiry.put(expiryKey(expiresAt, 'state', at), NO_VALUE);
        }
        writeRevision(this.#trees, revision);
      });
  }

  /** Records that a room's last entry was at this position. If it is not in the folder, it has expired. */
  ended(room: RoomId, last: LogPosition): void {
    const { rooms } = this.#trees;
    this.#write(() => {
      const record = rooms.get(bytesOfId(room));
      const present = record && decodeRoom(record);
      if (present === undefined || last <= present.pos) return;
      void rooms.put(bytesOfId(room), encodeRoom({ ...present, pos: last, floor: last }));
    });
  }

  has(room: RoomId): boolean {
    return this.#trees.rooms.get(bytesOfId(room)) !== undefined;
  }

  /** Whether the folder has exactly this entry. */
  hasEntry({ room: roomId, entry, expiresAt }: IncomingEntry): boolean {
    const stored = this.#trees.entries.get(entryKey(bytesOfId(roomId), entry.pos));
    return stored?.equals(encodeEntry({ entry, expiresAt })) === true;
  }

  /** Whether this handshake is the room's last one in the folder, with its state. */
  hasHead({ room: roomId, entry, head }: IncomingEntry): boolean {
    const room = bytesOfId(roomId);
    const record = this.#trees.rooms.get(room);
    if (head === undefined || record === undefined || decodeRoom(record).handshake !== entry.pos)
      return false;
    return this.#trees.heads.get(room)?.equals(headOf(entry, head)) === true;
  }

  hasValue({ room, key, expiresAt, value }: IncomingValue): boolean {
    const stored = this.#trees.state.get(stateKey(bytesOfId(room), key));
    if (stored === undefined) return false;
    const present = decodeState(stored);
    return present.expiresAt === expiresAt && Buffer.from(present.value).equals(value);
  }

  /** How many entries and state values there are that never expire. */
  permanent(): { entries: number; values: number } {
    const { entries, state } = this.#trees;
    let [kept, values] = [0, 0];
    for (const { key, value } of entries.getRange())
      if (decodeEntry(positionOfKey(key), value).expiresAt === 0) kept += 1;
    for (const { value } of state.getRange()) if (decodeState(value).expiresAt === 0) values += 1;
    return { entries: kept, values };
  }

  /**
   * Makes the folder one that a server can use.
   * @param issued the highest position that may have been issued in a room
   * @param sources what the folder now holds
   */
  async finish(issued: (room: RoomId) => LogPosition, sources: ReadonlyMap<string, Source>): Promise<void> {
    const { rooms } = this.#trees;
    this.#write(() => {
      for (const { key, value } of [...rooms.getRange()]) {
        const lowestNext = issued(Buffer.from(key).toString('base64url')) + 1;
        void rooms.put(key, encodeRoom({ ...decodeRoom(value), lowestNext }));
      }
      for (const [name, source] of sources) this.#copied(name, source);
    });
    await this.close();
    await rename(join(this.#folder, MOVING), join(this.#folder, STORE));
    await rm(join(this.#folder, `${MOVING}-lock`), { force: true });
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Deletes what was copied so far, and begins again. */
  async restart(): Promise<void> {
    await this.close();
    await rm(join(this.#folder, MOVING), { force: true });
    await rm(join(this.#folder, `${MOVING}-lock`), { force: true });
    this.#trees = openStore(join(this.#folder, MOVING));
    this.#closed = false;
    migrate(this.#trees);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#trees.root.close();
  }

  /** @throws CannotOpen */
  #write(change: () => void): void {
    try {
      this.#trees.root.transactionSync(change);
    } catch (cause) {
      throw cannotWrite(this.#folder, cause);
    }
  }

  #copied(name: string, source: Source): void {
    void this.#trees.meta.put(Buffer.from(`${SOURCE}${name}`), Buffer.from(JSON.stringify(source)));
  }
}

function headOf(
  { at, access = Buffer.of() }: Entry,
  { id, state }: { readonly id: string; readonly state: Uint8Array },
): Buffer {
  return encodeHead({ id: bytesOfId(id), at, access, state });
}
