/** What a command is about. One about a message needs its row. */
export type About = 'app' | 'room' | 'message';

/** A command as both screens show it. The table of them is in commands.ts. */
export interface Command {
  /** Typed as `/name` in the composer. */
  readonly name: CommandName;
  readonly aliases: readonly string[];
  readonly about: About;
  /** The argument as help shows it, such as `[NAME]`; empty for none. */
  readonly args: string;
  readonly needsArgument: boolean;
  /** What completes the argument. */
  readonly completes: 'member' | 'room' | 'choice' | 'path' | undefined;
  readonly choices: readonly string[];
  /** For menus and the palette, and for help. */
  readonly label: string;
  readonly help: string;
  readonly danger: boolean;
  /** Whether it takes the newest message that fits when none is chosen; then it can be typed alone. */
  readonly findsMessage: boolean;
}

/** Runs commands by name. */
export interface Commands {
  /** In the order of help. */
  readonly all: readonly Command[];
  /** The command with a name or an alias. */
  named(word: string): Command | undefined;
  /** @param row the message that it would be about. */
  isAvailable(name: CommandName, row?: string): boolean;
  /** Why a command can't run now with an argument; undefined when it can. @param row the message that it would be about. */
  refusal(name: CommandName, args?: string, row?: string): string | undefined;
  /** Runs a command, or shows why it can't. @param row the message that it is about. @param failed is called when it has failed. */
  run(name: CommandName, args?: string, row?: string, failed?: () => void): void;
}

export const COMMAND_NAMES = [
  // about the app
  'palette',
  'help',
  'create',
  'join',
  'room',
  'next',
  'previous',
  'unread-room',
  'settings',
  'requests',
  'knocking',
  'devices',
  'link',
  'recovery',
  'backup',
  'restore',
  'theme',
  'quit',
  // about the open room
  'invite',
  'invites',
  'knocks',
  'members',
  'dm',
  'verify',
  'code',
  'search',
  'unread',
  'newest',
  'read',
  'emoji',
  'me',
  'file',
  'send',
  'poll',
  'notify',
  'mute',
  'unmute',
  'privacy',
  'ignore',
  'unignore',
  'nick',
  'rename',
  'topic',
  'history',
  'older',
  'expire',
  'rules',
  'role',
  'remove',
  'ban',
  'unban',
  'bans',
  'pins',
  'close-thread',
  'export',
  'inspect',
  'return',
  'resend-all',
  'leave',
  'forget',
  // about a message
  'reply',
  'thread',
  'react',
  'vote',
  'close',
  'forward',
  'pin',
  'unpin',
  'edit',
  'delete',
  'copy',
  'copy-link',
  'show',
  'save',
  'open',
  'copy-name',
  'quoted',
  'author',
  'inspect-message',
  'resend',
  'cancel',
] as const;

export type CommandName = (typeof COMMAND_NAMES)[number];
