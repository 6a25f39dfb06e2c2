import { setTimeout as after } from 'node:timers/promises';
import type { Clock } from '../engine.ts';
import { type Entry, type LogPosition, PAGE_BYTES, type Page, type RoomId, Unavailable } from '../log.ts';
import {
  decodeLogRecord,
  FIRST_SEQUENCE,
  LOG_STREAM,
  type LogRecord,
  logSubject,
  logSubjects,
} from './layout.ts';
import type { Nats } from './nats.ts';
import type { JetStreamTails } from './tails.ts';

const PAGE_ENTRIES = 512;
const TRAILING_TRIES = 200;
const LONGEST_TRAILING_MS = 50;
/** An entry of more bytes isn't fetched only to see that nothing stands behind it: a handshake may have megabytes. */
const LARGE_BYTES = 64 * 1024;
const LARGE_ROOMS = 10_000;

export interface RoomPage extends Page {
  /** The page reaches the room's end: nothing is missing up to this sequence. 0: there is no such room. */
  readonly end?: number;
}

/** Reads rooms from the replicas, as far as the leader says that they go. */
export class JetStreamPages {
  readonly #nats: Nats;
  readonly #now: Clock;
  readonly #tails: JetStreamTails;
  /** Where the last entry of a room is large: its sequence. */
  readonly #large = new Map<RoomId, number>();

  constructor(nats: Nats, now: Clock, tails: JetStreamTails) {
    this.#nats = nats;
    this.#now = now;
    this.#tails = tails;
  }

  /**
   * As of {@link RoomLog.read}, and never trailing what was acknowledged before the call.
   * @param floorWanted whether the floor matters to who reads: it can cost a request more
   * @throws Unavailable, EngineRefusal
   */
  async read(room: RoomId, behind: LogPosition, limit: number, floorWanted = true): Promise<RoomPage> {
    if (limit <= 0) return { entries: [], floor: 0 };
    const page = new Gathering(behind, limit, this.#now());
    if (this.#large.get(room) === behind && (await this.#isEnd(room, behind + 1)))
      return this.#endOf(room, page, behind, floorWanted);
    // The leader first: most who ask are at the end already, and a page is dear to the engine where a room's entries lie far apart.
    let newest = await this.#newest(room);
    let next = newest === undefined ? behind : await this.#sequenceBehind(room, behind, newest);
    for (let tries = 0; newest !== undefined; ) {
      const found: readonly LogRecord[] =
        newest.seq < next ? [] : newest.seq === next ? [newest] : await this.#page(room, next, limit);
      for (const kept of found) {
        if (page.full) return page;
        page.add(kept);
        this.#tails.seen(room, kept.entry.pos, kept.expiresAt);
        next = kept.seq + 1;
      }
      if (next > newest.seq) return this.#endOf(room, page, next - 1, floorWanted);
      if (page.entries.length > 0) return page;
      if (found.length > 0) continue;
      // The replica that was asked is behind its leader, or what the leader named has gone since.
      if (++tries > TRAILING_TRIES) throw new Unavailable('the engine trails');
      await after(Math.min(LONGEST_TRAILING_MS, tries));
      newest = await this.#newest(room);
    }
    return { entries: [], floor: 0, end: 0 };
  }

  /** The room is gone, and may be made anew. */
  forget(room: RoomId): void {
    this.#large.delete(room);
  }

  async #endOf(room: RoomId, page: Gathering, end: number, floorWanted: boolean): Promise<RoomPage> {
    // Behind the last entry there may have been messages which are gone.
    if (floorWanted) page.miss(await this.#tails.read(room));
    return { entries: page.entries, floor: page.floor, end };
  }

  async #newest(room: RoomId): Promise<LogRecord | undefined> {
    const stored = await this.#nats.last(LOG_STREAM, logSubjects(room));
    this.#large.delete(room);
    if (stored !== undefined && stored.data.length > LARGE_BYTES) {
      if (this.#large.size >= LARGE_ROOMS) this.#large.clear();
      this.#large.set(room, stored.seq);
    }
    return stored && decodeLogRecord(stored);
  }

  /** By the word of the leader, as all that asks for one entry. */
  async #isEnd(room: RoomId, seq: number): Promise<boolean> {
    const kinds = ['message', 'handshake'] as const;
    const found = await Promise.all(
      kinds.map((kind) => this.#nats.next(LOG_STREAM, logSubject(room, kind), seq)),
    );
    return found.every((one) => one === undefined);
  }

  async #page(room: RoomId, from: number, limit: number): Promise<LogRecord[]> {
    const count = Math.min(limit, PAGE_ENTRIES);
    const stored = await this.#nats.page(LOG_STREAM, logSubjects(room), from, count, PAGE_BYTES);
    return stored.map(decodeLogRecord);
  }

  /** The least sequence behind every entry up to a position, which an embedded engine may have given. */
  async #sequenceBehind(room: RoomId, position: LogPosition, newest: LogRecord): Promise<number> {
    if (position === 0) return FIRST_SEQUENCE;
    if (position >= FIRST_SEQUENCE) return position + 1;
    if (newest.entry.pos <= position) return newest.seq + 1;
    // Few rooms were moved here; of the others nothing lies in front of such a position, and nobody makes us search for it.
    const first = await this.#nats.next(LOG_STREAM, logSubjects(room), FIRST_SEQUENCE);
    if (first === undefined || decodeLogRecord(first).entry.pos > position) return first?.seq ?? newest.seq;
    let [low, high] = [first.seq + 1, newest.seq];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.#nats.next(LOG_STREAM, logSubjects(room), middle);
      if (found === undefined || decodeLogRecord(found).entry.pos > position) high = middle;
      else low = found.seq + 1;
    }
    return low;
  }
}

/** A page that is being filled. */
class Gathering implements Page {
  readonly entries: Entry[] = [];
  floor: LogPosition = 0;
  readonly #limit: number;
  readonly #now: number;
  #last: LogPosition;
  #bytes = 0;

  constructor(behind: LogPosition, limit: number, now: number) {
    this.#last = behind;
    this.#limit = limit;
    this.#now = now;
  }

  get full(): boolean {
    return this.entries.length >= this.#limit || this.#bytes >= PAGE_BYTES;
  }

  add({ entry, before, expiresAt }: LogRecord): void {
    this.miss(before);
    this.#last = entry.pos;
    if (expiresAt !== 0 && expiresAt <= this.#now) this.floor = entry.pos;
    else {
      this.entries.push(entry);
      this.#bytes += entry.body.length;
    }
  }

  /** At this position there was an entry: if it isn't in front of what comes now, it has expired. */
  miss(position: LogPosition): void {
    if (position > this.#last) this.floor = position;
  }
}
