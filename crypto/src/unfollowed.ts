import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import type { MlsState } from './mls/suite.ts';
import { type Author, type Member, type Room, vouches } from './room.ts';

/** How long this device makes no handshake, in milliseconds. */
const WAIT_MS = 10 * 60_000;
/** How often: otherwise whoever sends garbage could keep the admins from removing it. */
const ROOM_REST_MS = 60 * 60_000;
const AUTHOR_REST_MS = 24 * ROOM_REST_MS;
const AUTHORS = 32;
const ENTERED = 64;

/** Whether this device makes no handshake at this time. */
export function isWaiting({ unfollowed }: Pick<Room, 'unfollowed'>, now: number): boolean {
  return unfollowed !== undefined && now < unfollowed.until;
}

/** @returns the room after a handshake at `seq` that this device couldn't follow */
export function afterUnfollowed(room: Room, author: Author, seq: Position, now: number): Room {
  const recent = room.waits.filter(({ at }) => at > now - AUTHOR_REST_MS && at <= now);
  const waits = recent.every(({ identity, at }) => identity !== author.identity && at <= now - ROOM_REST_MS);
  const known = room.unfollowed ?? {
    seq,
    epoch: Number(room.mls.groupContext.epoch),
    authors: [],
    until: 0,
    entered: [],
  };
  const authors = [...known.authors.filter(({ device }) => device !== author.device), author];
  return {
    ...room,
    waits: waits ? [...recent, { identity: author.identity, at: now }] : recent,
    unfollowed: {
      ...known,
      authors: authors.slice(-AUTHORS),
      until: waits ? now + WAIT_MS : known.until,
    },
  };
}

/** @returns the room in a new epoch. @param by who began it; undefined for this device and for joiners, who prove nothing about the others */
export function afterFollowed(room: Room, by: Member | undefined): Room {
  const { unfollowed } = room;
  // Whoever has made up the epoch that this device has joined can go on from it.
  const isTrusted = by !== undefined && (room.split?.skipped !== true || vouches(room, by));
  if (isTrusted && unfollowed?.authors.every(({ identity }) => identity !== by.identity) !== false)
    return {
      ...room,
      unfollowed: undefined,
      split: undefined,
      status: room.status === 'split' ? 'active' : room.status,
    };
  if (unfollowed === undefined) return room;
  const entered = [...unfollowed.entered, epochTag(room.mls)].slice(-ENTERED);
  return { ...room, unfollowed: { ...unfollowed, entered } };
}

/** @returns what identifies an epoch: its confirmation tag (RFC 9420, section 6.1), as base64url */
export function epochTag({ confirmationTag }: Pick<MlsState, 'confirmationTag'>): string {
  return encodeBytes(confirmationTag);
}
