import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PIECE_BYTES } from '@gochat/protocol/file-chunks';
import { ChatError } from '../api/chat-error.ts';
import type { FileSource } from './files.ts';

/** @returns the file at a path. @throws ChatError `file-unreadable` if it is missing, a folder or something that never ends */
export async function sourceAt(path: string): Promise<FileSource> {
  const name = basename(path);
  const found = await stat(path).catch((cause: unknown) => {
    throw new ChatError({ reason: 'file-unreadable', name }, { cause });
  });
  if (!found.isFile()) throw new ChatError({ reason: 'file-unreadable', name });
  return { name, bytes: found.size, stream: () => streamAt(path) };
}

/** @returns the bytes of a file in the parts that are sealed. Each is valid until the next one is asked for. */
export async function* streamAt(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, 'r');
  try {
    const part = new Uint8Array(PIECE_BYTES);
    for (;;) {
      const filled = await fill(file, part);
      if (filled > 0) yield part.subarray(0, filled);
      if (filled < part.length) return;
    }
  } finally {
    await file.close();
  }
}

/** @returns how many bytes there were */
async function fill(file: FileHandle, part: Uint8Array): Promise<number> {
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(part, at);
    at += bytesRead;
    if (bytesRead === 0 || at === part.length) return at;
  }
}

/** @param name of a Blob that has none */
export function sourceOf(blob: Blob, name: string | undefined): FileSource {
  const own = 'name' in blob && typeof blob.name === 'string' ? blob.name : undefined;
  return {
    name: name ?? own ?? 'file',
    type: blob.type,
    bytes: blob.size,
    stream: () => blob.stream() as unknown as AsyncIterable<Uint8Array>,
  };
}
