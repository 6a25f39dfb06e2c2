import type { Formats } from './formats.ts';

export type ExportWords = ReturnType<typeof exportWords>;

/** What a room that is saved as a file for people says besides its messages. Names come as the format writes them. */
export function exportWords(f: Formats) {
  const stamp = stampIn(f.clock.zone);
  return {
    /** A moment with its offset from UTC: "2026-11-23 14:03:07 +01:00", the same in every language. */
    stamp,
    head: (stamp: string, as: string, server: string) => `Saved by ${as} on ${stamp}, from ${server}`,
    edited: (stamp: string) => `edited ${stamp}`,
    pollClosed: (by: string, stamp: string) => `closed by ${by} ${stamp}`,
    deleted: (by: string) => `deleted by ${by}`,
    /** A message that was written with `/me`. */
    action: 'action',
    reply: (to: string, text: string) => `in reply to ${to}: ${text}`,
    /** The profile doesn't have the message that this one answers. */
    replyToUnknown: 'in reply to a message that is not here',
    file: (number: number, facts: readonly string[], alt: string) =>
      `file ${f.number(number)}: ${facts.join(', ')}${alt === '' ? '' : `: ${alt}`}`,
    reaction: (emoji: string, names: readonly string[]) => `reaction ${emoji} from ${f.list(names)}`,
    saved: (where: string) => `The room is saved as ${where}`,
  };
}

function stampIn(zone: { readonly timeZone?: string }): (at: number) => string {
  const two = '2-digit';
  const format = new Intl.DateTimeFormat('en-CA', {
    ...zone,
    year: 'numeric',
    month: two,
    day: two,
    hour: two,
    minute: two,
    second: two,
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  return (at) => {
    const parts = format.formatToParts(at).map(({ type, value }) => [type, value] as const);
    const { year, month, day, hour, minute, second, timeZoneName } = Object.fromEntries(parts);
    const offset = timeZoneName?.slice('GMT'.length) || '+00:00';
    return `${year}-${month}-${day} ${hour}:${minute}:${second} ${offset}`;
  };
}
