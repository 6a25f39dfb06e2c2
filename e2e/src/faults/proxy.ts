import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** What the proxy does to bytes on their way. */
export type Wire = 'cut' | 'delay' | 'split' | 'drop' | 'repeat';

const LINE_FEED = 10;
const MOST_HELD = 64 * 1024 * 1024;

/** A proxy between clients and a server that delays, splits, drops and repeats what passes, as bad networks do. */
export class FaultyProxy {
  readonly #server = createServer({ allowHalfOpen: false }, (from) => this.#pass(from));
  readonly #pairs = new Set<Pair>();
  readonly #random: () => number;
  #target: number;
  #fault: Fault | undefined;

  /** @param target the port of 127.0.0.1 that it forwards to. @param random from 0 to 1 */
  constructor(target: number, random: () => number) {
    this.#target = target;
    this.#random = random;
  }

  async listen(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return address.port;
  }

  /** Of those who pass through it now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** For new connections. */
  aimAt(target: number): void {
    this.#target = target;
  }

  /**
   * Treats what passes so for a while.
   * @returns to how many chunks of bytes, or connections, it was done: nothing passes where nobody talks
   */
  async treat(wire: Wire, ms: number): Promise<number> {
    const fault: Fault = { wire, done: 0 };
    this.#fault = fault;
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#fault = undefined;
    for (const pair of this.#pairs) pair.release();
    return fault.done;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const pair of this.#pairs) pair.cut();
    await closed;
  }

  #pass(from: Socket): void {
    const to = createConnection({ host: '127.0.0.1', port: this.#target, noDelay: true });
    from.setNoDelay(true);
    const pair: Pair = new Pair(
      from,
      to,
      () => this.#fault,
      this.#random,
      () => this.#pairs.delete(pair),
    );
    this.#pairs.add(pair);
  }
}

interface Fault {
  readonly wire: Wire;
  done: number;
}

/** One connection, in both directions. */
class Pair {
  readonly #sockets: readonly [Socket, Socket];
  readonly #fault: () => Fault | undefined;
  readonly #random: () => number;
  readonly #held: { readonly to: Socket; readonly bytes: Buffer }[] = [];
  #heldBytes = 0;
  /** What it says from now on is lost, until it is cut. */
  #deaf = false;

  constructor(
    from: Socket,
    to: Socket,
    fault: () => Fault | undefined,
    random: () => number,
    ended: () => void,
  ) {
    this.#sockets = [from, to];
    this.#fault = fault;
    this.#random = random;
    for (const [source, sink] of [
      [from, to],
      [to, from],
    ] as const) {
      source.on('data', (bytes: Buffer) => this.#carry(bytes, sink));
      source.on('error', () => sink.destroy());
      source.on('close', () => {
        ended();
        sink.end();
      });
    }
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What was held is sent on; what was dropped can't be, and its connection ends as one does that lost its way. */
  release(): void {
    if (this.#deaf) this.cut();
    for (const { to, bytes } of this.#held.splice(0)) to.write(bytes);
    this.#heldBytes = 0;
  }

  #carry(bytes: Buffer, to: Socket): void {
    const fault = this.#fault();
    // In order, after the chunks that are still delayed.
    if (this.#held.length > 0 && fault?.wire !== 'delay') this.release();
    if (this.#deaf) return;
    if (fault === undefined) {
      to.write(bytes);
      return;
    }
    switch (fault.wire) {
      case 'cut':
        this.#cutWithin(bytes, to, fault);
        break;
      case 'delay':
        this.#hold(bytes, to, fault);
        break;
      case 'split':
        this.#split(bytes, to, fault);
        break;
      case 'drop':
        fault.done += 1;
        this.#deaf = true;
        break;
      case 'repeat':
        this.#repeat(bytes, to, fault);
        break;
      default:
        fault.wire satisfies never;
    }
  }

  #hold(bytes: Buffer, to: Socket, fault: Fault): void {
    this.#held.push({ to, bytes });
    this.#heldBytes += bytes.length;
    fault.done += 1;
    if (this.#heldBytes > MOST_HELD) this.cut();
  }

  #split(bytes: Buffer, to: Socket, fault: Fault): void {
    fault.done += 1;
    for (let at = 0; at < bytes.length; ) {
      const next = at + 1 + Math.floor(this.#random() * 64);
      to.write(bytes.subarray(at, next));
      at = next;
    }
  }

  /** The connection ends in the middle of a frame. */
  #cutWithin(bytes: Buffer, to: Socket, fault: Fault): void {
    if (bytes.length < 2 || this.#random() < 0.8) {
      to.write(bytes);
      return;
    }
    fault.done += 1;
    to.write(bytes.subarray(0, 1 + Math.floor(this.#random() * (bytes.length - 1))), () => this.cut());
    this.#deaf = true;
  }

  /** Whole frames, since nothing on the way of a stream repeats a part of one. */
  #repeat(bytes: Buffer, to: Socket, fault: Fault): void {
    to.write(bytes);
    if (bytes.at(-1) !== LINE_FEED || bytes[0] !== 0x7b || this.#random() < 0.5) return;
    fault.done += 1;
    to.write(bytes);
  }
}
