import { setTimeout as wait } from 'node:timers/promises';
import { encodeFrame, parseDown } from '@gochat/protocol/codec';
import type { Down, DownOf } from '@gochat/protocol/down';
import type { ErrorCode } from '@gochat/protocol/errors';
import type { RequestId } from '@gochat/protocol/fields';
import type { Up } from '@gochat/protocol/up';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { Failure, must } from './failure.ts';
import { random } from './key-pair.ts';
import type { Target } from './target.ts';
import { type Over, open, type Wire } from './wire.ts';

/** How long a server may take for an answer. */
const ANSWER_MS = 15_000;
/** The longest wait that a server may ask for before a request is repeated. */
const RETRY_MS = 90_000;
const SHOWN_CHARS = 400;

/** One connection of a check. It sends frames, or any bytes, and waits for those of the server. */
export class Connection {
  readonly origin: string;
  /** `nonce` of `welcome`. */
  nonce = '';
  readonly #name: string;
  readonly #transcript: string[];
  #wire: Wire | undefined;
  /** Frames that no check has taken yet. */
  #frames: Down[] = [];
  #failure: Failure | undefined;
  #closed: { readonly code?: number } | undefined;
  /** Called at each frame, and at the end. */
  #waiters: (() => void)[] = [];

  private constructor(name: string, origin: string, transcript: string[]) {
    this.#name = name;
    this.origin = origin;
    this.#transcript = transcript;
  }

  /** Connects, without `hello`. @param name in the transcript, to which it adds lines */
  static async dial(target: Target, over: Over, name: string, transcript: string[]): Promise<Connection> {
    const connection = new Connection(name, target.origin, transcript);
    connection.#wire = await open(target, over, {
      text: (text) => connection.#take(text),
      closed: (code) => {
        connection.#note('closed', code === undefined ? '' : `code ${code}`);
        connection.#closed = code === undefined ? {} : { code };
        connection.#wake();
      },
      failed: (error) => connection.#fail(error),
    });
    return connection;
  }

  /** Sends `hello`, and waits for `welcome`. */
  async greet(): Promise<DownOf<'welcome'>> {
    const hello = {
      type: 'hello',
      id: random<RequestId>(),
      version: PROTOCOL_VERSION,
      origin: this.origin,
    } as const;
    const welcome = await this.expect('welcome', hello);
    this.nonce = welcome.nonce;
    return welcome;
  }

  send(frame: Up): void {
    this.text(encodeFrame(frame));
  }

  /** Sends the text of a frame, valid or not. */
  text(text: string): void {
    this.#note('→', text);
    this.#wire?.send(text);
  }

  /** Sends bytes as they are; over WebSocket as a binary message. */
  bytes(bytes: Uint8Array): void {
    this.#note('→', `(bytes) ${Buffer.from(bytes).toString('latin1')}`);
    this.#wire?.write(bytes);
  }

  end(): void {
    this.#wire?.end();
  }

  /** Sends a request and waits for its reply. It repeats a request that is `rate-limited`, after the wait that the server asks for. */
  async ask(frame: Up & { readonly id: string }): Promise<Down> {
    for (;;) {
      this.send(frame);
      const reply = await this.take(
        (down) => 'id' in down && down.id === frame.id,
        `the reply to ${frame.type}`,
      );
      if (reply.type !== 'error' || reply.code !== 'rate-limited') return reply;
      const ms = reply.retryAfterMs ?? 1000;
      must(ms <= RETRY_MS, `the server asks to wait ${ms} ms: run the suite where its limits are higher`);
      await wait(ms);
    }
  }

  /** As {@link ask}. @throws Failure unless the reply has this type */
  async expect<T extends Down['type']>(type: T, frame: Up & { readonly id: string }): Promise<DownOf<T>> {
    const reply = await this.ask(frame);
    must(reply.type === type, `the reply to ${frame.type} is ${nameOf(reply)}, not ${type}`);
    return reply as DownOf<T>;
  }

  /** As {@link ask}. @throws Failure unless the reply is an error with this code */
  async refused(code: ErrorCode, frame: Up & { readonly id: string }): Promise<DownOf<'error'>> {
    const reply = await this.ask(frame);
    must(
      reply.type === 'error' && reply.code === code,
      `the reply to ${frame.type} is ${nameOf(reply)}, not ${code}`,
    );
    return reply;
  }

  /** Sends a text that is a request, and waits for an error with this code and without an end of the connection. */
  async textRefused(code: ErrorCode, text: string): Promise<void> {
    this.text(text);
    const error = await this.next('error');
    must(error.code === code, `the error is ${error.code}, not ${code}`);
  }

  /** Waits for an error with this code about the connection, and for its end. @returns the close code of a WebSocket */
  async ends(code: ErrorCode): Promise<number | undefined> {
    const error = await this.take((down) => down.type === 'error', `the error ${code}`);
    must(error.type === 'error' && error.code === code, `the error is ${nameOf(error)}, not ${code}`);
    await this.#until(() => this.#closed !== undefined, 'the end of the connection');
    return this.#closed?.code;
  }

  /** Takes the first frame, of those received and those to come, that fits. @throws Failure if none comes */
  async take(fits: (frame: Down) => boolean, what: string): Promise<Down> {
    let found: Down | undefined;
    await this.#until(() => {
      found = this.#frames.find(fits);
      return found !== undefined;
    }, what);
    this.#frames = this.#frames.filter((frame) => frame !== found);
    return found as Down;
  }

  async next<T extends Down['type']>(type: T): Promise<DownOf<T>> {
    return (await this.take((frame) => frame.type === type, `a frame ${type}`)) as DownOf<T>;
  }

  /** Waits until the server has processed everything before. @returns the frames that no check has taken */
  async rest(): Promise<readonly Down[]> {
    await this.expect('pong', { type: 'ping', id: random<RequestId>() });
    return this.#frames;
  }

  async #until(isTrue: () => boolean, what: string): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const timeout = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    while (!isTrue()) {
      if (this.#failure !== undefined) throw this.#failure;
      must(this.#closed === undefined, `the server closed the connection before ${what}`);
      must(!signal.aborted, `${what} didn't come within ${ANSWER_MS} ms`);
      const news = new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
      });
      await Promise.race([news, timeout]);
    }
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #take(text: string): void {
    this.#note('←', text);
    try {
      this.#frames.push(parseDown(text));
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= new Failure(`the server sent what is no frame of the protocol: ${error.message}`);
    this.#wake();
  }

  #note(what: string, text: string): void {
    const shown =
      text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}… (${text.length} characters)` : text;
    this.#transcript.push(`${this.#name} ${what} ${shown}`.trimEnd());
  }
}

function nameOf(frame: Down): string {
  return frame.type === 'error' ? `the error ${frame.code}` : frame.type;
}
