import type { AttachedFile } from '@gochat/view/actions';
import { decodeText } from '@gochat/view/decode';

const LONGEST_BYTES = 1_000_000;

/** A file's name and text; undefined when it is no text or is longer than a megabyte. */
export async function readText(
  file: File,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  if (file.size > LONGEST_BYTES) return undefined;
  const bytes = await file.arrayBuffer().catch(() => undefined);
  const text = bytes && decodeText(new Uint8Array(bytes));
  return text === undefined ? undefined : { name: file.name, text };
}

/** A file as the view takes it. */
export function attached(file: File): AttachedFile {
  return {
    name: file.name,
    type: file.type,
    bytes: file.size,
    stream: () => bytesOf(file),
    text: async () => (await readText(file))?.text,
  };
}

/** Safari's streams can't be iterated. */
async function* bytesOf(file: File): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = file.stream().getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    await reader.cancel();
  }
}
