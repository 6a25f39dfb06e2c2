import type { AttachedFile } from '@gochat/view/actions';

const LONGEST_BYTES = 1_000_000;

/** A file's name and text; undefined when it isn't UTF-8 or is longer than a megabyte. */
export async function readText(
  file: File,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  if (file.size > LONGEST_BYTES) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
    return { name: file.name, text };
  } catch {
    // It isn't UTF-8.
    return undefined;
  }
}

/** A file as the view takes it. */
export function attached(file: File): AttachedFile {
  return { name: file.name, bytes: file.size, text: async () => (await readText(file))?.text };
}
