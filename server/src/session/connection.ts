import { setTimeout as after } from 'node:timers/promises';
import { FrameError } from '@gochat/protocol/codec';
import { frameLimit, LIMITS } from '@gochat/protocol/limits';
import { parseUp } from '@gochat/protocol/parse-up';
import type { Up } from '@gochat/protocol/up';
import type { Address } from '../net/address.ts';
import type { Link, LinkEvents } from '../net/link.ts';
import type { Deadline } from '../net/timer-wheel.ts';
import { Bucket } from './bucket.ts';
import type { NodeContext } from './node-context.ts';
import { Refusal } from './refusal.ts';
import { Session, type SessionEvents } from './session.ts';
import type { FrameReader } from './unfinished-frames.ts';
import { otherVersion } from './version-check.ts';

/** How long a connection over its frame rate waits before its next frame is handled. */
const RATE_WAIT_MS = 50;
/** What a connection may send before it has said hello, including what follows the hello in the same bytes. */
const UNGREETED_BYTES = 8 * 1024;

/** Passes a frame to its handler. @returns what to wait for before the next frame is handled; it may throw or reject with a Refusal */
export type FrameHandler = (session: Session, frame: Up) => Promise<void> | undefined;

export interface ConnectionOptions {
  readonly node: NodeContext;
  readonly link: Link;
  readonly address: Address;
  readonly handle: FrameHandler;
  /** Called once, when the connection has ended. */
  readonly ended: (connection: Connection) => void;
}

/** One connection: handles its frames in order and at a bounded rate, and ends it when it is silent for too long. */
export class Connection implements LinkEvents, SessionEvents, Deadline, FrameReader {
  readonly #session: Session;
  readonly #node: NodeContext;
  readonly #handle: FrameHandler;
  readonly #ended: (connection: Connection) => void;
  readonly #frames: Bucket;
  /** Frames not handled yet. Absent when there are none, which saves memory on idle connections. */
  #inbox: string[] | undefined;
  #admitted = false;
  #stopped = false;
  #busy = false;
  #waitsForMemory = false;
  /** Requests whose replies come later. */
  #unanswered = 0;
  /** Frames handled in a row, without a turn for other connections. */
  #inRow = 0;
  #heardAt: number;
  #gone = false;
  #whenGone: (() => void) | undefined;

  constructor({ node, link, address, handle, ended }: ConnectionOptions) {
    this.#session = new Session(node, link, address, this);
    this.#node = node;
    this.#handle = handle;
    this.#ended = ended;
    this.#heardAt = node.now();
    this.#frames = new Bucket(node.limits.framesBurst, this.#heardAt);
  }

  /** Starts the time limit of `hello`, and refuses the connection if there are too many. */
  begin(): void {
    this.#node.timers.watch(this);
    try {
      this.#node.admission.enter(this.#session.address);
      this.#admitted = true;
    } catch (error) {
      this.refuse(error);
    }
  }

  limitOf(type: string): number {
    return this.#greeted ? frameLimit(type) : LIMITS.frameBytes.default;
  }

  heard(unfinished: number): void {
    if (this.#greeted) this.#heardAt = this.#node.now();
    if (!this.#session.open) return;
    if (!this.#greeted && unfinished > UNGREETED_BYTES) this.refuse(helloTooLarge());
    else this.#node.frames.update(this, unfinished);
  }

  get address(): Address {
    return this.#session.address;
  }

  get inside(): boolean {
    return this.#session.rooms.size > 0;
  }

  waitForMemory(on: boolean): void {
    this.#waitsForMemory = on;
    this.#setReading();
  }

  tooSlow(): void {
    this.refuse(new Refusal('slow', 'a frame took too long to arrive'));
  }

  text(text: string): void {
    if (!this.#session.open || this.#stopped) return;
    this.#inbox ??= [];
    this.#inbox.push(text);
    this.#handleInbox();
  }

  broken(error: FrameError): void {
    this.refuse(error);
  }

  gone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#inbox = undefined;
    this.#session.end();
    this.#node.frames.forget(this);
    this.#node.timers.forget(this);
    if (this.#admitted) this.#node.admission.leave(this.#session.address);
    this.#ended(this);
    this.#whenGone?.();
  }

  /** Resolves when the connection has ended. */
  whenGone(): Promise<void> {
    if (this.#gone) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenGone = resolve;
    });
  }

  /** Handles no more frames. Requests that were handled are still answered. */
  stop(): void {
    this.#stopped = true;
    this.#inbox = undefined;
  }

  refuse(error: unknown): void {
    this.#session.refuse(error);
  }

  due(): number {
    if (!this.#session.open) return Number.POSITIVE_INFINITY;
    const { helloMs, silenceMs } = this.#node.limits;
    return this.#heardAt + (this.#greeted ? silenceMs : helloMs);
  }

  expire(): void {
    if (this.#greeted) this.#session.close(undefined);
    else this.refuse(new Refusal('hello-first', 'no hello came in time'));
  }

  accepted(): void {
    this.#unanswered += 1;
  }

  answered(): void {
    this.#unanswered -= 1;
    this.#handleInbox();
  }

  get #greeted(): boolean {
    return this.#session.dialled !== undefined;
  }

  #handleInbox(): void {
    const inbox = this.#inbox ?? [];
    const { link } = this.#session;
    const { requestsInFlight, writeMarkBytes } = this.#node.limits;
    let taken = 0;
    while (this.#session.open && !this.#busy && taken < inbox.length && this.#unanswered < requestsInFlight) {
      const turn = this.#awaitTurn();
      if (turn !== undefined) {
        this.#wait(turn);
        break;
      }
      const text = inbox[taken] ?? '';
      taken += 1;
      const handled = this.#handleText(text);
      // A reply may be large: the next request waits until the peer has read the replies before it.
      if (handled !== undefined) this.#wait(handled.then(() => this.#session.drained()));
      else if (link.buffered > writeMarkBytes) this.#wait(this.#session.drained());
    }
    if (!this.#session.open) {
      this.#inbox = undefined;
      return;
    }
    inbox.splice(0, taken);
    if (inbox.length === 0) this.#inbox = undefined;
    this.#setReading();
  }

  /** Reads on, unless frames wait to be handled or there is no memory for a large one. */
  #setReading(): void {
    const { link, open } = this.#session;
    if (open && (this.#busy || this.#inbox !== undefined || this.#waitsForMemory)) link.pause();
    else link.resume();
  }

  /**
   * Slows down a connection that sends more than its share, so that others don't wait for it.
   * @returns what to wait for before the next frame is handled; undefined: nothing
   */
  #awaitTurn(): Promise<void> | undefined {
    const { limits, now, endOfTick } = this.#node;
    if (this.#inRow >= limits.framesInRow) {
      this.#inRow = 0;
      return new Promise((resolve) => endOfTick.atClose(resolve));
    }
    if (this.#frames.take(now(), limits.framesPerSecond, limits.framesBurst) > 0) return after(RATE_WAIT_MS);
    this.#inRow += 1;
    return undefined;
  }

  #wait(busy: Promise<void>): void {
    this.#busy = true;
    void busy.finally(() => {
      this.#busy = false;
      this.#handleInbox();
    });
  }

  /** @returns what must end before the next frame is handled; it never rejects */
  #handleText(text: string): Promise<void> | undefined {
    const frame = this.#parse(text);
    if (frame === undefined) return undefined;
    const session = this.#session;
    const about = 'id' in frame ? { id: frame.id } : { room: frame.room };
    const wasGreeted = this.#greeted;
    try {
      const handled = this.#handle(session, frame);
      if (!wasGreeted && this.#greeted) this.#heardAt = this.#node.now();
      if (handled === undefined) return undefined;
      return this.#node.inFlight.add(handled).catch((error: unknown) => session.refuse(error, about));
    } catch (error) {
      session.refuse(error, about);
      return undefined;
    }
  }

  /** @returns undefined when the text was no frame and the connection was refused */
  #parse(text: string): Up | undefined {
    try {
      if (!this.#greeted && text.length > LIMITS.frameBytes.default) throw helloTooLarge();
      return parseUp(text);
    } catch (error) {
      this.refuse(this.#greeted ? error : (otherVersion(text) ?? error));
      return undefined;
    }
  }
}

function helloTooLarge(): FrameError {
  return new FrameError('oversize', `a hello frame has at most ${LIMITS.frameBytes.default} bytes`);
}
