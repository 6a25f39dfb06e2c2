import type { Settings } from './event.ts';
import { historySetting, isSameHistory } from './packs.ts';
import { membersOf, type Room } from './room.ts';
import { type RoomRules, rulesOf } from './room-rules.ts';
import type { RoomState } from './room-state.ts';
import { roleOf } from './speaking.ts';

/** @returns the settings in which the room after a change differs from the one before */
export function settingsOf(old: Room, after: Room): Settings {
  const was = old.context.state;
  const is = after.context.state;
  if (was === 'newer' || is === 'newer') return { admins: [], dropped: [] };
  const whose = (identities: readonly string[]) =>
    membersOf(after).filter((m) => identities.includes(m.identity));
  const roles = changedRoles(was, is, after);
  const rules = changedRules(rulesOf(was), rulesOf(is));
  return {
    admins: whose(is.admins.filter((identity) => !was.admins.includes(identity))),
    dropped: whose(was.admins.filter((identity) => !is.admins.includes(identity))),
    ...(is.name !== was.name && { name: is.name }),
    ...(is.topic !== was.topic && { topic: is.topic ?? '' }),
    ...(!isSameHistory(is, was) && { history: historySetting(is) }),
    ...(roles.length > 0 && { roles }),
    ...(Object.keys(rules).length > 0 && { rules }),
    ...some('banned', added(was.bans, is.bans)),
    ...some('unbanned', added(is.bans, was.bans)),
    ...some('pinned', added(was.pins, is.pins)),
    ...some('unpinned', added(is.pins, was.pins)),
  };
}

function changedRoles(was: RoomState, is: RoomState, after: Room): NonNullable<Settings['roles']> {
  return membersOf(after).flatMap((member) => {
    const [before, role] = [roleOf(was, member.identity), roleOf(is, member.identity)];
    const isSaid = role === 'admin' || (before === 'admin' && role === 'member');
    return role === before || isSaid ? [] : [{ member, role }];
  });
}

function changedRules(was: RoomRules, is: RoomRules): NonNullable<Settings['rules']> {
  return {
    ...(is.speak !== was.speak && { speak: is.speak }),
    ...(is.slow !== was.slow && { slow: is.slow ?? 0 }),
    ...(is.links !== was.links && { links: is.links }),
    ...(is.expire !== was.expire && { expire: is.expire ?? 0 }),
  };
}

function added(before: readonly string[] = [], after: readonly string[] = []): readonly string[] {
  return after.filter((one) => !before.includes(one));
}

function some<K extends string>(key: K, list: readonly string[]): { readonly [P in K]?: readonly string[] } {
  return list.length === 0 ? {} : ({ [key]: list } as { readonly [P in K]: readonly string[] });
}
