import * as v from 'valibot';
import { type Down, down } from './down.ts';
import type { ErrorCode } from './errors.ts';
import { frameLimit, LIMITS } from './limits.ts';
import { type Up, up } from './up.ts';

/** The peer's bytes are not this protocol; `code` is what to answer. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code: Extract<ErrorCode, 'malformed' | 'oversize'>;
  constructor(code: Extract<ErrorCode, 'malformed' | 'oversize'>, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A frame as one line of JSON with its `type` first, without the line feed. */
export function encodeFrame(frame: Up | Down): string {
  const { type, ...members } = frame;
  return JSON.stringify({ type, ...members });
}

/** Above what any frame of a client has: itself, its lists, and an object for each invite. */
const MOST_NESTED = 2 * LIMITS.invitesPerRoom;

function occursOver(text: string, mark: string, most: number): boolean {
  let seen = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    seen += 1;
    if (seen > most) return true;
  }
  return false;
}

type Schemas<F> = ReadonlyMap<unknown, v.GenericSchema<unknown, F>>;

// By type, because a variant tries its options one by one.
const ups: Schemas<Up> = new Map(up.options.map((frame) => [frame.entries.type.literal, frame]));
const downs: Schemas<Down> = new Map(down.options.map((frame) => [frame.entries.type.literal, frame]));

/** @throws FrameError when the text is not a frame that a client may send. */
export function parseUp(text: string): Up {
  // Before it is parsed: a million nested arrays fit into the largest frame, and take a hundred times its memory.
  if (occursOver(text, '{', MOST_NESTED) || occursOver(text, '[', MOST_NESTED)) {
    throw new FrameError('malformed', 'more objects or lists than any frame has');
  }
  return parse(ups, text);
}

/** @throws FrameError when the text is not a frame that a server may send. */
export function parseDown(text: string): Down {
  return parse(downs, text);
}

/** Speaks of what was expected instead of valibot's own words, which quote the value. */
const strictly = {
  abortEarly: true,
  abortPipeEarly: true,
  message: (issue: v.BaseIssue<unknown>) => issue.expected ?? 'another value',
};

function parse<F extends Up | Down>(schemas: Schemas<F>, text: string): F {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without its cause, which quotes the text.
    throw new FrameError('malformed', 'not JSON');
  }
  const schema = schemas.get(typeOf(value));
  if (schema === undefined) throw new FrameError('malformed', 'not an object with a known type');
  const result = v.safeParse(schema, value, strictly);
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

/** Says where and what, never the value or an unknown member's name: a peer's bytes don't belong in errors. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'never') return 'a member that this frame does not have';
  return `${v.getDotPath(issue)}: expected ${issue.message}`;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TYPE_WITHIN_BYTES = 128;
const namedType = /^\s*\{\s*"type"\s*:\s*"([a-z-]{1,32})"/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NOTHING = new Uint8Array(0);

/**
 * Cuts a byte stream into lines of UTF-8 text. Fed by arbitrary chunks: a character, a frame, or many frames may be split
 * anywhere. Holds at most one unfinished line, and never more of it than the limit of the type that it names.
 */
export class LineDecoder {
  /** Its first `#length` bytes are the unfinished line. One growing buffer, so that a chunk of one byte costs one byte. */
  #held: Uint8Array = NOTHING;
  #length = 0;
  #limit: number = LIMITS.frameTypePeekBytes;
  readonly #limitOf: (type: string) => number;

  /** @param limitOf the largest length in bytes of a frame by its type. */
  constructor(limitOf: (type: string) => number = frameLimit) {
    this.#limitOf = limitOf;
  }

  /**
   * @returns the lines that this chunk completes, in order; empty ones are left out. They must be taken to the end before the
   * chunk's bytes change or the next chunk comes.
   * @throws FrameError `oversize` when a line outgrows its limit, `malformed` when it is not UTF-8. The stream can't be used on.
   */
  *push(chunk: Uint8Array): Generator<string, void, undefined> {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      const line = this.#finish(chunk.subarray(from, end));
      from = end + 1;
      if (line !== '') yield line;
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from));
  }

  #hold(part: Uint8Array): void {
    const length = this.#length + part.length;
    this.#admit(length, part);
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.min(Math.max(length, 2 * this.#held.length, 512), this.#limit));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(part, this.#length);
    this.#length = length;
  }

  #finish(part: Uint8Array): string {
    if (this.#length === 0) {
      this.#admit(part.length, part);
      this.#limit = LIMITS.frameTypePeekBytes;
      return textOf(part);
    }
    this.#hold(part);
    const text = textOf(this.#held.subarray(0, this.#length));
    if (this.#held.length > LIMITS.frameTypePeekBytes) this.#held = NOTHING;
    this.#length = 0;
    this.#limit = LIMITS.frameTypePeekBytes;
    return text;
  }

  /** Refuses a line that would be `length` bytes long with `part` at its end. */
  #admit(length: number, part: Uint8Array): void {
    if (length <= this.#limit) return;
    if (this.#limit === LIMITS.frameTypePeekBytes) {
      const held = this.#held.subarray(0, Math.min(this.#length, TYPE_WITHIN_BYTES));
      const start = String.fromCharCode(...held, ...part.subarray(0, TYPE_WITHIN_BYTES - held.length));
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
