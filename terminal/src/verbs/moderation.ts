import { formatHistorySetting, parseHistorySetting } from '@gochat/client/history-setting';
import type { Params } from '@gochat/client/methods';
import { parseRole } from '@gochat/client/roles';
import { formatRuleTime, parseRuleTime } from '@gochat/client/rule-time';
import { UsageError } from '@gochat/server/usage-error';
import { sanitizeLine } from '@gochat/view/sanitize';
import { afterSync } from '../lines/after-sync.ts';
import { columns, nameOf } from '../lines/format.ts';
import { roomId, roomRef } from '../room-id.ts';
import { CHANGE_MS, READ_MS, roomVerb } from './room.ts';

export const role = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, more, waitMs: ms, text }) => {
  const wanted = parseRole(more[0] ?? '');
  if (wanted === undefined) throw new UsageError(text.flashes.noRole(sanitizeLine(more[0] ?? '')));
  const { name } = await profile.call('setRole', { room, member: given ?? '', role: wanted, waitMs: ms });
  return {
    json: [{ ...ref, member: name, role: wanted }],
    notes: [text.lines.roleNow(sanitizeLine(name), wanted)],
  };
});

const speaks = (wanted: 'observer' | 'member') =>
  roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
    const { name } = await profile.call('setRole', { room, member: given ?? '', role: wanted, waitMs: ms });
    return {
      json: [{ ...ref, member: name, role: wanted }],
      notes: [text.lines.roleNow(sanitizeLine(name), wanted)],
    };
  });

export const mute = speaks('observer');
export const unmute = speaks('member');

export const ban = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
  const { name } = await profile.call('ban', { room, member: given ?? '', waitMs: ms });
  return { json: [{ ...ref, banned: name }], notes: [text.flashes.banned(sanitizeLine(name))] };
});

export const unban = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
  const { name } = await profile.call('unban', { room, member: given ?? '', waitMs: ms });
  return { json: [{ ...ref, unbanned: name }], notes: [text.flashes.unbanned(sanitizeLine(name))] };
});

export const bans = roomVerb(READ_MS, async ({ profile, room, waitMs: ms, text }) => {
  const synced = afterSync(text, await profile.call('sync', { room, waitMs: ms }));
  const all = await profile.call('bans', { room });
  const { none, unknown } = text.dialogs.bans;
  const rows = all.map(({ fingerprint, name }) => [fingerprint, sanitizeLine(name ?? unknown)]);
  return { json: all, lines: columns(rows), ...(all.length === 0 && { hint: none }), ...synced };
});

/** Shows the rules of a room, or changes those that are given. */
export const rules = roomVerb(CHANGE_MS, async ({ profile, room, ref, options, waitMs: ms, text }) => {
  const wanted = readRules(options);
  const changes = Object.keys(wanted).length > 0;
  const synced = afterSync(text, await profile.call('sync', { room, waitMs: ms }));
  if (changes) await profile.call('configure', { room, ...wanted, waitMs: ms });
  const now = await profile.call('rules', { room: await roomId(profile, room) });
  const said = text.rules.inForce(now);
  const { noRules, newcomers } = text.dialogs.configure;
  const lines = [...(said.length === 0 ? [noRules] : said), newcomers(text.history(now.history))];
  const { speak, slow, links, expire, history } = now;
  const written = {
    speak,
    slow: formatRuleTime(slow),
    links,
    expire: formatRuleTime(expire),
    history: formatHistorySetting(history),
  };
  return { json: [{ ...ref, ...written }], lines: changes ? [] : lines, ...(!changes && synced) };
});

/** @throws UsageError, ChatError `usage` */
function readRules({
  speak,
  slow,
  links,
  expire,
  history,
}: Readonly<Partial<Record<'speak' | 'slow' | 'links' | 'expire' | 'history', string>>>): Partial<
  Params<'configure'>
> {
  return {
    ...(speak !== undefined && { speak: oneOf('--speak', speak, ['all', 'staff', 'listed']) }),
    ...(slow !== undefined && { slow: parseRuleTime(slow) }),
    ...(links !== undefined && { links: oneOf('--links', links, ['all', 'staff']) }),
    ...(expire !== undefined && { expire: parseRuleTime(expire) }),
    ...(history !== undefined && { history: parseHistorySetting(history.replace(/^(last|days):/, '')) }),
  };
}

function oneOf<T extends string>(option: string, given: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === given);
  if (found === undefined) throw new UsageError(`${option} takes ${choices.join(', ')}`);
  return found;
}

export const pin = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
  await profile.call('pin', { room, id: given ?? '', waitMs: ms });
  return { json: [{ ...ref, pinned: given }], notes: [text.flashes.pinned(true)] };
});

export const unpin = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
  await profile.call('unpin', { room, id: given ?? '', waitMs: ms });
  return { json: [{ ...ref, unpinned: given }], notes: [text.flashes.pinned(false)] };
});

export const pins = roomVerb(READ_MS, async ({ profile, room, waitMs: ms, text }) => {
  const synced = afterSync(text, await profile.call('sync', { room, waitMs: ms }));
  const { items, unknown } = await profile.call('pins', { room });
  const deleted = text.lines.system(text.timeline.deletedQuote);
  const rows = items.map((item) => [
    item.seq,
    nameOf(item.from),
    item.deleted === undefined ? sanitizeLine(item.text) : deleted,
  ]);
  const { none, unknown: missing } = text.dialogs.pins;
  const hint = unknown.length > 0 ? missing(unknown.length) : items.length === 0 ? none : undefined;
  const ref = await roomRef(profile, room);
  const json = items.map(({ seq, at, from, id, text: said, deleted: by }) => ({
    ...ref,
    ...{ seq, at, from, id, text: said, ...(by && { deleted: by }) },
  }));
  return { json, lines: columns(rows), ...(hint !== undefined && { hint }), ...synced };
});
