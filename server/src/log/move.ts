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
  MOVED_KEY,
  TAIL_KEY,
} from './jetstream/layout.ts';
import { EngineRefusal, Nats, type OutgoingMessage } from './jetstream/nats.ts';
import { connectNats, type JetStreamOptions, openJetStream } from './jetstream/open.ts';
import { retry } from './jetstream/retry.ts';
import { RoomStreams } from './jetstream/room-streams.ts';
import { deleteStreams, marksOf, requireNoNodes } from './jetstream/stored-streams.ts';
import { prepareStreams } from './jetstream/streams.ts';
import { type FolderLock, lockFolder } from './lmdb/folder-lock.ts';
import { type Source, sourcesOf } from './lmdb/incoming-rooms.ts';
import { type StoredEntry, type StoredRoom, StoredRooms } from './lmdb/stored-rooms.ts';
import { openTrees, prepareFolder, STORE } from './lmdb/trees.ts';
import type { Entry, LogPosition, RoomId } from './log.ts';

export interface MoveOptions extends JetStreamOptions {
  /** The data folder of a stopped server. */
  readonly folder: string;
  /** Whether to delete the cluster's streams first, if all that they hold was moved into the folder. */
  readonly replace?: boolean;
  /** Called regularly, and at the end. */
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
  /** How many of them an earlier run had moved completely. */
  readonly movedBefore: number;
  readonly entries: number;
}

/** How many rooms are moved at a time: most of the time is spent waiting for the cluster. */
const ROOMS_AT_ONCE = 16;
const BATCH_ENTRIES = 128;
const BATCH_BYTES = 512 * 1024;
const VERIFY_PAGE = 512;
/** Entries name positions in six bytes. */
const LAST_BEGINNING = 2 ** 48 - FIRST_SEQUENCE;

/**
 * Copies the rooms of a data folder into a cluster with their positions, and compares each with what the cluster then returns. It
 * can be interrupted at any time: the next run continues, and also copies entries that were appended to the folder since. The
 * folder is not changed.
 *
 * @throws CannotOpen the folder is in use; the cluster can't be used; some rooms have new entries in both places (all others are moved); or a copy differs
 * @throws Unavailable the cluster can't be reached any more
 */
export async function moveRooms({
  folder,
  replace = false,
  progress,
  ...options
}: MoveOptions): Promise<MoveReport> {
  if (!existsSync(join(folder, STORE)))
    throw new CannotOpen('unusable', `${folder} holds no rooms: name the server's data folder with --from`);
  const path = prepareFolder(folder);
  const lock = await lockFolder(path);
  return closing(lock, async () => {
    const trees = openTrees(path);
    try {
      const rooms = new StoredRooms(trees, options.now);
      const first = beginningAfter(rooms);
      await replaceStreams(options, sourcesOf(trees), replace);
      const engine = await openJetStream({ ...options, first });
      try {
        const nats = await Nats.connect(options);
        try {
          const streams = new RoomStreams(options.streams);
          // They are there by now: this reads where each begins.
          await prepareStreams(
            nats,
            { replicas: options.replicas, streams: options.streams ?? 1, first },
            streams,
          );
          return await new Move(rooms, engine, nats, streams, progress).run();
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

/**
 * Deletes the streams that the folder's rooms were moved from, so that others can be created in their place.
 * @param isWanted what the operator wants
 * @throws CannotOpen when the operator doesn't, nodes are running, or the streams hold something that is not in the folder
 */
async function replaceStreams(
  options: JetStreamOptions,
  sources: ReadonlyMap<string, Source>,
  isWanted: boolean,
): Promise<void> {
  if (sources.size === 0) return;
  const nats = await connectNats(options);
  try {
    const present = await marksOf(nats, [...sources.keys()]);
    const moved = present.filter(({ name, created }) => sources.get(name)?.created === created);
    if (moved.length === 0) return;
    await requireNoNodes(nats);
    const used = present.find(({ name, created, last }) => {
      const source = sources.get(name);
      return source?.created !== created || source.last !== last;
    });
    if (used !== undefined)
      throw new CannotOpen(
        'unusable',
        `the stream ${used.name} was used after its rooms were moved into this folder: move them out again, into another folder`,
      );
    const names = moved.map(({ name }) => name);
    if (!isWanted)
      throw new CannotOpen(
        'unusable',
        `the rooms were moved into this folder from the cluster, which still has them (${names.join(', ')}): add --replace to delete them there first`,
      );
    await deleteStreams(nats, names);
  } finally {
    await nats.close();
  }
}

/**
 * Where streams begin that can issue positions after all of the folder's.
 * @throws CannotOpen when there is no such place
 */
function beginningAfter(rooms: StoredRooms): number {
  let last = 0;
  for (const room of rooms.all()) last = Math.max(last, room.issued);
  const first = (Math.floor(last / FIRST_SEQUENCE) + 1) * FIRST_SEQUENCE;
  if (first <= LAST_BEGINNING) return first;
  throw new CannotOpen('unusable', 'these rooms were moved between clusters too often to be moved again');
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
  readonly #streams: RoomStreams;
  readonly #report: (progress: MoveProgress) => void;
  readonly #entries: number;
  readonly #count: number;
  #roomsDone = 0;
  #entriesDone = 0;
  #movedBefore = 0;

  constructor(
    rooms: StoredRooms,
    engine: Engine,
    nats: Nats,
    streams: RoomStreams,
    report: MoveOptions['progress'],
  ) {
    this.#rooms = rooms;
    this.#engine = engine;
    this.#nats = nats;
    this.#streams = streams;
    this.#report = report ?? (() => undefined);
    this.#entries = rooms.entries;
    this.#count = rooms.count;
  }

  async run(): Promise<MoveReport> {
    const rooms = this.#rooms.all();
    const diverged: RoomId[] = [];
    let failed: { readonly error: unknown } | undefined;
    const work = async () => {
      for (const room of rooms) {
        if (failed !== undefined) return;
        try {
          await this.#room(room);
        } catch (error) {
          // The other rooms can still be moved.
          if (error instanceof Diverged) diverged.push(room.id);
          else failed ??= { error };
        }
      }
    };
    await Promise.all(Array.from({ length: ROOMS_AT_ONCE }, work));
    if (failed !== undefined) throw failed.error;
    if (diverged.length > 0) throw divergence(diverged, this.#count);
    return { rooms: this.#count, movedBefore: this.#movedBefore, entries: this.#entriesDone };
  }

  async #room(room: StoredRoom): Promise<void> {
    const digest = digestOf(room);
    const marked = await this.#engine.state.get(room.id, MOVED_KEY);
    if (marked !== undefined && Buffer.from(marked.value).equals(digest)) {
      this.#movedBefore += 1;
      this.#progress(room.count(), 1);
      return;
    }
    if (room.last >= this.#streams.firstOf(room.id))
      throw new CannotOpen(
        'unusable',
        `the room ${room.id} has positions that the stream ${this.#streams.logOf(room.id)} may issue again: move into a cluster without rooms`,
      );
    await this.#copy(room);
    for (const [key, { value, ttlSec }] of room.state())
      await this.#engine.state.put(room.id, key, value, ttlSec === undefined ? {} : { ttlSec });
    // Readers of the room's end have to learn of messages after its last entry, or of that one once it has expired.
    await this.#engine.state.put(room.id, TAIL_KEY, Buffer.from(String(room.last)));
    await this.#verify(room);
    await this.#engine.state.put(room.id, MOVED_KEY, digest);
    this.#progress(0, 1);
  }

  /** Copies the entries that the cluster doesn't have yet. */
  async #copy(room: StoredRoom): Promise<void> {
    let after = await this.#lastMoved(room.id);
    this.#progress(room.count(after), 0);
    for (;;) {
      const batch = batchOf(room, after);
      const last = batch.at(-1);
      if (last === undefined) return;
      const from = after;
      after = await retry(async () => {
        // If the answer to a batch was lost, this shows whether it was stored.
        const moved = from === 0 && room.first === batch[0]?.entry.pos ? 0 : await this.#lastMoved(room.id);
        if (moved >= last.entry.pos) return moved;
        await this.#store(
          batch.map((stored, i) => encode(this.#streams, room, stored, batch[i - 1]?.entry.pos ?? from)),
        );
        return last.entry.pos;
      });
      this.#progress(batch.length, 0);
    }
  }

  /** @throws Diverged when the room has new entries in the cluster */
  async #lastMoved(room: RoomId): Promise<LogPosition> {
    const stored = await retry(() =>
      this.#nats.last(this.#streams.logOf(room), this.#streams.allEntries(room)),
    );
    if (stored === undefined) return 0;
    const { pos } = decodeLogRecord(stored).entry;
    if (pos < this.#streams.firstOf(room)) return pos;
    throw new Diverged(`the room ${room} has new entries in the cluster`);
  }

  async #store(batch: readonly OutgoingMessage[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    try {
      await (batch.length === 1
        ? this.#nats.store(first)
        : this.#nats.storeAll(batch, randomBytes(16).toString('base64url')));
    } catch (error) {
      // An earlier try of this batch was stored.
      if (!(error instanceof EngineRefusal && error.code === DUPLICATE_IN_BATCH)) throw error;
    }
  }

  /** Compares the room in the cluster with the room in the folder. @throws CannotOpen */
  async #verify(room: StoredRoom): Promise<void> {
    const wrong = (what: string) =>
      new CannotOpen(
        'damaged',
        `the copy of the room ${room.id} in the cluster differs (${what}): move it again`,
      );
    const { log, state } = this.#engine;
    const head = await log.head(room.id);
    if (head === undefined) throw wrong('it is missing');
    if (head.handshake !== room.handshake) throw wrong('last handshake');
    if (!same(head.access, room.head.access) || !same(head.state, room.head.state)) throw wrong('state');
    let page: readonly Entry[] = [];
    let next = 0;
    for (const { entry, expiresAt } of room.entries()) {
      if (next >= page.length) {
        ({ entries: page } = await log.read(room.id, page.at(-1)?.pos ?? 0, VERIFY_PAGE));
        next = 0;
      }
      const found = page[next];
      if (found !== undefined && isSame(found, entry)) next += 1;
      // The entry may have expired since it was read from the folder.
      else if (expiresAt === 0 || expiresAt > this.#rooms.now()) throw wrong(`position ${entry.pos}`);
    }
    for (const [key, { value, ttlSec }] of room.state()) {
      const found = await state.get(room.id, key);
      if (ttlSec === undefined && (found === undefined || !same(found.value, value)))
        throw wrong('state value');
    }
  }

  #progress(entries: number, rooms: number): void {
    this.#entriesDone += entries;
    this.#roomsDone += rooms;
    this.#report({
      rooms: this.#count,
      roomsDone: this.#roomsDone,
      entries: this.#entries,
      entriesDone: this.#entriesDone,
    });
  }
}

/** The room has new entries in the cluster. New entries from the folder would have to be inserted before them. */
class Diverged extends Error {}

const LISTED_ROOMS = 10;

function divergence(rooms: readonly RoomId[], count: number): CannotOpen {
  const listed = rooms.slice(0, LISTED_ROOMS).join(', ');
  const more = rooms.length > LISTED_ROOMS ? ` and ${rooms.length - LISTED_ROOMS} more` : '';
  return new CannotOpen(
    'unusable',
    `${rooms.length} of ${count} rooms have new entries both in the folder and in the cluster since they were moved: ${listed}${more}. Their new entries in the folder were not moved. All other rooms were moved. Do not serve the folder again`,
  );
}

/** JSAtomicPublishContainsDuplicateMessage. */
const DUPLICATE_IN_BATCH = 10201;

function batchOf(room: StoredRoom, after: LogPosition): StoredEntry[] {
  const batch: StoredEntry[] = [];
  let bytes = 0;
  for (const stored of room.entries(after)) {
    bytes += stored.entry.body.length + (stored.entry.pos === room.handshake ? room.head.state.length : 0);
    if (batch.length > 0 && (batch.length >= BATCH_ENTRIES || bytes > BATCH_BYTES)) break;
    batch.push(stored);
  }
  return batch;
}

function encode(
  streams: RoomStreams,
  room: StoredRoom,
  { entry, expiresAt, ttlSec, id, expired }: StoredEntry,
  previous: LogPosition,
): OutgoingMessage {
  const { pos, kind, at, body, access = Buffer.of(), retires = false, note } = entry;
  // Each page shows what has expired before its entries. The first one shows that for the whole room, as the folder does.
  const before = previous === 0 ? room.floor : Math.max(previous, expired);
  const isNewest = pos === room.handshake;
  const data =
    kind !== 'handshake'
      ? encodeMessage({ kind, at, expiresAt, before, moved: pos, body, ...(note !== undefined && { note }) })
      : encodeHandshake({
          at,
          before,
          moved: pos,
          // Only the last handshake's id matters: it identifies repeats of that handshake.
          id: isNewest ? room.head.id : (id ?? NO_ID),
          body,
          access,
          retires,
          ...(note === undefined ? {} : { note }),
          state: isNewest ? room.head.state : Buffer.of(),
        });
  return {
    subject: streams.entries(room.id, kind),
    data,
    headers: {
      // A client that repeats a post from before the move gets the position of the moved entry.
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
    same(found.note, wanted.note) &&
    same(found.access, wanted.access) &&
    same(found.body, wanted.body)
  );
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return Buffer.from(a ?? []).equals(Buffer.from(b ?? []));
}

/** A digest of the room's end and state. It changes whenever the room changes. */
function digestOf({ last, handshake, floor, head, state }: StoredRoom): Buffer {
  const hash = createHash('sha256').update(JSON.stringify([last, handshake, floor, head.id]));
  for (const [key, { value }] of state()) hash.update(key).update(value);
  return hash.digest();
}
