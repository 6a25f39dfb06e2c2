import type { RoomId } from '@gochat/protocol/fields';
import type { Preferences } from '../account/settings.ts';
import { linkAddress } from '../net/address.ts';
import type { ReceivedBox } from '../room/received.ts';
import type { RoomSession } from '../room/room-session.ts';
import { fromJson, type RecordChange } from '../store/records.ts';
import type { StoredRequest } from './requests.ts';

const DAY_MS = 24 * 3600 * 1000;
/** How often a person may ask in a day. */
const A_DAY = 5;
/** How many requests may wait for a decision. */
const OPEN = 100;

/** What is known here when somebody asks. */
export interface Judge {
  readonly preferences: Pick<Preferences, 'asks' | 'ignored' | 'verified'>;
  readonly known: readonly StoredRequest[];
  /** Whether this profile is or was in a room. */
  readonly has: (room: RoomId) => boolean;
  /** Whether this person has asked that one. */
  readonly isAsked: (identity: string) => boolean;
}

/**
 * @param rows the records in which opened boxes of a room wait
 * @returns the requests that count, and the changes that remove the records
 */
export function judged(
  rows: readonly Uint8Array[],
  { room, meta }: Pick<RoomSession, 'room' | 'meta'>,
  judge: Judge,
): { readonly taken: readonly StoredRequest[]; readonly done: readonly RecordChange[] } {
  const taken: StoredRequest[] = [];
  const done: RecordChange[] = [];
  for (const row of rows) {
    const box = fromJson<ReceivedBox>(row);
    if (box.content.kind !== 'boxed') continue;
    done.push({ place: { of: 'received', room: room.id, at: Number(box.seq) }, value: undefined });
    const known = [...judge.known, ...taken];
    if (!mayAsk(box, { ...judge, known })) continue;
    const { room: id, secret, text } = box.content;
    const { identity: from, name, at } = box;
    const server = linkAddress(meta.server);
    taken.push({ id, common: room.id, server, from, name, text, secret, at, state: 'open' });
  }
  return { taken, done };
}

function mayAsk({ identity, at, content }: ReceivedBox, judge: Judge): boolean {
  const { asks, ignored, verified } = judge.preferences;
  if (ignored.includes(identity) || judge.has(content.room)) return false;
  const before = judge.known.find(({ id }) => id === content.room);
  // What was ignored stays ignored, and a room has one founder.
  if (before !== undefined) return before.state === 'open' && before.from === identity;
  const today = judge.known.filter((one) => one.from === identity && Math.abs(at - one.at) < DAY_MS);
  if (today.length >= A_DAY) return false;
  if (judge.isAsked(identity)) return true;
  if (judge.known.filter(({ state }) => state === 'open').length >= OPEN) return false;
  return asks === 'all' || (asks === 'verified' && verified.includes(identity));
}
