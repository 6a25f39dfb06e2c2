import type { InviteId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { InviteGrant } from '@gochat/protocol/up';
import type { LogPosition } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';
import { addRetirement, type Retirements } from './retirements.ts';

/** An invite as the server holds it: public halves only. */
export interface Invite {
  readonly invite: InviteId;
  /** The Ed25519 public key that proves the invite, base64url. */
  readonly join: string;
  /** The GroupInfo's key, wrapped to this invite. */
  readonly wrapped: string;
  readonly expires?: number;
  /** How many joins are left; absent: any number. */
  readonly uses?: number;
}

/** The sealed GroupInfo of a handshake and its key, wrapped to members and to invites. */
export interface SealedInfo {
  readonly groupInfo: string;
  readonly member: string;
  readonly invites: readonly Invite[];
}

/** A room's state as of its last handshake, carried by that handshake and opaque to the log. */
export interface RoomRecord extends SealedInfo {
  readonly retirements: Retirements;
  /** Ed25519 public keys, base64url. */
  readonly admins: readonly string[];
}

interface StoredRecord extends RoomRecord {
  readonly v: 1;
  /** The carrying handshake retires: its position is not known before it is appended. */
  readonly retiresHere: boolean;
}

export function encodeRecord(record: RoomRecord, retiresHere: boolean): Uint8Array {
  const stored: StoredRecord = { ...record, v: 1, retiresHere };
  return Buffer.from(JSON.stringify(stored));
}

/** @param handshake the position of the handshake that carried these bytes. */
export function decodeRecord(bytes: Uint8Array, handshake: LogPosition): RoomRecord {
  const { v, retiresHere, ...record } = JSON.parse(Buffer.from(bytes).toString()) as StoredRecord;
  if (v !== 1) throw new Error(`a room's state of version ${String(v)} is of a newer server`);
  return retiresHere ? { ...record, retirements: addRetirement(record.retirements, handshake) } : record;
}

export function liveInvites(invites: readonly Invite[], now: number): Invite[] {
  return invites.filter(
    (i) => (i.expires === undefined || i.expires > now) && (i.uses === undefined || i.uses > 0),
  );
}

/** When an invite ends is reckoned by the clock of who makes it. */
const CLOCKS_DIFFER_MS = 3600_000;

/**
 * The invites as a handshake lists them: known ones keep all but `wrapped`, new ones bring a join key, unlisted ones end. One that
 * brings none and isn't known has ended here already, which members can't know: it stays ended.
 * @param lifetimeMs for how long a new one may be made
 */
export function mergeInvites(
  known: readonly Invite[],
  listed: readonly InviteGrant[],
  now: number,
  lifetimeMs: number,
): Invite[] {
  refuseRepeats(listed);
  const latest = now + lifetimeMs + CLOCKS_DIFFER_MS;
  const merged = listed.flatMap((grant): Invite[] => {
    const { invite, wrapped, join, expires, uses } = grant;
    const present = known.find((i) => i.invite === invite);
    if (present !== undefined) return [{ ...present, wrapped }];
    if (join === undefined) return [];
    if (expires === undefined ? lifetimeMs < LIMITS.inviteLifetimeMs : expires > latest) {
      throw new Refusal('invalid', 'an invite expires too far ahead for this server');
    }
    return [
      {
        invite,
        join,
        wrapped,
        ...(expires === undefined ? {} : { expires }),
        ...(uses === undefined ? {} : { uses }),
      },
    ];
  });
  return liveInvites(merged, now);
}

/** The invites after a join by `used`: what is live is wrapped anew, the used one counts down, whatever else is listed ends. */
export function spendInvite(
  known: readonly Invite[],
  used: InviteId,
  listed: readonly InviteGrant[],
  now: number,
): Invite[] {
  refuseRepeats(listed);
  const spent = liveInvites(known, now).map((present) => {
    const grant = listed.find((g) => g.invite === present.invite);
    if (grant === undefined) throw new Refusal('invalid', 'a join must keep every live invite');
    const left = present.uses !== undefined && present.invite === used ? { uses: present.uses - 1 } : {};
    return { ...present, ...left, wrapped: grant.wrapped };
  });
  return liveInvites(spent, now);
}

/** The invites after a refresh: listed ones are wrapped anew, unlisted ones end, none is made. */
export function rewrapInvites(
  known: readonly Invite[],
  wraps: readonly Pick<InviteGrant, 'invite' | 'wrapped'>[],
): Invite[] {
  return known.flatMap((present) => {
    const grant = wraps.find((g) => g.invite === present.invite);
    return grant === undefined ? [] : [{ ...present, wrapped: grant.wrapped }];
  });
}

export function refuseRepeats(listed: readonly InviteGrant[]): void {
  if (new Set(listed.map((grant) => grant.invite)).size < listed.length) {
    throw new Refusal('invalid', 'an invite is listed twice');
  }
}
