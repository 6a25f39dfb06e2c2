import type { FileContent } from '@gochat/crypto/content';
import { chunkCount, chunkHash, fileHash, openChunk } from '@gochat/crypto/file';
import { FileError } from '@gochat/crypto/file-error';
import type { RoomId } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import type { Params, Result } from '../api/methods.ts';
import type { ClientFilesParts } from './client-files-parts.ts';
import type { FileCache } from './file-cache.ts';
import { idsOf } from './file-ids.ts';
import type { FileSource, Files, OpenFileOptions, Prepared, PrepareOptions } from './files.ts';
import { prepare } from './prepare.ts';
import { RoomsCache } from './rooms-cache.ts';

/** How many chunks are asked for before they are needed. */
const AHEAD = 3;
/** A chunk that was fetched may be dropped from a full cache before it is read. */
const TRIES = 3;

type Wanted = Omit<Params<'fileChunk'>, 'chunk' | 'again'>;
type Found = Result<'fileChunk'>;

interface OpenedChunk {
  readonly hash: Uint8Array;
  readonly piece: Uint8Array<ArrayBuffer>;
}

/** The files of a profile in one of its processes: it seals and opens them, and has the owner fetch and upload them. */
export class ClientFiles implements Omit<Files, 'limits'> {
  readonly #parts: ClientFilesParts;
  readonly #cache: RoomsCache;

  constructor(parts: ClientFilesParts, cache: FileCache) {
    this.#parts = parts;
    this.#cache = new RoomsCache(cache);
  }

  async prepare(room: string, source: FileSource, options: PrepareOptions = {}): Promise<Prepared> {
    return prepare({ call: this.#parts.call, cache: this.#cache }, room, source, options);
  }

  async discard(room: string, contents: readonly FileContent[]): Promise<void> {
    await this.#parts.call('unspool', { room, ids: idsOf(contents) });
  }

  async here(
    room: string,
    files: readonly Pick<FileContent, 'id' | 'hash' | 'bytes'>[],
  ): Promise<readonly string[]> {
    const whole = await Promise.all(
      files.map(
        async (file) => (await this.#cache.have(room as RoomId, file)).length === chunkCount(file.bytes),
      ),
    );
    return files.filter((_, i) => whole[i]).map(({ id }) => id);
  }

  async *open(
    room: string,
    item: Parameters<Files['open']>[1],
    index: number,
    { preview = false, signal, progress }: OpenFileOptions = {},
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const wanted = { room, seq: item.seq, id: item.id, index, preview };
    signal?.throwIfAborted();
    const first = await this.#parts.call('fileChunk', { ...wanted, chunk: 0 });
    const { file } = first;
    const chunks = chunkCount(file.bytes);
    const coming: Promise<OpenedChunk>[] = [];
    const hashes: Uint8Array[] = [];
    let held: Uint8Array<ArrayBuffer> | undefined;
    let done = 0;
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      for (let ahead = chunk + coming.length; ahead < Math.min(chunks, chunk + AHEAD); ahead += 1) {
        const next = this.#chunk(wanted, first, ahead);
        // It is reported when it is its turn.
        next.catch(() => undefined);
        coming.push(next);
      }
      const { hash, piece } = await (coming.shift() as Promise<OpenedChunk>).catch(async (error: unknown) => {
        if (!(error instanceof FileError)) throw error;
        // What is under way would put its chunk after the others are dropped.
        await Promise.allSettled(coming);
        throw await this.#damaged(first);
      });
      signal?.throwIfAborted();
      hashes.push(hash);
      if (held !== undefined && held.length > 0) yield held;
      held = piece;
      done += piece.length;
      // Padding has chunks, too.
      if (piece.length > 0) progress?.(done, file.bytes);
    }
    // The last piece only when all are known to be the author's: a file of one chunk is given out whole or not at all.
    if ((await fileHash(hashes)) !== file.hash) throw await this.#damaged(first);
    if (held !== undefined && held.length > 0) yield held;
  }

  /** One that is damaged in the cache is fetched once more. */
  async #chunk(wanted: Wanted, found: Found, chunk: number): Promise<OpenedChunk> {
    const { room, file } = found;
    const seal = { ...file, room: room as RoomId };
    for (let again = false; ; again = true) {
      const sealed = await this.#sealed(wanted, found, chunk, again);
      try {
        return {
          hash: await chunkHash(sealed),
          piece: (await openChunk(seal, chunk, sealed)) as OpenedChunk['piece'],
        };
      } catch (error) {
        if (!(error instanceof FileError) || again) throw error;
      }
    }
  }

  async #sealed(
    wanted: Wanted,
    { room, file }: Found,
    chunk: number,
    again: boolean,
  ): Promise<Uint8Array<ArrayBuffer>> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      await this.#parts.call('fileChunk', { ...wanted, chunk, ...(again && { again }) });
      const sealed = await this.#cache.get(room as RoomId, file, chunk);
      if (sealed !== undefined) return sealed;
    }
    throw new ChatError({ reason: 'file-space' });
  }

  async #damaged({ room, file }: Pick<Found, 'room' | 'file'>): Promise<ChatError> {
    await this.#parts.call('fileDamaged', { room, id: file.id, hash: file.hash, bytes: file.bytes });
    return new ChatError({ reason: 'file-damaged' });
  }
}
