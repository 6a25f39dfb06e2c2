import { sanitizeLine } from '@gochat/view/sanitize';
import type { Lock, MemberRow, RoomEntry, RoomScreen, Snapshot } from '@gochat/view/snapshot';
import { ends, fit, type Line, lineWidth, type Span, type Style, span } from './frame.ts';
import type { Look, ScreenText } from './look.ts';
import { oneLine } from './one-line.ts';
import type { Symbols } from './symbols.ts';
import { shorten, widthOf } from './width.ts';

const DIM: Style = { fg: 'dim' };
const ASKS: Style = { fg: 'accent', bold: true };
const BAR: Style = { bg: 'bar' };

/** A list beside the timeline, with the id of the item on each line. */
export interface PaneView {
  readonly lines: readonly Line[];
  readonly ids: readonly (string | undefined)[];
}

/** The rooms with number, name and unread counts, around the open one; above them, who asks to write, and who has yet to let this person in. */
export function roomsPane(
  { rooms, requests, waiting }: Pick<Snapshot, 'rooms' | 'requests' | 'waiting'>,
  width: number,
  height: number,
  look: Look,
): PaneView {
  const { symbols } = look;
  const title = (text: string, style: Style) => ({
    line: fit([span(` ${shorten(text, width - 2, symbols.ellipsis)}`, style)], width),
    id: undefined,
  });
  const all = [
    ...(requests === '' ? [] : [title(requests, { fg: 'accent', bold: true })]),
    ...(waiting === '' ? [] : [title(waiting, { fg: 'accent' })]),
    ...rooms.flatMap((room) => [
      ...(room.heading === '' ? [] : [title(room.heading, DIM)]),
      { line: roomLine(room, width, look), id: room.id },
    ]),
  ];
  const open = all.findIndex(({ id }) => id !== undefined && id === rooms.find((room) => room.open)?.id);
  const { from, shown } = part(all, Math.max(0, open), height);
  return {
    lines: filled(
      shown.map(({ line }) => line),
      { width, height, above: from > 0, below: from + shown.length < all.length, symbols },
    ),
    ids: Array.from({ length: height }, (_, i) => shown[i]?.id),
  };
}

function roomLine(room: RoomEntry, width: number, { symbols, text }: Look): Line {
  const background = room.open ? ({ bg: 'chosen' } as const) : {};
  const right: Span[] = [];
  if (room.mentions > 0)
    right.push(span(` @${text.count(room.mentions)}`, { fg: 'warn', bold: true, ...background }));
  if (room.unread > 0) {
    const quiet = room.muted ? ({ fg: 'dim' } as const) : ({ fg: 'accent', bold: true } as const);
    right.push(span(` ${text.status.unread(room.unread)}`, { ...quiet, ...background }));
  }
  if (room.muted) right.push(span(` ${symbols.muted}`, { fg: 'dim', ...background }));
  right.push(span(' ', background));
  const rest = width - right.reduce((sum, { text }) => sum + widthOf(text), 0);
  const number = span(`${String(room.number).padStart(2)} `, { fg: 'dim', ...background });
  const quiet = room.ended !== '' || room.muted;
  const name = span(shorten(sanitizeLine(room.name), rest - widthOf(number.text), symbols.ellipsis), {
    ...(quiet && { fg: 'dim' as const }),
    ...(room.ended !== '' && { strike: true }),
    bold: (room.unread > 0 && !room.muted) || room.open,
    ...background,
  });
  return ends([number, name], right, width, background);
}

/** Who asks to join, and the members, with marks for those who are present, admins, or verified. */
export function membersPane(
  { members, knocks }: Pick<RoomScreen, 'members' | 'knocks'>,
  width: number,
  height: number,
  look: Look,
): PaneView {
  const { symbols, text } = look;
  const asks =
    knocks === '' ? [] : [fit([span(` ${shorten(knocks, width - 2, symbols.ellipsis)}`, ASKS)], width)];
  const above = [fit([span(` ${text.members(members.length)}`, DIM)], width), ...asks].slice(0, height);
  const rest = height - above.length;
  const shown = members.slice(0, rest);
  const body = filled(
    shown.map((member) => memberLine(member, width, symbols)),
    { width, height: rest, above: false, below: shown.length < members.length, symbols },
  );
  return {
    lines: [...above, ...body],
    ids: [...above.map(() => undefined), ...Array.from({ length: rest }, (_, i) => shown[i]?.identity)],
  };
}

function memberLine(member: MemberRow, width: number, symbols: Symbols): Line {
  const right: Span[] = [];
  const office = symbols.office[member.role];
  if (office !== undefined) right.push(span(` ${office}`, { fg: 'warn' }));
  if (member.verified) right.push(span(` ${symbols.verified}`, { fg: 'good' }));
  if (member.ignored) right.push(span(` ${symbols.muted}`, DIM));
  right.push(span(' '));
  const here = member.here ? span(` ${symbols.here} `, { fg: 'good' }) : span('   ');
  const left = width - 3 - right.reduce((sum, { text }) => sum + widthOf(text), 0);
  const name = shorten(sanitizeLine(member.name), left, symbols.ellipsis);
  const style: Style = member.ignored ? DIM : { fg: `nick${member.colour}`, bold: member.self };
  return ends([here, span(name, style)], right, width);
}

/** The items that fit, around one of them. */
function part<T>(items: readonly T[], around: number, height: number): { from: number; shown: readonly T[] } {
  const from = Math.max(0, Math.min(around - Math.floor(height / 2), items.length - height));
  return { from, shown: items.slice(from, from + height) };
}

function filled(
  lines: readonly Line[],
  more: { width: number; height: number; above: boolean; below: boolean; symbols: Symbols },
): Line[] {
  const { width, height, above, below, symbols } = more;
  const all = Array.from({ length: height }, (_, i) => fit(lines[i] ?? [], width));
  const hint = (sign: string, line: Line | undefined) =>
    ends(line ?? [], [span(sign, { fg: 'accent', bold: true })], width);
  if (above && height > 0) all[0] = hint(symbols.up, all[0]);
  if (below && height > 0) all[height - 1] = hint(symbols.down, all[height - 1]);
  return all;
}

/** The room's name and topic, and its encryption state. */
export function topLine(room: RoomScreen | undefined, width: number, look: Look): Line {
  const { symbols, text } = look;
  if (room === undefined) return fit([span(` ${text.app}`, { ...BAR, bold: true })], width, BAR);
  const { lock } = room;
  const epoch = width < 50 || lock === undefined ? '' : ` ${text.lock.epoch(sanitizeLine(lock.epoch))}`;
  const right: Line = [
    ...(lock === undefined ? [] : [lockSpan(lock, look)]),
    span(`${epoch} `, { fg: 'dim', ...BAR }),
  ];
  const left = width - right.reduce((sum, { text }) => sum + widthOf(text), 0) - 1;
  const name = shorten(sanitizeLine(room.name), Math.max(4, left - 1), symbols.ellipsis);
  const spare = left - widthOf(name) - 4;
  const topic =
    room.topic === '' || spare < 4 ? '' : `  ${shorten(oneLine(room.topic), spare, symbols.ellipsis)}`;
  return ends(
    [span(` ${name}`, { ...BAR, bold: true }), span(topic, { fg: 'dim', ...BAR })],
    right,
    width,
    BAR,
  );
}

function lockSpan(lock: Lock, { symbols, text }: Look): Span {
  switch (lock.state) {
    case 'unconfirmed':
    case 'stranger':
      return span(` ${text.lock[lock.state]}`, { fg: 'warn', bold: true, ...BAR });
    case 'sealed':
      return span(` ${text.lock.sealed}`, { fg: 'good', ...BAR });
    case 'verified':
      return span(` ${symbols.verified} ${text.lock.verified}`, { fg: 'good', bold: true, ...BAR });
    default:
      return lock.state satisfies never;
  }
}

/** The connection, the queue, and a notice or hints; on the right what is below the screen, and what is new in other rooms. */
export function statusLine(
  snapshot: Snapshot,
  parts: {
    readonly below: number;
    readonly hints: readonly string[];
    readonly note: string;
    readonly endedFlash: number;
  },
  width: number,
  look: Look,
): Line {
  const { symbols, text } = look;
  const { connection } = snapshot;
  const right: Span[] = [];
  if (parts.below > 0)
    right.push(span(` ${text.status.more(parts.below)}`, { fg: 'accent', bold: true, ...BAR }));
  right.push(...activity(snapshot.rooms, Math.floor(width / 3), text), span(' ', BAR));
  const left: Span[] = [connectionSpan(snapshot, look)];
  if (connection.queued > 0)
    left.push(span(` ${text.count(connection.queued)} ${symbols.waiting}`, { fg: 'warn', ...BAR }));
  left.push(noticeSpan(snapshot, parts, width - lineWidth(left) - lineWidth(right)));
  return ends(left, right, width, BAR);
}

/** The most important of: the result of a command, a note, hints, and who is typing. */
function noticeSpan(
  { flash, room }: Snapshot,
  {
    hints,
    note,
    endedFlash,
  }: { readonly hints: readonly string[]; readonly note: string; readonly endedFlash: number },
  width: number,
): Span {
  if (flash !== undefined && flash.tick > endedFlash)
    return span(` ${oneLine(flash.text)}`, {
      fg: flash.tone === 'good' ? 'good' : 'bad',
      bold: true,
      ...BAR,
    });
  if (note !== '') return span(` ${note}`, { bold: true, ...BAR });
  const mentions = oneLine(room?.composer.note || room?.composer.turn || '');
  if (mentions !== '') return span(` ${mentions}`, { fg: 'warn', ...BAR });
  if (hints.length > 0) return span(` ${fittingHints(hints, width - 1)}`, { fg: 'dim', ...BAR });
  const typing = oneLine(room?.typing ?? '');
  return span(typing === '' ? '' : ` ${typing}`, { fg: 'dim', ...BAR });
}

/** As many hints as fit whole. */
function fittingHints(hints: readonly string[], width: number): string {
  let shown = '';
  for (const hint of hints) {
    const more = shown === '' ? hint : `${shown}  ${hint}`;
    if (shown !== '' && widthOf(more) > width) return shown;
    shown = more;
  }
  return shown;
}

function connectionSpan({ connection }: Snapshot, { symbols, text }: Look): Span {
  switch (connection.state) {
    case 'none':
      return span(' ', BAR);
    case 'live':
      return span(` ${symbols.live}`, { fg: 'good', ...BAR });
    case 'connecting':
      return span(
        ` ${symbols.away} ${connection.progress === '' ? text.status.connecting : text.status.catchingUp(connection.progress)}`,
        { fg: 'warn', ...BAR },
      );
    case 'offline':
      return span(` ${symbols.away} ${text.status.offline}`, { fg: 'bad', bold: true, ...BAR });
    default:
      return connection.state satisfies never;
  }
}

/** Other rooms with unread messages, those with mentions first: "2:garden(2@,12) 5(3)". */
function activity(rooms: readonly RoomEntry[], width: number, text: ScreenText): Span[] {
  const active = rooms
    .filter((room) => !room.open && !room.muted && room.unread > 0)
    .sort((a, b) => Math.sign(b.mentions) - Math.sign(a.mentions));
  const made: Span[] = [];
  let left = width;
  for (const room of active) {
    const unread = text.status.unread(room.unread);
    const counts = room.mentions > 0 ? `(${text.count(room.mentions)}@,${unread})` : `(${unread})`;
    const short = ` ${room.number}${counts}`;
    const long = ` ${room.number}:${shorten(sanitizeLine(room.name), 10)}${counts}`;
    const label = widthOf(long) <= left / 2 ? long : short;
    if (widthOf(label) > left) break;
    left -= widthOf(label);
    made.push(span(label, { fg: room.mentions > 0 ? 'warn' : 'accent', ...BAR }));
  }
  return made;
}
