import { setBan, setPin, setRole } from '@gochat/crypto/handshake';
import type { Env } from '@gochat/crypto/primitives';
import { ChatError } from '../api/chat-error.ts';
import type { Params, Result } from '../api/methods.ts';
import { ROLES } from '../api/roles.ts';
import type { BannedPerson, TextItem } from '../room/history.ts';
import { backwards, type KnownPerson, knownPersons } from '../room/known-persons.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { Records } from '../store/records.ts';
import type { Governance } from './governance.ts';
import { firstNonEmpty, isIdOrPrefix } from './pick-room.ts';
import { pickMember, shownMembers } from './room-info.ts';

/** Roles, bans and pins. Each method that changes something expects a session that is up to date with the server. */
export class Moderation {
  readonly #env: Env;
  readonly #records: Records;
  readonly #governance: Governance;

  constructor(env: Env, records: Records, governance: Governance) {
    this.#env = env;
    this.#records = records;
    this.#governance = governance;
  }

  async setRole(
    session: RoomSession,
    { member, role, waitMs }: Params<'setRole'>,
  ): Promise<Result<'setRole'>> {
    // Programs without types may give anything, and no other role is to come of it.
    if (!ROLES.includes(role))
      throw new ChatError({ reason: 'rule-unknown', what: 'role', value: String(role) });
    const { member: target, info } = pickMember(session.room, member);
    await session.change((now) => setRole(now, target.device, role, this.#env), waitMs);
    return { name: info.name };
  }

  async ban(session: RoomSession, params: Params<'ban'>): Promise<Result<'ban'>> {
    const person = await this.#person(session, params.member);
    const here = shownMembers(session.room).find(({ info }) => info.identity === person.identity);
    if (here?.info.self) throw new ChatError({ reason: 'self-ban' });
    if (here !== undefined) await this.#governance.remove(session, { ...params, member: person.identity });
    await session.change((now) => setBan(now, person.fingerprint, true, this.#env), params.waitMs);
    return { name: person.name };
  }

  async unban(session: RoomSession, { member, waitMs }: Params<'unban'>): Promise<Result<'unban'>> {
    const all = await this.bans(session);
    const fitting = firstNonEmpty(
      all.filter(({ identity, fingerprint }) => identity === member || fingerprint === member),
      all.filter(({ name }) => name === member),
      all.filter(({ fingerprint }) => isIdOrPrefix(fingerprint, member)),
    );
    const [one] = fitting;
    if (one === undefined) throw new ChatError({ reason: 'ban-unknown', name: member });
    if (fitting.length > 1) {
      const members = fitting.map(({ fingerprint, name = '' }) => ({ id: fingerprint, name }));
      throw new ChatError({ reason: 'member-ambiguous', name: member, members });
    }
    await session.change((now) => setBan(now, one.fingerprint, false, this.#env), waitMs);
    return { name: one.name ?? one.fingerprint };
  }

  async bans({ room }: RoomSession): Promise<(BannedPerson & { readonly identity?: string })[]> {
    const { state } = room.context;
    const bans = state === 'newer' ? [] : (state.bans ?? []);
    if (bans.length === 0) return [];
    const known = new Map((await knownPersons(this.#records, room)).map((one) => [one.fingerprint, one]));
    return bans.map((fingerprint) => known.get(fingerprint) ?? { fingerprint });
  }

  /** Of who was in the room, too. @throws ChatError `unknown-member`, `ambiguous` */
  async #person(session: RoomSession, wanted: string): Promise<KnownPerson> {
    const known = await knownPersons(this.#records, session.room);
    try {
      const { identity } = pickMember(session.room, wanted).info;
      const member = known.find((one) => one.identity === identity);
      if (member !== undefined) return member;
    } catch (error) {
      if (!(error instanceof ChatError) || error.data.reason !== 'member-unknown') throw error;
    }
    const fitting = firstNonEmpty(
      known.filter(({ identity, fingerprint }) => identity === wanted || fingerprint === wanted),
      known.filter(({ name }) => name === wanted),
      known.filter(({ identity }) => isIdOrPrefix(identity, wanted)),
    );
    const [one] = fitting;
    if (one === undefined) throw new ChatError({ reason: 'member-unknown', name: wanted });
    if (fitting.length > 1) {
      const members = fitting.map(({ identity: id, name }) => ({ id, name }));
      throw new ChatError({ reason: 'member-ambiguous', name: wanted, members });
    }
    return one;
  }

  async pin(session: RoomSession, { id, waitMs }: Params<'pin'>, pinned: boolean): Promise<null> {
    const { state } = session.room.context;
    const pins = state === 'newer' ? [] : (state.pins ?? []);
    const known = pins.includes(id) ? id : await this.#messageId(session, id, pinned);
    if (!pinned && state !== 'newer' && !pins.includes(known)) throw new ChatError({ reason: 'not-pinned' });
    await session.change((now) => setPin(now, known, pinned, this.#env), waitMs);
    return null;
  }

  /** @param mustExist whether a deleted message is none. @throws ChatError `unknown-entry` */
  async #messageId({ room }: RoomSession, wanted: string, mustExist: boolean): Promise<string> {
    for await (const item of backwards(this.#records, room)) {
      if (item.kind !== 'text' || (mustExist && item.deleted !== undefined)) continue;
      if (item.id === wanted || item.seq === wanted) return item.id;
    }
    throw new ChatError({ reason: 'entry-unknown', seq: wanted });
  }

  async pins({ room }: RoomSession): Promise<Result<'pins'>> {
    const { state } = room.context;
    const wanted = new Set(state === 'newer' ? [] : (state.pins ?? []));
    if (wanted.size === 0) return { items: [], unknown: [] };
    const found = new Map<string, TextItem>();
    for await (const item of backwards(this.#records, room)) {
      if (item.kind === 'text' && wanted.has(item.id)) found.set(item.id, item);
      if (found.size === wanted.size) break;
    }
    const ids = [...wanted].reverse();
    return {
      items: ids.flatMap((id) => found.get(id) ?? []),
      unknown: ids.filter((id) => !found.has(id)),
    };
  }
}
