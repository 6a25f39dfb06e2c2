import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeFrame, LineDecoder, parseDown } from '@gochat/protocol/codec';
import type { Down, DownOf } from '@gochat/protocol/down';
import type { Up } from '@gochat/protocol/up';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { WebSocket } from 'ws';
import { newId } from './keys.ts';

export type Over = 'line' | 'tls' | 'web' | 'wss';

interface Waiter {
  readonly wanted: (frame: Down) => boolean;
  readonly found: (frame: Down) => void;
  readonly lost: (error: Error) => void;
}

/** The transport of a peer. */
interface Wire {
  send(text: string): void;
  write(text: string): void;
  pause(): void;
  resume(): void;
  end(): void;
}

/** A client's connection: it sends and receives frames, without any state of rooms. */
export class Peer {
  /** Every received frame, in order. */
  readonly frames: Down[] = [];
  readonly closed: Promise<void>;
  readonly origin: string;
  nonce = '';
  /** Over WebSocket: the library's own. */
  webSocket: WebSocket | undefined;
  #wire: Wire | undefined;
  #isClosed = false;
  #seen = 0;
  #waiters: Waiter[] = [];
  #markClosed: () => void = () => undefined;

  private constructor(origin: string) {
    this.origin = origin;
    this.closed = new Promise((resolve) => {
      this.#markClosed = resolve;
    });
  }

  static async dial(port: number, over: Over = 'line'): Promise<Peer> {
    const peer = new Peer(`127.0.0.1:${port}`);
    peer.#wire =
      over === 'line' || over === 'tls' ? await peer.#dialLine(port, over) : await peer.#dialWeb(port, over);
    return peer;
  }

  /** Connects and sends hello. */
  static async greet(port: number, over: Over = 'line'): Promise<Peer> {
    const peer = await Peer.dial(port, over);
    const welcome = await peer.ask<'welcome'>({
      type: 'hello',
      id: newId(),
      version: PROTOCOL_VERSION,
      origin: peer.origin,
    });
    peer.nonce = welcome.nonce;
    return peer;
  }

  send(frame: Up): void {
    this.raw(encodeFrame(frame));
  }

  /** Sends the text of one frame, valid or not. */
  raw(text: string): void {
    this.#wire?.send(text);
  }

  /** Sends bytes that need not be whole frames; over WebSocket as a binary message. */
  rawBytes(text: string): void {
    this.#wire?.write(text);
  }

  /** Sends a request and waits for its reply. */
  ask<T extends Down['type'] = Down['type']>(frame: Up & { id: string }): Promise<DownOf<T>> {
    const answer = this.coming((down): down is DownOf<T> => 'id' in down && down.id === frame.id);
    this.send(frame);
    return answer;
  }

  /** The first wanted frame among those received since {@link forget}, or the next one received. */
  next<F extends Down>(wanted: (frame: Down) => frame is F): Promise<F>;
  next(wanted: (frame: Down) => boolean): Promise<Down>;
  next(wanted: (frame: Down) => boolean): Promise<Down> {
    const have = this.frames.slice(this.#seen).find(wanted);
    return have === undefined ? this.coming(wanted) : Promise.resolve(have);
  }

  /** The next wanted frame, not received yet. */
  coming<F extends Down>(wanted: (frame: Down) => frame is F): Promise<F>;
  coming(wanted: (frame: Down) => boolean): Promise<Down>;
  coming(wanted: (frame: Down) => boolean): Promise<Down> {
    return new Promise((found, lost) => {
      if (this.#isClosed) lost(new Error('the connection has ended'));
      else this.#waiters.push({ wanted, found, lost });
    });
  }

  /** Resolves when the server has handled everything sent before. */
  async barrier(): Promise<void> {
    await this.ask({ type: 'ping', id: newId() });
  }

  /** From now on {@link next} considers later frames only. */
  forget(): void {
    this.#seen = this.frames.length;
  }

  of<T extends Down['type']>(type: T): DownOf<T>[] {
    return this.frames.filter((frame): frame is DownOf<T> => frame.type === type);
  }

  pause(): void {
    this.#wire?.pause();
  }

  resume(): void {
    this.#wire?.resume();
  }

  end(): void {
    this.#wire?.end();
  }

  #take(text: string): void {
    const frame = parseDown(text);
    this.frames.push(frame);
    const served = this.#waiters.filter((waiter) => waiter.wanted(frame));
    this.#waiters = this.#waiters.filter((waiter) => !served.includes(waiter));
    for (const waiter of served) waiter.found(frame);
  }

  #end(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.lost(new Error('the connection has ended'));
    this.#waiters = [];
    this.#markClosed();
  }

  #dialLine(port: number, over: Over): Promise<Wire> {
    const decoder = new LineDecoder(() => Number.MAX_SAFE_INTEGER);
    const tls = {
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['gochat/1', 'http/1.1'],
    };
    return new Promise((resolve, reject) => {
      const ready = () => resolve(wire(socket));
      const socket: Socket = over === 'tls' ? connectTls(tls, ready) : connect(port, '127.0.0.1', ready);
      socket.on('data', (chunk: Buffer) => {
        for (const line of decoder.push(chunk)) this.#take(line);
      });
      socket.on('error', reject);
      socket.on('close', () => this.#end());
    });
  }

  #dialWeb(port: number, over: Over): Promise<Wire> {
    const scheme = over === 'wss' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://127.0.0.1:${port}/ws`, { rejectUnauthorized: false });
    this.webSocket = socket;
    return new Promise((resolve, reject) => {
      socket.on('open', () =>
        resolve({
          send: (text) => socket.send(text),
          write: (text) => socket.send(Buffer.from(text)),
          pause: () => socket.pause(),
          resume: () => socket.resume(),
          end: () => socket.close(),
        }),
      );
      socket.on('message', (data) => this.#take(data.toString()));
      socket.on('error', reject);
      socket.on('close', () => this.#end());
    });
  }
}

function wire(socket: Socket): Wire {
  return {
    send: (text) => socket.write(`${text}\n`),
    write: (text) => socket.write(text),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.end(),
  };
}
