import type { RoomId } from '@gochat/protocol/fields';
import type { Head, LogPosition, RoomLog, RoomState } from '../log/log.ts';
import { closedRoom, noRoom, retiredKey } from '../session/refusals.ts';
import { withWraps } from './invites.ts';
import { readRefresh } from './refresh-record.ts';
import { lastRetirement } from './retirements.ts';
import { decodeRecord, type RoomRecord } from './room-record.ts';

/** A room as of its last handshake. */
export interface RoomHead {
  /** The last entry's position. */
  readonly last: LogPosition;
  /** The highest position issued, now or before the log was restored to an older state. */
  readonly issued: LogPosition;
  readonly handshake: LogPosition;
  /** The access key that it added. */
  readonly access: Uint8Array;
  readonly record: RoomRecord;
  /** The record as the last handshake carried it, encoded. */
  readonly state: Uint8Array;
}

/** @throws Refusal `no-room`, `closed` */
export async function roomHeadOf(log: RoomLog, room: RoomId): Promise<RoomHead> {
  const head = await anyRoomHeadOf(log, room);
  refuseClosed(head);
  return head;
}

/** As {@link roomHeadOf}, of a closed room too. @throws Refusal `no-room` */
export async function anyRoomHeadOf(log: RoomLog, room: RoomId): Promise<RoomHead> {
  const head = await log.head(room);
  if (head === undefined) throw noRoom();
  return headOf(head);
}

export function headOf(head: Head): RoomHead {
  return {
    last: head.pos,
    issued: head.issued ?? head.pos,
    handshake: head.handshake,
    access: head.access,
    record: decodeRecord(head.state, head.handshake),
    state: head.state,
  };
}

/** As {@link roomHeadOf}, with the last refresh applied to the record. */
export async function refreshedRoomHeadOf(log: RoomLog, state: RoomState, room: RoomId): Promise<RoomHead> {
  const head = await anyRefreshedHeadOf(log, state, room);
  refuseClosed(head);
  return head;
}

/** As {@link refreshedRoomHeadOf}, of a closed room too: a handshake may be a repeat of the one that closed it. @throws Refusal `no-room` */
export async function anyRefreshedHeadOf(log: RoomLog, state: RoomState, room: RoomId): Promise<RoomHead> {
  const head = await anyRoomHeadOf(log, room);
  const { refresh } = await readRefresh(state, room);
  if (refresh?.handshake !== head.handshake) return head;
  const { groupInfo, member } = refresh;
  const invites = withWraps(head.record.invites, refresh.invites);
  return { ...head, record: { ...head.record, groupInfo, member, invites } };
}

/** @throws Refusal `closed` */
export function refuseClosed({ record }: Pick<RoomHead, 'record'>): void {
  if (record.closed === true) throw closedRoom();
}

/** @param key the position of the handshake that added the key. @throws Refusal `retired` when a later handshake retired it */
export function refuseRetired({ record }: RoomHead, key: LogPosition): void {
  if (key < lastRetirement(record.retirements)) throw retiredKey();
}
