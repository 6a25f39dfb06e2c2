import type { RoomEvent, Settings, Warning } from '@gochat/crypto/event';
import type { Knock } from '@gochat/crypto/knock';
import { type Author, labelsOf, type Member, membersOf, type Room } from '@gochat/crypto/room';
import type { Silence } from '@gochat/crypto/speaking';
import type { Position } from '@gochat/protocol/fields';
import type { MessageChange } from './changes.ts';
import type { ChangedItem, HistoryItem, NewItem, TextItem, WarningFact } from './history.ts';

/**
 * @param room the room after the event.
 * @returns the history's line for an event; undefined for an event that the history doesn't show.
 */
export function toHistory(event: RoomEvent, room: Room): NewItem | undefined {
  switch (event.kind) {
    case 'message': {
      const line = { ...stamp(event), ...author(room, event.from) };
      if (event.content.kind === 'leave') return { ...line, kind: 'leaving' };
      if (event.content.kind !== 'text') return undefined;
      const { kind, text, me, reply, mentions, files, poll, forwarded, newer } = event.content;
      return {
        ...line,
        kind,
        id: event.id,
        ...(event.expires !== undefined && { expires: event.expires }),
        text,
        ...(newer && { newer }),
        ...(me && { me }),
        ...(reply && { reply }),
        ...(mentions && { mentions }),
        ...(files && { files }),
        ...(poll && { poll }),
        ...(forwarded && { forwarded }),
      };
    }
    case 'joined':
      return {
        ...stamp(event),
        ...author(room, event.member),
        kind: 'joined',
        ...(event.again && { again: true }),
        ...(event.another && { another: true }),
        ...(event.returned && { unfollowed: event.returned.from ? nameOf(room, event.returned.from) : '' }),
      };
    case 'removed':
      return {
        ...stamp(event),
        ...author(room, event.member),
        kind: 'removed',
        ...(event.by && { by: nameOf(room, event.by) }),
        ...(event.device && { oneDevice: true }),
      };
    case 'renamed':
      return { ...stamp(event), ...author(room, event.member), kind: 'renamed', was: event.was };
    case 'changed': {
      const changed = settingsFacts(event.settings, room);
      if (Object.keys(changed).length === 0 || event.by === undefined) return undefined;
      return { ...stamp(event), ...author(room, event.by), kind: 'changed', ...changed };
    }
    case 'warning':
      return { ...stamp(event), ...noMember, kind: 'warning', ...warningFact(event.warning, room) };
    default:
      return undefined;
  }
}

/** The line for a change of a message by a member who has no right to make it. */
export function refusedChange(
  event: { readonly seq: Position; readonly at: number; readonly content: MessageChange },
  by: string,
  item: TextItem,
): NewItem {
  const { kind } = event.content;
  // Anybody may react.
  const change = kind === 'react' ? 'edit' : kind;
  return {
    ...stamp(event),
    ...noMember,
    kind: 'warning',
    warning: 'refused-change',
    change,
    by,
    member: item.from,
  };
}

/** The line in place of a message that its author may not say. */
export function refusedMessage(
  event: { readonly seq: Position; readonly at: number },
  member: string,
  why: Silence['reason'],
): NewItem {
  return { ...stamp(event), ...noMember, kind: 'warning', warning: 'refused-message', member, why };
}

/** The line about somebody who asks to be let in. The name is a claim: nobody has let in who made it. */
export function knockLine(event: { readonly seq: Position; readonly at: number }, knock: Knock): NewItem {
  const { name, identity, words, wish } = knock;
  const said = words === '' ? {} : { words };
  return { ...stamp(event), from: name, identity, own: false, kind: 'knocked', id: wish.id, ...said };
}

/** The line before a message or change that refers to a message at another position than here. */
export function misplaced(event: { readonly seq: Position; readonly at: number }, member: string): NewItem {
  return { ...stamp(event), ...noMember, kind: 'warning', warning: 'misplaced', member };
}

const noMember = { from: '', identity: '', own: false };

function stamp({ seq, at, timeMark }: Pick<HistoryItem, 'seq' | 'at' | 'timeMark'>) {
  return { seq, at, ...(timeMark && { timeMark }) };
}

/** A person's display name in a room; also of one who is no longer in it. */
export function nameOf(room: Room, member: Author): string {
  const members = membersOf(room);
  // Somebody who was removed is only in the room before the removal.
  const { identity, name } = member;
  return labelsOf(members).get(identity) ?? labelsOf([...members, member]).get(identity) ?? name;
}

function author(room: Room, member: Member) {
  return { from: nameOf(room, member), identity: member.identity, own: member.own };
}

function settingsFacts(settings: Settings, room: Room) {
  const { name, topic, history, admins, dropped, roles, banned, unbanned, ...facts } = settings;
  const { rules, pinned, unpinned } = facts;
  const names = (members: readonly Member[]) => [
    ...new Map(members.map((member) => [member.identity, nameOf(room, member)])).values(),
  ];
  return {
    ...(name !== undefined && { name }),
    ...(topic !== undefined && { topic }),
    ...(history !== undefined && { history }),
    ...(admins.length > 0 && { admins: names(admins) }),
    ...(dropped.length > 0 && { dropped: names(dropped) }),
    ...(roles && { roles: rolesOf(roles, room) }),
    ...(rules && { rules }),
    ...(banned && { banned: banned.map((fingerprint) => ({ fingerprint })) }),
    ...(unbanned && { unbanned: unbanned.map((fingerprint) => ({ fingerprint })) }),
    ...(pinned && { pinned }),
    ...(unpinned && { unpinned }),
  };
}

/** Each person once, though all of its devices have the role. */
function rolesOf(roles: NonNullable<Settings['roles']>, room: Room): NonNullable<ChangedItem['roles']> {
  const persons = new Map(
    roles.map(({ member, role }) => [member.identity, { name: nameOf(room, member), role }]),
  );
  return [...persons.values()];
}

function warningFact(warning: Warning, room: Room): WarningFact {
  switch (warning.kind) {
    case 'missing':
    case 'expired-of':
    case 'unseen':
      return { warning: warning.kind, member: nameOf(room, warning.from), count: warning.count };
    case 'shorter-retention':
      return {
        warning: warning.kind,
        ms: warning.ms,
        ...(warning.before !== undefined && { before: warning.before }),
      };
    case 'unfollowed':
      return { warning: warning.kind, member: nameOf(room, warning.from) };
    case 'split':
    case 'join-skipped':
      return { warning: warning.kind, member: nameOf(room, warning.by) };
    case 'forked':
    case 'unknown-content':
      return { warning: warning.kind, member: nameOf(room, warning.from) };
    case 'withheld':
      return { warning: warning.kind, ...(warning.from && { member: nameOf(room, warning.from) }) };
    default:
      return { warning: warning.kind };
  }
}
