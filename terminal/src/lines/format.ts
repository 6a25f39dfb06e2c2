import { cleanFileName } from '@gochat/client/file-name';
import type { EventItem, HistoryItem, TextItem } from '@gochat/client/history';
import { ANSWER_EMOJI, votesOf } from '@gochat/client/polls';
import { factsOf, filesIn } from '@gochat/view/facts';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine, sanitizeText } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import { widthOf } from '../screen/draw/width.ts';

type FileContent = NonNullable<TextItem['files']>[number];

/** How much of a message is quoted in a line about it. */
const QUOTED_CHARS = 32;

/**
 * A line of the chat. `<name> ` begins a message, `* <name> ` an action, `-- ` an event. Further lines of a message begin with two spaces,
 * and a name contains no angle bracket, so that no text or name can imitate a line of somebody else. What contradicts the time of a line
 * is in a second line.
 * @param answered the message that it replies to
 */
export function formatItem(text: TerminalText, item: HistoryItem, answered?: TextItem): string {
  const mark = text.timeMark(item);
  const line = lineOf(text, item, answered);
  const newer = item.kind === 'text' && item.newer === true ? text.timeline.newer : '';
  const remarks = [
    votesText(text, item),
    forwardedText(text, item),
    newer,
    sharedText(text, item),
    mark,
  ].filter((remark) => remark !== '');
  return [line, ...remarks.map((remark) => text.lines.system(remark))].join('\n');
}

/** How many have chosen each answer of a poll; empty while nobody has and somebody may. */
function votesText({ lines }: TerminalText, item: HistoryItem): string {
  if (item.kind !== 'text') return '';
  const counts = votesOf(item) ?? [];
  const votes = counts.map((count, i) => ({ emoji: ANSWER_EMOJI[i] ?? '', count }));
  if (item.closed !== undefined) return lines.finalVotes(nameOf(item.closed.by), votes);
  return counts.every((count) => count === 0) ? '' : lines.votes(votes);
}

function forwardedText(text: TerminalText, item: HistoryItem): string {
  if (item.kind !== 'text' || item.forwarded === undefined) return '';
  return text.timeline.forwarded(nameOf(item.forwarded.from));
}

function sharedText(text: TerminalText, item: HistoryItem): string {
  if (item.kind !== 'text' || item.shared === undefined) return '';
  return text.timeline.shared(sanitizeLine(item.shared.by), item.stranger === true);
}

function lineOf(text: TerminalText, item: HistoryItem, answered: TextItem | undefined): string {
  const { lines } = text;
  const from = nameOf(item.from);
  if (item.kind !== 'text') return lines.system(text.event(withMarkedNames(item), [from]));
  if (item.deleted !== undefined) return lines.deleted(from, nameOf(item.deleted.by));
  const files = item.files ?? [];
  const said = indented(item.text);
  const to = answered === undefined ? '' : nameOf(answered.from);
  const isSaid = item.text !== '' || files.length === 0;
  const head =
    item.me === true
      ? lines.action(from, said)
      : to === ''
        ? lines.message(from, said)
        : lines.reply(from, to, said);
  const below = files.map((file, i) => {
    const number = files.length === 1 ? '' : String(i + 1);
    return lines.file(from, isSaid || i > 0 ? '' : to, number, fileText(text, file));
  });
  return [...(isSaid ? [head] : []), ...below].join('\n');
}

/** A file in one line. */
function fileText({ files, lines }: TerminalText, { name, bytes, ms, alt }: FileContent): string {
  const facts = [files.size(bytes), ...(ms === undefined ? [] : [files.length(ms)])];
  return lines.fileFacts(cleanFileName(name), facts, alt === undefined ? '' : sanitizeLine(alt));
}

/** What has changed about a message since it was printed: a line for each change. */
export function formatChange({ lines }: TerminalText, was: HistoryItem, is: HistoryItem): string[] {
  if (was.kind !== 'text' || is.kind !== 'text') return [];
  const from = nameOf(is.from);
  if (is.deleted !== undefined)
    return was.deleted === undefined ? [lines.deleted(from, nameOf(is.deleted.by))] : [];
  const edited = is.edited === was.edited ? [] : [lines.edited(from, indented(is.text))];
  const reacted = (is.reactions ?? []).flatMap(({ emoji, by }) => {
    const before = was.reactions?.find((r) => r.emoji === emoji)?.by ?? [];
    return by
      .filter(({ identity }) => !before.some((b) => b.identity === identity))
      .map(({ name }) =>
        lines.reacted(nameOf(name), sanitizeLine(emoji), beginningOf(is.text || fileNames(is))),
      );
  });
  const closed =
    is.closed === undefined || was.closed !== undefined
      ? []
      : [lines.pollClosed(nameOf(is.closed.by), beginningOf(is.text))];
  return [...edited, ...reacted, ...closed];
}

/** A name as lines show it, in angle brackets. It contains no others. */
export function nameOf(name: string): string {
  return `<${sanitizeLine(name).replaceAll('<', '‹').replaceAll('>', '›')}>`;
}

/** An event whose other members are named as lines name them. */
function withMarkedNames(item: EventItem): EventItem {
  switch (item.kind) {
    case 'removed':
      return item.by === undefined ? item : { ...item, by: nameOf(item.by) };
    case 'renamed':
      return { ...item, was: nameOf(item.was) };
    case 'changed':
      return {
        ...item,
        ...(item.admins !== undefined && { admins: item.admins.map(nameOf) }),
        ...(item.dropped !== undefined && { dropped: item.dropped.map(nameOf) }),
        ...(item.roles && { roles: item.roles.map((one) => ({ ...one, name: nameOf(one.name) })) }),
        ...(item.banned && { banned: item.banned.map(withMarkedName) }),
        ...(item.unbanned && { unbanned: item.unbanned.map(withMarkedName) }),
      };
    case 'warning':
      if (item.warning === 'refused-change')
        return { ...item, by: nameOf(item.by), member: nameOf(item.member) };
      return 'member' in item && item.member !== undefined ? { ...item, member: nameOf(item.member) } : item;
    default:
      return item;
  }
}

function withMarkedName<T extends { readonly name?: string }>(one: T): T {
  return one.name === undefined ? one : { ...one, name: nameOf(one.name) };
}

function fileNames({ files = [] }: TextItem): string {
  return files.map(({ name }) => cleanFileName(name)).join(', ');
}

function indented(text: string): string {
  return sanitizeText(text).replaceAll('\n', '\n  ');
}

function beginningOf(text: string): string {
  const line = sanitizeLine(text);
  const chars = [...line];
  return chars.length > QUOTED_CHARS ? `${chars.slice(0, QUOTED_CHARS - 1).join('')}…` : line;
}

/** A room in JSON lines. */
export interface RoomRef {
  /** Its id. */
  readonly room: string;
  readonly name: string;
}

/** A JSON line for scripts. */
export function jsonItem(room: RoomRef, item: HistoryItem): string {
  return safeJson({ ...room, ...factsOf(item) });
}

/** A line about an entry of the log, without what opens its files. */
export function withoutKeys(item: HistoryItem): HistoryItem {
  return { ...item, ...filesIn(item) } as HistoryItem;
}

/** Formats rows as aligned columns; each cell is sanitised and on one line. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map((cell) => (cell === '' ? '' : sanitizeLine(cell))));
  const widths = clean[0]?.map((_, i) => Math.max(...clean.map((row) => widthOf(row[i] ?? '')))) ?? [];
  return clean.map((row) =>
    row
      .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}
