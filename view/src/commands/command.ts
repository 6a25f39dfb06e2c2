/** What a command is about: a message's needs the row it is run on. */
export type About = 'app' | 'room' | 'message';

/** A command as both screens show it; the table of them is in commands.ts. */
export interface Command {
  /** What it is called by: `/name` in the composer. */
  readonly name: CommandName;
  readonly aliases: readonly string[];
  readonly about: About;
  /** The arguments as they are shown in help, such as `[NAME]`; empty for none. */
  readonly args: string;
  /** What the last argument is completed with. */
  readonly completes: 'member' | 'room' | 'choice' | undefined;
  readonly choices: readonly string[];
  /** A few words for menus and the palette, and a sentence for help. */
  readonly label: string;
  readonly help: string;
  readonly danger: boolean;
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
  'theme',
  'quit',
  // about the open room
  'invite',
  'invites',
  'members',
  'verify',
  'search',
  'unread',
  'newest',
  'read',
  'emoji',
  'me',
  'file',
  'notify',
  'mute',
  'privacy',
  'ignore',
  'unignore',
  'rename',
  'topic',
  'remove',
  'inspect',
  'leave',
  // about a message
  'reply',
  'react',
  'edit',
  'delete',
  'copy',
  'quoted',
  'author',
  'inspect-message',
  'withdraw',
] as const;

export type CommandName = (typeof COMMAND_NAMES)[number];
