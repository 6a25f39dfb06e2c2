import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../engine.ts';
import { type Entry, type LogPosition, PAGE_BYTES, type Page, type RoomId, Unavailable } from '../log.ts';
import { decodeLogRecord, type LogRecord } from './layout.ts';
import type { Nats } from './nats.ts';
import type { RoomStreams } from './room-streams.ts';
import type { JetStreamTails } from './tails.ts';

const PAGE_ENTRIES = 512;
const LAGGING_TRIES = 200;
const LONGEST_LAGGING_MS = 50;
/** A last entry larger than this is not read again only to find out that it is still the last: a handshake may have megabytes. */
const LARGE_BYTES = 64 * 1024;
const LARGE_ROOMS = 10_000;

export interface RoomPage extends Page {
  /** Present if the page reaches the room's end: the sequence of its last entry. 0: there is no such room. */
  readonly end?: number;
}

/** Reads rooms from any replica, up to the last entry that the leader knows. */
export class JetStreamPages {
  readonly #nats: Nats;
  readonly #streams: RoomStreams;
  readonly #now: Clock;
  readonly #tails: JetStreamTails;
  /** The sequence of the last entry of each room where it is large. */
  readonly #large = new Map<RoomId, number>();

  constructor(nats: Nats, streams: RoomStreams, now: Clock, tails: JetStreamTails) {
    this.#nats = nats;
    this.#streams = streams;
    this.#now = now;
    this.#tails = tails;
  }

  /**
   * As {@link RoomLog.read}, but includes every entry acknowledged before the call.
   * @param floorWanted whether the caller needs the floor, which can take another request
   * @throws Unavailable, EngineRefusal
   */
  async read(room: RoomId, after: LogPosition, limit: number, floorWanted = true): Promise<RoomPage> {
    if (limit <= 0) return { entries: [], floor: 0 };
    const page = new PageBuilder(after, limit, this.#now());
    if (this.#large.get(room) === after && (await this.#isEnd(room, after + 1)))
      return this.#endOf(room, page, after, floorWanted);
    // Ask the leader first: most callers are at the end already, and reading a page is expensive when a room's entries are far apart.
    let newest = await this.#newest(room);
    let next = newest === undefined ? after : await this.#sequenceAfter(room, after, newest);
    for (let tries = 0; newest !== undefined; ) {
      const found: readonly LogRecord[] =
        newest.seq < next ? [] : newest.seq === next ? [newest] : await this.#page(room, next, limit);
      for (const record of found) {
        if (page.full) return page;
        page.add(record);
        this.#tails.seen(room, record.entry.pos, record.expiresAt);
        next = record.seq + 1;
      }
      if (next > newest.seq) return this.#endOf(room, page, next - 1, floorWanted);
      if (page.entries.length > 0) return page;
      if (found.length > 0) continue;
      // The replica that answered is behind the leader, or the leader's last entry was deleted since.
      if (++tries > LAGGING_TRIES) throw new Unavailable('this replica is lagging');
      await delay(Math.min(LONGEST_LAGGING_MS, tries));
      newest = await this.#newest(room);
    }
    return { entries: [], floor: 0, end: 0 };
  }

  /** The room was deleted, and may be created again. */
  forget(room: RoomId): void {
    this.#large.delete(room);
  }

  async #endOf(room: RoomId, page: PageBuilder, end: number, floorWanted: boolean): Promise<RoomPage> {
    // Messages after the last entry may have expired.
    if (floorWanted) page.miss(await this.#tails.read(room));
    return { entries: page.entries, floor: page.floor, end };
  }

  async #newest(room: RoomId): Promise<LogRecord | undefined> {
    const stored = await this.#nats.last(this.#streams.logOf(room), this.#streams.allEntries(room));
    this.#large.delete(room);
    if (stored !== undefined && stored.data.length > LARGE_BYTES) {
      if (this.#large.size >= LARGE_ROOMS) this.#large.clear();
      this.#large.set(room, stored.seq);
    }
    return stored && decodeLogRecord(stored);
  }

  /** Asks the leader. */
  async #isEnd(room: RoomId, seq: number): Promise<boolean> {
    const kinds = ['message', 'handshake'] as const;
    const found = await Promise.all(
      kinds.map((kind) => this.#nats.next(this.#streams.logOf(room), this.#streams.entries(room, kind), seq)),
    );
    return found.every((one) => one === undefined);
  }

  async #page(room: RoomId, from: number, limit: number): Promise<LogRecord[]> {
    const count = Math.min(limit, PAGE_ENTRIES);
    const stored = await this.#nats.page(
      this.#streams.logOf(room),
      this.#streams.allEntries(room),
      from,
      count,
      PAGE_BYTES,
    );
    return stored.map(decodeLogRecord);
  }

  /** The lowest sequence after every entry up to a position, which an embedded engine may have issued. */
  async #sequenceAfter(room: RoomId, position: LogPosition, newest: LogRecord): Promise<number> {
    const beginning = this.#streams.firstOf(room);
    if (position === 0) return beginning;
    if (position >= beginning) return position + 1;
    if (newest.entry.pos <= position) return newest.seq + 1;
    // Most rooms were not moved here. They have no entry before such a position, and need no search.
    const first = await this.#nats.next(this.#streams.logOf(room), this.#streams.allEntries(room), beginning);
    if (first === undefined || decodeLogRecord(first).entry.pos > position) return first?.seq ?? newest.seq;
    let [low, high] = [first.seq + 1, newest.seq];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.#nats.next(this.#streams.logOf(room), this.#streams.allEntries(room), middle);
      if (found === undefined || decodeLogRecord(found).entry.pos > position) high = middle;
      else low = found.seq + 1;
    }
    return low;
  }
}

/** Collects the entries of a page. */
class PageBuilder implements Page {
  readonly entries: Entry[] = [];
  floor: LogPosition = 0;
  readonly #limit: number;
  readonly #now: number;
  #last: LogPosition;
  #bytes = 0;

  constructor(after: LogPosition, limit: number, now: number) {
    this.#last = after;
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

  /** Records that there was an entry at this position. If it is not in the page, it has expired. */
  miss(position: LogPosition): void {
    if (position > this.#last) this.floor = position;
  }
}
