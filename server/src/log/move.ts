import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CannotOpen } from './cannot-open.ts';
import type { Engine } from './engine.ts';
import {
  decodeLogRecord,
  encodeHandshake,
  encodeMessage,
  FIRST_SEQUENCE,
  LOG_STREAM,
  logSubject,
  logSubjects,
  MOVED_KEY,
} from './jetstream/layout.ts';
import { EngineRefusal, Nats, type Stamped } from './jetstream/nats.ts';
import { type JetStreamOptions, openJetStream } from './jetstream/open.ts';
import { retry } from './jetstream/retry.ts';
import { type FolderLock, lockFolder } from './lmdb/folder-lock.ts';
import { type StoredEntry, type StoredRoom, StoredRooms } from './lmdb/stored-rooms.ts';
import { openTrees, prepareFolder, STORE } from './lmdb/trees.ts';
import type { Entry, LogPosition, RoomId } from './log.ts';

export interface MoveOptions extends JetStreamOptions {
  /** The data folder of a server that is stopped. */
  readonly folder: string;
  /** Told now and then, and at the end. */
  readonly progress?: (progress: MoveProgress) => void;
}

export interface MoveProgress {
  readonly rooms: number;
  readonly roomsDone: number;
  readonly entries: number;
  readonly entriesDone: number;
}

export interface MoveReport {
  readonly rooms: number;
  /** Of them, how many an earlier run had moved whole. */
  readonly before: number;
  readonly entries: number;
}

/** Rooms at a time: most of the time is spent waiting for the cluster. */
const AT_ONCE = 16;
const BATCH_ENTRIES = 128;
const BATCH_BYTES = 512 * 1024;
const VERIFY_PAGE = 512;

/**
 * Copies the rooms of a data folder into a cluster, entry by entry, with their positions, and holds each against what the cluster
 * then gives back. It may be broken off at any point, and goes on where it was; what was appended in the folder since, follows.
 * The folder isn't changed.
 *
 * @throws CannotOpen the folder is in use, the cluster can't be used, rooms have gone on in both (all others are moved then), or one isn't there as it was
 * @throws Unavailable the cluster went away
 */
export async function moveRooms({ folder, progress, ...options }: MoveOptions): Promise<MoveReport> {
  if (!existsSync(join(folder, STORE)))
    throw new CannotOpen(
      'unusable',
      `${folder} holds no rooms: name the data folder of a server with --from`,
    );
  const path = prepareFolder(folder);
  const lock = await lockFolder(path);
  return closing(lock, async () => {
    const trees = openTrees(path);
    try {
      const engine = await openJetStream(options);
      try {
        const nats = await Nats.connect(options);
        try {
          return await new Move(new StoredRooms(trees, options.now), engine, nats, progress).run();
        } finally {
          await nats.close();
        }
      } finally {
        await engine.close();
      }
    } finally {
      await trees.root.close();
    }
  });
}

async function closing<Result>(lock: FolderLock, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

class Move {
  readonly #rooms: StoredRooms;
  readonly #engine: Engine;
  readonly #nats: Nats;
  readonly #tell: (progress: MoveProgress) => void;
  readonly #entries: number;
  readonly #count: number;
  #roomsDone = 0;
  #entriesDone = 0;
  #before = 0;

  constructor(rooms: StoredRooms, engine: Engine, nats: Nats, tell: MoveOptions['progress']) {
    this.#rooms = rooms;
    this.#engine = engine;
    this.#nats = nats;
    this.#tell = tell ?? (() => undefined);
    this.#entries = rooms.entries;
    this.#count = rooms.count;
  }

  async run(): Promise<MoveReport> {
    const rooms = this.#rooms.all();
    const goneOn: RoomId[] = [];
    let failed: { readonly error: unknown } | undefined;
    const work = async () => {
      for (const room of rooms) {
        if (failed !== undefined) return;
        try {
          await this.#room(room);
        } catch (error) {
          // Others can be moved all the same.
          if (error instanceof GoneOn) goneOn.push(room.id);
          else failed ??= { error };
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (failed !== undefined) throw failed.error;
    if (goneOn.length > 0) throw tellGoneOn(goneOn, this.#count);
    return { rooms: this.#count, before: this.#before, entries: this.#entriesDone };
  }

  async #room(room: StoredRoom): Promise<void> {
    const digest = digestOf(room);
    const marked = await this.#engine.state.get(room.id, MOVED_KEY);
    if (marked !== undefined && Buffer.from(marked.value).equals(digest)) {
      this.#before += 1;
      this.#progress(room.count(), 1);
      return;
    }
    if (room.last >= FIRST_SEQUENCE)
      throw new CannotOpen('unusable', `the room ${room.id} has positions that a cluster gives out itself`);
    await this.#copy(room);
    for (const [key, { value, ttlSec }] of room.state())
      await this.#engine.state.put(room.id, key, value, ttlSec === undefined ? {} : { ttlSec });
    await this.#verify(room);
    await this.#engine.state.put(room.id, MOVED_KEY, digest);
    this.#progress(0, 1);
  }

  /** What isn't there yet. */
  async #copy(room: StoredRoom): Promise<void> {
    let behind = await this.#lastMoved(room.id);
    this.#progress(room.count(behind), 0);
    for (;;) {
      const batch = batchOf(room, behind);
      const last = batch.at(-1);
      if (last === undefined) return;
      const from = behind;
      behind = await retry(async () => {
        // Of a batch whose answer was lost it is seen here whether it was taken.
        const there = from === 0 && room.first === batch[0]?.entry.pos ? 0 : await this.#lastMoved(room.id);
        if (there >= last.entry.pos) return there;
        await this.#store(batch.map((stored, i) => stamp(room, stored, batch[i - 1]?.entry.pos ?? from)));
        return last.entry.pos;
      });
      this.#progress(batch.length, 0);
    }
  }

  /** @throws GoneOn when somebody has written to the room there */
  async #lastMoved(room: RoomId): Promise<LogPosition> {
    const stored = await retry(() => this.#nats.last(LOG_STREAM, logSubjects(room)));
    if (stored === undefined) return 0;
    const { pos } = decodeLogRecord(stored).entry;
    if (pos < FIRST_SEQUENCE) return pos;
    throw new GoneOn(`the room ${room} has gone on in the cluster`);
  }

  async #store(batch: readonly Stamped[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    try {
      await (batch.length === 1
        ? this.#nats.store(first)
        : this.#nats.storeAll(batch, randomBytes(16).toString('base64url')));
    } catch (error) {
      // Known already: the batch before this try was taken.
      if (!(error instanceof EngineRefusal && error.code === DUPLICATE_IN_BATCH)) throw error;
    }
  }

  /** Reads the room as a client of the cluster would. */
  async #verify(room: StoredRoom): Promise<void> {
    const wrong = (what: string) =>
      new CannotOpen(
        'damaged',
        `the room ${room.id} is not in the cluster as it was: ${what}; move it again`,
      );
    const { log, state } = this.#engine;
    const head = await log.head(room.id);
    if (head === undefined) throw wrong('it is not there');
    if (head.handshake !== room.handshake) throw wrong('its last handshake');
    if (!same(head.access, room.head.access) || !same(head.state, room.head.state)) throw wrong('its state');
    let page: readonly Entry[] = [];
    let next = 0;
    for (const { entry, expiresAt } of room.entries()) {
      if (next >= page.length) {
        ({ entries: page } = await log.read(room.id, page.at(-1)?.pos ?? 0, VERIFY_PAGE));
        next = 0;
      }
      const found = page[next];
      if (found !== undefined && isSame(found, entry)) next += 1;
      // It may have had its time between the two looks.
      else if (expiresAt === 0 || expiresAt > this.#rooms.now()) throw wrong(`position ${entry.pos}`);
    }
    for (const [key, { value, ttlSec }] of room.state()) {
      const found = await state.get(room.id, key);
      if (ttlSec === undefined && (found === undefined || !same(found.value, value))) throw wrong('a value');
    }
  }

  #progress(entries: number, rooms: number): void {
    this.#entriesDone += entries;
    this.#roomsDone += rooms;
    this.#tell({
      rooms: this.#count,
      roomsDone: this.#roomsDone,
      entries: this.#entries,
      entriesDone: this.#entriesDone,
    });
  }
}

/** What the folder has got of the room since would have to come in front of what the cluster has. */
class GoneOn extends Error {}

const TOLD_ROOMS = 10;

function tellGoneOn(rooms: readonly RoomId[], count: number): CannotOpen {
  const told = rooms.slice(0, TOLD_ROOMS).join(', ');
  const more = rooms.length > TOLD_ROOMS ? ` and ${rooms.length - TOLD_ROOMS} more` : '';
  return new CannotOpen(
    'unusable',
    `${rooms.length} of ${count} rooms have gone on in the cluster since they were moved, and in the folder too: ${told}${more}. What the folder has got of them since stays there alone; all other rooms are moved. Don't serve the folder any more`,
  );
}

/** JSAtomicPublishContainsDuplicateMessage. */
const DUPLICATE_IN_BATCH = 10201;

function batchOf(room: StoredRoom, behind: LogPosition): StoredEntry[] {
  const batch: StoredEntry[] = [];
  let bytes = 0;
  for (const stored of room.entries(behind)) {
    bytes += stored.entry.body.length + (stored.entry.pos === room.handshake ? room.head.state.length : 0);
    if (batch.length > 0 && (batch.length >= BATCH_ENTRIES || bytes > BATCH_BYTES)) break;
    batch.push(stored);
  }
  return batch;
}

function stamp(
  room: StoredRoom,
  { entry, expiresAt, ttlSec, id }: StoredEntry,
  behind: LogPosition,
): Stamped {
  const { pos, kind, at, body, access = Buffer.of(), retires = false } = entry;
  const before = behind === 0 ? room.floor : behind;
  const isNewest = pos === room.handshake;
  const data =
    kind === 'message'
      ? encodeMessage({ at, expiresAt, before, moved: pos, body })
      : encodeHandshake({
          at,
          before,
          moved: pos,
          // Only of the newest one it matters: it is known by it for as long as it is that.
          id: isNewest ? room.head.id : (id ?? NO_ID),
          body,
          access,
          retires,
          state: isNewest ? room.head.state : Buffer.of(),
        });
  return {
    subject: logSubject(room.id, kind),
    data,
    headers: {
      // A client that repeats what it posted just before is told that it is there.
      'Nats-Msg-Id': id === undefined ? `${room.id}:moved:${pos}` : `${room.id}:${id}`,
      ...(ttlSec === undefined ? {} : { 'Nats-TTL': `${ttlSec}s` }),
    },
  };
}

const NO_ID = Buffer.alloc(16).toString('base64url');

function isSame(found: Entry, wanted: Entry): boolean {
  return (
    found.pos === wanted.pos &&
    found.kind === wanted.kind &&
    found.at === wanted.at &&
    found.retires === wanted.retires &&
    same(found.access, wanted.access) &&
    same(found.body, wanted.body)
  );
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return Buffer.from(a ?? []).equals(Buffer.from(b ?? []));
}

/** Of where the room stands: a room that hasn't changed has the same. */
function digestOf({ last, handshake, floor, head, state }: StoredRoom): Buffer {
  const hash = createHash('sha256').update(JSON.stringify([last, handshake, floor, head.id]));
  for (const [key, { value }] of state()) hash.update(key).update(value);
  return hash.digest();
}
