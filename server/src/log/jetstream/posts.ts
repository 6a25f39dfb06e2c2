import { randomBytes } from 'node:crypto';
import type { Clock } from '../engine.ts';
import { requireId } from '../ids.ts';
import {
  type Appended,
  type HandshakeAppend,
  type LogPosition,
  type MessageAppend,
  type RoomId,
  Unavailable,
} from '../log.ts';
import { decodeLogRecord, encodeHandshake, encodeMessage, type LogRecord } from './layout.ts';
import { EngineRefusal, type Nats, type OutgoingMessage, type PublishAck } from './nats.ts';
import { RETRY_MS, retry } from './retry.ts';
import type { RoomStreams } from './room-streams.ts';
import type { JetStreamTails } from './tails.ts';

/** JSStreamWrongLastSequence: the last handshake is not the expected one. */
const WRONG_LAST = 10071;
/** Another checked publish of the room is in flight, or the same message is: retry. */
const BUSY: ReadonlySet<number> = new Set([10164, 10158]);
/** A sequence that no entry has: a message that expects it is stale, unless it is a repeat. */
const NO_ENTRY = 1;
/** A stream accepts few batches at a time, of at most 1,000 messages each. */
const BATCH_MESSAGES = 128;
const BATCH_BYTES = 512 * 1024;
const BATCHES_IN_FLIGHT = 12;
const KNOWN_ROOMS = 10_000;
/** The limit of all messages that wait for the engine. */
const WAITING_BYTES = 64 * 1024 * 1024;
/** The memory that a waiting message takes in addition to its body. */
const OVERHEAD_BYTES = 512;

type MessageOutcome = Appended | { readonly stale: LogPosition };
type HandshakeOutcome = Appended | { readonly conflict: LogPosition };

interface WaitingMessage {
  readonly message: MessageAppend;
  readonly at: number;
  /** When to give up, as `performance.now()` counts. */
  readonly end: number;
  settle(outcome: Promise<MessageOutcome>): void;
}

type Waiting = WaitingMessage | (() => Promise<void>);

/**
 * Appends to the rooms' logs. JetStream refuses a second checked publish of a room while one is in flight, so each room has one
 * at a time. Messages that are posted meanwhile are sent as one batch.
 */
export class JetStreamPosts {
  readonly #nats: Nats;
  readonly #streams: RoomStreams;
  readonly #now: Clock;
  readonly #tails: JetStreamTails;
  readonly #rooms = new Map<RoomId, Waiting[]>();
  /** Messages with an old base: they can only be repeats or stale. They have a queue of their own, so that new messages don't wait for them. */
  readonly #outdated = new Map<RoomId, Waiting[]>();
  /** The last known handshakes of recently used rooms. */
  readonly #handshakes = new Map<RoomId, LogPosition>();
  /** How many batches each stream has in flight. */
  readonly #batches = new Map<string, number>();
  #waitingBytes = 0;

  constructor(nats: Nats, streams: RoomStreams, now: Clock, tails: JetStreamTails) {
    this.#nats = nats;
    this.#streams = streams;
    this.#now = now;
    this.#tails = tails;
  }

  /** As {@link RoomLog.append}. */
  append(room: RoomId, message: MessageAppend): Promise<MessageOutcome> {
    requireId(message.id);
    requireId(room);
    return this.#waiting(message.body.length, (settle) => {
      const end = performance.now() + RETRY_MS;
      const isOutdated = message.base < (this.#handshakes.get(room) ?? 0);
      const lane = isOutdated ? this.#outdated : this.#rooms;
      this.#enter(lane, room, { message, at: Math.floor(this.#now()), end, settle });
    });
  }

  /** As {@link RoomLog.handshake}. */
  handshake(room: RoomId, after: LogPosition, entry: HandshakeAppend): Promise<HandshakeOutcome> {
    requireId(room);
    return this.#waiting(entry.body.length + entry.state.length, (settle) =>
      this.#enter(this.#rooms, room, async () => {
        const outcome = this.#handshake(room, after, entry);
        settle(outcome);
        await outcome.catch(() => undefined);
      }),
    );
  }

  /** Asks the leader for the last handshake. */
  async newest(room: RoomId): Promise<LogRecord | undefined> {
    const stored = await this.#nats.last(this.#streams.logOf(room), this.#streams.entries(room, 'handshake'));
    return stored && decodeLogRecord(stored);
  }

  /** @throws Unavailable when too many bytes are waiting already */
  async #waiting<Outcome>(
    size: number,
    enter: (settle: (outcome: Promise<Outcome>) => void) => void,
  ): Promise<Outcome> {
    const bytes = size + OVERHEAD_BYTES;
    if (this.#waitingBytes + bytes > WAITING_BYTES) throw new Unavailable('too many writes are waiting');
    this.#waitingBytes += bytes;
    try {
      return await new Promise<Outcome>(enter);
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  #enter(lane: Map<RoomId, Waiting[]>, room: RoomId, waiting: Waiting): void {
    const present = lane.get(room);
    if (present) {
      present.push(waiting);
      return;
    }
    const queue = [waiting];
    lane.set(room, queue);
    void this.#write(lane, room, queue);
  }

  /** Never rejects: each waiting append gets its own outcome. */
  async #write(lane: Map<RoomId, Waiting[]>, room: RoomId, queue: Waiting[]): Promise<void> {
    // Appends that are requested in the same tick share a batch.
    await Promise.resolve();
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (typeof first === 'function') {
        queue.shift();
        await first();
      } else if (!(await this.#messages(room, takeBatch(queue)))) {
        // Senders number their messages: a message after one with an unknown outcome must not be appended before it.
        for (const waiting of queue.splice(0)) {
          if (typeof waiting === 'function') await waiting();
          else
            waiting.settle(
              Promise.reject(new Unavailable('the outcome of an earlier post in the room is unknown')),
            );
        }
      }
    }
    lane.delete(room);
  }

  /** @returns false when the outcome of one is unknown */
  async #messages(room: RoomId, batch: readonly WaitingMessage[]): Promise<boolean> {
    if (batch.length > 1 && (await this.#together(room, batch))) return true;
    let failed: Promise<MessageOutcome> | undefined;
    for (const waiting of batch) {
      const outcome = failed ?? this.#message(room, waiting);
      waiting.settle(outcome);
      await outcome.catch(() => {
        failed = outcome;
      });
    }
    return failed === undefined;
  }

  /** @returns false when the messages must be sent one by one: some are repeats or stale, or too many batches are in flight */
  async #together(room: RoomId, batch: readonly WaitingMessage[]): Promise<boolean> {
    const stream = this.#streams.logOf(room);
    const inFlight = this.#batches.get(stream) ?? 0;
    if (inFlight >= BATCHES_IN_FLIGHT) return false;
    this.#batches.set(stream, inFlight + 1);
    try {
      const last = await retry(() => this.#storeTogether(room, batch), batch[0]?.end);
      if (last === undefined) return false;
      batch.forEach(({ message, at, settle }, i) => {
        const pos = last - batch.length + 1 + i;
        this.#tails.seen(room, pos, expiryOf({ message, at }));
        settle(Promise.resolve({ pos, at, dup: false }));
      });
      return true;
    } catch {
      // Sent one by one, each message gets its own error.
      return false;
    } finally {
      this.#batches.set(stream, (this.#batches.get(stream) ?? 1) - 1);
    }
  }

  /** @returns the sequence of the last message; the others have the sequences before it. Undefined when they can't be stored together */
  async #storeTogether(room: RoomId, batch: readonly WaitingMessage[]): Promise<number | undefined> {
    const base = await this.#sequenceOf(room, batch[0]?.message.base ?? 0);
    const outgoing = batch.map((waiting) => this.#encode(room, base, waiting));
    try {
      const { seq, count } = await this.#nats.storeAll(outgoing, randomBytes(16).toString('base64url'));
      return count === batch.length ? seq : undefined;
    } catch (error) {
      if (error instanceof EngineRefusal && !BUSY.has(error.code)) return undefined;
      throw error;
    }
  }

  async #message(room: RoomId, waiting: WaitingMessage): Promise<MessageOutcome> {
    const { message, at } = waiting;
    return retry(async () => {
      const base = await this.#sequenceOf(room, message.base);
      const ack = await this.#store(this.#encode(room, base, waiting));
      if (ack !== undefined) return this.#acknowledged(room, ack, at, expiryOf(waiting));
      const known = this.#handshakes.get(room) ?? 0;
      if (message.base < known) return { stale: known };
      const newest = await this.#newestOtherThan(room, base);
      return { stale: newest?.entry.pos ?? 0 };
    }, waiting.end);
  }

  async #handshake(room: RoomId, after: LogPosition, entry: HandshakeAppend): Promise<HandshakeOutcome> {
    const at = Math.floor(this.#now());
    const before = after === 0 ? 0 : this.#tails.known(room);
    const outgoing = (last: number): OutgoingMessage => ({
      subject: this.#streams.entries(room, 'handshake'),
      data: encodeHandshake({ ...entry, at, before }),
      headers: {
        'Nats-Msg-Id': `${room}:${requireId(entry.id)}`,
        'Nats-Expected-Last-Subject-Sequence': String(last),
      },
    });
    return retry(async () => {
      const last = after === 0 ? 0 : await this.#sequenceOf(room, after);
      const ack = await this.#store(outgoing(last));
      if (ack !== undefined) {
        const done = await this.#acknowledged(room, ack, at);
        this.#know(room, done.pos);
        return done;
      }
      const newest = await this.#newestOtherThan(room, last);
      // JetStream forgets ids after a while, or when the leader changes. The newest handshake also stores its id.
      if (newest?.id === entry.id) return { pos: newest.entry.pos, at: newest.entry.at, dup: true };
      return { conflict: newest?.entry.pos ?? 0 };
    });
  }

  /** @returns undefined when the last handshake is not the expected one */
  async #store(outgoing: OutgoingMessage): Promise<PublishAck | undefined> {
    try {
      return await this.#nats.store(outgoing);
    } catch (error) {
      if (error instanceof EngineRefusal && error.code === WRONG_LAST) return undefined;
      throw error;
    }
  }

  /** @throws EngineRefusal when the last handshake is the expected one after all: the server that refused it was behind */
  async #newestOtherThan(room: RoomId, expected: number): Promise<LogRecord | undefined> {
    const newest = await this.newest(room);
    if ((newest?.seq ?? 0) === expected)
      throw new EngineRefusal(WRONG_LAST, 'the engine gave contradictory answers');
    if (newest !== undefined) this.#know(room, newest.entry.pos);
    return newest;
  }

  #know(room: RoomId, handshake: LogPosition): void {
    const known = this.#handshakes.get(room) ?? 0;
    this.#handshakes.delete(room);
    this.#handshakes.set(room, Math.max(known, handshake));
    if (this.#handshakes.size <= KNOWN_ROOMS) return;
    const oldest = this.#handshakes.keys().next();
    if (!oldest.done) this.#handshakes.delete(oldest.value);
  }

  /** The room was deleted, and may be created again. */
  forget(room: RoomId): void {
    this.#handshakes.delete(room);
  }

  async #acknowledged(
    room: RoomId,
    { seq, duplicate = false }: PublishAck,
    at: number,
    expiresAt = 0,
  ): Promise<Appended> {
    const stored = duplicate ? await this.#nats.at(this.#streams.logOf(room), seq) : undefined;
    // An entry that has expired since can't be read, so its own position and time are unknown.
    const entry = stored && decodeLogRecord(stored).entry;
    const pos = entry?.pos ?? seq;
    this.#tails.seen(room, pos, expiresAt);
    return { pos, at: entry?.at ?? at, dup: duplicate };
  }

  #encode(room: RoomId, base: number, { message, at }: WaitingMessage): OutgoingMessage {
    const { kind, id, body, note, ttlSec } = message;
    const expiresAt = expiryOf({ message, at });
    return {
      subject: this.#streams.entries(room, 'message'),
      data: encodeMessage({
        ...{ at, expiresAt, before: this.#tails.known(room), body },
        ...(kind !== undefined && { kind }),
        ...(note !== undefined && { note }),
      }),
      headers: {
        'Nats-Msg-Id': `${room}:${id}`,
        'Nats-Expected-Last-Subject-Sequence': String(base),
        'Nats-Expected-Last-Subject-Sequence-Subject': this.#streams.entries(room, 'handshake'),
        ...(ttlSec === undefined ? {} : { 'Nats-TTL': `${ttlSec}s` }),
      },
    };
  }

  /** The sequence of the handshake at this position, if it is the last handshake. */
  async #sequenceOf(room: RoomId, handshake: LogPosition): Promise<number> {
    if (handshake >= this.#streams.firstOf(room)) return handshake;
    if (handshake === 0) return NO_ENTRY;
    const newest = await this.newest(room);
    return newest?.entry.pos === handshake ? newest.seq : NO_ENTRY;
  }
}

/** @returns milliseconds since 1970; 0: never */
function expiryOf({ message: { ttlSec }, at }: Pick<WaitingMessage, 'message' | 'at'>): number {
  return ttlSec === undefined ? 0 : at + ttlSec * 1000;
}

/** Takes the first messages of the queue that have the same base and different ids. */
function takeBatch(queue: Waiting[]): WaitingMessage[] {
  const batch: WaitingMessage[] = [];
  const ids = new Set<string>();
  let bytes = 0;
  for (const waiting of queue) {
    if (typeof waiting === 'function') break;
    const { id, base, body } = waiting.message;
    if (batch.length >= BATCH_MESSAGES || ids.has(id) || base !== (batch[0]?.message.base ?? base)) break;
    bytes += body.length;
    if (batch.length > 0 && bytes > BATCH_BYTES) break;
    ids.add(id);
    batch.push(waiting);
  }
  queue.splice(0, batch.length);
  return batch;
}
