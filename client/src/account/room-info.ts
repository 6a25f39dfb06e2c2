import { banOf, type Comparison, isSame } from '@gochat/crypto/compare';
import { historySetting } from '@gochat/crypto/packs';
import { epochOf, labelsOf, type Member, membersOf, namingLeaf, type Room } from '@gochat/crypto/room';
import { rulesOf } from '@gochat/crypto/room-rules';
import { roleOf, silenceOf } from '@gochat/crypto/speaking';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { ChatError } from '../api/chat-error.ts';
import type { Difference, MemberInfo, RoomComparison, RoomInfo } from '../api/methods.ts';
import { awaitsOther, otherIn, ownIdentity } from '../room/direct-room.ts';
import { nameOf } from '../room/event-history.ts';
import type { RoomSession } from '../room/room-session.ts';
import { decidesKnocks, isOfBanned } from '../room/waiting-knocks.ts';
import { firstNonEmpty } from './pick-room.ts';

export function roomInfo(session: RoomSession): RoomInfo {
  const { room, meta } = session;
  const self = membersOf(room).find((m) => m.self);
  const isFounder = self?.identity === encodeBytes(room.context.founder);
  return {
    id: meta.id,
    name: meta.name,
    topic: room.context.state === 'newer' ? '' : (room.context.state.topic ?? ''),
    history: historySetting(room.context.state),
    as: ownName(session),
    server: meta.server,
    status: meta.restored ? 'restored' : meta.left ? 'left' : room.status,
    members: labelsOf(membersOf(room)).size,
    admin: self?.admin ?? false,
    ...governed(room, self),
    ...directInfo(session, self),
    ...(session.turn !== undefined && { turn: session.turn }),
    epoch: String(epochOf(room)),
    queued: session.queued,
    missed: session.missed,
    unsent: session.unsent,
    confirmed: room.confirmedBy !== undefined || isFounder,
    confirmedBy: confirmerOf(room),
    founded: isFounder && meta.shared === undefined,
    unfollowed: unfollowedBy(room),
    knocks: waitingKnocks(session, self),
  };
}

/** What the room's state says of its rules, and of this person. */
function governed(
  { context: { state } }: Room,
  self: Member | undefined,
): Pick<RoomInfo, 'role' | 'rules' | 'silence' | 'pins'> {
  const rules = rulesOf(state);
  if (state === 'newer' || self === undefined) return { role: 'member', rules, pins: [] };
  const silence = silenceOf(state, self.identity)?.reason;
  return {
    role: roleOf(state, self.identity),
    rules,
    ...(silence && { silence }),
    pins: state.pins ?? [],
  };
}

/** How many wait to be let in, for whom decides about it. */
function waitingKnocks({ room, meta: { knocks = [] } }: RoomSession, self: Member | undefined): number {
  if (!decidesKnocks(room, self?.identity)) return 0;
  return knocks.filter((knock) => !isOfBanned(room, knock)).length;
}

function directInfo(session: RoomSession, self: Member | undefined): Pick<RoomInfo, 'direct'> {
  const { room } = session;
  const identity = self && otherIn(room, self.identity);
  if (identity === undefined) return {};
  const state = hasOtherLeft(session) ? 'left' : awaitsOther(room) ? 'asked' : 'there';
  return { direct: { identity, state } };
}

/** Whether it is a direct room that the other person has left. */
export function hasOtherLeft({ room, meta }: RoomSession): boolean {
  const own = ownIdentity(room);
  const other = own && otherIn(room, own);
  return other !== undefined && meta.leaving.includes(other);
}

/** The name of this profile's person in a room. */
export function ownName({ room, meta }: RoomSession): string {
  const self = membersOf(room).find(({ own }) => own);
  return (self && namingLeaf(room, self.identity)?.name) ?? meta.as;
}

function unfollowedBy(room: Room): string {
  const author = room.unfollowed?.authors.at(-1);
  return author === undefined ? '' : nameOf(room, author);
}

/** The present label of the member who confirmed the room, or the name of that time. */
function confirmerOf(room: Room): string {
  const { confirmedBy } = room;
  if (confirmedBy === undefined) return '';
  const member = membersOf(room).find(({ identity }) => identity === confirmedBy.identity);
  return member === undefined ? confirmedBy.name : nameOf(room, member);
}

/** @returns a comparison with the names of persons */
export function comparisonInfo(comparison: Comparison): RoomComparison {
  const { by, proved, persons, members, admins, moderators, bans, tag } = comparison;
  const labels = labelsOf(persons);
  const banned = new Map(persons.map(({ identity }) => [banOf(decodeBytes(identity)), identity]));
  const shown = (identity: string) => labels.get(identity) ?? identity.slice(0, MEMBER_ID_CHARS);
  const named = ({ there, here }: Difference): Difference => ({
    there: there.map(shown),
    here: here.map(shown),
  });
  const unknown = ({ there, here }: Difference): Difference =>
    named({
      there: there.map((ban) => banned.get(ban) ?? ban),
      here: here.map((ban) => banned.get(ban) ?? ban),
    });
  return {
    by: shown(by.identity),
    proved,
    same: isSame(comparison),
    members: named(members),
    admins: named(admins),
    moderators: named(moderators),
    bans: unknown(bans),
    tag,
  };
}

const MEMBER_ID_CHARS = 8;

/** A person with the data that is shown. */
export interface ShownMember {
  /** Its lowest leaf; this device's own leaf if it has one. */
  readonly member: Member;
  readonly info: MemberInfo;
}

export function shownMembers(room: Room): ShownMember[] {
  const all = membersOf(room);
  const labels = labelsOf(all);
  const persons = new Map<string, Member[]>();
  for (const leaf of all) persons.set(leaf.identity, [...(persons.get(leaf.identity) ?? []), leaf]);
  return [...persons].flatMap(([identity, leaves]) => {
    const member = leaves.find(({ self }) => self) ?? leaves[0];
    if (member === undefined) return [];
    const name = labels.get(identity) ?? member.name;
    const devices = leaves.map(({ device, self }) => ({ key: device, self }));
    const id = identity.slice(0, MEMBER_ID_CHARS);
    const { state } = room.context;
    const role = state === 'newer' ? 'member' : roleOf(state, identity);
    return [
      { member, info: { id, identity, name, admin: role === 'admin', role, self: member.own, devices } },
    ];
  });
}

/** The member with this name or id. @throws ChatError `unknown-member`, `ambiguous` */
export function pickMember(room: Room, wanted: string): ShownMember {
  const shown = shownMembers(room);
  const fitting = firstNonEmpty(
    shown.filter(({ info }) => info.id === wanted || info.identity === wanted),
    shown.filter(({ info }) => info.name === wanted || namingLeaf(room, info.identity)?.name === wanted),
  );
  const [one] = fitting;
  if (one === undefined) throw new ChatError({ reason: 'member-unknown', name: wanted });
  if (fitting.length > 1) {
    const members = fitting.map(({ info: { id, name } }) => ({ id, name }));
    throw new ChatError({ reason: 'member-ambiguous', name: wanted, members });
  }
  return one;
}
