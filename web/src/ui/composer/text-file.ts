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
