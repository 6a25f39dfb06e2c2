import type { RoomId } from '@gochat/protocol/fields';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';
import type { HistoryItem } from './history.ts';

/** Which line of a room's history disappears, and when, in milliseconds since 1970. */
export interface Expiring {
  readonly expires: number;
  readonly seq: number;
  readonly sub: number;
}

/** @returns what stores that a line will disappear, so that it is found without reading the history; nothing of a line that stays */
export function expiringChanges(room: RoomId, item: HistoryItem): RecordChange[] {
  if (item.kind !== 'text' || item.expires === undefined) return [];
  const one: Expiring = { expires: item.expires, seq: Number(item.seq), sub: item.sub };
  return [{ place: placeOf(room, one), value: toJson(one) }];
}

/** @returns what removes {@link expiringChanges} */
export function expiredChange(room: RoomId, one: Expiring): RecordChange {
  return { place: placeOf(room, one), value: undefined };
}

/** The lines that disappear next, the first one first. */
export async function expiringNext(
  records: Records,
  room: RoomId,
  limit: number,
): Promise<readonly Expiring[]> {
  return (await records.list('expiring', room, { limit })).map((row) => fromJson<Expiring>(row));
}

function placeOf(room: RoomId, { expires, seq, sub }: Expiring) {
  return { of: 'expiring', room, at: expires, seq, sub } as const;
}
