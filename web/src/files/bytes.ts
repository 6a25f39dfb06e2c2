/** The bytes of a file or another blob from its beginning, in parts. Not every browser iterates over a `ReadableStream` itself. */
export async function* bytesOf(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = blob.stream().getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** All bytes as one blob, which browsers keep outside of the page's memory. */
export async function blobOf(bytes: AsyncIterable<Uint8Array>, type: string): Promise<Blob> {
  const parts: Blob[] = [];
  for await (const part of bytes) parts.push(new Blob([part as Uint8Array<ArrayBuffer>]));
  return new Blob(parts, { type });
}
