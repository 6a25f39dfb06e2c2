import type { Socket } from 'node:net';
import { encodeFrame, FrameError, LineDecoder } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import type { EndOfTick } from './end-of-tick.ts';
import type { Link, LinkEvents } from './link.ts';
import { corkTick, drained } from './socket-end.ts';

const LINK = Symbol('link');

/** All sockets share their listeners: closures per connection would take more memory. */
interface LinkedSocket extends Socket {
  [LINK]?: LineLink;
}

function onData(this: LinkedSocket, chunk: Buffer): void {
  this[LINK]?.receive(chunk);
}

function onError(this: LinkedSocket): void {
  this.destroy();
}

function onClose(this: LinkedSocket): void {
  this[LINK]?.gone();
}

/** Newline-delimited JSON over a TCP or TLS socket. */
export class LineLink implements Link {
  readonly transport = 'line';
  readonly #socket: LinkedSocket;
  readonly #endOfTick: EndOfTick;
  readonly #lingerMs: number;
  readonly #decoder: LineDecoder;
  #events: LinkEvents | undefined;
  #ended = false;

  constructor(socket: Socket, endOfTick: EndOfTick, lingerMs: number) {
    this.#socket = socket;
    this.#endOfTick = endOfTick;
    this.#lingerMs = lingerMs;
    this.#decoder = new LineDecoder((type) => this.#events?.limitOf(type) ?? 0);
    socket.setNoDelay(true);
  }

  start(events: LinkEvents): void {
    this.#events = events;
    this.#socket[LINK] = this;
    this.#socket.on('data', onData).on('error', onError).on('close', onClose);
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  receive(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      for (const line of this.#decoder.push(chunk)) this.#events?.text(line);
      this.#events?.heard(this.#decoder.unfinished);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#events?.broken(error);
    }
  }

  gone(): void {
    this.#events?.gone();
  }

  send(frame: Down): void {
    if (this.#ended) return;
    corkTick(this.#socket, this.#endOfTick);
    this.#socket.write(`${encodeFrame(frame)}\n`);
  }

  write(prepared: Uint8Array): void {
    if (!this.#ended) this.#socket.write(prepared);
  }

  drained(): Promise<void> {
    return drained(this.#socket);
  }

  pause(): void {
    if (!this.#socket.isPaused()) this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    // What the peer still sends is read and dropped. Unread bytes would make the kernel reset the connection, and the peer would
    // lose our last frames.
    this.#socket.resume();
    this.#socket.end();
    const linger = setTimeout(() => this.#socket.destroy(), this.#lingerMs);
    linger.unref();
    this.#socket.once('close', () => clearTimeout(linger));
  }
}
