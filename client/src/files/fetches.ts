import { chunkCount } from '@gochat/crypto/file';
import type { RoomId } from '@gochat/protocol/fields';
import { CHUNK_OVERHEAD, PIECE_BYTES, paddedBytes, pieceBytes } from '@gochat/protocol/file-chunks';
import { ChatError, problemOf } from '../api/chat-error.ts';
import type { ChatEvent, FileState, SealedFile } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { Clock } from '../schedule/clock.ts';
import { Timers } from '../schedule/timers.ts';
import type { CacheBound } from './cache-bound.ts';
import { type FileDoor, refusalOf } from './file-door.ts';
import type { RoomAt } from './room-at.ts';
import { fetchedId, type RoomsCache } from './rooms-cache.ts';

/** How long a fetch waits for the connection. */
const ONLINE_MS = 20_000;
/** A file of which no chunk was asked for so long is not being fetched any more. */
const IDLE_MS = 10_000;
/** How many previews of one server wait to be fetched unasked. Older ones are fetched when they are looked at. */
const UNASKED = 50;

/** A file or preview of a message. */
export interface WantedFile {
  readonly file: SealedFile;
  /** When the message was posted, by the server's clock. */
  readonly postedAt: number;
}

/** A file that is being fetched. */
interface Fetching {
  /** When one of its chunks was last asked for. */
  asked: number;
  /** What the cache has of it: to list that for each chunk takes longer than to write the chunk. */
  readonly got: Set<number>;
}

/** A preview to fetch in the background. */
interface Unasked {
  readonly at: RoomAt;
  readonly wanted: WantedFile;
}

export interface FetchesParts {
  readonly cache: RoomsCache;
  readonly bound: CacheBound;
  readonly clock: Pick<Clock, 'now'>;
  readonly door: (at: RoomAt) => FileDoor;
  readonly emit: (event: ChatEvent) => void;
}

/** Fetches chunks of files into the cache, each once for all that ask. */
export class Fetches {
  readonly #parts: FetchesParts;
  readonly #timers = new Timers();
  /** By file and number of the chunk. */
  readonly #chunks = new Map<string, Promise<void>>();
  /** By file. */
  readonly #files = new Map<string, Fetching>();
  /** By server: previews to fetch, newest last, while they are being fetched. One server can't keep those of others waiting. */
  readonly #unasked = new Map<string, Unasked[]>();

  constructor(parts: FetchesParts) {
    this.#parts = parts;
  }

  close(): void {
    for (const queue of this.#unasked.values()) queue.length = 0;
    this.#timers.clear();
  }

  /**
   * Has one chunk in the cache. @param again replaces the one that is there
   * @throws ChatError `file-gone`, `file-damaged`, `offline`, `file-space`
   */
  async chunk(at: RoomAt, wanted: WantedFile, chunk: number, again = false): Promise<void> {
    const { file } = wanted;
    if (!(chunk >= 0 && chunk < chunkCount(file.bytes))) throw new ChatError({ reason: 'file-unknown' });
    const { id: room } = at.session.room;
    const got = await this.#got(room, file, chunk);
    if (got.has(chunk) && !again) return;
    const key = `${keyOf(room, file)} ${chunk}`;
    const fetching = this.#chunks.get(key) ?? this.#fetch(at, wanted, chunk, got);
    this.#chunks.set(key, fetching);
    try {
      await fetching;
    } finally {
      this.#chunks.delete(key);
    }
  }

  /** What the cache has of a file. It is listed again when it should have the chunk: it may have been dropped. */
  async #got(room: RoomId, file: SealedFile, chunk: number): Promise<ReadonlySet<number>> {
    const known = this.#files.get(keyOf(room, file))?.got;
    if (known !== undefined && !known.has(chunk)) return known;
    const before = [...(known ?? [])];
    const have = new Set(await this.#parts.cache.have(room, file));
    // Another chunk may have come meanwhile.
    for (const one of before) if (!have.has(one)) known?.delete(one);
    return known ?? have;
  }

  async #fetch(at: RoomAt, wanted: WantedFile, chunk: number, have: ReadonlySet<number>): Promise<void> {
    const { file } = wanted;
    const { id: room } = at.session.room;
    const { cache, bound } = this.#parts;
    const { got } = this.#watch(room, file, have);
    const report = (state: FileState, error?: ChatError) => this.#report(room, file, state, [...got], error);
    if (got.size === 0) report('fetching');
    try {
      const sealed = await this.#ask(at, wanted, chunk);
      await cache.putFetched(room, file, chunk, sealed);
      await bound.grown(sealed.length, await fetchedId(room, file));
    } catch (error) {
      const problem = toChatError(error);
      this.#files.delete(keyOf(room, file));
      report(problem.data.reason === 'file-gone' ? 'gone' : 'failed', problem);
      throw problem;
    }
    got.add(chunk);
    const isWhole = got.size === chunkCount(file.bytes);
    if (isWhole) this.#files.delete(keyOf(room, file));
    report(isWhole ? 'here' : 'fetching');
  }

  async #ask(at: RoomAt, { file, postedAt }: WantedFile, chunk: number): Promise<Uint8Array<ArrayBuffer>> {
    const { session, server } = at;
    if (session.ended?.code === 'not-member') throw session.ended;
    const { serverNow } = await server.online(ONLINE_MS);
    const path = `/files/${file.id}/${chunk}`;
    const answer = await this.#parts.door(at).ask({ verb: 'get', id: file.id }, { method: 'GET', path });
    if (answer.status !== 200) {
      const keepMs = session.meta.files?.keepMs;
      const until = keepMs === undefined ? Number.POSITIVE_INFINITY : postedAt + keepMs;
      throw refusalOf(answer, until < serverNow() ? until : undefined);
    }
    if (answer.body.length !== pieceBytes(paddedBytes(file.bytes), chunk) + CHUNK_OVERHEAD)
      throw new ChatError({ reason: 'file-damaged' });
    return answer.body;
  }

  /** Reports that a file is no longer fetched if nobody asks for its next chunk. @param have what the cache has of one that wasn't */
  #watch(room: RoomId, file: SealedFile, have: ReadonlySet<number>): Fetching {
    const key = keyOf(room, file);
    const known = this.#files.get(key);
    const fetching = known ?? { asked: 0, got: new Set(have) };
    fetching.asked = this.#parts.clock.now();
    if (known !== undefined) return known;
    this.#files.set(key, fetching);
    const look = () => {
      if (this.#files.get(key) !== fetching) return;
      const isAsked = [...this.#chunks.keys()].some((one) => one.startsWith(key));
      if (isAsked || this.#parts.clock.now() - fetching.asked < IDLE_MS) this.#timers.after(IDLE_MS, look);
      else {
        this.#files.delete(key);
        this.#report(room, file, 'there', []);
      }
    };
    this.#timers.after(IDLE_MS, look);
    return fetching;
  }

  /** The bytes that were fetched are not those that the author sealed. */
  async damaged(room: RoomId, file: Pick<SealedFile, 'id' | 'hash' | 'bytes'>): Promise<void> {
    this.#files.delete(keyOf(room, file));
    await this.#parts.cache.dropFetched(room, file);
    await this.#parts.bound.grown(undefined);
    this.#report(room, file, 'failed', [], new ChatError({ reason: 'file-damaged' }));
  }

  /** Fetches previews in the background, newest first. */
  inBackground(at: RoomAt, previews: readonly WantedFile[]): void {
    const added = previews.map((wanted) => ({ at, wanted }));
    const { server } = at.session.meta;
    const running = this.#unasked.get(server);
    const queue = running ?? [];
    queue.push(...added);
    queue.splice(0, Math.max(0, queue.length - UNASKED));
    if (running !== undefined) return;
    this.#unasked.set(server, queue);
    void this.#fetchUnasked(queue).finally(() => this.#unasked.delete(server));
  }

  async #fetchUnasked(queue: Unasked[]): Promise<void> {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { at, wanted } = next;
      // A failure is reported as an event.
      for (let chunk = 0; chunk < chunkCount(wanted.file.bytes); chunk += 1)
        await this.chunk(at, wanted, chunk).catch(() => undefined);
    }
  }

  #report(
    room: RoomId,
    file: Pick<SealedFile, 'id' | 'bytes'>,
    state: FileState,
    chunks: readonly number[],
    error?: ChatError,
  ): void {
    const sizes = chunks.map((chunk) => Math.max(0, Math.min(PIECE_BYTES, file.bytes - chunk * PIECE_BYTES)));
    const done = sizes.reduce((sum, size) => sum + size, 0);
    const problem = error && { problem: problemOf(error) };
    this.#parts.emit({ kind: 'file', room, id: file.id, state, done, of: file.bytes, ...problem });
  }
}

function keyOf(room: RoomId, { id, hash }: Pick<SealedFile, 'id' | 'hash'>): string {
  return `${room} ${id} ${hash}`;
}
