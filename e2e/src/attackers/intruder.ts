import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { WAIT_MS } from '../waits.ts';

/** The most that is kept of what a connection received: its end. */
const KEPT_CHARS = 64 * 1024;
/** The number of addresses of 127.0.1.0/24 that attackers use. */
const ADDRESSES = 200;

/** A connection that sends any bytes, from a chosen loopback address. */
export class Intruder {
  readonly socket: Socket;
  /** The end of what was received. */
  heard = '';
  /** The number of error frames for each code. */
  readonly errors = new Map<string, number>();
  /** The number of complete frames received. */
  frames = 0;
  /** The number of acknowledgements received. */
  acknowledged = 0;
  readonly gone: Promise<void>;
  #partial = '';
  #watchers: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk.toString('latin1')));
    // A reset is an end too.
    socket.on('error', () => socket.destroy());
    this.gone = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(() =>
      this.#changed(),
    );
  }

  /** @param from the number of the address to connect from */
  static async open(port: number, from: number): Promise<Intruder> {
    const localAddress = `127.0.1.${1 + (from % ADDRESSES)}`;
    const socket = createConnection({ port, host: '127.0.0.1', localAddress, noDelay: true });
    const intruder = new Intruder(socket);
    await once(socket, 'connect');
    return intruder;
  }

  /** @returns a connection after its `hello`; undefined when the server refused it */
  static async welcomed(
    port: number,
    from: number,
  ): Promise<{ readonly intruder: Intruder; readonly nonce: string } | undefined> {
    const intruder = await Intruder.open(port, from);
    intruder.say({ type: 'hello', id: 'hello', version: PROTOCOL_VERSION, origin: `127.0.0.1:${port}` });
    await intruder.hears(/"welcome"|"error"/);
    const nonce = /"nonce":"([^"]+)"/.exec(intruder.heard)?.[1];
    intruder.heard = '';
    return nonce === undefined ? undefined : { intruder, nonce };
  }

  get ended(): boolean {
    return this.socket.destroyed || this.socket.readableEnded;
  }

  say(frame: object): void {
    this.write(`${JSON.stringify(frame)}\n`);
  }

  /** @returns whether more can be written without waiting; a closed connection drops the bytes */
  write(bytes: string): boolean {
    return !this.socket.destroyed && this.socket.writable && this.socket.write(bytes);
  }

  /** Writes the results of `next` as fast as the server reads them. @returns the number of writes */
  async pours(seconds: number, next: () => string): Promise<number> {
    const until = performance.now() + seconds * 1000;
    let written = 0;
    while (performance.now() < until && !this.ended) {
      written += 1;
      if (this.write(next())) await new Promise((resolve) => setImmediate(resolve));
      else await Promise.race([once(this.socket, 'drain'), this.gone, pause(until - performance.now())]);
    }
    return written;
  }

  /** @returns whether matching text arrived before the connection ended and the time was over */
  async hears(pattern: RegExp, ms = WAIT_MS): Promise<boolean> {
    const late = pause(ms).then(() => 'late');
    while (!pattern.test(this.heard)) {
      if (this.ended) return false;
      const next = new Promise<void>((resolve) => this.#watchers.push(resolve));
      if ((await Promise.race([next, late])) === 'late') return pattern.test(this.heard);
    }
    return true;
  }

  /** Sends a request and takes the next frame as the answer. @returns the code of an error, or else the type of the frame */
  async ask(frame: object, ms?: number): Promise<string> {
    this.heard = '';
    this.say(frame);
    await this.hears(/\n/, ms);
    const { type, code } = answerOf(this.heard);
    return code ?? type ?? (this.ended ? 'ended' : 'silence');
  }

  close(): void {
    this.socket.destroy();
  }

  #take(text: string): void {
    this.heard = (this.heard + text).slice(-KEPT_CHARS);
    const lines = (this.#partial + text).split('\n');
    this.#partial = (lines.pop() ?? '').slice(-KEPT_CHARS);
    this.frames += lines.length;
    for (const line of lines) {
      if (line.startsWith('{"type":"ack"')) this.acknowledged += 1;
      const code = line.startsWith('{"type":"error"') ? answerOf(line).code : undefined;
      if (code !== undefined) this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    }
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}

function answerOf(text: string): { readonly type: string | undefined; readonly code: string | undefined } {
  return { type: /"type":"(\w+)"/.exec(text)?.[1], code: /"code":"([\w-]+)"/.exec(text)?.[1] };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Runs `one` so many times at once; the first failure fails all. */
export function crowd<T>(count: number, one: (i: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => one(i)));
}
