const LONGEST_BYTES = 1_000_000;

/** A file's text, or undefined when it is none (UTF-8), or too long to be said. */
export async function readText(
  file: File,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  if (file.size > LONGEST_BYTES) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
    return { name: file.name, text };
  } catch {
    // It is no text.
    return undefined;
  }
}
