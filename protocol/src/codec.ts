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
  return JSON.stringify(frame);
}

/** @throws FrameError when the text is not a frame that a client may send. */
export function parseUp(text: string): Up {
  return parse(up, text);
}

/** @throws FrameError when the text is not a frame that a server may send. */
export function parseDown(text: string): Down {
  return parse(down, text);
}

function parse<S extends typeof up | typeof down>(schema: S, text: string): v.InferOutput<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FrameError('malformed', 'not JSON', { cause });
  }
  const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (!result.success) throw new FrameError('malformed', describe(result.issues[0]));
  if (text.length > frameLimit(result.output.type) && schema === up) {
    throw new FrameError(
      'oversize',
      `a ${result.output.type} frame has at most ${frameLimit(result.output.type)} bytes`,
    );
  }
  return result.output;
}

/** Says where and what, never the value: a peer's bytes don't belong in errors. */
function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return `${path ?? 'frame'}: expected ${issue.expected ?? 'another value'}`;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const namedType = /^\s*\{\s*"type"\s*:\s*"([a-z-]{1,32})"/;

/**
 * Cuts a byte stream into lines of UTF-8 text. Fed by arbitrary chunks: a character, a frame, or many frames may be split
 * anywhere. Holds at most one unfinished line, and never more of it than the limit of the type that it names.
 */
export class LineDecoder {
  #chunks: Uint8Array[] = [];
  #held = 0;
  #limit: number = LIMITS.frameTypePeekBytes;
  readonly #limitOf: (type: string) => number;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** @param limitOf the largest length in bytes of a frame by its type. */
  constructor(limitOf: (type: string) => number = frameLimit) {
    this.#limitOf = limitOf;
  }

  /**
   * @returns the lines that this chunk completes, in order; empty ones are left out.
   * @throws FrameError `oversize` when a line outgrows its limit, `malformed` when it is not UTF-8. The stream can't be used on.
   */
  *push(chunk: Uint8Array): Generator<string, void, undefined> {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      this.#hold(chunk.subarray(from, end));
      from = end + 1;
      const line = this.#take();
      if (line !== '') yield line;
    }
    // The remainder may be a view of a pooled buffer that its owner reuses.
    if (from < chunk.length) this.#hold(chunk.slice(from));
  }

  #hold(part: Uint8Array): void {
    this.#chunks.push(part);
    this.#held += part.length;
    if (this.#held <= this.#limit) return;
    if (this.#limit === LIMITS.frameTypePeekBytes) {
      const start = new TextDecoder().decode(join(this.#chunks).subarray(0, 128));
      const type = namedType.exec(start)?.[1];
      if (type !== undefined) this.#limit = this.#limitOf(type);
    }
    if (this.#held > this.#limit)
      throw new FrameError('oversize', `a frame of this type has at most ${this.#limit} bytes`);
  }

  #take(): string {
    const whole = join(this.#chunks);
    this.#chunks = [];
    this.#held = 0;
    this.#limit = LIMITS.frameTypePeekBytes;
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    try {
      return this.#utf8.decode(bytes);
    } catch (cause) {
      throw new FrameError('malformed', 'not UTF-8', { cause });
    }
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const only = chunks[0];
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
