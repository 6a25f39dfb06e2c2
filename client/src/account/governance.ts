import {
  configure,
  heal,
  type InviteTerms,
  invite,
  remove,
  revoke,
  type Started,
} from '@gochat/crypto/handshake';
import { fingerprintOf } from '@gochat/crypto/identity';
import { inviteKeys } from '@gochat/crypto/invite';
import { formatLink } from '@gochat/crypto/link';
import { cleanName } from '@gochat/crypto/names';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import { invitesOf, membersOf, namingLeaf, ownCredential, type Room } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import { isDeclined } from '@gochat/crypto/room-state';
import { LONGEST_RULE_S } from '@gochat/crypto/state-limits';
import { LIMITS } from '@gochat/protocol/limits';
import { ChatError } from '../api/chat-error.ts';
import { checkHistorySetting } from '../api/history-setting.ts';
import type { Params, Result } from '../api/methods.ts';
import { linkAddress } from '../net/address.ts';
import type { RoomSession } from '../room/room-session.ts';
import { isIdOrPrefix } from './pick-room.ts';
import { pickMember, shownMembers } from './room-info.ts';

const DAY_MS = 24 * 3600 * 1000;
const INVITE_LIFETIME_MS = 7 * DAY_MS;

/** Changes of a room by its members. Each method expects a session that is up to date with the server. */
export class Governance {
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  async remove(session: RoomSession, { member, waitMs }: Params<'remove'>): Promise<Result<'remove'>> {
    const { member: target, info } = pickMember(session.room, member);
    const isIn = () => membersOf(session.room).some((m) => m.identity === target.identity);
    const before = lastRemoval(session.room);
    await session
      .change((now) => remove(now, target.device, this.#env), waitMs)
      .catch((error: unknown) => {
        // An earlier removal with an unknown outcome has landed in the meantime.
        if (isIn()) throw error;
      });
    // Whoever asks to leave is removed with the invites kept, and could come back by a link.
    const ids = invitesOf(session.room).map(({ id }) => id);
    if (ids.length > 0 && lastRemoval(session.room) === before)
      await session.change((now) => revoke(now, ids, this.#env), waitMs);
    return { name: info.name };
  }

  async reportCompromise(
    session: RoomSession,
    { device, waitMs }: Params<'reportCompromise'>,
  ): Promise<null> {
    const own = membersOf(session.room).filter((m) => m.own);
    const fitting = own.filter((m) => (device === undefined ? m.self : isIdOrPrefix(m.device, device)));
    const [one] = fitting;
    if (one === undefined || fitting.length > 1)
      throw new ChatError({ reason: 'device-unknown', id: device ?? '' });
    if (!one.self) {
      // A removal that doesn't keep the invites also ends the own one.
      const keep = one.office === undefined;
      await session.change((now) => remove(now, one.device, this.#env, { keep }), waitMs);
      if (!keep) return null;
    }
    await session.change((now) => heal(now, this.#env, { ask: true }), waitMs);
    return null;
  }

  async configure(session: RoomSession, { room: _, waitMs, ...wanted }: Params<'configure'>): Promise<null> {
    if (wanted.history !== undefined) checkHistorySetting(wanted.history);
    checkSeconds('slow', wanted.slow);
    checkSeconds('expire', wanted.expire);
    checkRules(wanted);
    await session.change((now) => configure(now, wanted, this.#env), waitMs);
    return null;
  }

  async nick(session: RoomSession, { name, waitMs }: Params<'nick'>): Promise<Result<'nick'>> {
    const wanted = cleanName(name);
    const self = membersOf(session.room).find((member) => member.self);
    const naming = self && namingLeaf(session.room, self.identity);
    if (naming?.self === false) throw new ChatError({ reason: 'nick-device' });
    if (naming?.name !== wanted)
      await session.change((now) => heal(now, this.#env, { name: wanted }), waitMs);
    return { name: wanted };
  }

  async invite(
    session: RoomSession,
    { expiresMs, uses, approve, waitMs }: Params<'invite'>,
  ): Promise<Result<'invite'>> {
    const most = connectionOf(session).inviteLifetimeMs;
    if (expiresMs !== undefined && expiresMs > most) throw new ChatError({ reason: 'invite-lifetime', most });
    const secret = this.#env.random(16);
    const terms = {
      expires: this.#env.now() + (expiresMs ?? Math.min(INVITE_LIFETIME_MS, most)),
      ...(uses !== undefined && { uses }),
    };
    // The server ends the connection at other terms, and a stored change is repeated until the server has it.
    const isValid =
      (uses === undefined || (Number.isInteger(uses) && uses >= 1 && uses <= LIMITS.inviteUses)) &&
      (expiresMs === undefined || (Number.isInteger(terms.expires) && expiresMs > 0));
    if (!isValid) throw new ChatError({ reason: 'invite-terms', most: LIMITS.inviteUses });
    const how = approve === true ? { knock: approve } : {};
    await this.#placed(session, waitMs, (now) => invite(now, secret, terms, this.#env, how));
    const founder = fingerprintOf(session.room.context.founder);
    const address = linkAddress(session.meta.server);
    const inviter = fingerprintOf(ownCredential(session.room).identityKey);
    const link = formatLink({ address, room: session.room.id, secret, founder, inviter });
    return { link, id: inviteKeys(secret).id, expires: terms.expires };
  }

  /** Adds an invite that is usable for a week, or as long as the server allows, and makes place for it if there is none. */
  async adds(
    session: RoomSession,
    waitMs: number,
    make: (room: Room, terms: InviteTerms, env: Env) => Promise<Started>,
  ): Promise<void> {
    const { inviteLifetimeMs } = connectionOf(session);
    const expires = this.#env.now() + Math.min(INVITE_LIFETIME_MS, inviteLifetimeMs);
    await this.#placed(session, waitMs, (now) => make(now, { expires }, this.#env));
  }

  async #placed(session: RoomSession, waitMs: number, make: (room: Room) => Promise<Started>): Promise<void> {
    await session.change(make, waitMs).catch(async (error: unknown) => {
      if (!isFull(error) || !(await this.#dropsDead(session, waitMs))) throw error;
      await session.change(make, waitMs);
    });
  }

  /** Drops invites that the server doesn't redeem any more, as far as this member may. @returns whether there were any */
  async #dropsDead(session: RoomSession, waitMs: number): Promise<boolean> {
    const { room } = session;
    const frame = { type: 'fetch', id: newId<never>(this.#env), room: room.id } as const;
    const live = new Set((await connectionOf(session).request(frame)).invites.map(({ invite: id }) => id));
    const self = membersOf(room).find((member) => member.self);
    const isStaff = self?.admin === true || self?.moderator === true;
    const mayDrop = (by: string) => isStaff || (by === self?.identity && !self.limited);
    const dead = invitesOf(room).filter(({ id, by }) => !live.has(id) && mayDrop(by));
    const ids = dead.map(({ id }) => id);
    if (ids.length > 0) await session.change((now) => revoke(now, ids, this.#env), waitMs);
    return ids.length > 0;
  }

  /** @param links of the invites whose secrets this profile has, by id */
  async invites(session: RoomSession, links: Readonly<Record<string, string>>): Promise<Result<'invites'>> {
    const info = await connectionOf(session).request({
      type: 'fetch',
      id: newId(this.#env),
      room: session.room.id,
    });
    const shown = shownMembers(session.room);
    const usable = invitesOf(session.room).filter((i) => !isDeclined(i));
    return usable.map((i) => {
      const live = info.invites.find((known) => known.invite === i.id);
      const by = shown.find(({ member }) => member.identity === i.by)?.info.name ?? '';
      const link = Object.hasOwn(links, i.id) ? links[i.id] : undefined;
      const approval = i.knock === true;
      return {
        id: i.id,
        by,
        expires: live?.expires,
        uses: live?.uses,
        live: live !== undefined,
        link,
        approval,
      };
    });
  }

  async revoke(session: RoomSession, { id, waitMs }: Params<'revoke'>): Promise<null> {
    if (membersOf(session.room).some(({ self, limited }) => self && limited))
      throw new ChatError({ reason: 'device-limited' });
    const fitting = invitesOf(session.room).filter((i) => isIdOrPrefix(i.id, id));
    const [one] = fitting;
    if (one === undefined) throw new ChatError({ reason: 'invite-unknown', id });
    if (fitting.length > 1)
      throw new ChatError({ reason: 'invite-ambiguous', id, ids: fitting.map((i) => i.id) });
    await session.change((now) => revoke(now, [one.id], this.#env), waitMs);
    return null;
  }
}

/** @throws ChatError `usage` unless other members accept it */
export function checkSeconds(what: 'slow' | 'expire', seconds: number | null | undefined): void {
  if (seconds === undefined || seconds === null) return;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_RULE_S)
    throw new ChatError({ reason: 'rule-seconds', what, most: LONGEST_RULE_S });
}

const VALUES = { speak: ['all', 'staff', 'listed'], links: ['all', 'staff'] } as const;
const SETTINGS: ReadonlySet<string> = new Set([
  'name',
  'topic',
  'history',
  'slow',
  'expire',
  ...Object.keys(VALUES),
]);

/** Programs without types may give anything. @throws ChatError `usage` `rule-unknown` */
function checkRules(wanted: Omit<Params<'configure'>, 'room' | 'waitMs'>): void {
  for (const [what, value] of Object.entries(wanted))
    if (!SETTINGS.has(what)) throw new ChatError({ reason: 'rule-unknown', what, value: String(value) });
  for (const what of ['speak', 'links'] as const) {
    const value = wanted[what];
    if (value === undefined || (VALUES[what] as readonly string[]).includes(value)) continue;
    throw new ChatError({ reason: 'rule-unknown', what, value: String(value) });
  }
}

function isFull(error: unknown): boolean {
  return error instanceof RoomError && error.code === 'invites-full';
}

/** @returns what changes when the invites end that were made before a removal */
function lastRemoval({ context }: Room): number | undefined {
  return context.state === 'newer' ? undefined : context.state.lastRemoveEpoch;
}

/** @throws ChatError `offline` */
export function connectionOf(session: RoomSession) {
  if (session.connection === undefined)
    throw new ChatError({ reason: 'connection-ended', server: session.meta.server });
  return session.connection;
}
