import type { AttachedFile } from '@gochat/view/actions';
import { decodeText } from '@gochat/view/decode';
import { bytesOf } from './bytes.ts';

const LONGEST_BYTES = 1_000_000;

/** The files behind what the view was given. */
const files = new WeakMap<AttachedFile, File>();

/** A file's name and text; undefined when it is no text or is longer than a megabyte. */
export async function readText(
  file: File,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  if (file.size > LONGEST_BYTES) return undefined;
  const bytes = await file.arrayBuffer().catch(() => undefined);
  const text = bytes && decodeText(new Uint8Array(bytes));
  return text === undefined ? undefined : { name: file.name, text };
}

/** A file as the view takes it. @param voice of a recording */
export function attached(file: File, voice?: AttachedFile['voice']): AttachedFile {
  const given: AttachedFile = {
    name: file.name,
    type: file.type,
    bytes: file.size,
    ...(voice && { voice }),
    stream: () => bytesOf(file),
    text: async () => (await readText(file))?.text,
  };
  files.set(given, file);
  return given;
}

/** The browser's file; undefined for what the view has made. */
export function fileOf(given: AttachedFile): File | undefined {
  return files.get(given);
}
