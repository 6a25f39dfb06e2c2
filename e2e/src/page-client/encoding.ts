/** The notation of docs/protocol.md, “Notation”, as far as it needs no key. */

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
export const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
export const fromBase64url = (characters: string): Uint8Array =>
  new Uint8Array(Buffer.from(characters, 'base64url'));
export const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
export const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u64(value: bigint | number | string): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** `T(label, a, b, …)`. */
export function tuple(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const name = ascii(label);
  return concat(u32(name.length), name, ...parts.flatMap((part) => [u32(part.length), part]));
}

const MESSAGE_LENGTHS = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 69632];

function paddedLength(needed: number): number {
  let power = 512;
  while (power * 2 <= needed) power *= 2;
  if (needed <= power) return power;
  const step = power < 16384 ? power : power / 8;
  return Math.ceil(needed / step) * step;
}

/** `PAD(p)` of everything but messages. */
export function pad(bytes: Uint8Array): Uint8Array {
  return padTo(bytes, paddedLength(bytes.length + 4));
}

/** `PAD(p)` of a message. */
export function padMessage(bytes: Uint8Array): Uint8Array {
  const length = MESSAGE_LENGTHS.find((candidate) => candidate >= bytes.length + 4);
  if (length === undefined) throw new Error('too long for a message');
  return padTo(bytes, length);
}

function padTo(bytes: Uint8Array, length: number): Uint8Array {
  return concat(u32(bytes.length), bytes, new Uint8Array(length - 4 - bytes.length));
}

/** @throws if the length is greater than the number of bytes after it */
export function unpad(padded: Uint8Array): Uint8Array {
  const length = Buffer.from(padded).readUInt32BE();
  if (length > padded.length - 4) throw new Error('the length is greater than what follows');
  return padded.slice(4, 4 + length);
}
