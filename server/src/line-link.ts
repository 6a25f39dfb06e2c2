import type { Socket } from 'node:net';
import { encodeFrame, FrameError, LineDecoder } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import type { Link, LinkEvents } from './link.ts';
import { corkTurn, drained } from './socket-end.ts';
import type { Turn } from './turn.ts';

/** Newline-delimited JSON over a TCP or TLS socket. */
export class LineLink implements Link {
  readonly transport = 'line';
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #lingerMs: number;
  readonly #decoder: LineDecoder;
  #events: LinkEvents | undefined;
  #ended = false;

  constructor(socket: Socket, turn: Turn, lingerMs: number) {
    this.#socket = socket;
    this.#turn = turn;
    this.#lingerMs = lingerMs;
    this.#decoder = new LineDecoder((type) => this.#events?.limitOf(type) ?? 0);
    socket.setNoDelay(true);
  }

  start(events: LinkEvents): void {
    this.#events = events;
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => events.gone());
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  receive(chunk: Buffer): void {
    if (this.#ended) return;
    this.#events?.heard();
    try {
      for (const line of this.#decoder.push(chunk)) this.#events?.text(line);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#events?.broken(error);
    }
  }

  send(frame: Down): void {
    if (this.#ended) return;
    corkTurn(this.#socket, this.#turn);
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
    // What the peer still sends is read and dropped: unread bytes would turn the end into a reset that eats our last words.
    this.#socket.resume();
    this.#socket.end();
    const linger = setTimeout(() => this.#socket.destroy(), this.#lingerMs);
    linger.unref();
    this.#socket.once('close', () => clearTimeout(linger));
  }
}
