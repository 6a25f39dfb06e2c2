import type { MemberInfo } from '@gochat/client/methods';
import { foldText } from '@gochat/client/search-text';
import type { Completion, Suggestion } from '../chat/snapshot.ts';
import type { Command } from '../commands/command.ts';
import { pathBefore, written } from '../files/paths.ts';
import type { EmojiBook } from '../text/emoji.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { charBefore, isBoundary } from '../text/scripts.ts';

const MOST = 8;

export interface CompletionParts {
  /** The one who spoke last comes first. */
  readonly members: readonly MemberInfo[];
  readonly rooms: readonly string[];
  /** Those that can be run now. */
  readonly commands: readonly Command[];
  /** Undefined until it is fetched. */
  readonly emoji: EmojiBook | undefined;
  /** The paths that begin with a text; undefined until they are read. */
  readonly paths: ((start: string) => readonly string[] | undefined) | undefined;
}

/** The suggestions at the cursor. @param cursor UTF-16 offset into `text`. */
export function completionAt(text: string, cursor: number, parts: CompletionParts): Completion | undefined {
  const before = text.slice(0, cursor);
  const found =
    commandAt(before, parts) ??
    pathAt(before, parts) ??
    argumentAt(before, parts) ??
    memberAt(before, parts) ??
    emojiAt(before, parts);
  if (found === undefined || found.items.length === 0) return undefined;
  const [only] = found.items;
  if (found.items.length === 1 && only?.insert.trimEnd() === before.slice(found.from)) return undefined;
  return { from: found.from, to: cursor, items: found.items.slice(0, MOST), selected: undefined };
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
  if (typed === null || command?.completes === undefined || command.completes === 'path') return undefined;
  const word = (typed[2] ?? '').replace(/^@/, '');
  const choices = {
    member: members.map((member) => ({ insert: member.name, hint: member.id })),
    room: rooms.map((name) => ({ insert: name, hint: '' })),
    choice: command.choices.map((choice) => ({ insert: choice, hint: '' })),
  }[command.completes];
  const items = choices
    .filter(({ insert }) => begins(insert, word))
    .map(({ insert, hint }): Suggestion => ({ kind: 'argument', insert, label: sanitizeLine(insert), hint }));
  return { from: before.length - (typed[2] ?? '').length, items };
}

/** The path that is being written in the argument of a command, and where it begins in the text. */
function pathIn(
  before: string,
  commands: CompletionParts['commands'],
): { readonly from: number; readonly path: string } | undefined {
  const typed = /^\/([a-z-]+)\s+(.*)$/s.exec(before);
  const word = typed?.[1] ?? '';
  const command = commands.find(({ name, aliases }) => name === word || aliases.includes(word));
  if (typed === null || command?.completes !== 'path') return undefined;
  const args = typed[2] ?? '';
  const last = pathBefore(args);
  return last && { from: before.length - args.length + last.from, path: last.path };
}

function pathAt(before: string, { commands, paths }: CompletionParts): Found | undefined {
  const typed = pathIn(before, commands);
  const found = typed && paths?.(typed.path);
  if (typed === undefined || found === undefined) return undefined;
  const items = found.map((path): Suggestion => {
    const isFolder = path.endsWith('/');
    const name = path.slice(path.lastIndexOf('/', path.length - 2) + 1);
    return {
      kind: 'argument',
      insert: `${written(path)}${isFolder ? '' : ' '}`,
      label: sanitizeLine(name),
      hint: '',
    };
  });
  return { from: typed.from, items };
}

/** The beginning of a path for which completing the text needs the paths. */
export function wantsPaths(before: string, commands: CompletionParts['commands']): string | undefined {
  return pathIn(before, commands)?.path;
}

/** How long a name may be of which a part is written. */
const NAME_CHARS = 64;

/** The members whose name begins with what follows the `@`. A name may contain blanks and another `@`. */
function memberAt(before: string, { members }: CompletionParts): Found | undefined {
  for (let at = before.lastIndexOf('@'); at >= 0; at = at === 0 ? -1 : before.lastIndexOf('@', at - 1)) {
    const typed = before.slice(at + 1);
    if (typed.length > NAME_CHARS || typed.includes('\n')) return undefined;
    if (!isBoundary(charBefore(before, at), 'a')) continue;
    const fitting = members.filter(({ name }) => begins(name, typed));
    // A later word of a name is enough, for a single word that is written.
    const partly = /\s/u.test(typed) ? [] : members.filter((member) => hasWord(member.name, typed));
    const items = [...new Set([...fitting, ...partly])].map(
      ({ name, id }): Suggestion => ({
        kind: 'member',
        insert: `@${name} `,
        label: sanitizeLine(name),
        hint: id,
      }),
    );
    if (items.length > 0) return { from: at, items };
  }
  return undefined;
}

/** Whether a name begins with what is typed, without regard to case and accents. */
function begins(name: string, typed: string): boolean {
  return foldText(name).startsWith(foldText(typed));
}

function hasWord(name: string, typed: string): boolean {
  return foldText(name)
    .split(' ')
    .some((word) => word.startsWith(foldText(typed)));
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
