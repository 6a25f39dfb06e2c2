import type { InviteId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { InviteGrant } from '@gochat/protocol/up';
import { Refusal } from '../session/refusal.ts';

/** An invite as the server stores it, without any secret. */
export interface Invite {
  readonly invite: InviteId;
  /** The Ed25519 public key of the invite's proofs, base64url. */
  readonly join: string;
  /** The GroupInfo's key, wrapped to this invite. */
  readonly wrapped: string;
  /** Milliseconds since 1970; absent: never. */
  readonly expires?: number;
  /** How many joins are left; absent: any number. */
  readonly uses?: number;
}

/** @param now milliseconds since 1970. @returns those that have neither expired nor been used up */
export function liveInvites(invites: readonly Invite[], now: number): Invite[] {
  return invites.filter(
    (i) => (i.expires === undefined || i.expires > now) && (i.uses === undefined || i.uses > 0),
  );
}

/** The member who makes an invite sets its end by their own clock. */
const CLOCKS_DIFFER_MS = 3600_000;

/**
 * The invites after a handshake that lists them: known ones get a new `wrapped`, new ones have a join key, unlisted ones end. One
 * that is unknown and has no join key has ended already, which members can't know: it stays ended.
 * @param lifetimeMs the longest lifetime of a new invite
 * @throws Refusal `invalid`
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
      throw new Refusal('invalid', 'the lifetime of an invite exceeds the limit of this server');
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

/** The invites after a join with `used`: live ones get a new `wrapped`, and the used one counts down. @throws Refusal `invalid` */
export function spendInvite(
  known: readonly Invite[],
  used: InviteId,
  listed: readonly InviteGrant[],
  now: number,
): Invite[] {
  refuseRepeats(listed);
  const spent = liveInvites(known, now).map((present) => {
    const grant = listed.find((g) => g.invite === present.invite);
    if (grant === undefined) throw new Refusal('invalid', 'a join must list every live invite');
    const left = present.uses !== undefined && present.invite === used ? { uses: present.uses - 1 } : {};
    return { ...present, ...left, wrapped: grant.wrapped };
  });
  return liveInvites(spent, now);
}

/** The invites after a refresh: listed ones get a new `wrapped`, unlisted ones end, none is added. */
export function rewrapInvites(
  known: readonly Invite[],
  wraps: readonly Pick<InviteGrant, 'invite' | 'wrapped'>[],
): Invite[] {
  return known.flatMap((present) => {
    const grant = wraps.find((g) => g.invite === present.invite);
    return grant === undefined ? [] : [{ ...present, wrapped: grant.wrapped }];
  });
}

/** @throws Refusal `invalid` */
export function refuseRepeats(listed: readonly InviteGrant[]): void {
  if (new Set(listed.map((grant) => grant.invite)).size < listed.length) {
    throw new Refusal('invalid', 'an invite is listed twice');
  }
}

/** The members of invites that `groupinfo` contains: no keys. */
export function publicInvites(live: readonly Invite[]): Pick<Invite, 'invite' | 'expires' | 'uses'>[] {
  return live.map(({ invite, expires, uses }) => ({
    invite,
    ...(expires === undefined ? {} : { expires }),
    ...(uses === undefined ? {} : { uses }),
  }));
}
