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
  /** When a chunk of a file that is being fetched was last asked for. */
  readonly #asked = new Map<string, number>();
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
   * Has one chunk in the cache. @param again replaces the one that is there. @returns how many of the file's chunks are there
   * @throws ChatError `file-gone`, `file-damaged`, `offline`, `file-space`
   */
  async chunk(at: RoomAt, wanted: WantedFile, chunk: number, again = false): Promise<number> {
    const { file } = wanted;
    const { cache } = this.#parts;
    if (!(chunk >= 0 && chunk < chunkCount(file.bytes))) throw new ChatError({ reason: 'file-unknown' });
    const { id: room } = at.session.room;
    const have = await cache.have(room, file);
    if (have.includes(chunk) && !again) return have.length;
    const key = `${keyOf(room, file)} ${chunk}`;
    const fetching = this.#chunks.get(key) ?? this.#fetch(at, wanted, chunk, have);
    this.#chunks.set(key, fetching);
    try {
      await fetching;
    } finally {
      this.#chunks.delete(key);
    }
    return (await cache.have(room, file)).length;
  }

  async #fetch(at: RoomAt, wanted: WantedFile, chunk: number, have: readonly number[]): Promise<void> {
    const { file } = wanted;
    const { id: room } = at.session.room;
    const { cache, bound } = this.#parts;
    const report = (state: FileState, chunks: readonly number[], error?: ChatError) =>
      this.#report(room, file, state, chunks, error);
    this.#watch(room, file);
    if (have.length === 0) report('fetching', have);
    try {
      const sealed = await this.#ask(at, wanted, chunk);
      await cache.putFetched(room, file, chunk, sealed);
      await bound.grown(sealed.length, await fetchedId(room, file));
    } catch (error) {
      const problem = toChatError(error);
      this.#asked.delete(keyOf(room, file));
      report(problem.data.reason === 'file-gone' ? 'gone' : 'failed', have, problem);
      throw problem;
    }
    const chunks = await cache.have(room, file);
    const isWhole = chunks.length === chunkCount(file.bytes);
    if (isWhole) this.#asked.delete(keyOf(room, file));
    report(isWhole ? 'here' : 'fetching', chunks);
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

  /** Reports that a file is no longer fetched if nobody asks for its next chunk. */
  #watch(room: RoomId, file: SealedFile): void {
    const key = keyOf(room, file);
    const isWatched = this.#asked.has(key);
    this.#asked.set(key, this.#parts.clock.now());
    if (isWatched) return;
    const look = () => {
      const asked = this.#asked.get(key);
      if (asked === undefined) return;
      const isAsked = [...this.#chunks.keys()].some((one) => one.startsWith(key));
      if (isAsked || this.#parts.clock.now() - asked < IDLE_MS) this.#timers.after(IDLE_MS, look);
      else {
        this.#asked.delete(key);
        this.#report(room, file, 'there', []);
      }
    };
    this.#timers.after(IDLE_MS, look);
  }

  /** The bytes that were fetched are not those that the author sealed. */
  async damaged(room: RoomId, file: Pick<SealedFile, 'id' | 'hash' | 'bytes'>): Promise<void> {
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

function keyOf(room: RoomId, { id, hash }: SealedFile): string {
  return `${room} ${id} ${hash}`;
}
