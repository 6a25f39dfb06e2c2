import type { Readable } from 'node:stream';
import { readAtMost } from './bounded-file.ts';

/** What bytes that are no UTF-8 text seem to be; `other` is most often an 8-bit encoding such as Latin-1. */
export type Encoding = 'utf-16' | 'utf-32' | 'binary' | 'other';

/** The bytes are not text in UTF-8. */
export class NotUtf8 extends Error {
  override readonly name = 'NotUtf8';
  readonly encoding: Encoding;
  /** The file that the bytes are from; undefined: standard input. */
  readonly file: string | undefined;
  constructor(encoding: Encoding, file?: string) {
    super(encoding);
    this.encoding = encoding;
    this.file = file;
  }
}

/** Reading stops above this size: the text is too large for a message, and must not fill the memory. */
const MOST_BYTES = 1024 * 1024;

const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** Decodes a text. A byte order mark at its start is dropped, unless `isRest`: then the text began earlier. @throws NotUtf8 */
function decodeText(bytes: Uint8Array, isRest = false): string {
  // Text has no NUL, and UTF-16 has one in nearly every line.
  if (bytes.includes(0)) throw new NotUtf8(encodingOf(bytes));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: isRest }).decode(bytes);
  } catch {
    throw new NotUtf8(encodingOf(bytes));
  }
}

/** Reads a file. @throws NotUtf8, RangeError when it has more than a megabyte, and the system's error when it can't be read */
export async function readTextFile(file: string): Promise<string> {
  const bytes = await readAtMost(file, MOST_BYTES);
  try {
    return decodeText(bytes);
  } catch (error) {
    throw error instanceof NotUtf8 ? new NotUtf8(error.encoding, file) : error;
  }
}

/** Reads a stream to its end, or until it is too large for a message. @throws NotUtf8 */
export async function readText(input: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = bytesOf(chunk);
    chunks.push(bytes);
    size += bytes.length;
    // The end may never come.
    if (bytes.includes(0) || size > MOST_BYTES) break;
  }
  const all = Buffer.concat(chunks);
  return size > MOST_BYTES && !all.includes(0) ? all.toString() : decodeText(all);
}

/**
 * Reads a stream line by line, without the line ends. Only a line feed ends a line, with or without a carriage return before it. Lines
 * before one that is not UTF-8 are yielded. @throws NotUtf8
 */
export async function* readLines(input: Readable): AsyncGenerator<string, void, undefined> {
  let pending: Uint8Array[] = [];
  let size = 0;
  let isFirst = true;
  const line = (last: Uint8Array) => {
    const bytes = Buffer.concat([...pending, last]);
    pending = [];
    size = 0;
    const text = decodeText(bytes, !isFirst);
    isFirst = false;
    return text;
  };
  for await (const chunk of input) {
    let rest = bytesOf(chunk);
    for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
      yield withoutReturn(line(rest.subarray(0, end)));
      rest = rest.subarray(end + 1);
    }
    pending.push(rest);
    size += rest.length;
    if (rest.includes(0)) line(new Uint8Array());
    if (size > MOST_BYTES) yield line(new Uint8Array());
  }
  if (size > 0) yield withoutReturn(line(new Uint8Array()));
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === RETURN ? line.slice(0, -1) : line;
}

function bytesOf(chunk: unknown): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
}

/** How many bytes are looked at. */
const SAMPLE_BYTES = 4096;
/** In UTF-16, Latin text has a NUL in most characters, and all of them on one side. */
const WIDE_PART = 0.4;

function encodingOf(bytes: Uint8Array): Encoding {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const [a, b, c, d] = sample;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff))
    return 'utf-32';
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return 'utf-16';
  const zeros = [0, 0, 0, 0];
  for (const [i, byte] of sample.entries()) if (byte === 0) zeros[i % 4] = (zeros[i % 4] ?? 0) + 1;
  const [z0 = 0, z1 = 0, z2 = 0, z3 = 0] = zeros;
  const quarter = sample.length / 4;
  if (z0 + z1 + z2 + z3 === 0) return 'other';
  const full = zeros.filter((count) => count >= quarter * 0.9).length;
  if (sample.length >= 8 && full === 3 && zeros.includes(0)) return 'utf-32';
  const [even, odd] = [z0 + z2, z1 + z3];
  const wide = Math.max(even, odd) >= (sample.length / 2) * WIDE_PART;
  return wide && Math.min(even, odd) === 0 ? 'utf-16' : 'binary';
}
