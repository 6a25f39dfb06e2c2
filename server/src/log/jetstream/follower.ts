import { setTimeout as after } from 'node:timers/promises';
import type { Entry, FollowEnd, Follower, LogPosition, Sink } from '../log.ts';
import { Unavailable } from '../log.ts';
import { decodeLogRecord, type LogRecord } from './layout.ts';
import { EngineRefusal, type Stored } from './nats.ts';
import type { RoomPage } from './pages.ts';

const PAGE_ENTRIES = 512;
const HEARD_ENTRIES = 1_024;
const HEARD_BYTES = 2 * 1024 * 1024;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/** What a follower needs of the engine, for its room. */
export interface Followed {
  /** A page behind a position; its turn comes when few others read. @throws Unavailable, EngineRefusal */
  read(behind: LogPosition, limit: number): Promise<RoomPage>;
  /** Calls back with all that is stored in the room from now on, and when the room is dropped. @returns what ends it */
  listen(heard: (stored: Stored) => void): () => void;
  /** Whether it is told that the room was dropped. */
  isDrop(stored: Stored): boolean;
  /** Whether it has had its time. */
  isExpired(kept: LogRecord): boolean;
  seen(kept: LogRecord): void;
  ended(): void;
}

/**
 * Follows one room without a consumer in the engine: it hears what is stored while it reads what was, joins both, and reads again
 * whenever something may have been lost on its way here. Of that it learns from the sequence that each entry names as the one
 * before it, and from {@link JetStreamFollower.resync}.
 */
export class JetStreamFollower implements Follower {
  readonly done: Promise<FollowEnd>;
  readonly #followed: Followed;
  readonly #sink: Sink;
  readonly #silence: () => void;
  #settle!: { resolve(end: FollowEnd): void; reject(error: unknown): void };
  #ended = false;
  #last: LogPosition;
  /** Nothing is missing up to this sequence. */
  #whole = 0;
  #heard: Stored[] = [];
  #heardBytes = 0;
  #state: 'live' | 'catching' | 'catching, and once more' = 'catching';
  /** One reads at a time, or both would deliver the same. */
  #reading = false;

  constructor(behind: LogPosition, sink: Sink, followed: Followed) {
    this.#last = behind;
    this.#sink = sink;
    this.#followed = followed;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#silence = followed.listen((stored) => this.#hear(stored));
    void this.#catchUp();
  }

  stop(): void {
    this.#end('stopped');
  }

  lose(): void {
    this.#end('lost');
  }

  /** Reads what it may have missed. */
  resync(): void {
    if (this.#ended) return;
    if (this.#state !== 'live') {
      this.#state = 'catching, and once more';
      return;
    }
    this.#state = 'catching';
    void this.#catchUp();
  }

  #hear(stored: Stored): void {
    if (this.#ended) return;
    if (this.#followed.isDrop(stored)) this.#end('lost');
    else if (this.#state === 'live') this.#take(stored);
    else this.#keep(stored);
  }

  #keep(stored: Stored): void {
    this.#heard.push(stored);
    this.#heardBytes += stored.data.length;
    if (this.#heard.length <= HEARD_ENTRIES && this.#heardBytes <= HEARD_BYTES) return;
    // A page will bring them.
    this.#forgetHeard();
    this.#state = 'catching, and once more';
  }

  #forgetHeard(): void {
    this.#heard = [];
    this.#heardBytes = 0;
  }

  /**
   * What is heard is taken only when it proves that nothing is missing in front of it. A message does: it names the message before
   * it, and the handshake that it was checked against. A handshake names no message, so it is read.
   */
  #take(stored: Stored): void {
    if (stored.seq <= this.#whole) return;
    let kept: LogRecord;
    try {
      kept = decodeLogRecord(stored);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (kept.entry.kind === 'handshake' || Math.max(stored.before, stored.base) > this.#whole) {
      this.#keep(stored);
      this.resync();
      return;
    }
    this.#whole = kept.seq;
    this.#followed.seen(kept);
    if (!this.#followed.isExpired(kept)) this.#deliver([kept.entry]);
  }

  #deliver(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined || this.#ended) return;
    try {
      if (!this.#sink(entries)) {
        this.#end('lagged');
        return;
      }
    } catch (error) {
      // A sink must not throw; when one does, it must not stop the others.
      this.#fail(error);
      return;
    }
    this.#last = last.pos;
  }

  async #catchUp(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    let retryMs = FIRST_RETRY_MS;
    while (!this.#ended && this.#state !== 'live') {
      try {
        await this.#step();
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        if (!(error instanceof Unavailable || error instanceof EngineRefusal)) this.#fail(error);
        else {
          await after(retryMs * (0.5 + Math.random() / 2), undefined, { ref: false });
          retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
        }
      }
    }
    this.#reading = false;
  }

  async #step(): Promise<void> {
    this.#state = 'catching';
    const page = await this.#followed.read(this.#last, PAGE_ENTRIES);
    if (this.#ended) return;
    if (page.end === 0 && this.#last > 0) {
      this.#end('lost');
      return;
    }
    this.#deliver(page.entries);
    if (page.end === undefined) return;
    this.#whole = page.end;
    if (this.#state !== 'catching') return;
    const heard = this.#heard;
    this.#forgetHeard();
    this.#state = 'live';
    for (const stored of heard) this.#hear(stored);
  }

  #end(reason: FollowEnd['reason']): void {
    if (this.#leave()) this.#settle.resolve({ reason, last: this.#last });
  }

  #fail(error: unknown): void {
    if (this.#leave()) this.#settle.reject(error);
  }

  #leave(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#forgetHeard();
    this.#silence();
    this.#followed.ended();
    return true;
  }
}
