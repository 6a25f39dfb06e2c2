import * as v from 'valibot';
import { type Down, down } from './down.ts';
import type { ErrorCode } from './errors.ts';
import { frameLimit, LIMITS } from './limits.ts';
import type { Up } from './up.ts';

/** The peer's bytes are not a frame of this protocol. `code` is the error code to answer with. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code: Extract<ErrorCode, 'malformed' | 'oversize'>;
  constructor(code: Extract<ErrorCode, 'malformed' | 'oversize'>, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Encodes a frame as one line of JSON, `type` first, without the line feed. */
export function encodeFrame(frame: Up | Down): string {
  const { type, ...members } = frame;
  return JSON.stringify({ type, ...members });
}

/** The schemas of a union of frames by their type, because `v.variant` tries its options one by one. */
export type Schemas<F> = ReadonlyMap<unknown, v.GenericSchema<unknown, F>>;

const downs: Schemas<Down> = new Map(down.options.map((frame) => [frame.entries.type.literal, frame]));

/** Parses a frame of a server. @throws FrameError */
export function parseDown(text: string): Down {
  return parse(downs, text);
}

/** Messages name what was expected. Valibot's default messages would quote the value. */
const PARSE_OPTIONS = {
  abortEarly: true,
  abortPipeEarly: true,
  message: (issue: v.BaseIssue<unknown>) => issue.expected ?? 'another value',
};

/** Parses a frame of one of these types. @throws FrameError */
export function parse<F extends Up | Down>(schemas: Schemas<F>, text: string): F {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the cause, which quotes the text.
    throw new FrameError('malformed', 'not JSON');
  }
  const schema = schemas.get(typeOf(value));
  if (schema === undefined) throw new FrameError('malformed', 'not an object with a known type');
  const result = v.safeParse(schema, value, PARSE_OPTIONS);
  if (!result.success) throw new FrameError('malformed', describe(result.issues[0]));
  const limit = frameLimit(result.output.type);
  if (text.length > limit) throw oversize(limit);
  return result.output;
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
}

function oversize(limit: number): FrameError {
  return new FrameError('oversize', `a frame of this type has at most ${limit} bytes`);
}

/** Describes where and what was expected. It never quotes the value or the name of an unknown member: errors must not contain a peer's bytes. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'never') return 'the frame has an unknown member';
  return `${v.getDotPath(issue)}: expected ${issue.message}`;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TYPE_WITHIN_BYTES = 128;
const namedType = /^\s*\{\s*"type"\s*:\s*"([a-z-]{1,32})"/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NOTHING = new Uint8Array(0);

/**
 * Splits a byte stream into lines of UTF-8 text. Chunks may end anywhere, even inside a character. It buffers at most one
 * unfinished line, and never more of it than the size limit of its frame type.
 */
export class LineDecoder {
  /** Its first `#length` bytes are the unfinished line. One growing buffer, so that a chunk of one byte takes one byte. */
  #buffer: Uint8Array = NOTHING;
  #length = 0;
  #limit: number = LIMITS.frameTypePeekBytes;
  readonly #limitOf: (type: string) => number;

  /** @param limitOf returns the size limit of a frame type, in bytes */
  constructor(limitOf: (type: string) => number = frameLimit) {
    this.#limitOf = limitOf;
  }

  /** How many bytes of a line that has not ended it keeps. */
  get unfinished(): number {
    return this.#length;
  }

  /**
   * @returns the lines that this chunk completes, in order, without empty ones. The caller must read all of them before it changes
   * the chunk's bytes or pushes the next chunk.
   * @throws FrameError `oversize` when a line exceeds its limit, `malformed` when it is not UTF-8. The decoder can't be used after that.
   */
  *push(chunk: Uint8Array): Generator<string, void, undefined> {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      const line = this.#finish(chunk.subarray(from, end));
      from = end + 1;
      if (line !== '') yield line;
    }
    if (from < chunk.length) this.#append(chunk.subarray(from));
  }

  #append(part: Uint8Array): void {
    const length = this.#length + part.length;
    this.#checkLength(length, part);
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(Math.max(length, 2 * this.#buffer.length, 512), this.#limit));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(part, this.#length);
    this.#length = length;
  }

  #finish(part: Uint8Array): string {
    if (this.#length === 0) {
      this.#checkLength(part.length, part);
      this.#limit = LIMITS.frameTypePeekBytes;
      return textOf(part);
    }
    this.#append(part);
    const text = textOf(this.#buffer.subarray(0, this.#length));
    if (this.#buffer.length > LIMITS.frameTypePeekBytes) this.#buffer = NOTHING;
    this.#length = 0;
    this.#limit = LIMITS.frameTypePeekBytes;
    return text;
  }

  /** @param length of the line including `part`, in bytes. @throws FrameError `oversize` */
  #checkLength(length: number, part: Uint8Array): void {
    if (length <= this.#limit) return;
    if (this.#limit === LIMITS.frameTypePeekBytes) {
      const buffered = this.#buffer.subarray(0, Math.min(this.#length, TYPE_WITHIN_BYTES));
      const start = String.fromCharCode(
        ...buffered,
        ...part.subarray(0, TYPE_WITHIN_BYTES - buffered.length),
      );
      const type = namedType.exec(start)?.[1];
      if (type !== undefined) this.#limit = this.#limitOf(type);
    }
    if (length > this.#limit) throw oversize(this.#limit);
  }
}

function textOf(line: Uint8Array): string {
  try {
    return utf8.decode(line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line);
  } catch (cause) {
    throw new FrameError('malformed', 'not UTF-8', { cause });
  }
}
