import { hash } from 'node:crypto';
import { requireId, requireKey } from '../ids.ts';
import type { EntryKind, LogPosition, RoomId } from '../log.ts';
import { FIRST_SEQUENCE } from './layout.ts';

/** The stream of counters, in memory, shared by all nodes. */
export const COUNT_STREAM = 'GOCHAT_COUNTS';

/** A stream has one leader, so more streams can have more servers as leaders. Each is a Raft group of its own. */
export const MOST_STREAMS = 64;

const KINDS: Readonly<Record<EntryKind, string>> = { message: 'm', knock: 'm', handshake: 'c' };

/** The streams of one share of the rooms. */
export interface StreamPair {
  /** The stream of all entries of these rooms. The messages on one room's subjects are its log. */
  readonly log: string;
  /** The stream of their state values. */
  readonly state: string;
  /** The first tokens of their subjects, between the kind of stream and the room. */
  readonly prefix: string;
}

/**
 * Which streams hold a room: rooms are spread over pairs of streams by a hash of their id. Names and subjects of one pair are those
 * of clusters that were created before there could be more.
 */
export class RoomStreams {
  readonly pairs: readonly [StreamPair, ...StreamPair[]];
  /** The first sequences of the streams that don't begin at the usual one. */
  readonly #firsts = new Map<string, number>();

  /** @param count of pairs, from 1 to {@link MOST_STREAMS}. It can't change while a cluster holds rooms */
  constructor(count = 1) {
    const rest = Array.from({ length: count - 1 }, (_, i) => pairOf(i + 2, count));
    this.pairs = [pairOf(1, count), ...rest];
  }

  get logs(): string[] {
    return this.pairs.map(({ log }) => log);
  }

  logOf(room: RoomId): string {
    return this.#pairOf(room).log;
  }

  /** Records where a stream of entries begins, before its rooms are used. */
  begins(log: string, first: number): void {
    this.#firsts.set(log, first);
  }

  /** The first sequence of the room's stream. The room's lower positions were issued elsewhere. */
  firstOf(room: RoomId): LogPosition {
    return this.#firsts.get(this.logOf(room)) ?? FIRST_SEQUENCE;
  }

  stateOf(room: RoomId): string {
    return this.#pairOf(room).state;
  }

  /** The subject of a room's entries of one kind. */
  entries(room: RoomId, kind: EntryKind): string {
    return `gochat.log.${this.#pairOf(room).prefix}${requireId(room)}.${KINDS[kind]}`;
  }

  allEntries(room: RoomId): string {
    return `gochat.log.${this.#pairOf(room).prefix}${requireId(room)}.*`;
  }

  value(room: RoomId, key: string): string {
    const name = Buffer.from(requireKey(key)).toString('base64url');
    return `gochat.state.${this.#pairOf(room).prefix}${requireId(room)}.${name}`;
  }

  allValues(room: RoomId): string {
    return `gochat.state.${this.#pairOf(room).prefix}${requireId(room)}.*`;
  }

  #pairOf(room: RoomId): StreamPair {
    const [first] = this.pairs;
    if (this.pairs.length === 1) return first;
    return this.pairs[hash('sha256', room, 'buffer').readUInt32BE() % this.pairs.length] ?? first;
  }
}

function pairOf(number: number, count: number): StreamPair {
  const suffix = number === 1 ? '' : `_${number}`;
  return {
    log: `GOCHAT_LOG${suffix}`,
    state: `GOCHAT_STATE${suffix}`,
    prefix: count === 1 ? '' : `${number}.`,
  };
}
