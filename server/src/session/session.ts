import { FrameError } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import type { ErrorCode } from '@gochat/protocol/errors';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import type { Dialled } from '@gochat/protocol/signed';
import type { LogPosition } from '../log/log.ts';
import type { Address } from '../net/address.ts';
import type { Link } from '../net/link.ts';
import { positionText } from '../room/positions.ts';
import type { QuietIntervals } from '../room/quiet-rates.ts';
import type { Subscription, SubscriptionEvents } from '../room/subscription.ts';
import type { Bucket } from './bucket.ts';
import type { EnteredRoom } from './entered-room.ts';
import type { NodeContext } from './node-context.ts';
import { Refusal } from './refusal.ts';
import { helloFirst } from './refusals.ts';

/** The rate limits of one connection by kind of request. Each is made when it is first needed. */
export interface SessionBuckets {
  posts?: Bucket;
  signals?: Bucket;
}

export interface SessionEvents {
  /** A request was taken that {@link Session.later} will answer. */
  accepted(): void;
  /** Such a request was answered. */
  answered(): void;
}

/** What handlers see of one connection: who dialled, which rooms it follows, and how to answer it. */
export class Session implements SubscriptionEvents {
  readonly node: NodeContext;
  readonly link: Link;
  readonly address: Address;
  readonly buckets: SessionBuckets = {};
  /** Suspended subscriptions are among them. */
  readonly rooms = new Map<RoomId, EnteredRoom>();
  #quiet: QuietIntervals | undefined;
  readonly #events: SessionEvents;
  #dialled: Dialled | undefined;
  #nonces: Set<string> | undefined;
  #open = true;
  #pages: Promise<void> | undefined;

  constructor(node: NodeContext, link: Link, address: Address, events: SessionEvents) {
    this.node = node;
    this.link = link;
    this.address = address;
    this.#events = events;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Kept when a room is left, so that entering it again doesn't begin a new interval. Bounded by `entersPerConnection`. */
  get quiet(): QuietIntervals {
    this.#quiet ??= new Map();
    return this.#quiet;
  }

  /** What proofs are bound to; undefined until `hello` was accepted. */
  get dialled(): Dialled | undefined {
    return this.#dialled;
  }

  greet(dialled: Dialled): void {
    this.#dialled = dialled;
  }

  /**
   * Uses up the client's nonce of one proof.
   * @returns what the proof is bound to
   * @throws Refusal `refused` when the nonce was used before; `rate-limited`, which ends the connection, when it has used too many
   */
  useNonce(nonce: string): Dialled {
    if (this.#dialled === undefined) throw helloFirst();
    this.#nonces ??= new Set();
    if (this.#nonces.size >= this.node.limits.entersPerConnection)
      throw new Refusal('rate-limited', 'too many proofs on this connection', { closes: true });
    if (this.#nonces.has(nonce)) throw new Refusal('refused', 'the nonce was used before');
    this.#nonces.add(nonce);
    return this.#dialled;
  }

  send(frame: Down): void {
    if (this.#open) this.link.send(frame);
  }

  /** Answers with an error frame, and closes the connection if the error's code says so. */
  refuse(error: unknown, about: { readonly id?: RequestId; readonly room?: RoomId } = {}): void {
    if (!this.#open) return;
    const refusal =
      error instanceof FrameError ? new Refusal(error.code, error.message) : Refusal.from(error);
    this.node.metrics.refused(refusal.code, refusal.closes);
    if (refusal.code === 'internal') this.node.logger.error({ err: refusal.cause }, 'request failed');
    this.link.send(refusal.frame(about));
    if (!refusal.closes) return;
    this.node.logger.debug({ address: this.address.name, code: refusal.code }, 'closing a connection');
    this.close(refusal.code);
  }

  close(code: ErrorCode | undefined): void {
    if (!this.#open) return;
    this.end();
    this.link.close(code);
  }

  /** Stops everything that this connection follows. Nothing more is sent. */
  end(): void {
    this.#open = false;
    for (const room of [...this.rooms.keys()]) this.leave(room);
  }

  /** Answers when `reply` resolves. Later frames are handled meanwhile. */
  later(id: RequestId, reply: Promise<Down>): void {
    this.#events.accepted();
    this.node.inFlight
      .add(reply)
      .then(
        (frame) => this.send(frame),
        (error: unknown) => this.refuse(error, { id }),
      )
      .finally(() => this.#events.answered());
  }

  /** Runs `send` for the next page of a backlog: one at a time per connection, and only once the peer has read what was written. */
  page(send: () => Promise<void>): Promise<void> {
    const next = (this.#pages ?? Promise.resolve()).then(async () => {
      await this.drained();
      if (this.#open) await send();
    });
    const done = next
      .catch(() => undefined)
      .then(() => {
        if (this.#pages === done) this.#pages = undefined;
      });
    this.#pages = done;
    return next;
  }

  /** Resolves when the peer has read enough of what was written. A peer that takes too long is disconnected as `slow`. */
  async drained(): Promise<void> {
    const { writeMarkBytes, stallMs } = this.node.limits;
    if (this.link.buffered <= writeMarkBytes) return;
    const stall = setTimeout(
      () => this.refuse(new Refusal('slow', 'this connection does not read the replies to its requests')),
      stallMs,
    );
    stall.unref();
    await this.link.drained();
    clearTimeout(stall);
  }

  slow(): void {
    this.refuse(
      new Refusal('slow', 'this connection reads too slowly; the log has the entries that it missed'),
    );
  }

  /** Sends `retired`, and leaves the room unless a newer key is proved within the grace period. */
  suspended(subscription: Subscription, retirement: LogPosition): void {
    const { room } = subscription;
    this.send({ type: 'retired', room, seq: positionText(retirement) });
    const until = this.node.now() + this.node.limits.graceMs;
    this.node.timers.watch({
      due: () => (subscription.state === 'suspended' ? until : Number.POSITIVE_INFINITY),
      expire: () => this.leave(room),
    });
  }

  /** Leaves the room and sends the error. The client may enter again. */
  failed(room: RoomId, error: unknown): void {
    this.leave(room);
    this.refuse(error, { room });
  }

  /** Stops following a room. */
  leave(room: RoomId): void {
    const entered = this.rooms.get(room);
    if (entered === undefined) return;
    this.rooms.delete(room);
    entered.subscription.end();
    this.node.rooms.release(room);
  }
}
