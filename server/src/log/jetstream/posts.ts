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
import {
  decodeLogRecord,
  encodeHandshake,
  encodeMessage,
  FIRST_SEQUENCE,
  LOG_STREAM,
  type LogRecord,
  logSubject,
} from './layout.ts';
import { EngineRefusal, type Nats, type PublishAck, type Stamped } from './nats.ts';
import { RETRY_MS, retry } from './retry.ts';
import type { JetStreamTails } from './tails.ts';

/** JSStreamWrongLastSequence: another handshake stands there than the one that was named. */
const WRONG_LAST = 10071;
/** Another checked publish of the room is in flight, or the same message: both pass. */
const BUSY: ReadonlySet<number> = new Set([10164, 10158]);
/** No entry stands there: what names it is stale, unless it is a repeat. */
const NOWHERE = 1;
/** A batch of the engine is one of a few at a time, and one of a thousand messages at most. */
const BATCH_MESSAGES = 128;
const BATCH_BYTES = 512 * 1024;
const BATCHES_IN_FLIGHT = 12;
const KNOWN_ROOMS = 10_000;
/** As much may wait for the engine, of all rooms. */
const WAITING_BYTES = 64 * 1024 * 1024;
/** What it costs to keep one waiting, besides its body. */
const OVERHEAD_BYTES = 512;

type MessageOutcome = Appended | { readonly stale: LogPosition };
type HandshakeOutcome = Appended | { readonly conflict: LogPosition };

interface WaitingMessage {
  readonly message: MessageAppend;
  readonly at: number;
  /** By `performance.now()`: when patience runs out. */
  readonly end: number;
  settle(outcome: Promise<MessageOutcome>): void;
}

type Waiting = WaitingMessage | (() => Promise<void>);

/**
 * Writes to the rooms' logs. The engine refuses a second checked publish of a room while one is in flight, so each room has one
 * at a time here; what is posted meanwhile goes as one batch.
 */
export class JetStreamPosts {
  readonly #nats: Nats;
  readonly #now: Clock;
  readonly #tails: JetStreamTails;
  readonly #rooms = new Map<RoomId, Waiting[]>();
  /** Of messages that can't be appended any more, and may be repeats: nobody's message waits behind them. */
  readonly #overtaken = new Map<RoomId, Waiting[]>();
  /** The last handshake of rooms of late, as far as is known. */
  readonly #handshakes = new Map<RoomId, LogPosition>();
  #batches = 0;
  #waitingBytes = 0;

  constructor(nats: Nats, now: Clock, tails: JetStreamTails) {
    this.#nats = nats;
    this.#now = now;
    this.#tails = tails;
  }

  /** As of {@link RoomLog.append}. */
  append(room: RoomId, message: MessageAppend): Promise<MessageOutcome> {
    requireId(message.id);
    requireId(room);
    return this.#waiting(message.body.length, (settle) => {
      const end = performance.now() + RETRY_MS;
      const isOvertaken = message.base < (this.#handshakes.get(room) ?? 0);
      const lane = isOvertaken ? this.#overtaken : this.#rooms;
      this.#enter(lane, room, { message, at: Math.floor(this.#now()), end, settle });
    });
  }

  /** As of {@link RoomLog.handshake}. */
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

  /** The last handshake, by the word of the leader. */
  async newest(room: RoomId): Promise<LogRecord | undefined> {
    const stored = await this.#nats.last(LOG_STREAM, logSubject(room, 'handshake'));
    return stored && decodeLogRecord(stored);
  }

  /** @throws Unavailable when too much waits already */
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

  /** Never rejects: each that waits gets its own outcome. */
  async #write(lane: Map<RoomId, Waiting[]>, room: RoomId, queue: Waiting[]): Promise<void> {
    // What was asked for in the same turn goes together.
    await Promise.resolve();
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (typeof first === 'function') {
        queue.shift();
        await first();
      } else if (!(await this.#messages(room, takeBatch(queue)))) {
        // A sender counts its messages: what was posted behind one whose outcome is unknown must not come before it.
        for (const waiting of queue.splice(0)) {
          if (typeof waiting === 'function') await waiting();
          else waiting.settle(Promise.reject(new Unavailable('an earlier post of the room got no answer')));
        }
      }
    }
    lane.delete(room);
  }

  /** @returns whether each got an answer */
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

  /** @returns false when it must be tried one by one: some are known already, or stale, or the engine has its hands full. */
  async #together(room: RoomId, batch: readonly WaitingMessage[]): Promise<boolean> {
    if (this.#batches >= BATCHES_IN_FLIGHT) return false;
    this.#batches += 1;
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
      // Each gets its own error, one by one.
      return false;
    } finally {
      this.#batches -= 1;
    }
  }

  /** @returns the last one's sequence, behind the others' without a gap; undefined when they can't be stored together */
  async #storeTogether(room: RoomId, batch: readonly WaitingMessage[]): Promise<number | undefined> {
    const base = await this.#sequenceOf(room, batch[0]?.message.base ?? 0);
    const stamped = batch.map((waiting) => this.#stamp(room, base, waiting));
    try {
      const { seq, count } = await this.#nats.storeAll(stamped, randomBytes(16).toString('base64url'));
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
      const ack = await this.#store(this.#stamp(room, base, waiting));
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
    const stamped = (last: number): Stamped => ({
      subject: logSubject(room, 'handshake'),
      data: encodeHandshake({ ...entry, at, before }),
      headers: {
        'Nats-Msg-Id': `${room}:${requireId(entry.id)}`,
        'Nats-Expected-Last-Subject-Sequence': String(last),
      },
    });
    return retry(async () => {
      const last = after === 0 ? 0 : await this.#sequenceOf(room, after);
      const ack = await this.#store(stamped(last));
      if (ack !== undefined) {
        const done = await this.#acknowledged(room, ack, at);
        this.#know(room, done.pos);
        return done;
      }
      const newest = await this.#newestOtherThan(room, last);
      // The engine forgets ids in time, or has forgotten them with a leader; the newest handshake carries its own.
      if (newest?.id === entry.id) return { pos: newest.entry.pos, at: newest.entry.at, dup: true };
      return { conflict: newest?.entry.pos ?? 0 };
    });
  }

  /** @returns undefined when another handshake stands there than the one that was named. */
  async #store(stamped: Stamped): Promise<PublishAck | undefined> {
    try {
      return await this.#nats.store(stamped);
    } catch (error) {
      if (error instanceof EngineRefusal && error.code === WRONG_LAST) return undefined;
      throw error;
    }
  }

  /** @throws EngineRefusal when it is the one that was named all the same: who said otherwise was behind. */
  async #newestOtherThan(room: RoomId, named: number): Promise<LogRecord | undefined> {
    const newest = await this.newest(room);
    if ((newest?.seq ?? 0) === named) throw new EngineRefusal(WRONG_LAST, 'the engine contradicts itself');
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

  /** The room is gone, and may be made anew. */
  forget(room: RoomId): void {
    this.#handshakes.delete(room);
  }

  async #acknowledged(
    room: RoomId,
    { seq, duplicate = false }: PublishAck,
    at: number,
    expiresAt = 0,
  ): Promise<Appended> {
    const stored = duplicate ? await this.#nats.at(LOG_STREAM, seq) : undefined;
    // One that has expired in the meantime had its time; nobody can read it any more.
    const entry = stored && decodeLogRecord(stored).entry;
    const pos = entry?.pos ?? seq;
    this.#tails.seen(room, pos, expiresAt);
    return { pos, at: entry?.at ?? at, dup: duplicate };
  }

  #stamp(room: RoomId, base: number, { message, at }: WaitingMessage): Stamped {
    const { id, body, ttlSec } = message;
    const expiresAt = expiryOf({ message, at });
    return {
      subject: logSubject(room, 'message'),
      data: encodeMessage({ at, expiresAt, before: this.#tails.known(room), body }),
      headers: {
        'Nats-Msg-Id': `${room}:${id}`,
        'Nats-Expected-Last-Subject-Sequence': String(base),
        'Nats-Expected-Last-Subject-Sequence-Subject': logSubject(room, 'handshake'),
        ...(ttlSec === undefined ? {} : { 'Nats-TTL': `${ttlSec}s` }),
      },
    };
  }

  /** Where the handshake of this position stands in the stream, if it is the last. */
  async #sequenceOf(room: RoomId, handshake: LogPosition): Promise<number> {
    if (handshake >= FIRST_SEQUENCE) return handshake;
    if (handshake === 0) return NOWHERE;
    const newest = await this.newest(room);
    return newest?.entry.pos === handshake ? newest.seq : NOWHERE;
  }
}

/** Milliseconds since 1970; 0: never. */
function expiryOf({ message: { ttlSec }, at }: Pick<WaitingMessage, 'message' | 'at'>): number {
  return ttlSec === undefined ? 0 : at + ttlSec * 1000;
}

/** The messages at the front of the queue that name the same handshake, each once. */
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
