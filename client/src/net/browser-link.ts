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
  /** The platform's when absent; tests pass their own. */
  readonly openSocket?: (url: string) => WebSocket;
}

/**
 * How much data may wait while the link is paused. The platform's WebSocket has no back-pressure and keeps reading. Above this
 * limit the socket is closed, the waiting frames are delivered, and the next connection continues from there.
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
  /** Why it ends, once that is certain. No more data is accepted, and waiting frames are still delivered. */
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

  /** @throws DialError when no server is reached. Browsers don't report the reason. */
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

  /** Delivers waiting frames unless the link is paused; then ends the link if it is ending. */
  #drain(): void {
    // A listener may call `resume`, which calls this again.
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

  /** Ends the link and discards waiting frames. */
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
    // The platform waits much longer for the peer's closing frame, which can't be configured.
    const callOff = this.#clock.after(FAREWELL_MS, () => {
      this.#over = true;
      this.#drain();
    });
    void this.closed.then(callOff);
  }
}
