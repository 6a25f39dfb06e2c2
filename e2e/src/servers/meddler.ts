import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { encodeFrame, LineDecoder, parseDown } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import { parseUp } from '@gochat/protocol/parse-up';
import type { Up } from '@gochat/protocol/up';

/**
 * Replaces one frame by any number of frames. `connection` counts connections from 0, in order of arrival. A promise holds the frame,
 * and those after it in the same direction.
 */
export interface Meddling {
  up?(frame: Up, connection: number): readonly Up[] | Promise<readonly Up[]>;
  down?(frame: Down, connection: number): readonly Down[] | Promise<readonly Down[]>;
}

type Meddled = readonly (Up | Down)[] | Promise<readonly (Up | Down)[]> | undefined;

/** A malicious server: an honest one behind a proxy that changes, drops, repeats or invents frames. */
export class Meddler {
  meddling: Meddling = {};
  readonly #target: number;
  readonly #server = createServer((from) => this.#pass(from));
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  constructor(target: number) {
    this.#target = target;
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `tcp://127.0.0.1:${address.port}`;
  }

  /** Ends all connections; clients reconnect through the proxy. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #pass(from: Socket): void {
    const connection = this.#connections++;
    const to = createConnection({ host: '127.0.0.1', port: this.#target, noDelay: true });
    from.setNoDelay(true);
    this.#carry(from, to, (line) => this.meddling.up?.(parseUp(line), connection));
    this.#carry(to, from, (line) => this.meddling.down?.(parseDown(line), connection));
  }

  /** What is no frame passes as it is: a client tries a WebSocket where a plain connection broke. @param meddle undefined where a line passes as it is */
  #carry(source: Socket, sink: Socket, meddle: (line: string) => Meddled): void {
    const decoder = new LineDecoder();
    let before: Promise<void> = Promise.resolve();
    const pass = async (line: string) => {
      const frames = line.startsWith('{') ? await meddle(line) : undefined;
      for (const text of frames?.map(encodeFrame) ?? [line]) sink.write(`${text}\n`);
    };
    this.#sockets.add(source);
    source.on('data', (chunk: Buffer) => {
      for (const line of decoder.push(chunk)) before = before.then(() => pass(line));
    });
    source.on('error', () => sink.destroy());
    source.on('close', () => {
      this.#sockets.delete(source);
      sink.destroy();
    });
  }
}
