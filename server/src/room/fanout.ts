import { encodeFrame } from '@gochat/protocol/codec';
import type { RoomId } from '@gochat/protocol/fields';
import type { Entry } from '../log/log.ts';
import type { EndOfTick } from '../net/end-of-tick.ts';
import type { Transport } from '../net/link.ts';
import type { BroadcastObserver } from './broadcast-observer.ts';
import { encodeEntry, packFrames } from './entry-frame.ts';
import type { Subscription } from './subscription.ts';

interface PendingSignal {
  readonly frame: string;
  /** Absent: somebody on another node. */
  readonly from: Subscription | undefined;
}

export interface FanoutLimits {
  readonly pendingBytes: number;
  readonly writeQueueBytes: number;
  readonly writeMarkBytes: number;
}

/**
 * Writes a room's new entries to its live followers: what came in one turn of the event loop is encoded once, joined once, and
 * the same buffer is written to each, with one write.
 */
export class Fanout {
  readonly live = new Set<Subscription>();
  readonly #room: RoomId;
  readonly #turn: EndOfTick;
  readonly #limits: FanoutLimits;
  readonly #views: readonly BroadcastObserver[];
  #entries: Entry[] = [];
  #bytes = 0;
  #signals: PendingSignal[] = [];

  constructor(room: RoomId, turn: EndOfTick, limits: FanoutLimits, views: readonly BroadcastObserver[]) {
    this.#room = room;
    this.#turn = turn;
    this.#limits = limits;
    this.#views = views;
  }

  /** Whether no more entries may be added before the end of the turn. */
  get full(): boolean {
    return this.#bytes > this.#limits.pendingBytes;
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.body.length;
    }
    this.#turn.atEnd(this.#flush);
  }

  /** Ephemeral: dropped when the turn has had many already. */
  signal(from: Subscription | undefined, body: string): void {
    if (this.#signals.length >= 64) return;
    this.#signals.push({ frame: encodeFrame({ type: 'signal', room: this.#room, body }), from });
    this.#turn.atEnd(this.#flush);
  }

  readonly #flush = (): void => {
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    let from = 0;
    for (const [i, entry] of entries.entries()) {
      if (entry.retires === true || i === entries.length - 1) {
        this.#deliver(entries.slice(from, i + 1), entry);
        from = i + 1;
      }
    }
    this.#flushSignals();
  };

  /** @param entries that end at a retirement or with the turn, of which `last` is the last. */
  #deliver(entries: readonly Entry[], last: Entry): void {
    const first = entries[0]?.pos ?? last.pos;
    const frames = entries.map((entry) => encodeEntry(this.#room, entry));
    const packed: Partial<Record<Transport, Buffer>> = {};
    let reached = 0;
    for (const follower of this.live) {
      // One that has just caught up may have read some of these from the log.
      if (follower.at >= last.pos) {
        if (follower.stopsAt(last)) follower.hold(last.pos);
        continue;
      }
      if (follower.link.buffered > this.#limits.writeQueueBytes) {
        follower.cut();
        continue;
      }
      const { transport } = follower.link;
      if (follower.at < first) {
        packed[transport] ??= packFrames(transport, frames);
        follower.link.write(packed[transport]);
      } else {
        const rest = frames.filter((_, i) => (entries[i]?.pos ?? 0) > follower.at);
        follower.link.write(packFrames(transport, rest));
      }
      follower.at = last.pos;
      reached += 1;
      if (follower.stopsAt(last)) follower.hold(last.pos);
    }
    for (const view of this.#views) for (const entry of entries) view.broadcast(this.#room, entry, reached);
  }

  #flushSignals(): void {
    // One whose key was retired in this very turn is heard no more.
    const signals = this.#signals.filter(({ from }) => from === undefined || this.live.has(from));
    this.#signals = [];
    if (signals.length === 0) return;
    const senders = new Set(signals.map((signal) => signal.from));
    const packed: Partial<Record<Transport, Buffer>> = {};
    for (const follower of this.live) {
      const { transport, buffered } = follower.link;
      if (buffered > this.#limits.writeMarkBytes) continue;
      if (senders.has(follower)) {
        const others = signals.filter((signal) => signal.from !== follower);
        if (others.length > 0)
          follower.link.write(
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
        follower.link.write(packed[transport]);
      }
    }
  }
}
