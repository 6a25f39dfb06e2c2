import { blobOf } from './bytes.ts';

interface SaveOptions {
  readonly suggestedName: string;
}
/** Chromium alone has it. */
type Picker = (options: SaveOptions) => Promise<FileSystemFileHandle>;

/** How long a browser may take to begin with a download. */
const BEGIN_MS = 60_000;
/** No browser shows or runs this type: it saves it. */
const ONLY_SAVED = 'application/octet-stream';

/**
 * Saves bytes where the user says, as they come; in a browser that doesn't ask, in its folder of downloads. The address of the bytes is
 * never opened, only downloaded.
 * @returns the name under which they are saved; undefined when the user has cancelled it
 * @throws whatever the bytes fail with. What was written until then is dropped
 */
export async function save(name: string, bytes: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const picked = await pick(name);
  if (picked === 'cancelled') return undefined;
  if (picked === undefined) {
    download(name, await blobOf(bytes, ONLY_SAVED));
    return name;
  }
  const file = await picked.createWritable();
  try {
    for await (const part of bytes) await file.write(part as Uint8Array<ArrayBuffer>);
    await file.close();
  } catch (error) {
    await file.abort().catch(() => undefined);
    throw error;
  }
  return picked.name;
}

/** @returns undefined where the browser has no such question, or asks it only after a click */
async function pick(suggestedName: string): Promise<FileSystemFileHandle | 'cancelled' | undefined> {
  const { showSaveFilePicker } = globalThis as { showSaveFilePicker?: Picker };
  try {
    return await showSaveFilePicker?.({ suggestedName });
  } catch (error) {
    return error instanceof DOMException && error.name === 'AbortError' ? 'cancelled' : undefined;
  }
}

function download(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), BEGIN_MS);
}
