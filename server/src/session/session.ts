import { setTimeout as after } from 'node:timers/promises';
import { FrameError, parseUp } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import type { ErrorCode } from '@gochat/protocol/errors';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import { frameLimit, LIMITS } from '@gochat/protocol/limits';
import type { Dialled } from '@gochat/protocol/signed';
import type { Up } from '@gochat/protocol/up';
import type { LogPosition } from '../log/log.ts';
import type { Address } from '../net/address.ts';
import type { Link, LinkEvents } from '../net/link.ts';
import type { Deadline } from '../net/timer-wheel.ts';
import { positionText } from '../room/positions.ts';
import type { Subscription, SubscriptionEvents } from '../room/subscription.ts';
import { Bucket } from './bucket.ts';
import type { NodeContext } from './node-context.ts';
import { Refusal } from './refusal.ts';
import { handle } from './requests.ts';
import { otherVersion } from './version-check.ts';

/** How long a connection that sends more than its share waits before more of it is taken. */
const BREATH_MS = 50;

/** Which requests a limit by connection is for. */
export interface SessionBuckets {
  readonly frames: Bucket;
  posts?: Bucket;
  signals?: Bucket;
}

/** One connection: its frames in order, its proofs, what it follows. */
export class Session implements LinkEvents, SubscriptionEvents, Deadline {
  readonly relay: NodeContext;
  readonly link: Link;
  readonly address: Address;
  readonly buckets: SessionBuckets;
  /** By room; held ones too, until they are forgotten. */
  readonly subscriptions = new Map<RoomId, Subscription>();
  readonly #ended: (session: Session) => void;
  #dialled: Dialled | undefined;
  /** Frames not taken yet; absent while there are none, as in most sessions at most times. */
  #inbox: string[] | undefined;
  #nonces: Set<string> | undefined;
  #admitted = false;
  #stopped = false;
  #busy = false;
  #inFlight = 0;
  /** Frames taken since others had their turn. */
  #inRow = 0;
  #heardAt: number;
  #state: 'open' | 'closing' | 'gone' = 'open';
  #whenGone: (() => void) | undefined;
  #pages: Promise<void> | undefined;

  constructor(relay: NodeContext, link: Link, address: Address, ended: (session: Session) => void) {
    this.relay = relay;
    this.link = link;
    this.address = address;
    this.#ended = ended;
    this.#heardAt = relay.now();
    this.buckets = { frames: new Bucket(relay.limits.framesBurst, this.#heardAt) };
  }

  /** Counts the connection in, or refuses it. */
  begin(): void {
    this.relay.wheel.watch(this);
    try {
      this.relay.admission.enter(this.address);
      this.#admitted = true;
    } catch (error) {
      this.refuse(error);
    }
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** What proofs are bound to; undefined until `hello` was accepted. */
  get dialled(): Dialled | undefined {
    return this.#dialled;
  }

  greet(dialled: Dialled): void {
    this.#dialled = dialled;
    this.#heardAt = this.relay.now();
  }

  limitOf(type: string): number {
    return this.dialled === undefined ? LIMITS.frameBytes.default : frameLimit(type);
  }

  heard(): void {
    if (this.dialled !== undefined) this.#heardAt = this.relay.now();
  }

  text(text: string): void {
    if (!this.open || this.#stopped) return;
    this.#inbox ??= [];
    this.#inbox.push(text);
    this.#pump();
  }

  broken(error: FrameError): void {
    this.refuse(error);
  }

  gone(): void {
    if (this.#state === 'gone') return;
    this.#leave();
    this.#state = 'gone';
    this.relay.wheel.forget(this);
    if (this.#admitted) this.relay.admission.leave(this.address);
    this.#ended(this);
    this.#whenGone?.();
  }

  whenGone(): Promise<void> {
    if (this.#state === 'gone') return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenGone = resolve;
    });
  }

  /** Takes no more frames; those in flight are still answered. */
  stopTaking(): void {
    this.#stopped = true;
    this.#inbox = undefined;
  }

  due(): number {
    if (!this.open) return Number.POSITIVE_INFINITY;
    return (
      this.#heardAt + (this.dialled === undefined ? this.relay.limits.helloMs : this.relay.limits.silenceMs)
    );
  }

  expire(): void {
    if (this.dialled === undefined) this.refuse(new Refusal('hello-first', 'no hello came in time'));
    else this.close(undefined);
  }

  /** How many proofs were made on this connection. */
  get proofs(): number {
    return this.#nonces?.size ?? 0;
  }

  /** @returns whether the client's nonce was not used before. */
  useNonce(nonce: string): boolean {
    this.#nonces ??= new Set();
    if (this.#nonces.has(nonce)) return false;
    this.#nonces.add(nonce);
    return true;
  }

  send(frame: Down): void {
    if (this.open) this.link.send(frame);
  }

  /** Answers with an error frame, and closes the connection where its code says so. */
  refuse(error: unknown, about: { readonly id?: RequestId; readonly room?: RoomId } = {}): void {
    if (!this.open) return;
    const refusal =
      error instanceof FrameError ? new Refusal(error.code, error.message) : Refusal.from(error);
    this.relay.metrics.refused(refusal.code, refusal.closes);
    if (refusal.code === 'internal') this.relay.logger.error({ err: refusal.cause }, 'a request failed');
    this.link.send(refusal.frame(about));
    if (!refusal.closes) return;
    this.relay.logger.debug({ address: this.address.name, code: refusal.code }, 'ending a connection');
    this.close(refusal.code);
  }

  close(code: ErrorCode | undefined): void {
    if (!this.open) return;
    this.#leave();
    this.#state = 'closing';
    this.link.close(code);
  }

  /** Answers when the log has; frames behind this one are taken meanwhile. */
  later(id: RequestId, work: Promise<Down>): void {
    this.#inFlight += 1;
    this.relay.work
      .add(work)
      .then(
        (frame) => this.send(frame),
        (error: unknown) => this.refuse(error, { id }),
      )
      .finally(() => {
        this.#inFlight -= 1;
        this.#pump();
      });
  }

  /** One page of backlog at a time per connection, and none before the peer has taken what is written. */
  page(read: () => Promise<void>): Promise<void> {
    const next = (this.#pages ?? Promise.resolve()).then(async () => {
      await this.#drained();
      if (this.open) await read();
    });
    const done = next
      .catch(() => undefined)
      .then(() => {
        if (this.#pages === done) this.#pages = undefined;
      });
    this.#pages = done;
    return next;
  }

  slow(): void {
    this.refuse(new Refusal('slow', 'this connection reads too slowly; what it missed is in the log'));
  }

  /** Says that the key was retired, and waits a while for a newer one. */
  held(subscription: Subscription, retirement: LogPosition): void {
    const room = subscription.room.id;
    this.send({ type: 'retired', room, seq: positionText(retirement) });
    const until = this.relay.now() + this.relay.limits.graceMs;
    this.relay.wheel.watch({
      due: () => (subscription.state === 'held' ? until : Number.POSITIVE_INFINITY),
      expire: () => this.leave(room),
    });
  }

  /** Ends what is followed of a room, and says why: it may be entered again. */
  failed(room: RoomId, error: unknown): void {
    this.leave(room);
    this.refuse(error, { room });
  }

  /** Ends what is followed of a room. */
  leave(room: RoomId): void {
    const subscription = this.subscriptions.get(room);
    if (subscription === undefined) return;
    this.subscriptions.delete(room);
    subscription.end();
    this.relay.rooms.release(room);
  }

  #leave(): void {
    this.#inbox = undefined;
    for (const room of [...this.subscriptions.keys()]) this.leave(room);
  }

  #pump(): void {
    const inbox = this.#inbox ?? [];
    let taken = 0;
    while (
      this.open &&
      !this.#busy &&
      taken < inbox.length &&
      this.#inFlight < this.relay.limits.requestsInFlight
    ) {
      const breath = this.#breath();
      if (breath !== undefined) {
        this.#wait(breath);
        break;
      }
      const text = inbox[taken] ?? '';
      taken += 1;
      const busy = this.#take(text);
      // What was asked for may be much, and waits until what was asked for before was read.
      if (busy !== undefined) this.#wait(busy.then(() => this.#drained()));
      else if (this.link.buffered > this.relay.limits.writeMarkBytes) this.#wait(this.#drained());
    }
    if (!this.open) return;
    inbox.splice(0, taken);
    if (inbox.length === 0) this.#inbox = undefined;
    if (this.#busy || inbox.length > 0) this.link.pause();
    else this.link.resume();
  }

  /**
   * A connection that sends more than its share is read more slowly, so that it and nobody else pays for it.
   * @returns what to wait for before the next frame is taken
   */
  #breath(): Promise<void> | undefined {
    const { limits, now, turn } = this.relay;
    if (this.#inRow >= limits.framesInRow) {
      this.#inRow = 0;
      return new Promise((resolve) => turn.atClose(resolve));
    }
    if (this.buckets.frames.take(now(), limits.framesPerSecond, limits.framesBurst) > 0) {
      return after(BREATH_MS);
    }
    this.#inRow += 1;
    return undefined;
  }

  #wait(busy: Promise<void>): void {
    this.#busy = true;
    void busy.finally(() => {
      this.#busy = false;
      this.#pump();
    });
  }

  /** @returns what must end before the next frame is taken; it never rejects. */
  #take(text: string): Promise<void> | undefined {
    let frame: Up;
    try {
      if (this.dialled === undefined && text.length > LIMITS.frameBytes.default) {
        throw new FrameError('oversize', `a hello frame has at most ${LIMITS.frameBytes.default} bytes`);
      }
      frame = parseUp(text);
    } catch (error) {
      this.refuse(this.dialled === undefined ? (otherVersion(text) ?? error) : error);
      return undefined;
    }
    const about = 'id' in frame ? { id: frame.id } : { room: frame.room };
    try {
      const handled = handle(this, frame);
      if (handled === undefined) return undefined;
      return this.relay.work.add(handled).catch((error: unknown) => this.refuse(error, about));
    } catch (error) {
      this.refuse(error, about);
      return undefined;
    }
  }

  /** The peer may take its time, but not for ever. */
  async #drained(): Promise<void> {
    if (this.link.buffered <= this.relay.limits.writeMarkBytes) return;
    const stall = setTimeout(
      () => this.refuse(new Refusal('slow', 'what was asked for is not being read')),
      this.relay.limits.stallMs,
    );
    stall.unref();
    await this.link.drained();
    clearTimeout(stall);
  }
}
