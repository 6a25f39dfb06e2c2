import { fingerprintOf } from '@gochat/crypto/identity';
import { labelsOf, membersOf, type Room } from '@gochat/crypto/room';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { Slices } from '../schedule/slices.ts';
import type { Records } from '../store/records.ts';
import type { HistoryItem } from './history.ts';
import { HistoryReader } from './history-reader.ts';

const PAGE = 256;
/** How many lines are read, the newest first. */
const READ = 50_000;
const KEY_CHARS = 43;

/** Somebody who is or was in a room. */
export interface KnownPerson {
  readonly identity: string;
  /** The display name, as this device read it last. */
  readonly name: string;
  /** Of the identity key, as bans have it. */
  readonly fingerprint: string;
}

/**
 * @param newest lines that are not stored yet
 * @returns who is in the room, and then who is named in its history, in the order in which this device read of them last
 */
export async function knownPersons(
  records: Records,
  room: Room,
  newest: readonly HistoryItem[] = [],
): Promise<KnownPerson[]> {
  const names = new Map(labelsOf(membersOf(room)));
  const add = ({ identity, from }: HistoryItem) => {
    if (identity.length === KEY_CHARS && from !== '' && !names.has(identity)) names.set(identity, from);
  };
  for (const item of newest.toReversed()) add(item);
  for await (const item of backwards(records, room)) add(item);
  return [...names].map(([identity, name]) => ({
    identity,
    name,
    fingerprint: encodeBytes(fingerprintOf(decodeBytes(identity))),
  }));
}

/** The lines of a room's history, newest first, in slices that don't keep the platform busy. */
export async function* backwards(records: Records, room: Room): AsyncGenerator<HistoryItem, void, undefined> {
  const reader = new HistoryReader(records, room);
  const slices = new Slices();
  let before: number | undefined;
  for (let read = 0; read < READ; ) {
    const page = await reader.before(before, PAGE);
    yield* page.toReversed();
    const [first] = page;
    if (first === undefined || page.length < PAGE) return;
    read += page.length;
    before = Number(first.seq);
    await slices.over();
  }
}
