import { formatHistorySetting, parseHistorySetting } from '@gochat/client/history-setting';
import type { RoomInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine, sanitizeText } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { afterSync } from '../lines/after-sync.ts';
import { comesBack } from '../lines/comes-back.ts';
import { problemText } from '../lines/error-text.ts';
import { columns, type RoomRef } from '../lines/format.ts';
import { checkNotRemoved, type ProfileOptions, withProfile } from '../profile.ts';
import { roomId, roomRef } from '../room-id.ts';
import { readText } from '../utf8-input.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
  /** Of `admin`: removes the right instead of giving it. */
  readonly drop?: boolean;
  /** Of `return`: the tag of the comparison that the user has seen. */
  readonly seen?: string;
  /** Of `rules`. */
  readonly speak?: string;
  readonly slow?: string;
  readonly links?: string;
  readonly expire?: string;
  readonly history?: string;
  /** Of `safety`: the entry whose log code is wanted. */
  readonly at?: string;
}

/** @throws UsageError */
function readAt(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new UsageError('--at takes the number of an entry, as gochat safety shows it');
  return Number(text);
}

/** What a verb prints. */
interface Result {
  /** With `--json`: one JSON line each. */
  readonly json: readonly unknown[];
  /** Without it. */
  readonly lines?: readonly string[];
  /** For standard error, with `--json` too. */
  readonly notes?: readonly string[];
  /** For standard error, only when `lines` are printed. */
  readonly hint?: string;
  readonly code?: ExitCode;
}

interface Call {
  readonly profile: Profile;
  /** As the user named it. */
  readonly room: string;
  /** Its id and name, for JSON lines. */
  readonly ref: RoomRef | undefined;
  /** The second argument. */
  readonly given: string | undefined;
  /** Those after it. */
  readonly more: readonly string[];
  readonly options: Options;
  readonly waitMs: number;
  readonly text: TerminalText;
  readonly stdin: Io['stdin'];
}

/** How long a verb tries, unless `--wait` says otherwise. */
export const READ_MS = 5000;
export const CHANGE_MS = 30_000;

/** A verb about one room. @param defaultMs how long it waits unless the user says otherwise */
export function roomVerb(defaultMs: number, act: (call: Call) => Promise<Result>) {
  return async (io: Io, args: readonly string[], options: Options): Promise<ExitCode> => {
    const wait = waitMs(options.wait, defaultMs);
    return withProfile(io, options, async (opened) => {
      const profile = showConnecting(io, opened);
      const [room = '', given, ...more] = args;
      // Leaving or renaming changes what the name leads to.
      const ref = options.json === true && room !== '' ? await roomRef(profile, room) : undefined;
      const { text } = io.words;
      const result = await act({
        profile,
        room,
        ref,
        given,
        more,
        options,
        waitMs: wait,
        text,
        stdin: io.stdin,
      });
      for (const line of result.notes ?? []) note(io, line);
      if (options.json === true) for (const value of result.json) print(io, safeJson(value));
      else {
        for (const line of result.lines ?? []) print(io, line);
        if (result.hint !== undefined) note(io, result.hint);
      }
      return result.code ?? EXIT.done;
    });
  };
}

export const rooms = roomVerb(READ_MS, async ({ profile, text: { lines } }) => {
  const all = await profile.call('rooms', {});
  if (all.length === 0) await checkNotRemoved(profile);
  const rows = all.map((room) => [
    room.id,
    room.name,
    lines.as(room.as),
    lines.members(room.members),
    [
      lines.status(room.status),
      ...(room.queued > 0 ? [lines.queued(room.queued)] : []),
      ...(room.missed > 0 ? [lines.missedCount(room.missed)] : []),
      ...(room.unsent > 0 ? [lines.unsentCount(room.unsent)] : []),
    ].join(', '),
    confirmation(room, lines),
  ]);
  return { json: all, lines: columns(rows), ...(all.length === 0 && { hint: lines.noRooms }) };
});

function confirmation(
  { confirmed, confirmedBy, members: count }: RoomInfo,
  lines: TerminalText['lines'],
): string {
  if (confirmedBy !== '') return lines.confirmedBy(sanitizeLine(confirmedBy));
  return confirmed || count === 1 ? '' : lines.unconfirmed;
}

export const members = roomVerb(READ_MS, async ({ profile, room, waitMs: ms, text }) => {
  const synced = afterSync(text, await profile.call('sync', { room, waitMs: ms }));
  const all = await profile.call('members', { room });
  return {
    json: all,
    lines: columns(all.map(({ id, name, role, self }) => [id, name, text.lines.marks(role, self)])),
    ...synced,
  };
});

export const devicesIn = roomVerb(READ_MS, async ({ profile, room, waitMs: ms, text }) => {
  const synced = afterSync(text, await profile.call('sync', { room, waitMs: ms }));
  const own = (await profile.call('members', { room })).find(({ self }) => self)?.devices ?? [];
  const rows = own.map(({ key, self }) => [key.slice(0, 8), self ? text.lines.thisDevice : '']);
  return { json: own, lines: columns(rows), ...synced };
});

export const compromised = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
  const own = (await profile.call('members', { room })).find(({ self }) => self)?.devices ?? [];
  const isHere = given === undefined || own.some(({ key, self }) => self && key.startsWith(given));
  const device = given === undefined ? {} : { device: given };
  await profile.call('reportCompromise', { room, ...device, waitMs: ms });
  return {
    json: [{ ...ref, compromised: given ?? own.find(({ self }) => self)?.key, removed: !isHere }],
    notes: [text.lines.compromiseReported(!isHere)],
  };
});

export const remove = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
  const { name } = await profile.call('remove', { room, member: given ?? '', waitMs: ms });
  return { json: [{ ...ref, removed: name }], notes: [text.lines.removedHint(sanitizeLine(name))] };
});

export const admin = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, options, waitMs: ms, text }) => {
  const isAdmin = options.drop !== true;
  const { name } = await profile.call('setRole', {
    room,
    member: given ?? '',
    role: isAdmin ? 'admin' : 'member',
    waitMs: ms,
  });
  const who = sanitizeLine(name);
  return {
    json: [{ ...ref, member: name, admin: isAdmin }],
    notes: [isAdmin ? text.lines.adminNow(who) : text.lines.adminNoMore(who)],
  };
});

export const rename = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms }) => {
  const id = await roomId(profile, room);
  await profile.call('configure', { room: id, name: given ?? '', waitMs: ms });
  // Spaces around a name are removed.
  const now = (await profile.call('rooms', {})).find((one) => one.id === id)?.name;
  return { json: [{ ...ref, name: now }] };
});

export const nick = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms }) => {
  const { name } = await profile.call('nick', { room, name: given ?? '', waitMs: ms });
  return { json: [{ ...ref, as: name }] };
});

export const topic = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text, stdin }) => {
  const wanted = given === '-' ? (await readText(stdin)).trimEnd() : given;
  if (wanted !== undefined) await profile.call('configure', { room, topic: wanted, waitMs: ms });
  const synced = given === undefined && afterSync(text, await profile.call('sync', { room, waitMs: ms }));
  const id = await roomId(profile, room);
  const now = (await profile.call('rooms', {})).find((one) => one.id === id)?.topic ?? '';
  const isShown = given === undefined && now !== '';
  return { json: [{ ...ref, topic: now }], lines: isShown ? [sanitizeText(now)] : [], ...synced };
});

export const history = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
  const wanted = given === undefined ? undefined : parseHistorySetting(given);
  if (wanted !== undefined) await profile.call('configure', { room, history: wanted, waitMs: ms });
  const synced = wanted === undefined && afterSync(text, await profile.call('sync', { room, waitMs: ms }));
  const id = await roomId(profile, room);
  const now = formatHistorySetting(
    (await profile.call('rooms', {})).find((one) => one.id === id)?.history ?? 'none',
  );
  return { json: [{ ...ref, history: now }], lines: given === undefined ? [now] : [], ...synced };
});

export const older = roomVerb(CHANGE_MS, async ({ profile, room, ref, waitMs: ms, text }) => {
  const answer = await profile.call('olderHistory', { room: await roomId(profile, room), waitMs: ms });
  const words = (await text.devices()).older;
  const { devices, came } = answer;
  const said = came ? words.came : devices > 0 ? words.asked(devices) : words.nobody;
  const code = came ? EXIT.done : devices > 0 ? EXIT.queued : EXIT.refused;
  return { json: [{ ...ref, ...answer }], lines: [], notes: [said], code };
});

export const invites = roomVerb(READ_MS, async ({ profile, room, waitMs: ms, text: { lines } }) => {
  const all = await profile.call('invites', { room, waitMs: ms });
  const rows = all.map(({ id, by, live, uses, expires, approval }) => [
    id,
    lines.inviteBy(by),
    !live ? lines.inviteDead : approval ? lines.inviteAsks : lines.inviteUses(uses),
    expires === undefined ? '' : lines.inviteUntil(expires),
  ]);
  // A link lets whoever reads it join; only `gochat invite` prints one.
  const json = all.map(({ link: _, ...invite }) => invite);
  return { json, lines: columns(rows), ...(all.length === 0 && { hint: lines.noInvites }) };
});

export const revoke = roomVerb(CHANGE_MS, async ({ profile, room, ref, given, waitMs: ms, text }) => {
  await profile.call('revoke', { room, id: given ?? '', waitMs: ms });
  return { json: [{ ...ref, revoked: given }], notes: [text.lines.revoked] };
});

export const comeBack = roomVerb(CHANGE_MS, async ({ profile, room, ref, options, waitMs: ms, text }) => {
  const { seen } = options;
  const { comparison, returned } = await comesBack({ profile, room, waitMs: ms, seen });
  const differs = comparison === null || seen !== undefined ? [] : text.comparison(comparison);
  const asks = comparison !== null && !returned;
  const end = asks
    ? text.lines.returnAsks(`gochat return --seen ${comparison.tag}`)
    : text.lines.returned(returned);
  return {
    json: [{ ...ref, returned, ...(comparison && { comparison }) }],
    notes: [...differs, end],
    ...(asks && { code: EXIT.refused }),
  };
});

export const leave = roomVerb(CHANGE_MS, async ({ profile, room, ref, waitMs: ms, text }) => {
  const { alone, admins, unheard } = await profile.call('leave', { room, waitMs: ms });
  const { left, leftAlone, leftUnmanaged, leftUnheard } = text.lines;
  const said = alone ? leftAlone : admins === 0 ? leftUnmanaged : left;
  return {
    json: [{ ...ref, left: true, admins, ...(unheard && { unheard: problemText(text, unheard) }) }],
    notes: [unheard === undefined ? said : leftUnheard(problemText(text, unheard))],
    ...(unheard && { code: EXIT.queued }),
  };
});

export const safety = roomVerb(READ_MS, async ({ profile, room, ref, given, options, text: { lines } }) => {
  const at = readAt(options.at);
  const asked = { room, member: given, ...(at !== undefined && { at }) };
  const { code, epoch, log, members: all } = await profile.call('safety', asked);
  if (given !== undefined && all.length === 0) throw new UsageError(lines.safetySelf(sanitizeLine(given)));
  const numbers = all.map(({ name, id, number }) => lines.safetyNumber(sanitizeLine(name), id, number));
  return {
    json: [{ ...ref, code, epoch, ...(log && { log }), members: all }],
    lines:
      given === undefined
        ? [
            lines.safetyCode(code, epoch),
            log === undefined ? lines.noLogCode : lines.logCode(log.code, log.at),
            ...numbers,
          ]
        : numbers,
  };
});
