import { setTimeout as delay } from 'node:timers/promises';
import type { Entry, FollowEnd, Follower, LogPosition, Sink } from '../log.ts';
import { Unavailable } from '../log.ts';
import { decodeLogRecord, type LogRecord } from './layout.ts';
import { EngineRefusal, type StoredMessage } from './nats.ts';
import type { RoomPage } from './pages.ts';

const PAGE_ENTRIES = 512;
const BUFFERED_ENTRIES = 1_024;
const BUFFERED_BYTES = 2 * 1024 * 1024;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/** What a follower needs from the engine, for its room. */
export interface FollowedRoom {
  /** Reads a page after a position. Waits while many other followers read. @throws Unavailable, EngineRefusal */
  read(after: LogPosition, limit: number): Promise<RoomPage>;
  /** Calls `received` with each message stored in the room from now on, and when the room is deleted. @returns a function that ends it */
  subscribe(received: (stored: StoredMessage) => void): () => void;
  /** Whether the message announces that the room was deleted. */
  isDrop(stored: StoredMessage): boolean;

  isExpired(record: LogRecord): boolean;
  seen(record: LogRecord): void;
  ended(): void;
}

/**
 * Follows one room without a JetStream consumer. It reads the stored entries while it buffers new ones, joins both, and reads again
 * whenever messages may have been lost. It detects lost messages by the previous sequence that each entry names, and
 * {@link JetStreamFollower.resync} reports other possible losses.
 */
export class JetStreamFollower implements Follower {
  readonly done: Promise<FollowEnd>;
  readonly #followed: FollowedRoom;
  /** Absent until it may deliver. */
  #sink: Sink | undefined;
  readonly #unsubscribe: () => void;
  #settle!: { resolve(end: FollowEnd): void; reject(error: unknown): void };
  #ended = false;
  #last: LogPosition = 0;
  /** Every entry up to this sequence was delivered. */
  #complete = 0;
  #buffered: StoredMessage[] = [];
  #bufferedBytes = 0;
  #state: 'live' | 'catching-up' | 'catch-up-again' = 'catching-up';
  /** Only one read may run, or entries would be delivered twice. */
  #reading = false;

  /** It listens from now on, and delivers once it {@link follow}s or {@link join}s. */
  constructor(followed: FollowedRoom) {
    this.#followed = followed;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#unsubscribe = followed.subscribe((stored) => this.#receive(stored));
  }

  /** Delivers what is stored after a position, then what it receives. */
  follow(after: LogPosition, sink: Sink): void {
    this.#last = after;
    this.#sink = sink;
    void this.#catchUp();
  }

  /**
   * Delivers what it receives after an entry that was the last one at some moment since it began to listen.
   * @param complete the sequence of the entry, or of the last one that is stored
   */
  join(last: LogPosition, complete: number, sink: Sink): void {
    this.#last = last;
    this.#sink = sink;
    if (this.#state === 'catching-up') this.#goLive(complete);
    else void this.#catchUp();
  }

  stop(): void {
    this.#end('stopped');
  }

  lose(): void {
    this.#end('lost');
  }

  /** Reads entries that it may have missed. */
  resync(): void {
    if (this.#ended) return;
    if (this.#state !== 'live' || this.#sink === undefined) {
      this.#state = 'catch-up-again';
      return;
    }
    this.#state = 'catching-up';
    void this.#catchUp();
  }

  #receive(stored: StoredMessage): void {
    if (this.#ended) return;
    if (this.#followed.isDrop(stored)) this.#end('lost');
    else if (this.#state === 'live') this.#take(stored);
    else this.#buffer(stored);
  }

  #buffer(stored: StoredMessage): void {
    this.#buffered.push(stored);
    this.#bufferedBytes += stored.data.length;
    if (this.#buffered.length <= BUFFERED_ENTRIES && this.#bufferedBytes <= BUFFERED_BYTES) return;
    // A later page contains them.
    this.#clearBuffer();
    this.#state = 'catch-up-again';
  }

  #clearBuffer(): void {
    this.#buffered = [];
    this.#bufferedBytes = 0;
  }

  /**
   * Delivers a received entry only if it proves that no entry before it is missing. A message does: it names the message before it
   * and the handshake that was its base. A handshake names no message, so a page is read instead.
   */
  #take(stored: StoredMessage): void {
    if (stored.seq <= this.#complete) return;
    let record: LogRecord;
    try {
      record = decodeLogRecord(stored);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (record.entry.kind === 'handshake' || Math.max(stored.before, stored.base) > this.#complete) {
      this.#buffer(stored);
      this.resync();
      return;
    }
    this.#complete = record.seq;
    this.#followed.seen(record);
    if (!this.#followed.isExpired(record)) this.#deliver([record.entry]);
  }

  #deliver(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined || this.#ended || this.#sink === undefined) return;
    try {
      if (!this.#sink(entries)) {
        this.#end('lagged');
        return;
      }
    } catch (error) {
      // A sink must not throw. If one does, the other followers continue.
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
          await delay(retryMs * (0.5 + Math.random() / 2), undefined, { ref: false });
          retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
        }
      }
    }
    this.#reading = false;
  }

  async #step(): Promise<void> {
    this.#state = 'catching-up';
    const page = await this.#followed.read(this.#last, PAGE_ENTRIES);
    if (this.#ended) return;
    if (page.end === 0 && this.#last > 0) {
      this.#end('lost');
      return;
    }
    this.#deliver(page.entries);
    if (page.end === undefined) return;
    if (this.#state === 'catching-up') this.#goLive(page.end);
    else this.#complete = page.end;
  }

  #goLive(complete: number): void {
    if (this.#ended) return;
    this.#complete = complete;
    const buffered = this.#buffered;
    this.#clearBuffer();
    this.#state = 'live';
    for (const stored of buffered) this.#receive(stored);
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
    this.#clearBuffer();
    this.#unsubscribe();
    this.#followed.ended();
    return true;
  }
}
