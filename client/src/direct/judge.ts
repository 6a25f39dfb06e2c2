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
    const state = stateOf(box, { ...judge, known });
    if (state === undefined) continue;
    const { room: id, secret, text } = box.content;
    const { identity: from, name, at } = box;
    const server = linkAddress(meta.server);
    taken.push({ id, common: room.id, server, from, name, text, secret, at, state });
  }
  return { taken, done };
}

/** @returns undefined for a request that doesn't count */
function stateOf({ identity, at, content }: ReceivedBox, judge: Judge): 'open' | 'hidden' | undefined {
  const { asks, ignored, verified } = judge.preferences;
  const waiting = (state: StoredRequest['state']) => judge.known.filter((one) => one.state === state).length;
  const hidden = waiting('hidden') < OPEN ? 'hidden' : undefined;
  if (judge.has(content.room)) return undefined;
  const before = judge.known.find(({ id }) => id === content.room);
  // A room has one founder.
  if (before !== undefined && before.from !== identity) return undefined;
  if (ignored.includes(identity)) return hidden;
  // What was decided stays so.
  if (before !== undefined && before.state !== 'hidden') return before.state === 'open' ? 'open' : undefined;
  const today = judge.known.filter((one) => one.from === identity && Math.abs(at - one.at) < DAY_MS);
  if (today.length >= A_DAY) return undefined;
  if (judge.isAsked(identity)) return 'open';
  if (waiting('open') >= OPEN) return undefined;
  return asks === 'all' || (asks === 'verified' && verified.includes(identity)) ? 'open' : hidden;
}
