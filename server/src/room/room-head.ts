import type { RequestId, RoomId } from '@gochat/protocol/fields';
import type { LogPosition, RoomLog, RoomState } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';
import { lastRetirement } from './retirements.ts';
import { decodeRecord, type Invite, type RoomRecord, rewrapInvites } from './room-record.ts';

/** A room as of its last handshake. */
export interface RoomHead {
  /** The last entry's position. */
  readonly last: LogPosition;
  /** Positions up to here were given out, now or before the log was put back to an older state. */
  readonly given: LogPosition;
  readonly handshake: LogPosition;
  readonly record: RoomRecord;
  /** The record as its handshake carried it, for a request that can only be a repeat. */
  readonly state: Uint8Array;
}

/** A replacement of the GroupInfo of one handshake, kept apart from the log; it counts only while that handshake is the last. */
export interface Refresh {
  readonly v: 1;
  readonly handshake: LogPosition;
  readonly id: RequestId;
  readonly at: number;
  readonly groupInfo: string;
  readonly member: string;
  readonly invites: readonly Pick<Invite, 'invite' | 'wrapped'>[];
}

const REFRESH = 'refresh';

/** @throws Refusal `no-room`. */
export async function roomHeadOf(log: RoomLog, room: RoomId): Promise<RoomHead> {
  const head = await log.head(room);
  if (head === undefined) throw new Refusal('no-room', 'the server has no such room');
  const record = decodeRecord(head.state, head.handshake);
  return {
    last: head.pos,
    given: head.given ?? head.pos,
    handshake: head.handshake,
    record,
    state: head.state,
  };
}

/** The same with the last refresh laid over it. */
export async function refreshedRoomHeadOf(log: RoomLog, state: RoomState, room: RoomId): Promise<RoomHead> {
  const standing = await roomHeadOf(log, room);
  const { refresh } = await readRefresh(state, room);
  if (refresh?.handshake !== standing.handshake) return standing;
  const { groupInfo, member } = refresh;
  const invites = rewrapInvites(standing.record.invites, refresh.invites);
  return { ...standing, record: { ...standing.record, groupInfo, member, invites } };
}

/** @throws Refusal `retired` when a later handshake than `key` retired it. */
export function refuseRetired(standing: RoomHead, key: LogPosition): void {
  if (key < lastRetirement(standing.record.retirements))
    throw new Refusal('retired', 'a removal retired this access key; prove a newer one');
}

export async function readRefresh(
  state: RoomState,
  room: RoomId,
): Promise<{ readonly refresh?: Refresh; readonly revision: string }> {
  const stored = await state.get(room, REFRESH);
  if (stored === undefined) return { revision: 'absent' };
  return { refresh: JSON.parse(Buffer.from(stored.value).toString()) as Refresh, revision: stored.revision };
}

/** @returns whether the version of `revision` was still the present one. */
export async function writeRefresh(
  state: RoomState,
  room: RoomId,
  refresh: Refresh,
  revision: string,
): Promise<boolean> {
  const put = await state.put(room, REFRESH, Buffer.from(JSON.stringify(refresh)), { revision });
  return put !== 'conflict';
}
