/** Reads numbers of a file's headers. Past its end every byte is 0, so callers check lengths first. */

export function uint16(bytes: Uint8Array, at: number): number {
  return (byte(bytes, at) << 8) | byte(bytes, at + 1);
}

export function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);
}

export function uint16le(bytes: Uint8Array, at: number): number {
  return byte(bytes, at) | (byte(bytes, at + 1) << 8);
}

export function uint24le(bytes: Uint8Array, at: number): number {
  return uint16le(bytes, at) | (byte(bytes, at + 2) << 16);
}

export function uint32le(bytes: Uint8Array, at: number): number {
  return uint16le(bytes, at) + uint16le(bytes, at + 2) * 0x10000;
}

export function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** Whether these characters, one for each byte, are at an index. */
export function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** @returns one character for each byte */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

/** @returns the number of each character, which must be below 256 */
export function codes(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0));
}

/** The file that is written while another one is read: never longer than that one and a few bytes more. */
export class Copy {
  readonly #from: Uint8Array;
  readonly #to: Uint8Array;
  #length = 0;

  /** @param more the bytes that are put besides those of the original */
  constructor(from: Uint8Array, more = 0) {
    this.#from = from;
    this.#to = new Uint8Array(from.length + more);
  }

  get length(): number {
    return this.#length;
  }

  /** Copies bytes of the original. */
  take(start: number, end: number): void {
    this.put(this.#from.subarray(start, end));
  }

  put(bytes: ArrayLike<number>): void {
    this.#to.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Replaces bytes that were written before. */
  patch(at: number, bytes: ArrayLike<number>): void {
    this.#to.set(bytes, at);
  }

  written(): Uint8Array {
    return this.#to.subarray(0, this.#length);
  }
}
