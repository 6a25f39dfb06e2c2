import { ChatError } from '../api/chat-error.ts';
import type { FileSource } from './files.ts';

/** @returns a stream of bytes that are in memory */
export async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/**
 * Cuts a stream into pieces of one size, of which the last may be smaller. A piece is valid until the next one is asked for.
 * @param bytes that have to come. @throws ChatError `file-changed` if more or fewer come
 */
export async function* piecesOf(
  stream: AsyncIterable<Uint8Array>,
  bytes: number,
  size: number,
): AsyncGenerator<Uint8Array, undefined, undefined> {
  let piece: Uint8Array | undefined;
  let [filled, total] = [0, 0];
  for await (const part of stream) {
    total += part.length;
    if (total > bytes) throw new ChatError({ reason: 'file-changed' });
    for (let at = 0; at < part.length; ) {
      const taken = part.subarray(at, at + size - filled);
      at += taken.length;
      if (taken.length === size) {
        yield taken;
        continue;
      }
      piece ??= new Uint8Array(Math.min(size, bytes));
      piece.set(taken, filled);
      filled += taken.length;
      if (filled < size) continue;
      yield piece;
      filled = 0;
    }
  }
  if (total !== bytes) throw new ChatError({ reason: 'file-changed' });
  if (piece !== undefined && filled > 0) yield piece.subarray(0, filled);
  return undefined;
}

/** @returns all bytes of a file. @throws ChatError `file-changed`, `file-unreadable` */
export async function wholeOf(
  source: Pick<FileSource, 'name' | 'bytes' | 'stream'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(source.bytes);
  let at = 0;
  for await (const part of readable(source)) {
    if (at + part.length > whole.length) throw new ChatError({ reason: 'file-changed' });
    whole.set(part, at);
    at += part.length;
  }
  if (at !== whole.length) throw new ChatError({ reason: 'file-changed' });
  return whole;
}

/** The bytes of a source. What can't be read is said as such. @throws ChatError `file-unreadable` */
export async function* readable(
  source: Pick<FileSource, 'name' | 'stream'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source.stream();
  } catch (cause) {
    if (cause instanceof ChatError) throw cause;
    throw new ChatError({ reason: 'file-unreadable', name: source.name }, { cause });
  }
}

/** @returns the first bytes of a file, at most so many. @throws ChatError `file-unreadable` */
export async function headOf(source: Pick<FileSource, 'name' | 'stream'>, most: number): Promise<Uint8Array> {
  const head = new Uint8Array(most);
  let filled = 0;
  for await (const part of readable(source)) {
    const taken = part.subarray(0, most - filled);
    head.set(taken, filled);
    filled += taken.length;
    if (filled === most) break;
  }
  return head.subarray(0, filled);
}
