import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import type { PackContent } from './content.ts';
import { ROOM_KIND } from './genesis.ts';
import { concatBytes, equalBytes, joinParts, splitParts, uint32, uint64 } from './primitives.ts';
import type { Context, RoomState } from './room-state.ts';

/** Packs that members keep ready for newcomers. The newest stay. */
const PACKS = 32;
/** The most posts of all of them: 16 MiB. */
const POSTS = 256;
/** Changes of packed messages that are remembered one by one. */
const CHANGES = 32;
const DAY_MS = 24 * 3600 * 1000;

/** A pack that is kept ready for newcomers, as the message says that announced it. */
export interface KeptPack extends Omit<PackContent, 'kind'> {
  /** The identity key of the member who has shared it. */
  readonly by: string;
  /** When it was announced, in milliseconds since 1970 by the server's clock. */
  readonly at: number;
}

/** Messages that were edited or deleted, or got or lost reactions. */
interface PackedChange {
  /** The first and last position of the messages. */
  readonly from: Position;
  readonly to: Position;
  /** The position of the last change. */
  readonly seq: Position;
  /** Whether one was deleted. */
  readonly gone: boolean;
  /** Whether this device has made the last change. */
  readonly self: boolean;
}

/** What members know of the packs that are kept ready. */
export interface Packs {
  /** In the order in which they were announced. */
  readonly list: readonly KeptPack[];
  /** Whether the list is known from the log alone. What a joiner read in the GroupInfo may be wrong. */
  readonly heard: boolean;
  readonly changes: readonly PackedChange[];
}

export const NO_PACKS: Packs = { list: [], heard: true, changes: [] };

/** How much of the history newcomers are shown: nothing, so many messages or days, or all of it. */
export type HistorySetting = NonNullable<RoomState['history']> | 'none';

/** @returns the setting of a room */
export function historySetting(state: RoomState | 'newer'): HistorySetting {
  return state === 'newer' ? 'none' : (state.history ?? 'none');
}

export function isSameHistory(a: RoomState, b: RoomState): boolean {
  return JSON.stringify(a.history) === JSON.stringify(b.history);
}

/** How much of the history newcomers are shown; undefined: nothing. */
export function historyOf({ kind, state }: Pick<Context, 'kind' | 'state'>): RoomState['history'] {
  return state === 'newer' || kind !== ROOM_KIND.room ? undefined : state.history;
}

/**
 * The packs after a member has announced one. It replaces those whose messages are all within its range. What newcomers aren't shown
 * any more is dropped, if whole packs can be. All members come to the same list.
 * @param history the room's setting
 */
export function withPack(packs: Packs, pack: KeptPack, seq: Position, history: RoomState['history']): Packs {
  if (history === undefined || !isOrdered(pack, seq)) return packs;
  const others = packs.list.filter((one) => !isWithin(one, pack));
  const list = bounded(inWindow([...others, pack], pack.at, history));
  return { ...packs, list, heard: packs.heard || others.length === 0 };
}

function bounded(list: readonly KeptPack[]): readonly KeptPack[] {
  let posts = 0;
  const first = list.findLastIndex(({ parts }) => {
    posts += parts.length;
    return posts > POSTS;
  });
  return list.slice(Math.max(first + 1, list.length - PACKS));
}

function isOrdered({ from, to, seen, parts }: KeptPack, seq: Position): boolean {
  const order = [from, to, seen, seq];
  const isSorted = order.every((at, i) => i === 0 || comparePositions(order[i - 1] ?? at, at) <= 0);
  return isSorted && parts.every((part) => comparePositions(part.seq, seq) < 0);
}

function isWithin(one: KeptPack, other: KeptPack): boolean {
  return comparePositions(one.from, other.from) >= 0 && comparePositions(one.to, other.to) <= 0;
}

function inWindow(
  list: readonly KeptPack[],
  now: number,
  history: NonNullable<RoomState['history']>,
): readonly KeptPack[] {
  if (history === 'all') return list;
  if ('days' in history) return list.filter(({ at }) => at >= now - history.days * DAY_MS);
  const newer = (pack: KeptPack) => list.filter((one) => comparePositions(one.from, pack.to) > 0);
  return list.filter((pack) => newer(pack).reduce((sum, { messages }) => sum + messages, 0) < history.last);
}

/** The packs after a message was changed that may be in one. */
export function withChange(
  packs: Packs,
  target: Position,
  change: Pick<PackedChange, 'seq' | 'gone' | 'self'>,
): Packs {
  const changes = [...packs.changes, { from: target, to: target, ...change }];
  const [first, second, ...rest] = changes;
  if (changes.length <= CHANGES || first === undefined || second === undefined) return { ...packs, changes };
  // Packs of more messages than necessary are made again then.
  const both: PackedChange = {
    from: earlier(first.from, second.from),
    to: comparePositions(first.to, second.to) > 0 ? first.to : second.to,
    seq: second.seq,
    gone: first.gone || second.gone,
    self: second.self,
  };
  return { ...packs, changes: [both, ...rest] };
}

function earlier(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? a : b;
}

/** @returns the changes of messages of a pack that were made after it; none if it is up to date */
export function changesSince(packs: Packs, pack: KeptPack): readonly PackedChange[] {
  return packs.changes.filter(
    ({ from, to, seq }) =>
      comparePositions(seq, pack.seen) > 0 &&
      comparePositions(to, pack.from) >= 0 &&
      comparePositions(from, pack.to) <= 0,
  );
}

/** The packs that are kept after the room's setting has changed. */
export function withoutPacks(packs: Packs): Packs {
  return { ...NO_PACKS, changes: packs.changes };
}

const KEY_BYTES = 32;
const HEAD_BYTES = 2 * KEY_BYTES + 4 * 8 + 4;
const PART_BYTES = 8 + 32;

/**
 * @returns the content of the GroupInfo's extension; undefined if there are no packs. Each pack is a part after its length (4 bytes): key
 *   (32), identity key of the sharer (32), from, to, seen, time of the announcement (8 each), messages (4), then of each of its posts
 *   position (8) and SHA-256 of the body (32).
 */
export function encodePacks({ list }: Packs): Uint8Array | undefined {
  if (list.length === 0) return undefined;
  const at = (position: Position | number) => uint64(BigInt(position));
  return joinParts(
    list.map((pack) =>
      concatBytes(
        decodeBytes(pack.key),
        decodeBytes(pack.by),
        at(pack.from),
        at(pack.to),
        at(pack.seen),
        at(pack.at),
        uint32(pack.messages),
        ...pack.parts.flatMap(({ seq, hash }) => [at(seq), decodeBytes(hash)]),
      ),
    ),
  );
}

/** @returns what a GroupInfo says, without what is malformed */
export function readPacks(bytes: Uint8Array | undefined): Packs {
  const parts = bytes === undefined ? [] : splitParts(bytes);
  return { ...NO_PACKS, list: parts.slice(-PACKS).flatMap((part) => readPack(part) ?? []), heard: false };
}

function readPack(bytes: Uint8Array): KeptPack | undefined {
  const posts = (bytes.length - HEAD_BYTES) / PART_BYTES;
  if (!Number.isInteger(posts) || posts < 1) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (at: number) => Number(view.getBigUint64(at));
  const numbers = [64, 72, 80, 88].map(number);
  const [from = 0, to = 0, seen = 0, at = 0] = numbers;
  const parts = Array.from({ length: posts }, (_, i) => {
    const start = HEAD_BYTES + i * PART_BYTES;
    numbers.push(number(start));
    return { seq: positionOf(number(start)), hash: encodeBytes(bytes.slice(start + 8, start + PART_BYTES)) };
  });
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  return {
    key: encodeBytes(bytes.slice(0, KEY_BYTES)),
    by: encodeBytes(bytes.slice(KEY_BYTES, 2 * KEY_BYTES)),
    from: positionOf(from),
    to: positionOf(to),
    seen: positionOf(seen),
    at,
    messages: view.getUint32(96),
    parts,
  };
}

function positionOf(number: number): Position {
  return String(number) as Position;
}

/** Whether a GroupInfo with this extension says what members know. Who hasn't heard all of it in the log doesn't know better. */
export function arePacks(packs: Packs, extension: Uint8Array | undefined): boolean {
  if (!packs.heard) return true;
  const expected = encodePacks(packs);
  return expected === undefined || extension === undefined
    ? expected === extension
    : equalBytes(expected, extension);
}
