import { randomBytes } from 'node:crypto';
import { CannotOpen } from '../cannot-open.ts';
import { type LogPosition, PAGE_BYTES, type RoomId, Unavailable } from '../log.ts';
import { decodeLogRecord, decodeState, dropSubject, type LogRecord, TAIL_KEY } from './layout.ts';
import type { Nats, StoredMessage } from './nats.ts';
import { retry } from './retry.ts';
import { COUNT_STREAM, RoomStreams } from './room-streams.ts';
import { foundSpread } from './streams.ts';

const PAGE_MESSAGES = 512;
const EVERYTHING = '>';
/** How long nodes get to take a message that is sent to all of them. Without any, the servers answer at once. */
const HEARD_MS = 1_000;

/** A stream at some moment. A stream with the same name, time and last sequence holds nothing more. */
export interface StreamMark {
  readonly name: string;
  /** When the stream was created, as the servers say it. */
  readonly created: string;
  /** The last sequence that it has issued. */
  readonly last: number;
}

/** A message of a stream of entries. */
export interface StoredRecord {
  readonly room: RoomId;
  /** The id of its post, if it is known. */
  readonly id?: string;
  readonly record: LogRecord;
}

/** A message of a stream of state values. */
export interface StoredValue {
  readonly room: RoomId;
  readonly key: string;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  readonly value: Uint8Array;
}

/** What a cluster stores for its rooms, stream by stream. */
export class StoredStreams {
  readonly streams: RoomStreams;
  readonly #nats: Nats;

  private constructor(nats: Nats, streams: RoomStreams) {
    this.#nats = nats;
    this.streams = streams;
  }

  /** @throws CannotOpen when the cluster holds no rooms, or a later version wrote them */
  static async open(nats: Nats): Promise<StoredStreams> {
    return new StoredStreams(nats, new RoomStreams(await retry(() => foundSpread(nats))));
  }

  /** The streams that hold rooms, as they are now. @throws CannotOpen when one is missing */
  async marks(): Promise<StreamMark[]> {
    const names = this.streams.pairs.flatMap(({ log, state }) => [log, state]);
    const marks = await marksOf(this.#nats, names);
    const missing = names.find((name) => !marks.some((mark) => mark.name === name));
    if (missing === undefined) return marks;
    throw new CannotOpen('damaged', `the stream ${missing} is missing: restore it from a backup`);
  }

  /** How many messages the streams of entries hold. */
  async entries(): Promise<number> {
    let count = 0;
    for (const log of this.streams.logs)
      count += (await retry(() => this.#nats.stream(log)))?.state.messages ?? 0;
    return count;
  }

  /** Reads a stream of entries, in the order of its sequences. @param after a sequence; 0: from the beginning */
  async *records(log: string, after: number): AsyncGenerator<StoredRecord[]> {
    for await (const page of this.#messages(log, after))
      yield page.map((stored) => {
        const room = roomOf(stored);
        const [owner, id] = stored.id.split(':');
        const isKnown = owner === room && id?.length === room.length;
        return { room, record: decodeLogRecord(stored), ...(isKnown && { id }) };
      });
  }

  /** Reads a stream of state values: those that have not been deleted. */
  async *values(state: string): AsyncGenerator<StoredValue[]> {
    for await (const page of this.#messages(state, 0))
      yield page.flatMap((stored) => {
        const { value, expiresAt } = decodeState(stored.data);
        const key = Buffer.from(stored.subject.split('.').at(-1) ?? '', 'base64url').toString();
        return value === undefined ? [] : [{ room: roomOf(stored), key, expiresAt, value }];
      });
  }

  async *#messages(stream: string, after: number): AsyncGenerator<StoredMessage[]> {
    for (let next = after + 1; ; ) {
      const page = await retry(async () => {
        const found = await this.#nats.page(stream, EVERYTHING, next, PAGE_MESSAGES, PAGE_BYTES);
        // The replica that answered may lag.
        if (found.length === 0 && (await this.#nats.next(stream, EVERYTHING, next)) !== undefined)
          throw new Unavailable('this replica is lagging');
        return found;
      });
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      next = last.seq + 1;
    }
  }
}

/** Whether a state value belongs to the engine, not to the room. */
export const isInternal = (key: string): boolean => key.startsWith('\u0000');

/** The position that a value of a room says is its last one, even if that entry has expired; undefined: the value says something else. */
export function tailOf({ key, value }: StoredValue): LogPosition | undefined {
  return key === TAIL_KEY ? Number(Buffer.from(value).toString()) : undefined;
}

function roomOf({ subject }: StoredMessage): RoomId {
  return subject.split('.').at(-2) ?? '';
}

/** Those of the streams that exist. */
export async function marksOf(nats: Nats, names: readonly string[]): Promise<StreamMark[]> {
  const marks: StreamMark[] = [];
  for (const name of names) {
    const info = await retry(() => nats.stream(name));
    if (info !== undefined) marks.push({ name, created: String(info.created), last: info.state.last_seq });
  }
  return marks;
}

export const isSameMark = (a: StreamMark, b: StreamMark): boolean =>
  a.name === b.name && a.created === b.created && a.last === b.last;

/**
 * Every node listens for deletions of rooms, so a deletion of a room that doesn't exist finds out whether any node runs.
 * @throws CannotOpen `in use` when one does
 */
export async function requireNoNodes(nats: Nats): Promise<void> {
  const room = randomBytes(16).toString('base64url');
  if (await retry(() => nats.isHeard(dropSubject(room), HEARD_MS)))
    throw new CannotOpen('in use', 'nodes are using the cluster: stop all of them first');
}

/** Deletes streams with their rooms, and the counters. */
export async function deleteStreams(nats: Nats, names: readonly string[]): Promise<void> {
  for (const name of [COUNT_STREAM, ...names]) await retry(() => nats.deleteStream(name));
}
