const encoder = new TextEncoder();

/** In a module of its own: whoever cleans a name needs no cryptography. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
