import { encodeFrame } from '@gochat/protocol/codec';
import type { RoomId } from '@gochat/protocol/fields';
import type { Rules } from '@gochat/protocol/rules';
import type { Signals } from '../log/engine.ts';
import { type Entry, type Follower, type LogPosition, type RoomLog, Unavailable } from '../log/log.ts';
import type { EndOfTick } from '../net/end-of-tick.ts';
import { noRoom } from '../session/refusals.ts';
import type { BroadcastObserver } from './broadcast-observer.ts';
import { encodeEntry, packFrames } from './entry-frame.ts';
import { Fanout, type FanoutLimits } from './fanout.ts';
import { noteOf } from './handshake-note.ts';
import { decodeNodeMessage, encodeNodeMessage } from './node-message.ts';
import { positionText } from './positions.ts';
import { addRetirement, lastRetirement, type Retirements } from './retirements.ts';
import { headOf, type RoomHead } from './room-head.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';

export interface RoomContext {
  readonly log: RoomLog;
  /** Absent: no other node serves the room. */
  readonly signals?: Signals;
  readonly endOfTick: EndOfTick;
  readonly limits: FanoutLimits & { readonly retryMs: number };
  readonly observers: readonly BroadcastObserver[];
}

/** A room that someone on this node follows. It follows the room's log once, for all subscriptions. */
export class Room {
  readonly id: RoomId;
  readonly fanout: Fanout;
  readonly #context: RoomContext;
  /** The last position received from the log. Entries up to it are sent, or wait for the end of the tick. */
  #last: LogPosition;
  #handshake: LogPosition;
  #retirements: Retirements;
  #rules: Rules | undefined;
  #ended = false;
  /** The GroupInfo of this handshake was replaced, but the handshake has not arrived yet. */
  #refreshedAhead: LogPosition | undefined;
  #follower: Follower | undefined;
  #closed = false;
  /** The entries after `#tailStart`. Kept only while a subscription is catching up. */
  #tail: Entry[] = [];
  #tailBytes = 0;
  #tailStart: LogPosition;
  readonly #catchingUp = new Set<Subscription>();
  readonly #endSignals: (() => void) | undefined;

  /** @throws Refusal `no-room` */
  static async open(
    id: RoomId,
    context: RoomContext,
  ): Promise<{ readonly room: Room; readonly head: RoomHead }> {
    const opened: { room?: Room; head?: RoomHead } = {};
    const follower = await context.log.open(id, (stored) => {
      const head = headOf(stored);
      const room = new Room(id, head, context);
      Object.assign(opened, { room, head });
      return (entries) => room.#receive(entries);
    });
    const { room, head } = opened;
    if (follower === undefined || room === undefined || head === undefined) throw noRoom();
    room.#watch(follower);
    return { room, head };
  }

  private constructor(id: RoomId, head: RoomHead, context: RoomContext) {
    this.id = id;
    this.#context = context;
    this.#last = head.last;
    this.#tailStart = head.last;
    this.#handshake = head.handshake;
    this.#retirements = head.record.retirements;
    this.#rules = head.record.rules;
    this.#ended = head.record.closed === true;
    this.fanout = new Fanout(id, context.endOfTick, context.limits, context.observers);
    this.#endSignals = context.signals?.listen(id, (message) => this.#receiveMessage(message));
  }

  get last(): LogPosition {
    return this.#last;
  }

  get handshake(): LogPosition {
    return this.#handshake;
  }

  get retirements(): Retirements {
    return this.#retirements;
  }

  /** Every access key added before this position is retired. */
  get retiredAt(): LogPosition {
    return lastRetirement(this.#retirements);
  }

  get rules(): Rules | undefined {
    return this.#rules;
  }

  /** Whether an admin has closed the room. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The room holds every entry after this position for the subscriptions that are catching up. */
  get tailStart(): LogPosition {
    return this.#tailStart;
  }

  /** @returns a subscription that still has to catch up */
  subscribe(options: Omit<SubscriptionOptions, 'room' | 'stopped'>): Subscription {
    return new Subscription({ ...options, room: this.id, stopped: this.#stopDelivery });
  }

  /** Starts to keep new entries for this subscription, which reads the log up to at least {@link tailStart} and then goes live. */
  beginCatchingUp(subscription: Subscription): void {
    if (this.#catchingUp.size === 0) this.#tailStart = this.#last;
    this.#catchingUp.add(subscription);
  }

  /** Makes a subscription live that has every entry up to {@link tailStart}: it misses no entry and gets none twice. */
  goLive(subscription: Subscription): void {
    const rest = this.#tail.filter((entry) => entry.pos > subscription.at);
    const stop = rest.findIndex((entry) => subscription.stopsAt(entry));
    const due = stop < 0 ? rest : rest.slice(0, stop + 1);
    const { link } = subscription;
    if (due.length > 0) {
      const frames = due.map((entry) => encodeEntry(this.id, entry));
      link.write(packFrames(link.transport, frames));
    }
    subscription.at = due.at(-1)?.pos ?? subscription.at;
    this.#endCatchingUp(subscription);
    const last = rest[stop];
    if (last !== undefined) {
      subscription.stop(last);
      return;
    }
    const frame = encodeFrame({ type: 'live', room: this.id, seq: positionText(subscription.at) });
    link.write(packFrames(link.transport, [frame]));
    subscription.state = 'live';
    this.fanout.live.add(subscription);
  }

  /** Sends a signal to the live subscriptions of this node and of other nodes. It is not stored. */
  signal(from: Subscription, body: string): void {
    this.fanout.signal(from, body);
    const { key } = from;
    const { retiredAt } = this;
    this.#context.signals?.send(
      this.id,
      encodeNodeMessage({ kind: 'signal', key, retiredAt, body: Buffer.from(body, 'base64url') }),
    );
  }

  /** Announces to the live subscriptions of this node that the GroupInfo of a handshake was replaced. */
  refreshed(handshake: LogPosition): void {
    if (handshake === this.#handshake) this.fanout.refreshed(handshake);
    else if (handshake > this.#handshake) this.#refreshedAhead = handshake;
  }

  /**
   * Passes on a signal of another node. It names the sender's key and the last retirement that the other node knows. If one node
   * knows of a removal that the other doesn't, the removed member may be the sender or a receiver: the signal is dropped.
   */
  #receiveMessage(bytes: Uint8Array): void {
    const message = decodeNodeMessage(bytes);
    if (message?.kind === 'refreshed') this.refreshed(message.handshake);
    if (message?.kind !== 'signal') return;
    if (message.key < this.retiredAt || message.retiredAt > this.retiredAt) return;
    this.fanout.signal(undefined, message.body.toString('base64url'));
  }

  close(): void {
    this.#closed = true;
    this.#endSignals?.();
    this.#follower?.stop();
  }

  readonly #stopDelivery = (subscription: Subscription): void => {
    this.#endCatchingUp(subscription);
    this.fanout.live.delete(subscription);
  };

  #endCatchingUp(subscription: Subscription): void {
    if (!this.#catchingUp.delete(subscription) || this.#catchingUp.size > 0) return;
    this.#tail = [];
    this.#tailBytes = 0;
  }

  #follow(): void {
    try {
      this.#watch(this.#context.log.follow(this.id, this.#last, (entries) => this.#receive(entries)));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      this.#followAgain(this.#context.limits.retryMs);
    }
  }

  #watch(follower: Follower): void {
    this.#follower = follower;
    follower.done.then(
      ({ reason }) => {
        if (reason !== 'stopped') this.#followAgain(reason === 'lagged' ? 0 : this.#context.limits.retryMs);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** This version can't read an entry of the log, or the log can't be read at all. Other rooms are not affected. */
  #fail(error: unknown): void {
    for (const subscription of [...this.fanout.live, ...this.#catchingUp]) subscription.fail(error);
    this.#followAgain(this.#context.limits.retryMs);
  }

  /** Continues from the last position received, unless the room was closed meanwhile. */
  #followAgain(afterMs: number): void {
    if (this.#closed) return;
    setTimeout(() => this.#closed || this.#follow(), afterMs).unref();
  }

  #receive(batch: readonly Entry[]): boolean {
    if (this.fanout.full || this.#closed) return false;
    const entries = batch.filter((entry) => entry.pos > this.#last);
    const last = entries.at(-1);
    if (last === undefined) return true;
    this.#last = last.pos;
    for (const entry of entries) {
      if (entry.kind === 'handshake') this.#takeHandshake(entry);
    }
    if (this.#catchingUp.size > 0) this.#keep(entries);
    this.fanout.add(entries);
    if (this.#refreshedAhead === this.#handshake) this.fanout.refreshed(this.#handshake);
    return true;
  }

  #takeHandshake(entry: Entry): void {
    this.#handshake = entry.pos;
    if (entry.retires === true) this.#retirements = addRetirement(this.#retirements, entry.pos);
    const { rules, closes } = noteOf(entry);
    this.#rules = rules ?? this.#rules;
    this.#ended ||= closes === true;
  }

  #keep(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#tail.push(entry);
      this.#tailBytes += entry.body.length;
    }
    while (this.#tailBytes > this.#context.limits.pendingBytes) {
      const oldest = this.#tail.shift();
      if (oldest === undefined) break;
      this.#tailBytes -= oldest.body.length;
      this.#tailStart = oldest.pos;
    }
  }
}
