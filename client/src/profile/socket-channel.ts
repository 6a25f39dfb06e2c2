import type { Socket } from 'node:net';
import { LineDecoder } from '@gochat/protocol/codec';
import * as v from 'valibot';
import type { Channel } from './channel.ts';
import { OWNER_LIMITS } from './limits.ts';

/** Messages as lines of JSON over a socket. */
export class SocketChannel<In, Out extends { type: string }> implements Channel<In, Out> {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #schema: v.GenericSchema<unknown, In>;
  readonly #lines = new LineDecoder(() => OWNER_LIMITS.messageBytes);

  constructor(socket: Socket, schema: v.GenericSchema<unknown, In>) {
    this.#socket = socket;
    this.#schema = schema;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    // 'close' follows; without a listener it would end the process.
    socket.on('error', () => undefined);
  }

  receive(take: (message: In) => void): void {
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of this.#lines.push(chunk)) take(v.parse(this.#schema, JSON.parse(line)));
      } catch (error) {
        this.#socket.destroy(error instanceof Error ? error : undefined);
      }
    });
  }

  send(message: Out): 'sent' | 'unfit' | 'gone' {
    if (!this.#socket.writable) return 'gone';
    const line = encode(message);
    if (line === undefined || line.length > OWNER_LIMITS.messageBytes) return 'unfit';
    if (this.#socket.writableLength + line.length > OWNER_LIMITS.queuedBytes) {
      this.#socket.destroy();
      return 'gone';
    }
    this.#socket.write(line);
    return 'sent';
  }

  /** The peer has a second to read what was sent. */
  close(): void {
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), OWNER_LIMITS.farewellMs).unref();
  }
}

function encode(message: unknown): Buffer | undefined {
  try {
    return Buffer.from(`${JSON.stringify(message)}\n`);
  } catch {
    return undefined;
  }
}
