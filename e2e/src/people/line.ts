import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { parseDown } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';

/** How many requests may be on their way at once. */
const WINDOW = 128;

/** A plain connection that speaks the protocol itself. */
export class Line {
  readonly #socket: Socket;
  readonly #frames: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#frames = createInterface(socket)[Symbol.asyncIterator]();
  }

  /** @param origin the host name in the `hello`. @throws Error when the server doesn't answer with a welcome */
  static async open(port: number, origin = `127.0.0.1:${port}`): Promise<{ line: Line; nonce: string }> {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const line = new Line(socket);
    // The next read reports the end of the connection; a reset is an end.
    socket.on('error', () => socket.destroy());
    line.say(JSON.stringify({ type: 'hello', id: 'hello', version: PROTOCOL_VERSION, origin }));
    const { nonce } = await line.next('welcome');
    return { line, nonce };
  }

  say(frame: string): void {
    this.#socket.write(`${frame}\n`);
  }

  /** @returns the next frame of any type. @throws Error when the connection ends */
  async any(): Promise<Down> {
    const { value, done } = await this.#frames.next();
    if (done) throw new Error('the connection ended');
    return parseDown(value);
  }

  /** The next frame of this type; others are dropped. @throws Error at an `error` frame, and when the connection ends. */
  async next<T extends Down['type']>(type: T): Promise<Extract<Down, { type: T }>> {
    for (;;) {
      const frame = await this.any();
      if (frame.type === 'error') throw new Error(`${frame.code}: ${frame.message}`);
      if (frame.type === type) return frame as Extract<Down, { type: T }>;
    }
  }

  /** Says all of these, some ahead of their acknowledgements, and awaits the last. @returns the position of the last. */
  async sayAll(frames: Iterable<string>): Promise<string> {
    let waiting = 0;
    let seq = '';
    for (const frame of frames) {
      this.say(frame);
      waiting += 1;
      if (waiting < WINDOW) continue;
      seq = (await this.next('ack')).seq;
      waiting -= 1;
    }
    for (; waiting > 0; waiting--) seq = (await this.next('ack')).seq;
    return seq;
  }

  close(): void {
    this.#socket.destroy();
  }
}
