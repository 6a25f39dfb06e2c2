import type { MemberInfo } from '@gochat/client/methods';
import type { Completion, Suggestion } from '../chat/snapshot.ts';
import type { Command } from '../commands/command.ts';
import type { EmojiBook } from '../text/emoji.ts';
import { sanitizeLine } from '../text/sanitize.ts';

const MOST = 8;

export interface CompletionParts {
  /** The one who spoke last comes first. */
  readonly members: readonly MemberInfo[];
  readonly rooms: readonly string[];
  /** Those that can be run now. */
  readonly commands: readonly Command[];
  /** Undefined until it is fetched. */
  readonly emoji: EmojiBook | undefined;
}

/** The suggestions at the cursor. @param cursor UTF-16 offset into `text`. */
export function completionAt(text: string, cursor: number, parts: CompletionParts): Completion | undefined {
  const before = text.slice(0, cursor);
  const found =
    commandAt(before, parts) ??
    argumentAt(before, parts) ??
    memberAt(before, parts) ??
    emojiAt(before, parts);
  if (found === undefined || found.items.length === 0) return undefined;
  const [only] = found.items;
  if (found.items.length === 1 && only?.insert.trimEnd() === before.slice(found.from)) return undefined;
  return { from: found.from, to: cursor, items: found.items.slice(0, MOST), selected: 0 };
}

interface Found {
  readonly from: number;
  readonly items: readonly Suggestion[];
}

function commandAt(before: string, { commands }: CompletionParts): Found | undefined {
  const typed = /^\/([a-z-]*)$/.exec(before)?.[1];
  if (typed === undefined) return undefined;
  const items = commands
    .filter(({ name, aliases }) => [name, ...aliases].some((word) => word.startsWith(typed)))
    .map(
      ({ name, args, help }): Suggestion => ({
        kind: 'command',
        insert: `/${name} `,
        label: `/${name} ${args}`.trimEnd(),
        hint: help,
      }),
    );
  return { from: 0, items };
}

function argumentAt(before: string, { commands, members, rooms }: CompletionParts): Found | undefined {
  const typed = /^\/([a-z-]+)\s+(.*)$/s.exec(before);
  const command = commands.find(
    ({ name, aliases }) => name === typed?.[1] || aliases.includes(typed?.[1] ?? ''),
  );
  if (typed === null || command?.completes === undefined) return undefined;
  const word = (typed[2] ?? '').replace(/^@/, '').toLowerCase();
  const choices = {
    member: members.map((member) => ({ insert: member.name, hint: member.id })),
    room: rooms.map((name) => ({ insert: name, hint: '' })),
    choice: command.choices.map((choice) => ({ insert: choice, hint: '' })),
  }[command.completes];
  const items = choices
    .filter(({ insert }) => insert.toLowerCase().startsWith(word))
    .map(({ insert, hint }): Suggestion => ({ kind: 'argument', insert, label: sanitizeLine(insert), hint }));
  return { from: before.length - (typed[2] ?? '').length, items };
}

function memberAt(before: string, { members }: CompletionParts): Found | undefined {
  const typed = /(?:^|[\s(])@([^\s@]*)$/u.exec(before)?.[1];
  if (typed === undefined) return undefined;
  const items = members
    .filter(({ name }) => name.toLowerCase().startsWith(typed.toLowerCase()))
    .map(
      ({ name, id }): Suggestion => ({
        kind: 'member',
        insert: `@${name} `,
        label: sanitizeLine(name),
        hint: id,
      }),
    );
  return { from: before.length - typed.length - 1, items };
}

function emojiAt(before: string, { emoji }: CompletionParts): Found | undefined {
  const typed = /(?:^|\s):([a-z0-9_+-]{2,})$/.exec(before)?.[1];
  if (typed === undefined || emoji === undefined) return undefined;
  const items = emoji.find(typed, MOST).map(
    (one): Suggestion => ({
      kind: 'emoji',
      insert: `${one.emoji} `,
      label: `${one.emoji} :${one.name}:`,
      hint: '',
    }),
  );
  return { from: before.length - typed.length - 1, items };
}

/** Whether completing the text needs the emoji book. */
export function wantsEmoji(text: string): boolean {
  return /:[a-z0-9_+-]{2,}/.test(text);
}
