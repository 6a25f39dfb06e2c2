import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ChatError } from '../api/chat-error.ts';
import type { FileSource } from './files.ts';

/** @returns the file at a path. @throws ChatError `file-unreadable` if it is missing, a folder or something that never ends */
export async function sourceAt(path: string): Promise<FileSource> {
  const name = basename(path);
  const found = await stat(path).catch((cause: unknown) => {
    throw new ChatError({ reason: 'file-unreadable', name }, { cause });
  });
  if (!found.isFile()) throw new ChatError({ reason: 'file-unreadable', name });
  return { name, bytes: found.size, stream: () => createReadStream(path) };
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
