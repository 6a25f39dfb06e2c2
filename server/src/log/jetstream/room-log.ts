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
import { Semaphore } from '../semaphore.ts';
import { JetStreamFollower } from './follower.ts';
import { DROPS, decodeLogRecord, dropSubject, roomOfDrop, signalSubject } from './layout.ts';
import type { LiveMessages } from './live-messages.ts';
import type { Nats } from './nats.ts';
import { JetStreamPages } from './pages.ts';
import { JetStreamPosts } from './posts.ts';
import { retry } from './retry.ts';
import type { RoomStreams } from './room-streams.ts';
import type { JetStreamTails } from './tails.ts';

/** How many followers read at once. The others wait: after an election all of them have to read. */
const READERS = 64;
const RESYNC_TICK_MS = 250;
/** How many followers check per second whether they have missed entries, and how often each one checks at most. */
const RESYNCS_PER_SECOND = 200;
const SOONEST_RESYNC_MS = 10_000;

export interface LogParts {
  readonly nats: Nats;
  readonly streams: RoomStreams;
  readonly now: Clock;
  readonly tails: JetStreamTails;
  readonly live: LiveMessages;
}

interface FoundHead {
  readonly head: Head;
  /** The sequence of the last entry that is stored. */
  readonly seq: number;
}

/** The logs of all rooms in JetStream. Each room has two subjects in its stream, one for messages and one for handshakes. */
export class JetStreamLog implements RoomLog {
  readonly #nats: Nats;
  readonly #streams: RoomStreams;
  readonly #now: Clock;
  readonly #tails: JetStreamTails;
  readonly #live: LiveMessages;
  readonly #pages: JetStreamPages;
  readonly #posts: JetStreamPosts;
  readonly #followers = new Map<JetStreamFollower, RoomId>();
  readonly #readers = new Semaphore(READERS);
  readonly #timer: NodeJS.Timeout;
  #resyncs: Iterator<JetStreamFollower> = [].values();
  #resyncsDue = 0;
  #closed = false;

  constructor({ nats, streams, now, tails, live }: LogParts) {
    this.#nats = nats;
    this.#streams = streams;
    this.#now = now;
    this.#tails = tails;
    this.#live = live;
    this.#pages = new JetStreamPages(nats, streams, now, tails);
    this.#posts = new JetStreamPosts(nats, streams, now, tails);
    nats.subscribe(DROPS, ({ subject }) => this.#forget(roomOfDrop(subject)));
    nats.onPossibleLoss(() => this.resyncAll());
    for (const { log } of streams.pairs)
      nats.subscribe(`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${log}`, () => this.#resyncStream(log));
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
    return (await this.#head(room))?.head;
  }

  async #head(room: RoomId): Promise<FoundHead | undefined> {
    this.#requireOpen();
    return retry(async () => {
      const [stored, tail] = await Promise.all([
        this.#nats.last(this.#streams.logOf(room), this.#streams.allEntries(room)),
        this.#tails.read(room),
      ]);
      if (stored === undefined) return undefined;
      const last = decodeLogRecord(stored);
      // Or a knock.
      const isMessage = last.entry.kind !== 'handshake';
      const newest = isMessage ? await this.#posts.newest(room) : last;
      if (newest === undefined) return undefined;
      const pos = Math.max(last.entry.pos, newest.entry.pos, tail);
      // The next append names this position, so that its expiry is noticed.
      this.#tails.seen(room, pos, last.expiresAt);
      const head = {
        pos,
        handshake: newest.entry.pos,
        access: newest.entry.access ?? Buffer.of(),
        state: newest.state ?? Buffer.of(),
        ...issuedOf(last.entry.pos, isMessage, this.#streams.firstOf(room)),
      };
      return { head, seq: Math.max(last.seq, newest.seq) };
    });
  }

  async read(room: RoomId, after: LogPosition, limit: number): Promise<Page> {
    this.#requireOpen();
    const { entries, floor } = await retry(() => this.#pages.read(room, after, limit));
    return { entries, floor };
  }

  follow(room: RoomId, after: LogPosition, sink: Sink): Follower {
    const follower = this.#follower(room);
    follower.follow(after, sink);
    return follower;
  }

  async open(room: RoomId, begin: (head: Head) => Sink): Promise<Follower | undefined> {
    // It listens before the head is read, so nothing has to be read after it.
    const follower = this.#follower(room);
    try {
      const found = await this.#head(room);
      if (found !== undefined) {
        follower.join(found.head.pos, found.seq, begin(found.head));
        return follower;
      }
    } catch (error) {
      follower.stop();
      throw error;
    }
    follower.stop();
    return undefined;
  }

  /** @returns a follower that listens, but delivers nothing yet */
  #follower(room: RoomId): JetStreamFollower {
    this.#requireOpen();
    const [drop, signals] = [dropSubject(room), signalSubject(room)];
    const follower: JetStreamFollower = new JetStreamFollower({
      read: (after, limit) => this.#readers.run(() => this.#pages.read(room, after, limit, false)),
      subscribe: (received) =>
        this.#live.listen(room, (message) => {
          if (message.subject !== signals) received(message);
        }),
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
      await this.#nats.purge(this.#streams.logOf(room), this.#streams.allEntries(room));
      await this.#nats.purge(this.#streams.stateOf(room), this.#streams.allValues(room));
    });
    this.#nats.publish(dropSubject(room), Buffer.of());
    // Followers on other nodes receive the message just published.
    for (const [follower, followed] of this.#followers) if (followed === room) follower.resync();
  }

  #forget(room: RoomId): void {
    this.#tails.forget(room);
    this.#posts.forget(room);
    this.#pages.forget(room);
  }

  /** Received messages may have been lost. */
  resyncAll(): void {
    for (const follower of this.#followers.keys()) follower.resync();
  }

  /** A stream has another leader, which may not have republished what the last one stored. */
  #resyncStream(stream: string): void {
    for (const [follower, room] of this.#followers)
      if (this.#streams.logOf(room) === stream) follower.resync();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const follower of this.#followers.keys()) follower.lose();
  }

  /** Messages may be lost between servers without notice, for example when a route breaks. */
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

/** Messages after a room's last entry may have expired, and so may those from before it was moved here. */
function issuedOf(last: LogPosition, isMessage: boolean, first: number): Pick<Head, 'issued'> {
  if (last < first) return { issued: first - 1 };
  return isMessage ? {} : { issued: Number.MAX_SAFE_INTEGER };
}
