import type { Duplex } from 'node:stream';
import { encodeFrame } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import type { ErrorCode } from '@gochat/protocol/errors';
import type { WebSocket } from 'ws';
import type { EndOfTick } from './end-of-tick.ts';
import type { Link, LinkEvents } from './link.ts';
import { corkTick, drained } from './socket-end.ts';

/** RFC 6455 close codes: 1012 service restart, 1013 try again later, 1008 policy. */
const CLOSE_CODES: Partial<Record<ErrorCode, number>> = { restarting: 1012, slow: 1013 };

/** Of a client's ping or pong: two bytes and the mask (RFC 6455, section 5.2). */
const CONTROL_HEADER_BYTES = 6;
const CLOSING_BYTES = 64 * 1024;
/** What the library needs to keep a chunk of a message that has not ended, beside its bytes; about. */
const CHUNK_BYTES = 256;
/** So many chunks are not counted: a slow network may deliver a small message byte by byte. */
const FREE_CHUNKS = 64;

/** One JSON frame per WebSocket text message. */
export class WebLink implements Link {
  readonly transport = 'web';
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #endOfTick: EndOfTick;
  readonly #lingerMs: number;
  /** How many bytes arrived of a message that has not ended, and in how many chunks. The library keeps them as they arrived. */
  #unfinished = 0;
  #chunks = 0;
  /** Whether a message ended in the bytes that the library reads now. */
  #hasEnded = false;

  /** @param socket the socket of `ws` */
  constructor(ws: WebSocket, socket: Duplex, endOfTick: EndOfTick, lingerMs: number) {
    this.#ws = ws;
    this.#socket = socket;
    this.#endOfTick = endOfTick;
    this.#lingerMs = lingerMs;
  }

  start(events: LinkEvents): void {
    const ws = this.#ws;
    ws.on('message', (data, isBinary) => {
      this.#hasEnded = true;
      // No frame is binary. An empty text is refused as malformed.
      events.text(isBinary ? '' : data.toString());
    });
    const control = (payload: Buffer) => {
      this.#unfinished -= CONTROL_HEADER_BYTES + payload.length;
    };
    ws.on('ping', control);
    ws.on('pong', control);
    // The library's own listener comes first: it reports what ends in these bytes.
    this.#socket.on('data', (chunk: Buffer) => {
      // Of bytes after the end of a message, at most one chunk isn't counted.
      this.#unfinished = this.#hasEnded ? 0 : Math.max(0, this.#unfinished + chunk.length);
      this.#chunks = this.#unfinished === 0 ? 0 : this.#chunks + 1;
      this.#hasEnded = false;
      // Nothing that a closing peer still sends is kept for long.
      if (ws.readyState !== ws.OPEN && this.#unfinished > CLOSING_BYTES) ws.terminate();
      events.heard(this.#unfinished + CHUNK_BYTES * Math.max(0, this.#chunks - FREE_CHUNKS));
    });
    ws.on('error', () => ws.close(1008));
    ws.on('close', () => events.gone());
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  send(frame: Down): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    corkTick(this.#socket, this.#endOfTick);
    this.#ws.send(encodeFrame(frame));
  }

  /**
   * Writes to the socket, bypassing the library. Without compression the library writes each frame whole and immediately, so our
   * frames never split one of its own. Nothing may follow a close frame: the state is no longer OPEN then.
   */
  write(prepared: Uint8Array): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#socket.write(prepared);
  }

  drained(): Promise<void> {
    return drained(this.#socket);
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(code: ErrorCode | undefined): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#ws.resume();
    this.#ws.close(code === undefined ? 1000 : (CLOSE_CODES[code] ?? 1008));
    const linger = setTimeout(() => this.#ws.terminate(), this.#lingerMs);
    linger.unref();
    this.#ws.once('close', () => clearTimeout(linger));
  }
}
