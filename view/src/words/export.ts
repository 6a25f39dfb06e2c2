import type { Formats } from './formats.ts';

/** What a room that is saved as a file for people says besides its messages. Names come as the format writes them. */
export function exportWords(f: Formats) {
  return {
    /** A moment with its time zone, which sorts as text: "2026-11-23 14:03:07 +01:00". */
    stamp: (at: number) => f.clock.stamp(at),
    head: (stamp: string, as: string, server: string) => `Saved by ${as} on ${stamp}, from ${server}`,
    edited: (stamp: string) => `edited ${stamp}`,
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
