import type { FileContent } from '@gochat/crypto/content';
import { chunkCount, chunkHash, fileHash, newFile, sealChunk } from '@gochat/crypto/file';
import type { RoomId } from '@gochat/protocol/fields';
import { PIECE_BYTES } from '@gochat/protocol/file-chunks';
import { ChatError } from '../api/chat-error.ts';
import type { SealedFile } from '../api/methods.ts';
import { platform } from '../profile/platform.ts';
import type { ClientFilesParts } from './client-files-parts.ts';
import { describeFile } from './describe-file.ts';
import { bytesOf, piecesOf } from './file-bytes.ts';
import type { FileSource, Prepared, PrepareOptions } from './files.ts';
import type { RoomsCache } from './rooms-cache.ts';

/** How long a server that was never reached may take to say what it accepts. */
const LIMITS_MS = 20_000;

/** How many chunks are written at a time: each waits for the disk. */
const WRITES_AT_ONCE = 4;

interface Parts {
  readonly call: ClientFilesParts['call'];
  readonly cache: RoomsCache;
}

/** A file that has an id and a key, and is not sealed yet. */
type Unsealed = ReturnType<typeof newFile> & {
  readonly bytes: number;
  readonly stream: () => AsyncIterable<Uint8Array>;
};

/** As {@link Files.prepare}. */
export async function prepare(
  parts: Parts,
  room: string,
  source: FileSource,
  options: PrepareOptions,
): Promise<Prepared> {
  const { alt, voice, signal } = options;
  await checkSize(parts, room, source.bytes);
  const described = await describeFile(source, options);
  const { name, type, kept, w, h } = described;
  const file = { ...newFile(platform), bytes: described.bytes, stream: described.stream };
  const shown = described.preview;
  const preview = shown && {
    ...newFile(platform),
    bytes: shown.bytes.length,
    stream: () => bytesOf(shown.bytes),
  };
  const files = preview === undefined ? [file] : [preview, file];
  const ids = files.map(({ id }) => id);
  signal?.throwIfAborted();
  const discards = files.map(({ id, discard }) => ({ id, discard }));
  const { room: id } = await parts.call('spool', { room, files: discards });
  try {
    const small =
      preview && (await seal(parts, id as RoomId, preview, { signal, isSending: options.isSending }));
    const whole = await seal(parts, id as RoomId, file, options);
    await parts.call('spooled', { room, ids });
    const content: FileContent = {
      ...whole,
      name,
      type,
      ...(alt && { alt }),
      ...(w !== undefined && h !== undefined && { w, h }),
      ...(shown?.thumb && { thumb: shown.thumb }),
      ...(small && { preview: small }),
      ...(voice && { ms: Math.max(1, Math.round(voice.ms)), wave: voice.wave }),
    };
    return { content, kept };
  } catch (error) {
    // A process that ends here leaves them to the owner, which drops them after a day.
    await parts.call('unspool', { room, ids }).catch(() => undefined);
    throw error;
  }
}

/** @throws ChatError `file-too-large`, `files-none`, `offline` */
async function checkSize({ call }: Parts, room: string, bytes: number): Promise<void> {
  const limits = await call('fileLimits', { room, bytes, waitMs: LIMITS_MS });
  if (limits === null) throw new ChatError({ reason: 'files-none' });
  if (bytes > limits.bytes) throw new ChatError({ reason: 'file-too-large', bytes, most: limits.bytes });
}

/** Seals a file into the cache; it is on the disk then. The owner learns of each chunk if the message is queued right after. */
async function seal(
  { call, cache }: Parts,
  room: RoomId,
  { id, key, bytes, stream }: Unsealed,
  { signal, progress, isSending = false }: Pick<PrepareOptions, 'signal' | 'progress' | 'isSending'>,
): Promise<SealedFile> {
  const hashes: Uint8Array[] = [];
  const pieces = piecesOf(stream(), bytes, PIECE_BYTES);
  // Chunks are written while the next ones are read and sealed.
  const writes: Promise<void>[] = [];
  try {
    for (let chunk = 0; chunk < chunkCount(bytes); chunk += 1) {
      signal?.throwIfAborted();
      // Padding may need chunks of its own.
      const { value: piece = new Uint8Array() } = await pieces.next();
      const sealed = await sealChunk({ room, id, key, bytes }, chunk, piece, platform);
      hashes.push(await chunkHash(sealed));
      if (writes.length === WRITES_AT_ONCE) await writes.shift();
      const write = cache.putOwn(room, id, chunk, sealed);
      // It is reported when it is its turn. What the owner can't upload now it uploads later.
      write
        .then(() => (isSending ? call('chunkSealed', { room, id, bytes, chunk }) : null))
        .catch(() => undefined);
      writes.push(write);
      if (piece.length > 0) progress?.(Math.min(bytes, chunk * PIECE_BYTES + piece.length), bytes);
    }
    // Reads to the end, which shows whether there is more than there should be.
    await pieces.next();
    await Promise.all(writes);
    await cache.settleOwn(room, id);
  } finally {
    await Promise.allSettled(writes);
    await pieces.return(undefined);
  }
  return { id, key, hash: await fileHash(hashes), bytes };
}
