import type { TextItem } from '@gochat/client/history';
import { parseHistorySetting } from '@gochat/client/history-setting';
import { messageLink } from '@gochat/client/message-link';
import type { MemberInfo, Role } from '@gochat/client/methods';
import { type PollText, readPoll } from '@gochat/client/polls';
import { isOffice, parseRole } from '@gochat/client/roles';
import { parseRuleTime } from '@gochat/client/rule-time';
import { checkGiven } from '@gochat/client/validate-input';
import type { Chat } from '../chat/chat.ts';
import { quit, send } from '../dialogs/attach.ts';
import { deviceDialogs } from '../dialogs/device-dialogs.ts';
import { showRequests, writeTo } from '../dialogs/direct.ts';
import { askPalette, showHelp } from '../dialogs/help.ts';
import { APPROVED_TERMS, askInvite, showInvite, showInvites } from '../dialogs/invites.ts';
import { isOtherLink, openLink } from '../dialogs/join.ts';
import { askDelete, askEmoji, askFile, inspect, react } from '../dialogs/message.ts';
import {
  askBan,
  askCode,
  askRemove,
  askRole,
  setIgnored,
  setRole,
  showBans,
  showMember,
  showMembers,
  unban,
} from '../dialogs/people.ts';
import {
  askConfigure,
  askCreate,
  askForget,
  askLeave,
  askNotify,
  askPrivacy,
  askReturn,
  showRules,
} from '../dialogs/rooms.ts';
import { askSettings, setTheme, THEMES } from '../dialogs/settings.ts';
import type { FileActs } from '../files/file-acts.ts';
import { type FileContent, kindOf } from '../files/file-kind.ts';
import { fileNames } from '../files/file-rows.ts';
import { addressee } from '../room/addressee.ts';
import { asWritten } from '../room/composer.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { keyOf } from '../timeline/lines.ts';
import type { CommandText } from '../words/commands.ts';
import { type About, COMMAND_NAMES, type Command, type CommandName, type Commands } from './command.ts';

/** What a command is run with. */
interface Given {
  readonly chat: Chat;
  readonly args: string;
  /** The open room. Commands about a room run only when there is one. */
  readonly room: RoomViewModel;
  /** The message. Commands about a message run only when there is one. */
  readonly item: TextItem;
  readonly row: string;
  readonly files: FileActs;
}

/** What a command takes, and when it is available. */
interface Rules {
  readonly aliases?: readonly string[];
  /** Whether it takes an argument. */
  readonly takes?: 'optional' | 'required';
  readonly completes?: Command['completes'];
  readonly choices?: readonly string[];
  readonly danger?: true;
  /** The row that a command about a message is about when none is chosen. */
  readonly finds?: (room: RoomViewModel) => string | undefined;
  /** Whether it can run now; it always can when absent. */
  readonly available?: (given: Given) => boolean;
  /** Why it can't run with the argument; only what the rest of this table doesn't say. */
  readonly refuses?: (given: Given) => string | undefined;
}

type Action = Rules & (AtOnce | Later);

interface AtOnce {
  readonly run: (given: Given) => void;
}

/** What may fail after it has started. */
interface Later {
  /** @returns why it failed; undefined when it didn't. @throws ChatError */
  readonly attempt: (given: Given) => Promise<string | undefined>;
}

const WAIT_MS = 30_000;

const mayWrite = ({ room }: Given) => room.closed === '';
const isMember = ({ room }: Given) => room.ended === '';
const isAdmin = ({ room }: Given) => room.info.admin && room.closed === '';
const isDirect = ({ room }: Given) => room.info.direct !== undefined;
/** In a conversation of two, nobody else comes in, and both have the same rights. */
const mayInvite = (given: Given) => mayWrite(given) && !isDirect(given);
const mayGovern = (given: Given) => isAdmin(given) && !isDirect(given);
const isStaff = (given: Given) => isOffice(given.room.info.role) && mayWrite(given) && !isDirect(given);
const isPinned = ({ room, item }: Given) => room.info.pins.includes(item.id);
const isSent = ({ item }: Given) => item.seq !== '0' && item.deleted === undefined;

const hasFiles = ({ item }: Given) => item.files !== undefined;
const isPicture = (file: FileContent) => kindOf(file) === 'picture';
const hasPicture = ({ item }: Given) => item.files?.some(isPicture) === true;

/** The newest message of the loaded ones that fits. */
function newest(room: RoomViewModel, fits: (item: TextItem) => boolean): string | undefined {
  const item = room.lastMessage(fits);
  return item && keyOf(item);
}

function newestWith(room: RoomViewModel, fits: (file: FileContent) => boolean): string | undefined {
  return newest(room, ({ files }) => files?.some(fits) === true);
}

function openPollIn(item: TextItem): PollText | undefined {
  const isOpen = item.poll && item.deleted === undefined && item.closed === undefined;
  return isOpen ? readPoll(item.text) : undefined;
}

function mayClose({ info }: RoomViewModel, item: TextItem): boolean {
  return openPollIn(item) !== undefined && (item.own || isOffice(info.role));
}

const APP: Partial<Record<CommandName, Action>> = {
  palette: { aliases: ['go'], run: ({ chat }) => askPalette(chat) },
  help: { aliases: ['keys', 'commands'], run: ({ chat }) => showHelp(chat) },
  create: { aliases: ['new'], takes: 'optional', run: ({ chat, args }) => askCreate(chat, args) },
  join: { takes: 'optional', refuses: invalidLink, run: ({ chat, args }) => openLink(chat, args) },
  room: {
    aliases: ['rooms'],
    takes: 'optional',
    completes: 'room',
    refuses: noRoom,
    run: openRoom,
  },
  next: { run: ({ chat }) => chat.navigation.step(1) },
  previous: { run: ({ chat }) => chat.navigation.step(-1) },
  'unread-room': { run: ({ chat }) => chat.navigation.step(1, 'unread') },
  settings: { aliases: ['set'], run: ({ chat }) => askSettings(chat) },
  theme: {
    takes: 'optional',
    completes: 'choice',
    choices: THEMES,
    run: ({ chat, args }) => setTheme(chat, args),
  },
  knocking: {
    attempt: async ({ chat }) => (await import('../dialogs/knocks.ts')).showOwnKnocks(chat),
  },
  requests: { run: ({ chat }) => showRequests(chat) },
  devices: {
    attempt: async ({ chat }) => {
      (await deviceDialogs(chat)).show();
      return undefined;
    },
  },
  link: {
    takes: 'optional',
    attempt: async ({ chat, args }) => {
      (await deviceDialogs(chat)).link(args);
      return undefined;
    },
  },
  recovery: {
    aliases: ['recover'],
    takes: 'optional',
    attempt: async ({ chat, args }) => {
      (await deviceDialogs(chat)).recovery(args);
      return undefined;
    },
  },
  backup: {
    attempt: async ({ chat }) => {
      await (await import('../dialogs/backups.ts')).askBackup(chat);
      return undefined;
    },
  },
  restore: {
    takes: 'optional',
    completes: 'path',
    attempt: async ({ chat, args }) => (await import('../dialogs/backups.ts')).askRestore(chat, args),
  },
  quit: { aliases: ['exit'], run: ({ chat }) => quit(chat) },
};

const ROOM: Partial<Record<CommandName, Action>> = {
  invite: {
    takes: 'optional',
    completes: 'choice',
    choices: ['approve'],
    available: mayInvite,
    run: ({ chat, args }) => (args === '' ? askInvite(chat) : showInvite(chat, APPROVED_TERMS)),
  },
  invites: { aliases: ['revoke'], available: mayInvite, run: ({ chat }) => showInvites(chat) },
  knocks: {
    available: isStaff,
    attempt: async ({ chat, room }) => (await import('../dialogs/knocks.ts')).showKnocks(chat, room),
  },
  members: {
    aliases: ['who', 'names'],
    available: isMember,
    run: ({ chat }) => showMembers(chat, chat.words.text.dialogs.members.title),
  },
  verify: {
    aliases: ['safety'],
    takes: 'optional',
    completes: 'member',
    available: isMember,
    refuses: noMember,
    run: (given) => withMember(given, ({ identity }) => showMember(given.chat, identity)),
  },
  dm: {
    takes: 'required',
    completes: 'member',
    available: mayWrite,
    refuses: (given) =>
      addressed(given).member?.self === true
        ? given.chat.words.text.error({ reason: 'direct-self' })
        : noAddressee(given),
    run: (given) => {
      const { member, text } = addressed(given);
      if (given.args === '') showMembers(given.chat, given.chat.words.text.dialogs.members.title);
      else if (member !== undefined) writeTo(given.chat, member, text);
    },
  },
  code: { available: isMember, run: ({ chat }) => askCode(chat) },
  search: { aliases: ['find'], takes: 'required', run: ({ chat, args }) => chat.navigation.find(args) },
  unread: { available: ({ room }) => room.unread > 0, run: ({ chat }) => chat.navigation.jumpToUnread() },
  newest: { run: ({ chat }) => chat.navigation.jumpToNewest() },
  read: {
    run: ({ chat, room }) => {
      room.reading.readAll();
      chat.flashes.good(chat.words.text.flashes.markedRead);
    },
  },
  emoji: {
    available: mayWrite,
    run: ({ chat }) => {
      const { composer } = chat.messages;
      askEmoji(chat, chat.words.text.dialogs.emoji.insert, (emoji) =>
        composer?.insert(emoji, composer.text.length),
      );
    },
  },
  me: { takes: 'required', available: mayWrite, run: ({ chat }) => chat.messages.send() },
  file: {
    aliases: ['paste'],
    takes: 'optional',
    available: mayWrite,
    attempt: ({ chat, args }) => askFile(chat, args === '' ? undefined : args),
  },
  send: {
    aliases: ['upload', 'attach'],
    takes: 'optional',
    completes: 'path',
    available: mayWrite,
    attempt: ({ chat, args, room }) => send(chat, args, room),
  },
  older: {
    available: isMember,
    attempt: async ({ chat, room }) => {
      const { askOlder } = await import('../dialogs/older-history.ts');
      return askOlder(chat, room.info.id);
    },
  },
  poll: {
    takes: 'optional',
    available: mayWrite,
    attempt: async ({ chat, args }) => (await import('../dialogs/polls.ts')).poll(chat, args),
  },
  notify: {
    takes: 'required',
    completes: 'choice',
    choices: ['all', 'mentions', 'none'],
    available: isMember,
    run: ({ chat, room, args }) => {
      const notify = (['all', 'mentions', 'none'] as const).find((one) => one === args);
      if (notify === undefined) askNotify(chat);
      else setNotify(chat, room, notify);
    },
  },
  mute: {
    takes: 'optional',
    completes: 'member',
    available: isMember,
    refuses: noMember,
    attempt: (given) => mute(given, true),
  },
  unmute: {
    takes: 'optional',
    completes: 'member',
    available: isMember,
    refuses: noMember,
    attempt: (given) => mute(given, false),
  },
  privacy: { available: isMember, run: ({ chat }) => askPrivacy(chat) },
  ignore: {
    aliases: ['block'],
    takes: 'required',
    completes: 'member',
    refuses: (given) =>
      memberNamed(given)?.self === true ? given.chat.words.text.flashes.ignoresSelf : noMember(given),
    run: (given) => withMember(given, (member) => ignore(given.chat, member, true)),
  },
  unignore: {
    aliases: ['unblock'],
    takes: 'required',
    completes: 'member',
    refuses: noMember,
    run: (given) => withMember(given, (member) => ignore(given.chat, member, false)),
  },
  nick: {
    takes: 'optional',
    available: mayWrite,
    attempt: async ({ chat, args }) => (await import('../dialogs/nick.ts')).nick(chat, args),
  },
  rename: {
    aliases: ['name'],
    takes: 'optional',
    available: mayGovern,
    attempt: (given) => configure(given, 'name'),
  },
  topic: { takes: 'optional', available: mayGovern, attempt: (given) => configure(given, 'topic') },
  history: {
    takes: 'optional',
    available: mayGovern,
    refuses: noSetting,
    attempt: (given) => configure(given, 'history'),
  },
  expire: {
    takes: 'optional',
    available: isAdmin,
    refuses: noTime,
    attempt: (given) => configure(given, 'expire'),
  },
  rules: {
    available: isMember,
    run: ({ chat, room }) => (room.info.admin ? askConfigure(chat, 'speak') : showRules(chat)),
  },
  role: {
    takes: 'optional',
    completes: 'member',
    available: isStaff,
    refuses: noRole,
    attempt: role,
  },
  ban: {
    takes: 'required',
    completes: 'member',
    danger: true,
    available: isStaff,
    refuses: noMember,
    run: (given) => withMember(given, (member) => askBan(given.chat, member)),
  },
  unban: {
    takes: 'optional',
    available: isStaff,
    attempt: ({ chat, room, args }) => (args === '' ? showBans(chat) : unban(chat, room.info.id, args)),
  },
  bans: { available: isMember, attempt: ({ chat }) => showBans(chat) },
  pins: {
    available: isMember,
    attempt: async ({ chat }) => (await import('../dialogs/pins.ts')).showPins(chat),
  },
  remove: {
    aliases: ['kick'],
    takes: 'required',
    completes: 'member',
    danger: true,
    available: isStaff,
    refuses: noMember,
    run: (given) => withMember(given, (member) => askRemove(given.chat, member)),
  },
  'close-thread': {
    available: ({ room }) => room.thread !== undefined,
    run: ({ room }) => room.closeThread(),
  },
  export: {
    takes: 'optional',
    completes: 'choice',
    choices: ['md', 'txt', 'json'],
    attempt: async ({ chat, room, args }) => {
      const { saveRoom } = await import('../export/save-room.ts');
      const { profile, platform, flashes, words } = chat;
      const { save } = platform.files;
      const format = args === 'txt' || args === 'json' ? args : 'md';
      const parts = { profile, now: platform.now(), save, text: words.text };
      const where = await saveRoom(parts, room.info, format);
      if (where !== undefined) flashes.good((await words.text.export()).saved(where));
      return undefined;
    },
  },
  inspect: { available: isMember, run: ({ chat }) => inspect(chat, undefined) },
  return: {
    available: ({ room }) => ['split', 'broken'].includes(room.info.status) || room.info.unfollowed !== '',
    run: ({ chat }) => askReturn(chat),
  },
  'resend-all': {
    available: (given) => mayWrite(given) && given.room.info.missed > 0,
    attempt: async ({ chat, room }) => {
      const { ids } = await chat.profile.call('resend', { room: room.info.id });
      chat.flashes.good(chat.words.text.flashes.sentAgain(ids.length));
      return undefined;
    },
  },
  leave: { aliases: ['part'], danger: true, available: mayWrite, run: ({ chat }) => askLeave(chat) },
  forget: { available: (given) => !isMember(given), run: ({ chat }) => askForget(chat) },
};

const MESSAGE: Partial<Record<CommandName, Action>> = {
  reply: {
    available: (given) => mayWrite(given) && isSent(given),
    run: ({ chat, item }) => chat.messages.composer?.replyTo(item),
  },
  thread: {
    available: (given) => isSent(given) && given.room.isInThread(given.item),
    run: ({ room, item }) => room.showThread(item),
  },
  react: {
    takes: 'optional',
    available: (given) => mayWrite(given) && isSent(given),
    attempt: async ({ chat, item, args }) => {
      if (args !== '') return react(chat, item, args);
      const { flashes, words } = chat;
      askEmoji(chat, words.text.dialogs.emoji.react, (emoji) =>
        flashes.attempt(() => react(chat, item, emoji)),
      );
      return undefined;
    },
  },
  vote: {
    takes: 'optional',
    available: (given) => openPollIn(given.item) !== undefined && mayWrite(given) && isSent(given),
    finds: (room) => newest(room, (item) => openPollIn(item) !== undefined),
    attempt: async ({ chat, item, args }) => (await import('../dialogs/polls.ts')).vote(chat, item, args),
  },
  close: {
    danger: true,
    available: (given) => mayClose(given.room, given.item) && mayWrite(given) && isSent(given),
    finds: (room) => newest(room, (item) => mayClose(room, item)),
    attempt: async ({ chat, item }) => (await import('../dialogs/polls.ts')).askClose(chat, item),
  },
  pin: {
    available: (given) => isStaff(given) && isSent(given) && !isPinned(given),
    attempt: async ({ chat, item }) => (await import('../dialogs/pins.ts')).setPinned(chat, item, true),
  },
  unpin: {
    available: (given) => isStaff(given) && isPinned(given),
    attempt: async ({ chat, item }) => (await import('../dialogs/pins.ts')).setPinned(chat, item, false),
  },
  forward: {
    available: isSent,
    attempt: async ({ chat, item }) => (await import('../dialogs/forward.ts')).askForward(chat, item),
  },
  edit: {
    // What was counted stays as it was asked.
    available: (given) =>
      given.item.own && given.item.closed === undefined && mayWrite(given) && isSent(given),
    run: ({ chat, item }) => chat.messages.composer?.edit(item),
  },
  copy: {
    available: ({ item }) => item.text !== '',
    run: ({ chat, item }) => chat.flashes.copy(item.text, chat.words.text.flashes.copied),
  },
  'copy-link': {
    available: isSent,
    run: ({ chat, room, item }) =>
      chat.flashes.copy(messageLink(room.info, item), chat.words.text.flashes.messageLinkCopied),
  },
  show: {
    available: hasPicture,
    finds: (room) => newestWith(room, isPicture),
    run: ({ item, row, files }) => files.act(row, (item.files ?? []).findIndex(isPicture), 'show'),
  },
  save: {
    takes: 'optional',
    available: hasFiles,
    finds: (room) => newestWith(room, () => true),
    attempt: async ({ row, args, files }) => files.run(row, 'save', args),
  },
  open: {
    takes: 'optional',
    available: hasFiles,
    finds: (room) => newestWith(room, () => true),
    attempt: async ({ row, args, files }) => files.run(row, 'open', args),
  },
  'copy-name': {
    available: hasFiles,
    run: ({ chat, item }) => chat.flashes.copy(fileNames(item).join('\n'), chat.words.text.flashes.copied),
  },
  quoted: {
    available: ({ item }) => item.reply !== undefined,
    run: ({ chat, item }) => item.reply && chat.navigation.jump(item.reply.seq),
  },
  author: { run: ({ chat, item }) => showMember(chat, item.identity) },
  'inspect-message': { available: isSent, run: ({ chat, item }) => inspect(chat, item.seq) },
  resend: {
    available: (given) =>
      mayWrite(given) && (given.room.waitingFor(given.row)?.state ?? 'waiting') !== 'waiting',
    run: resend,
  },
  cancel: {
    available: ({ room, row }) => room.waitingFor(row) !== undefined,
    run: cancel,
  },
  delete: {
    danger: true,
    available: (given) => (given.item.own || given.room.info.admin) && mayWrite(given) && isSent(given),
    run: ({ chat, item }) => askDelete(chat, item),
  },
};

const TABLES: readonly (readonly [About, Partial<Record<CommandName, Action>>])[] = [
  ['app', APP],
  ['room', ROOM],
  ['message', MESSAGE],
];

interface Entry {
  readonly about: About;
  readonly action: Action;
}

const ENTRIES: ReadonlyMap<CommandName, Entry> = new Map(
  TABLES.flatMap(([about, table]) =>
    COMMAND_NAMES.flatMap((name): [CommandName, Entry][] => {
      const action = table[name];
      return action === undefined ? [] : [[name, { about, action }]];
    }),
  ),
);

/** Every command, in the order of help. */
export function commandsIn(text: Readonly<Record<CommandName, CommandText>>): readonly Command[] {
  return [...ENTRIES].map(([name, { about, action }]) => {
    const { aliases = [], takes, completes, choices = [], danger = false, finds } = action;
    const { label, help, placeholder = choices.join('|') } = text[name];
    const args = { optional: `[${placeholder}]`, required: placeholder, none: '' }[takes ?? 'none'];
    const needsArgument = takes === 'required';
    const findsMessage = finds !== undefined;
    return {
      name,
      aliases,
      about,
      args,
      needsArgument,
      completes,
      choices,
      label,
      help,
      danger,
      findsMessage,
    };
  });
}

/** All commands, with the parts of the chat that they work on. */
export class CommandTable implements Commands {
  readonly all: readonly Command[];
  readonly #chat: Chat;
  readonly #files: FileActs;

  constructor(chat: Chat, files: FileActs, words: Readonly<Record<CommandName, CommandText>>) {
    this.#chat = chat;
    this.#files = files;
    this.all = commandsIn(words);
  }

  named(word: string): Command | undefined {
    return this.all.find(({ name, aliases }) => name === word || aliases.includes(word));
  }

  isAvailable(name: CommandName, row?: string): boolean {
    const entry = ENTRIES.get(name);
    const given = entry && this.#given(entry, '', row);
    return entry !== undefined && given !== undefined && (entry.action.available?.(given) ?? true);
  }

  refusal(name: CommandName, args = '', row?: string): string | undefined {
    const entry = ENTRIES.get(name);
    const { needsMessage, notAvailable, usage, noOpenPoll, noPollToClose } = this.#chat.words.text.flashes;
    if (entry === undefined) return notAvailable(name);
    const { about, action } = entry;
    const given = this.#given(entry, args, row);
    if (given === undefined && action.finds !== undefined) {
      const found: Partial<Record<CommandName, string>> = { vote: noOpenPoll, close: noPollToClose };
      return found[name] ?? this.#chat.words.text.files.noFiles;
    }
    if (given === undefined) return (about === 'message' ? needsMessage : notAvailable)(name);
    if (action.available?.(given) === false) return notAvailable(name);
    if (given.args === '') return undefined;
    const isChoice = action.choices === undefined || action.choices.includes(given.args);
    return isChoice ? action.refuses?.(given) : usage(`/${name} ${action.choices.join('|')}`);
  }

  run(name: CommandName, args = '', row?: string, failed: () => void = () => undefined): void {
    const { flashes } = this.#chat;
    const entry = ENTRIES.get(name);
    const given = entry && this.#given(entry, args, row);
    const refusal = this.refusal(name, args, row);
    if (entry === undefined || given === undefined || refusal !== undefined) {
      if (refusal !== undefined) flashes.bad(refusal);
      failed();
      return;
    }
    const { action } = entry;
    if ('run' in action) {
      action.run(given);
      return;
    }
    const attempt = action.attempt(given).catch((error: unknown) => flashes.textOf(error));
    void attempt.then((failure) => {
      if (failure === undefined) return;
      flashes.bad(failure);
      failed();
    });
  }

  #given({ about, action }: Entry, typed: string, chosen: string | undefined): Given | undefined {
    const { room } = this.#chat.navigation;
    const row = chosen ?? (room && action.finds?.(room));
    const item = row === undefined ? undefined : room?.message(row);
    if (about !== 'app' && room === undefined) return undefined;
    if (about === 'message' && item === undefined) return undefined;
    const args = action.choices?.find((choice) => choice === typed.trim().toLowerCase()) ?? typed.trim();
    // A command reads only what it is about.
    const context = { room: room as RoomViewModel, item: item as TextItem };
    return { chat: this.#chat, files: this.#files, args, row: row ?? '', ...context };
  }
}

function openRoom({ chat, room, args }: Given): void {
  if (args === '') {
    askPalette(chat);
    return;
  }
  const found = roomsNamed(chat, args);
  const next = found[(found.indexOf(room) + 1) % found.length];
  if (next === undefined) return;
  chat.navigation.open(next.info.id);
  if (found.length > 1)
    chat.flashes.good(chat.words.text.flashes.severalRooms(sanitizeLine(args), found.length));
}

/** The room with a number, or else the rooms with a name, or else those whose names begin with it. */
function roomsNamed({ rooms: { all } }: Chat, wanted: string): readonly RoomViewModel[] {
  const numbered = all[Number(wanted) - 1];
  if (numbered !== undefined) return [numbered];
  const name = wanted.toLowerCase();
  const named = all.filter(({ info }) => info.name.toLowerCase() === name);
  return named.length > 0 ? named : all.filter(({ info }) => info.name.toLowerCase().startsWith(name));
}

function noRoom({ chat, args }: Given): string | undefined {
  return roomsNamed(chat, args).length > 0 ? undefined : chat.words.text.flashes.noRoom(sanitizeLine(args));
}

function invalidLink({ chat, args }: Given): string | undefined {
  try {
    if (!isOtherLink(args)) checkGiven({ link: args });
  } catch (error) {
    return chat.flashes.textOf(error);
  }
  return undefined;
}

/** Finds the member whom the argument names; without an argument it lists all. */
function withMember(given: Given, act: (member: MemberInfo) => void): void {
  const { chat, args } = given;
  const found = memberNamed(given);
  if (args === '') showMembers(chat, chat.words.text.dialogs.members.title);
  else if (found !== undefined) act(found);
}

/** The last word of an argument, and what is before it. */
function lastWord(args: string): readonly [before: string, last: string] {
  const at = args.lastIndexOf(' ');
  return [args.slice(0, Math.max(at, 0)).trim(), args.slice(at + 1)];
}

function roleIn(given: Given): { member: MemberInfo; role: Role } | undefined {
  const [before, last] = lastWord(given.args);
  const wanted = parseRole(last);
  const member = memberNamed({ ...given, args: before });
  return wanted === undefined || member === undefined ? undefined : { member, role: wanted };
}

/** A role that somebody gets, or somebody alone, whose role is asked for. */
function noRole(given: Given): string | undefined {
  if (given.args === '' || memberNamed(given) !== undefined || roleIn(given) !== undefined) return undefined;
  const [before, last] = lastWord(given.args);
  const isRole = parseRole(last) !== undefined;
  const { noRole: text } = given.chat.words.text.flashes;
  return isRole || before === '' || memberNamed({ ...given, args: before }) === undefined
    ? noMember(isRole ? { ...given, args: before } : given)
    : text(sanitizeLine(last));
}

async function role(given: Given): Promise<undefined> {
  const { chat, room } = given;
  const found = roleIn(given);
  if (found !== undefined) return setRole(chat, room, found.member, found.role).then(() => undefined);
  return withMember(given, (member) => askRole(chat, room, member)) as undefined;
}

/** Mutes a member, or without one the room. */
async function mute(given: Given, on: boolean): Promise<undefined> {
  const { chat, room, args } = given;
  const member = memberNamed(given);
  if (args !== '' && member !== undefined) {
    await setRole(chat, room, member, on ? 'observer' : 'member');
    return;
  }
  const { notify } = room.settings;
  const isMuted = notify === 'none';
  setNotify(chat, room, on && !isMuted ? 'none' : isMuted ? 'all' : notify);
}

function memberNamed({ room, args }: Given): MemberInfo | undefined {
  const wanted = args.replace(/^@/, '').trim();
  return (
    room.members.find(({ name, id }) => name === wanted || id === wanted) ??
    room.members.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())
  );
}

/** As {@link addressee}; an `@` before the name is no part of it. */
function addressed({ room, args }: Given): ReturnType<typeof addressee> {
  return addressee(room.members, args.replace(/^@/, ''));
}

function noAddressee(given: Given): string | undefined {
  return given.args === '' || addressed(given).member !== undefined ? undefined : noMember(given);
}

function noMember(given: Given): string | undefined {
  return given.args !== '' && memberNamed(given) === undefined
    ? given.chat.words.text.flashes.noMember(sanitizeLine(given.args.replace(/^@/, '')))
    : undefined;
}

function noSetting({ chat, args }: Given): string | undefined {
  if (args === '') return undefined;
  try {
    parseHistorySetting(args);
  } catch (error) {
    return chat.flashes.textOf(error);
  }
  return undefined;
}

function noTime({ chat, args }: Given): string | undefined {
  if (args === '') return undefined;
  try {
    parseRuleTime(args);
  } catch (error) {
    return chat.flashes.textOf(error);
  }
  return undefined;
}

async function configure(
  { chat, room, args }: Given,
  what: 'name' | 'topic' | 'history' | 'expire',
): Promise<undefined> {
  if (args === '') {
    askConfigure(chat, what);
    return;
  }
  const value =
    what === 'history' ? parseHistorySetting(args) : what === 'expire' ? parseRuleTime(args) : args;
  await chat.profile.call('configure', { room: room.info.id, [what]: value, waitMs: WAIT_MS });
  chat.flashes.good(chat.words.text.flashes.saved);
}

function ignore(chat: Chat, member: MemberInfo, on: boolean): void {
  const { flashes } = chat;
  flashes.attempt(async () => flashes.good(await setIgnored(chat, member, on)));
}

function setNotify(chat: Chat, room: RoomViewModel, notify: 'all' | 'mentions' | 'none'): void {
  room.change({ notify });
  chat.flashes.good(chat.words.text.flashes.notify[notify]);
}

/** Queues a refused message as a new one, and one that perhaps not everybody could read as the same. */
function resend({ chat, room, row }: Given): void {
  const refused = room.waitingFor(row);
  if (refused === undefined) return;
  chat.flashes.attempt(async () => {
    if (refused.state === 'missed') {
      await chat.profile.call('resend', { room: room.info.id, ids: [refused.id] });
      return;
    }
    await chat.messages.queue(room, refused.content);
    await chat.profile.call('cancel', { room: room.info.id, id: refused.id });
  });
}

function cancel({ chat, room, row }: Given): void {
  const waiting = room.waitingFor(row);
  if (waiting === undefined) return;
  chat.flashes.attempt(async () => {
    const { cancelled } = await chat.profile.call('cancel', { room: room.info.id, id: waiting.id });
    const isPosted = waiting.state === 'missed' || waiting.again === true;
    const { content } = waiting;
    const restored = cancelled && !isPosted && content.kind === 'text' && content.text !== '';
    if (restored) chat.messages.composerOf(room).giveBack(asWritten(content));
    const { unsent, notUnsent, notSentAgain } = chat.words.text.flashes;
    if (cancelled) chat.flashes.good(isPosted ? notSentAgain : unsent(restored));
    else chat.flashes.bad(notUnsent);
  });
}
