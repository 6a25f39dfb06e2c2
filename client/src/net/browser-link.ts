import { encodeFrame, parseDown } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import { LIMITS } from '@gochat/protocol/limits';
import type { Up } from '@gochat/protocol/up';
import { type Clock, systemClock } from '../schedule/clock.ts';
import type { Address } from './address.ts';
import { DialError } from './dial-error.ts';
import { FAREWELL_MS, type Link, type LinkEnd, type LinkEvents, QUEUED_BYTES } from './link.ts';

export interface BrowserDialOptions {
  readonly clock?: Clock;
  /** The platform's; tests bring their own. */
  readonly openSocket?: (url: string) => WebSocket;
}

/**
 * What may wait here while the link is paused. The platform's WebSocket reads on all the same: it has no way to hold the server
 * back. Behind this much it is closed, what waits is handed on, and the next connection goes on from there.
 */
export const PAUSED_CHARS = 64 * 1024 * 1024;

const WITHIN_MS = 10_000;
const FRAME_CHARS = Math.max(...Object.values(LIMITS.frameBytes));
const NORMAL = 1000;
/** The connection broke without a closing frame. */
const BROKEN = 1006;

/** Frames as text messages over the browser's WebSocket. */
export class BrowserLink implements Link {
  readonly origin: string;
  readonly closed: Promise<LinkEnd>;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  #waiting: string[] = [];
  #waitingChars = 0;
  #draining = false;
  #events: LinkEvents | undefined;
  #paused = false;
  /** Why it ends, from when that is certain; nothing comes any more, but what waits is still handed on. */
  #end: LinkEnd | undefined;
  #over = false;
  #finish: (end: LinkEnd) => void = () => undefined;

  private constructor(socket: WebSocket, origin: string, clock: Clock) {
    this.origin = origin;
    this.#socket = socket;
    this.#clock = clock;
    this.closed = new Promise((resolve) => {
      this.#finish = resolve;
    });
    socket.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
    socket.onclose = ({ code }) => {
      this.#end ??= { reason: code === BROKEN ? 'lost' : 'peer' };
      this.#over = true;
      this.#drain();
    };
  }

  /** @throws DialError when nobody is reached there. Browsers don't tell why. */
  static open(
    { origin, secure }: Pick<Address, 'origin' | 'secure'>,
    { clock = systemClock, openSocket = (url) => new WebSocket(url) }: BrowserDialOptions = {},
  ): Promise<BrowserLink> {
    const socket = openSocket(`${secure ? 'wss' : 'ws'}://${origin}/ws`);
    socket.binaryType = 'arraybuffer';
    return new Promise((resolve, reject) => {
      const callOff = clock.after(WITHIN_MS, () => {
        reject(new DialError({ kind: 'timeout', ms: WITHIN_MS }));
        socket.close();
      });
      socket.onopen = () => {
        callOff();
        resolve(new BrowserLink(socket, origin, clock));
      };
      socket.onclose = () => {
        callOff();
        reject(new DialError({ kind: 'browser' }));
      };
    });
  }

  start(events: LinkEvents): void {
    this.#events = events;
    this.#drain();
  }

  send(frame: Up): void {
    if (this.#end !== undefined) return;
    const text = encodeFrame(frame);
    if (this.queuedBytes + text.length <= QUEUED_BYTES) this.#socket.send(text);
    else this.#drop({ reason: 'overrun' });
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#drain();
  }

  close(): void {
    this.#drop({ reason: 'here' });
  }

  #hear(data: unknown): void {
    if (this.#end !== undefined) return;
    this.#events?.heard();
    if (typeof data !== 'string' || data.length > FRAME_CHARS) {
      this.#drop({ reason: 'malformed', cause: new Error('no frame of this protocol') });
      return;
    }
    this.#waiting.push(data);
    this.#waitingChars += data.length;
    this.#drain();
    if (this.#waitingChars > PAUSED_CHARS) this.#leave({ reason: 'flooded' });
  }

  /** Hands on what waits, as far as it may; then ends, if it is to. */
  #drain(): void {
    // Whoever takes a frame may resume, and so come here again.
    if (this.#draining) return;
    this.#draining = true;
    let next = 0;
    while (this.#events !== undefined && !this.#paused && next < this.#waiting.length) {
      const text = this.#waiting[next] ?? '';
      next += 1;
      this.#waitingChars -= text.length;
      this.#pass(text, this.#events);
    }
    this.#waiting.splice(0, next);
    this.#draining = false;
    if (this.#over && this.#end !== undefined && this.#waiting.length === 0) this.#finish(this.#end);
  }

  #pass(text: string, events: LinkEvents): void {
    let frame: Down;
    try {
      frame = parseDown(text);
    } catch (cause) {
      this.#drop({ reason: 'malformed', cause });
      return;
    }
    events.frame(frame, text.length);
  }

  /** Ends it, without what waits. */
  #drop(end: LinkEnd): void {
    this.#waiting = [];
    this.#waitingChars = 0;
    this.#leave(end);
    this.#drain();
  }

  #leave(end: LinkEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#socket.close(NORMAL);
    // The platform waits for the peer's farewell far longer, and can't be told otherwise.
    const callOff = this.#clock.after(FAREWELL_MS, () => {
      this.#over = true;
      this.#drain();
    });
    void this.closed.then(callOff);
  }
}
