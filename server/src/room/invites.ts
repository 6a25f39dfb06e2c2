import type { InviteId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { InviteGrant } from '@gochat/protocol/up';
import { Refusal } from '../session/refusal.ts';

/** An invite as the server stores it, without any secret. */
export interface Invite {
  readonly invite: InviteId;
  /** The Ed25519 public key of the invite's proofs, base64url. */
  readonly join: string;
  /** The key of the present GroupInfo, wrapped to this invite. Absent: nobody has wrapped it. */
  readonly wrapped?: string;
  /** When it lost its `wrapped`, in milliseconds since 1970. */
  readonly unwrappedAt?: number;
  /** Milliseconds since 1970; absent: never. */
  readonly expires?: number;
  /** How many joins are left; absent: any number. */
  readonly uses?: number;
  /** Present: one may knock with it, and not join. */
  readonly knock?: true;
}

/** What changes with each GroupInfo. */
export type InviteWrap = Pick<Invite, 'invite' | 'wrapped' | 'unwrappedAt'>;

/** @param now milliseconds since 1970. @returns those that have not ended */
export function liveInvites(invites: readonly Invite[], now: number): Invite[] {
  return invites.filter(
    ({ expires, uses, unwrappedAt }) =>
      (expires === undefined || expires > now) &&
      (uses === undefined || uses > 0) &&
      (unwrappedAt === undefined || unwrappedAt + LIMITS.inviteUnwrappedMs > now),
  );
}

/** The member who makes an invite sets its end by their own clock. */
const CLOCKS_DIFFER_MS = 3600_000;

export interface MergeTerms {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The longest lifetime of a new invite. */
  readonly lifetimeMs: number;
  /** Whether the list is complete: invites that it leaves out end. */
  readonly complete: boolean;
}

/**
 * The invites after a handshake: known ones get a new `wrapped` or lose it, new ones that are listed with a join key are added. One
 * that is unknown and has no join key has ended already, which members can't know: it stays ended.
 * @throws Refusal `invalid`, `full`
 */
export function mergeInvites(
  known: readonly Invite[],
  listed: readonly InviteGrant[],
  { now, lifetimeMs, complete }: MergeTerms,
): Invite[] {
  refuseRepeats(listed);
  const ids = new Set<string>(listed.map(({ invite }) => invite));
  const kept = complete ? known.filter(({ invite }) => ids.has(invite)) : known;
  const knownIds = new Set<string>(known.map(({ invite }) => invite));
  const added = listed
    .filter(({ invite }) => !knownIds.has(invite))
    .flatMap((g) => newInvite(g, now, lifetimeMs));
  const merged = liveInvites([...rewrapInvites(kept, listed, now), ...added], now);
  if (merged.length > LIMITS.invitesPerRoom)
    throw new Refusal('full', 'the room has the maximum number of live invites');
  return merged;
}

/** @throws Refusal `invalid` */
function newInvite(
  { invite, wrapped, join, expires, uses, knock }: InviteGrant,
  now: number,
  lifetimeMs: number,
): Invite[] {
  if (join === undefined) return [];
  const latest = now + lifetimeMs + CLOCKS_DIFFER_MS;
  if (expires !== undefined && expires > latest)
    throw new Refusal('invalid', 'the lifetime of an invite exceeds the limit of this server');
  // Where the operator sets a limit, no invite lasts longer: clients make a new one when one that has no end has ended.
  const end = lifetimeMs < LIMITS.inviteLifetimeMs ? (expires ?? now + lifetimeMs) : expires;
  const ends = { ...(end !== undefined && { expires: end }), ...(uses !== undefined && { uses }) };
  return [{ invite, join, wrapped, ...ends, ...(knock === true && { knock }) }];
}

/** The invites after a join with `used`: live ones get a new `wrapped` or lose it, and the used one counts down. @throws Refusal `invalid` */
export function spendInvite(
  known: readonly Invite[],
  used: InviteId,
  listed: readonly InviteGrant[],
  now: number,
): Invite[] {
  refuseRepeats(listed);
  const spent = liveInvites(known, now).map((present) =>
    present.uses !== undefined && present.invite === used ? { ...present, uses: present.uses - 1 } : present,
  );
  return liveInvites(rewrapInvites(spent, listed, now), now);
}

/** The live invites with the wraps of a new GroupInfo. One that is not listed loses its `wrapped`, because the old key opens nothing now. */
export function rewrapInvites(
  known: readonly Invite[],
  listed: readonly Pick<InviteGrant, 'invite' | 'wrapped'>[],
  now: number,
): Invite[] {
  return liveInvites(known, now).map(({ wrapped: _, unwrappedAt = now, ...present }) => {
    const grant = listed.find(({ invite }) => invite === present.invite);
    return grant === undefined ? { ...present, unwrappedAt } : { ...present, wrapped: grant.wrapped };
  });
}

/** The invites with the wraps that a refresh has stored. */
export function withWraps(known: readonly Invite[], wraps: readonly InviteWrap[]): Invite[] {
  return known.map((present) => {
    const wrap = wraps.find(({ invite }) => invite === present.invite);
    if (wrap === undefined) return present;
    const { wrapped: _, unwrappedAt: __, ...rest } = present;
    return { ...rest, ...wrap };
  });
}

/** The inverse of {@link withWraps}. */
export function wrapsOf(invites: readonly Invite[]): InviteWrap[] {
  return invites.map(({ invite, wrapped, unwrappedAt }) => ({
    invite,
    ...(wrapped !== undefined && { wrapped }),
    ...(unwrappedAt !== undefined && { unwrappedAt }),
  }));
}

/** @throws Refusal `invalid` */
export function refuseRepeats(listed: readonly InviteGrant[]): void {
  if (new Set(listed.map((grant) => grant.invite)).size < listed.length) {
    throw new Refusal('invalid', 'an invite is listed twice');
  }
}

/** The members of invites that `groupinfo` contains for joiners: no keys. */
export function publicInvites(live: readonly Invite[]): Pick<Invite, 'invite' | 'expires' | 'uses'>[] {
  return live.map(({ invite, expires, uses }) => ({
    invite,
    ...(expires === undefined ? {} : { expires }),
    ...(uses === undefined ? {} : { uses }),
  }));
}

/** As {@link publicInvites}, for members: with each `wrapped`, so that they can compare it with their own. */
export function memberInvites(
  live: readonly Invite[],
): Pick<Invite, 'invite' | 'wrapped' | 'expires' | 'uses'>[] {
  return publicInvites(live).map((shown, i) => {
    const wrapped = live[i]?.wrapped;
    return { ...shown, ...(wrapped !== undefined && { wrapped }) };
  });
}
