import { encodeFrame } from '@gochat/protocol/codec';
import type { RoomId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { Signals } from '../log/engine.ts';
import { type Entry, type Follower, type LogPosition, type RoomLog, Unavailable } from '../log/log.ts';
import type { EndOfTick } from '../net/end-of-tick.ts';
import type { BroadcastObserver } from './broadcast-observer.ts';
import { encodeEntry, packFrames } from './entry-frame.ts';
import { Fanout, type FanoutLimits } from './fanout.ts';
import { positionText } from './positions.ts';
import { addRetirement, lastRetirement, type Retirements } from './retirements.ts';
import type { RoomHead } from './room-head.ts';
import type { Subscription } from './subscription.ts';

const POSITION_BYTES = 6;
const SIGNAL_HEAD = 2 * POSITION_BYTES;

export interface RoomContext {
  readonly log: RoomLog;
  /** Absent: no other node serves the room. */
  readonly signals?: Signals;
  readonly turn: EndOfTick;
  readonly limits: FanoutLimits & { readonly retryMs: number };
  readonly views: readonly BroadcastObserver[];
}

/** A room that somebody follows here: one following of its log, shared by every subscription. */
export class Room {
  readonly id: RoomId;
  readonly fanout: Fanout;
  readonly #context: RoomContext;
  /** The last position that the log has told us of; what lies before is written or waits for the end of the turn. */
  #last: LogPosition;
  #handshake: LogPosition;
  #retirements: Retirements;
  #follower: Follower | undefined;
  #closed = false;
  /** What came since somebody began to catch up, from behind `#tailStart`; kept only while somebody does. */
  #tail: Entry[] = [];
  #tailBytes = 0;
  #tailStart: LogPosition;
  readonly #catching = new Set<Subscription>();
  readonly #endSignals: (() => void) | undefined;

  constructor(id: RoomId, standing: RoomHead, context: RoomContext) {
    this.id = id;
    this.#context = context;
    this.#last = standing.last;
    this.#tailStart = standing.last;
    this.#handshake = standing.handshake;
    this.#retirements = standing.record.retirements;
    this.fanout = new Fanout(id, context.turn, context.limits, context.views);
    this.#endSignals = context.signals?.listen(id, (told) => this.#hear(told));
    this.#follow();
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

  /** A key added before this position is retired. */
  get retiredAt(): LogPosition {
    return lastRetirement(this.#retirements);
  }

  /** From here on nothing is missed by those who catch up. */
  get tailStart(): LogPosition {
    return this.#tailStart;
  }

  /** The subscription reads the log up to {@link tailStart} at least, then goes live. */
  beginCatching(subscription: Subscription): void {
    if (this.#catching.size === 0) this.#tailStart = this.#last;
    this.#catching.add(subscription);
  }

  /** Joins a subscription that stands at or behind {@link tailStart} to what is live, with neither gap nor duplicate. */
  goLive(subscription: Subscription): void {
    const rest = this.#tail.filter((entry) => entry.pos > subscription.at);
    const stop = rest.findIndex((entry) => subscription.stopsAt(entry));
    const due = stop < 0 ? rest : rest.slice(0, stop + 1);
    const { link } = subscription;
    if (due.length > 0)
      link.write(
        packFrames(
          link.transport,
          due.map((entry) => encodeEntry(this.id, entry)),
        ),
      );
    subscription.at = due.at(-1)?.pos ?? subscription.at;
    this.#endCatching(subscription);
    if (stop >= 0) {
      subscription.hold(subscription.at);
      return;
    }
    const frame = encodeFrame({ type: 'live', room: this.id, seq: positionText(subscription.at) });
    link.write(packFrames(link.transport, [frame]));
    subscription.state = 'live';
    this.fanout.live.add(subscription);
  }

  /** Passes on what is not kept, here and to other nodes. */
  signal(from: Subscription, body: string): void {
    this.fanout.signal(from, body);
    const head = Buffer.alloc(SIGNAL_HEAD);
    head.writeUIntBE(from.key, 0, POSITION_BYTES);
    head.writeUIntBE(this.retiredAt, POSITION_BYTES, POSITION_BYTES);
    this.#context.signals?.send(this.id, Buffer.concat([head, Buffer.from(body, 'base64url')]));
  }

  /**
   * A signal of another node. It names the key that was proved there and the last retirement that is known there: where either
   * side hasn't heard yet of a removal that the other has, the removed may be among those who speak or hear.
   */
  #hear(told: Uint8Array): void {
    if (told.length < SIGNAL_HEAD || told.length > SIGNAL_HEAD + LIMITS.signalBytes) return;
    const data = Buffer.from(told.buffer, told.byteOffset, told.byteLength);
    const key = data.readUIntBE(0, POSITION_BYTES);
    const retiredAt = data.readUIntBE(POSITION_BYTES, POSITION_BYTES);
    if (key < this.retiredAt || retiredAt > this.retiredAt) return;
    this.fanout.signal(undefined, data.toString('base64url', SIGNAL_HEAD));
  }

  leaveLive(subscription: Subscription): void {
    this.#endCatching(subscription);
    this.fanout.live.delete(subscription);
  }

  close(): void {
    this.#closed = true;
    this.#endSignals?.();
    this.#follower?.stop();
  }

  #endCatching(subscription: Subscription): void {
    if (!this.#catching.delete(subscription) || this.#catching.size > 0) return;
    this.#tail = [];
    this.#tailBytes = 0;
  }

  #follow(): void {
    try {
      this.#follower = this.#context.log.follow(this.id, this.#last, (entries) => this.#take(entries));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      this.#followAgain(this.#context.limits.retryMs);
      return;
    }
    this.#follower.done.then(
      ({ reason }) => {
        if (reason !== 'stopped') this.#followAgain(reason === 'lagged' ? 0 : this.#context.limits.retryMs);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** What stands in the log can't be read: by this version, or not at all. Other rooms are none the worse for it. */
  #fail(error: unknown): void {
    for (const subscription of [...this.fanout.live, ...this.#catching]) subscription.fail(error);
    this.#followAgain(this.#context.limits.retryMs);
  }

  /** The log is behind or away: we go on from where we are, for as long as anybody follows. */
  #followAgain(afterMs: number): void {
    if (this.#closed) return;
    setTimeout(() => this.#closed || this.#follow(), afterMs).unref();
  }

  #take(batch: readonly Entry[]): boolean {
    if (this.fanout.full || this.#closed) return false;
    const entries = batch.filter((entry) => entry.pos > this.#last);
    const last = entries.at(-1);
    if (last === undefined) return true;
    this.#last = last.pos;
    for (const entry of entries) {
      if (entry.kind === 'handshake') this.#handshake = entry.pos;
      if (entry.retires === true) this.#retirements = addRetirement(this.#retirements, entry.pos);
    }
    if (this.#catching.size > 0) this.#keep(entries);
    this.fanout.add(entries);
    return true;
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
