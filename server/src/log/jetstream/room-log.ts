import type { Clock } from '../engine.ts';
import type {
  Appended,
  Follower,
  HandshakeAppend,
  Head,
  LogPosition,
  MessageAppend,
  Page,
  RoomId,
  RoomLog,
  Sink,
} from '../log.ts';
import { Unavailable } from '../log.ts';
import { JetStreamFollower } from './follower.ts';
import {
  DROPS,
  decodeLogRecord,
  dropSubject,
  FIRST_SEQUENCE,
  LOG_STREAM,
  liveSubjects,
  logSubjects,
  roomOfDrop,
  STATE_STREAM,
  stateSubjects,
} from './layout.ts';
import type { Nats } from './nats.ts';
import { JetStreamPages } from './pages.ts';
import { JetStreamPosts } from './posts.ts';
import { retry } from './retry.ts';
import type { JetStreamTails } from './tails.ts';

/** So many followers read at once; the others wait for their turn, as when all have to after an election. */
const READERS = 64;
const RESYNC_TICK_MS = 250;
/** How many followers look, unasked, whether they have missed something; each after so long at the soonest. */
const RESYNCS_PER_SECOND = 200;
const SOONEST_RESYNC_MS = 10_000;

/** The log of every room in one stream of JetStream: a room is two subjects in it, one for messages, one for handshakes. */
export class JetStreamLog implements RoomLog {
  readonly #nats: Nats;
  readonly #now: Clock;
  readonly #tails: JetStreamTails;
  readonly #pages: JetStreamPages;
  readonly #posts: JetStreamPosts;
  readonly #followers = new Map<JetStreamFollower, RoomId>();
  readonly #readers = new Mutex(READERS);
  readonly #timer: NodeJS.Timeout;
  #resyncs: Iterator<JetStreamFollower> = [].values();
  #resyncsDue = 0;
  #closed = false;

  constructor(nats: Nats, now: Clock, tails: JetStreamTails) {
    this.#nats = nats;
    this.#now = now;
    this.#tails = tails;
    this.#pages = new JetStreamPages(nats, now, tails);
    this.#posts = new JetStreamPosts(nats, now, tails);
    nats.listen(DROPS, ({ subject }) => this.#forget(roomOfDrop(subject)));
    const resyncAll = () => this.resyncAll();
    nats.onShaken(resyncAll);
    nats.listen(`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${LOG_STREAM}`, resyncAll);
    this.#timer = setInterval(() => this.#resyncSome(), RESYNC_TICK_MS);
    this.#timer.unref();
  }

  async append(room: RoomId, message: MessageAppend): Promise<Appended | { readonly stale: LogPosition }> {
    this.#requireOpen();
    return this.#posts.append(room, message);
  }

  async handshake(
    room: RoomId,
    after: LogPosition,
    entry: HandshakeAppend,
  ): Promise<Appended | { readonly conflict: LogPosition }> {
    this.#requireOpen();
    return this.#posts.handshake(room, after, entry);
  }

  async head(room: RoomId): Promise<Head | undefined> {
    this.#requireOpen();
    return retry(async () => {
      const [stored, tail] = await Promise.all([
        this.#nats.last(LOG_STREAM, logSubjects(room)),
        this.#tails.read(room),
      ]);
      if (stored === undefined) return undefined;
      const last = decodeLogRecord(stored);
      const isMessage = last.entry.kind === 'message';
      const newest = isMessage ? await this.#posts.newest(room) : last;
      if (newest === undefined) return undefined;
      const pos = Math.max(last.entry.pos, newest.entry.pos, tail);
      // Who appends next names it, so that it is missed when it is gone.
      this.#tails.seen(room, pos, last.expiresAt);
      return {
        pos,
        handshake: newest.entry.pos,
        access: newest.entry.access ?? Buffer.of(),
        state: newest.state ?? Buffer.of(),
        ...givenOf(last.entry.pos, isMessage),
      };
    });
  }

  async read(room: RoomId, after: LogPosition, limit: number): Promise<Page> {
    this.#requireOpen();
    const { entries, floor } = await retry(() => this.#pages.read(room, after, limit));
    return { entries, floor };
  }

  follow(room: RoomId, after: LogPosition, sink: Sink): Follower {
    this.#requireOpen();
    const drop = dropSubject(room);
    const follower: JetStreamFollower = new JetStreamFollower(after, sink, {
      read: (behind, limit) => this.#readers.take(() => this.#pages.read(room, behind, limit, false)),
      listen: (heard) => this.#nats.listen(liveSubjects(room), heard),
      isDrop: ({ subject }) => subject === drop,
      isExpired: ({ expiresAt }) => expiresAt !== 0 && expiresAt <= this.#now(),
      seen: ({ entry, expiresAt }) => this.#tails.seen(room, entry.pos, expiresAt),
      ended: () => this.#followers.delete(follower),
    });
    this.#followers.set(follower, room);
    return follower;
  }

  async drop(room: RoomId): Promise<void> {
    this.#requireOpen();
    this.#forget(room);
    await retry(async () => {
      await this.#nats.purge(LOG_STREAM, logSubjects(room));
      await this.#nats.purge(STATE_STREAM, stateSubjects(room));
    });
    this.#nats.tell(dropSubject(room), Buffer.of());
    // Those of other nodes are told.
    for (const [follower, followed] of this.#followers) if (followed === room) follower.resync();
  }

  #forget(room: RoomId): void {
    this.#tails.forget(room);
    this.#posts.forget(room);
    this.#pages.forget(room);
  }

  /** What was told may have been lost on its way to us. */
  resyncAll(): void {
    for (const follower of this.#followers.keys()) follower.resync();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const follower of this.#followers.keys()) follower.lose();
  }

  /** Between servers a message may be lost without a word: a route that broke, for instance. */
  #resyncSome(): void {
    const perTick = (this.#followers.size * RESYNC_TICK_MS) / SOONEST_RESYNC_MS;
    this.#resyncsDue += Math.min(perTick, (RESYNCS_PER_SECOND * RESYNC_TICK_MS) / 1000);
    for (; this.#resyncsDue >= 1; this.#resyncsDue -= 1) {
      let next = this.#resyncs.next();
      if (next.done) {
        this.#resyncs = this.#followers.keys();
        next = this.#resyncs.next();
      }
      if (!next.done) next.value.resync();
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new Unavailable('the log is closed');
  }
}

/** Messages behind a room's last entry may have come and gone, and so may those of its time before it was moved here. */
function givenOf(last: LogPosition, isMessage: boolean): Pick<Head, 'given'> {
  if (last < FIRST_SEQUENCE) return { given: FIRST_SEQUENCE - 1 };
  return isMessage ? {} : { given: Number.MAX_SAFE_INTEGER };
}

/** Lets so many work at a time. */
class Mutex {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
