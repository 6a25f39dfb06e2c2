import { encodeFrame } from '@gochat/protocol/codec';
import type { RoomId } from '@gochat/protocol/fields';
import type { Entry, LogPosition } from '../log/log.ts';
import type { EndOfTick } from '../net/end-of-tick.ts';
import type { Transport } from '../net/link.ts';
import type { BroadcastObserver } from './broadcast-observer.ts';
import { encodeEntry, packFrames } from './entry-frame.ts';
import { noteOf } from './handshake-note.ts';
import { positionText } from './positions.ts';
import type { Subscription } from './subscription.ts';

interface PendingSignal {
  readonly frame: string;
  /** Absent: the sender is on another node. */
  readonly from: Subscription | undefined;
}

const SIGNALS_PER_TICK = 64;

export interface FanoutLimits {
  readonly pendingBytes: number;
  readonly writeQueueBytes: number;
  readonly writeMarkBytes: number;
}

/**
 * Writes a room's new entries to its live subscriptions. The entries that arrive in one tick of the event loop are encoded once
 * into one buffer, which is written to each subscription with one write.
 */
export class Fanout {
  readonly live = new Set<Subscription>();
  readonly #room: RoomId;
  readonly #endOfTick: EndOfTick;
  readonly #limits: FanoutLimits;
  readonly #observers: readonly BroadcastObserver[];
  #entries: Entry[] = [];
  #bytes = 0;
  #signals: PendingSignal[] = [];
  #refreshed: LogPosition | undefined;

  constructor(
    room: RoomId,
    endOfTick: EndOfTick,
    limits: FanoutLimits,
    observers: readonly BroadcastObserver[],
  ) {
    this.#room = room;
    this.#endOfTick = endOfTick;
    this.#limits = limits;
    this.#observers = observers;
  }

  /** Whether no more entries may be added in this tick. */
  get full(): boolean {
    return this.#bytes > this.#limits.pendingBytes;
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.body.length;
    }
    this.#endOfTick.atEnd(this.#flush);
  }

  /** Dropped when this tick has had {@link SIGNALS_PER_TICK} already. @param from absent: the sender is on another node */
  signal(from: Subscription | undefined, body: string): void {
    if (this.#signals.length >= SIGNALS_PER_TICK) return;
    this.#signals.push({ frame: encodeFrame({ type: 'signal', room: this.#room, body }), from });
    this.#endOfTick.atEnd(this.#flush);
  }

  /** Announces that the GroupInfo of a handshake was replaced. */
  refreshed(handshake: LogPosition): void {
    this.#refreshed = handshake;
    this.#endOfTick.atEnd(this.#flush);
  }

  readonly #flush = (): void => {
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    let from = 0;
    for (const [i, entry] of entries.entries()) {
      const mayStop = entry.retires === true || noteOf(entry).closes === true;
      if (mayStop || i === entries.length - 1) {
        this.#deliver(entries.slice(from, i + 1), entry);
        from = i + 1;
      }
    }
    this.#flushRefreshed();
    this.#flushSignals();
  };

  /** @param entries in order; only the last of them, `last`, may retire keys or close the room */
  #deliver(entries: readonly Entry[], last: Entry): void {
    const first = entries[0]?.pos ?? last.pos;
    const frames = entries.map((entry) => encodeEntry(this.#room, entry));
    const packed: Partial<Record<Transport, Buffer>> = {};
    let reached = 0;
    for (const subscription of this.live) {
      // A subscription that has just caught up may have read some of these entries from the log.
      if (subscription.at >= last.pos) {
        if (subscription.stopsAt(last)) subscription.stop(last);
        continue;
      }
      if (subscription.link.buffered > this.#limits.writeQueueBytes) {
        subscription.slow();
        continue;
      }
      const { transport } = subscription.link;
      if (subscription.at < first) {
        packed[transport] ??= packFrames(transport, frames);
        subscription.link.write(packed[transport]);
      } else {
        const rest = frames.filter((_, i) => (entries[i]?.pos ?? 0) > subscription.at);
        subscription.link.write(packFrames(transport, rest));
      }
      subscription.at = last.pos;
      reached += 1;
      if (subscription.stopsAt(last)) subscription.stop(last);
    }
    for (const observer of this.#observers)
      for (const entry of entries) observer.broadcast(this.#room, entry, reached);
  }

  #flushRefreshed(): void {
    const handshake = this.#refreshed;
    this.#refreshed = undefined;
    if (handshake === undefined) return;
    const frame = encodeFrame({ type: 'refreshed', room: this.#room, handshake: positionText(handshake) });
    const packed: Partial<Record<Transport, Buffer>> = {};
    for (const { link } of this.live) {
      if (link.buffered > this.#limits.writeQueueBytes) continue;
      packed[link.transport] ??= packFrames(link.transport, [frame]);
      link.write(packed[link.transport] as Buffer);
    }
  }

  #flushSignals(): void {
    // The sender's key may have been retired in this tick.
    const signals = this.#signals.filter(({ from }) => from === undefined || this.live.has(from));
    this.#signals = [];
    if (signals.length === 0) return;
    const senders = new Set(signals.map((signal) => signal.from));
    const packed: Partial<Record<Transport, Buffer>> = {};
    for (const subscription of this.live) {
      const { transport, buffered } = subscription.link;
      if (buffered > this.#limits.writeMarkBytes) continue;
      if (senders.has(subscription)) {
        const others = signals.filter((signal) => signal.from !== subscription);
        if (others.length > 0)
          subscription.link.write(
            packFrames(
              transport,
              others.map((signal) => signal.frame),
            ),
          );
      } else {
        packed[transport] ??= packFrames(
          transport,
          signals.map((signal) => signal.frame),
        );
        subscription.link.write(packed[transport]);
      }
    }
  }
}
