import type { TextItem } from '@gochat/client/history';
import type { MemberInfo } from '@gochat/client/methods';
import type { Host } from '../chat/host.ts';
import { choiceField, form } from '../dialogs/forms.ts';
import { askPalette, showHelp } from '../dialogs/help.ts';
import { askEmoji, askErase, askFile, inspect, react } from '../dialogs/message.ts';
import { askRemove, setIgnored, showMember, showMembers } from '../dialogs/people.ts';
import {
  askCreate,
  askInvite,
  askJoin,
  askLeave,
  askPrivacy,
  askSettle,
  showInvites,
} from '../dialogs/rooms.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import type { CommandText } from '../words/commands.ts';
import { type About, COMMAND_NAMES, type Command, type CommandName } from './command.ts';

/** What a command is run with. */
interface Given {
  readonly host: Host;
  readonly args: string;
  /** The open room; commands about a room aren't run without. */
  readonly pane: RoomViewModel;
  /** The message; commands about one aren't run without. */
  readonly item: TextItem;
  readonly row: string;
}

interface Doing {
  readonly aliases?: readonly string[];
  readonly args?: string;
  readonly completes?: Command['completes'];
  readonly choices?: readonly string[];
  readonly danger?: true;
  /** Whether it can be done now. */
  readonly available?: (given: Given) => boolean;
  readonly run: (given: Given) => void;
}

const THEMES = ['system', 'dark', 'light', 'contrast'] as const;
const WAIT_MS = 30_000;

const mayWrite = ({ pane }: Given) => pane.closed === '';
const isAdmin = ({ pane }: Given) => pane.info.admin && pane.closed === '';
const isSent = ({ item }: Given) => item.seq !== '0' && item.deleted === undefined;

const APP: Partial<Record<CommandName, Doing>> = {
  palette: { aliases: ['go'], run: ({ host }) => askPalette(host) },
  help: { aliases: ['keys', 'commands'], run: ({ host }) => showHelp(host) },
  create: { aliases: ['new'], args: '[NAME]', run: ({ host, args }) => askCreate(host, args) },
  join: { args: '[LINK]', run: ({ host, args }) => askJoin(host, args) },
  room: { aliases: ['open', 'rooms'], args: '[NAME]', completes: 'room', run: openRoom },
  next: { run: ({ host }) => host.step(1) },
  previous: { run: ({ host }) => host.step(-1) },
  'unread-room': { run: ({ host }) => host.step(1, 'unread') },
  settings: { aliases: ['set'], run: ({ host }) => askSettings(host) },
  theme: { args: '[system|dark|light|contrast]', completes: 'choice', choices: THEMES, run: setTheme },
  quit: { aliases: ['exit'], run: ({ host }) => host.platform.quit() },
};

const ROOM: Partial<Record<CommandName, Doing>> = {
  invite: { available: mayWrite, run: ({ host }) => askInvite(host) },
  invites: { aliases: ['revoke'], available: mayWrite, run: ({ host }) => showInvites(host) },
  members: {
    aliases: ['who', 'names'],
    run: ({ host }) => showMembers(host, host.words.text.dialogs.members.title),
  },
  verify: {
    aliases: ['safety'],
    args: '[MEMBER]',
    completes: 'member',
    run: (given) => withMember(given, ({ device }) => showMember(given.host, device)),
  },
  search: { aliases: ['find'], args: 'WORDS', run: ({ host, args }) => host.search(args) },
  unread: { available: ({ pane }) => pane.unread > 0, run: ({ host }) => host.jumpToUnread() },
  newest: { run: ({ host }) => host.jumpToNewest() },
  read: {
    run: ({ host, pane }) => {
      pane.readAll();
      host.flash('good', host.words.text.flashes.markedRead);
    },
  },
  emoji: {
    available: mayWrite,
    run: ({ host }) => {
      const { composing } = host;
      askEmoji(host, host.words.text.dialogs.emoji.insert, (emoji) =>
        composing?.insert(emoji, composing.text.length),
      );
    },
  },
  me: { args: 'TEXT', available: mayWrite, run: ({ host }) => host.send() },
  file: {
    aliases: ['paste'],
    args: '[PATH]',
    available: mayWrite,
    run: ({ host, args }) => askFile(host, args === '' ? undefined : args),
  },
  notify: {
    args: 'all|mentions|none',
    completes: 'choice',
    choices: ['all', 'mentions', 'none'],
    run: ({ host, pane, args }) => {
      const notify = (['all', 'mentions', 'none'] as const).find((one) => one === args);
      if (notify === undefined) askPrivacy(host);
      else setNotify(host, pane, notify);
    },
  },
  mute: {
    aliases: ['unmute'],
    run: ({ host, pane }) => setNotify(host, pane, pane.notes.notify === 'none' ? 'all' : 'none'),
  },
  privacy: { run: ({ host }) => askPrivacy(host) },
  ignore: {
    aliases: ['block'],
    args: 'MEMBER',
    completes: 'member',
    run: (given) =>
      withMember(given, (member) => given.host.attempt(() => setIgnored(given.host, member, true))),
  },
  unignore: {
    aliases: ['unblock'],
    args: 'MEMBER',
    completes: 'member',
    run: (given) =>
      withMember(given, (member) => given.host.attempt(() => setIgnored(given.host, member, false))),
  },
  rename: { aliases: ['name'], args: '[NAME]', available: isAdmin, run: (given) => settle(given, 'name') },
  topic: { args: '[TEXT]', available: isAdmin, run: (given) => settle(given, 'topic') },
  remove: {
    aliases: ['kick'],
    args: 'MEMBER',
    completes: 'member',
    danger: true,
    available: isAdmin,
    run: (given) => withMember(given, (member) => askRemove(given.host, member)),
  },
  inspect: { run: ({ host }) => inspect(host, undefined) },
  leave: { aliases: ['part'], danger: true, available: mayWrite, run: ({ host }) => askLeave(host) },
};

const MESSAGE: Partial<Record<CommandName, Doing>> = {
  reply: {
    available: (given) => mayWrite(given) && isSent(given),
    run: ({ host, item }) => host.composing?.replyTo(item),
  },
  react: {
    args: '[EMOJI]',
    available: (given) => mayWrite(given) && isSent(given),
    run: ({ host, item, args }) => {
      if (args !== '') react(host, item, args);
      else askEmoji(host, host.words.text.dialogs.emoji.react, (emoji) => react(host, item, emoji));
    },
  },
  edit: {
    available: (given) => given.item.own && mayWrite(given) && isSent(given),
    run: ({ host, item }) => host.composing?.edit(item),
  },
  copy: { run: ({ host, item }) => host.copy(item.text, host.words.text.flashes.copied) },
  quoted: {
    available: ({ item }) => item.reply !== undefined,
    run: ({ host, item }) => item.reply && host.jump(item.reply.seq),
  },
  author: { run: ({ host, item }) => showMember(host, item.device) },
  'inspect-message': { available: isSent, run: ({ host, item }) => inspect(host, item.seq) },
  withdraw: {
    available: ({ pane, row }) => pane.waitingFor(row) !== undefined,
    run: withdraw,
  },
  delete: {
    danger: true,
    available: (given) => (given.item.own || given.pane.info.admin) && mayWrite(given) && isSent(given),
    run: ({ host, item }) => askErase(host, item),
  },
};

const TABLES: readonly (readonly [About, Partial<Record<CommandName, Doing>>])[] = [
  ['app', APP],
  ['room', ROOM],
  ['message', MESSAGE],
];

interface Entry {
  readonly command: Omit<Command, keyof CommandText>;
  readonly doing: Doing;
}

const ENTRIES: ReadonlyMap<CommandName, Entry> = new Map(
  TABLES.flatMap(([about, table]) =>
    COMMAND_NAMES.flatMap((name): [CommandName, Entry][] => {
      const doing = table[name];
      if (doing === undefined) return [];
      const { aliases = [], args = '', completes, choices = [], danger = false } = doing;
      const command = { name, aliases, about, args, completes, choices, danger };
      return [[name, { command, doing }]];
    }),
  ),
);

/** Every command, in the order of the table. */
export function commandsIn(text: Readonly<Record<CommandName, CommandText>>): readonly Command[] {
  return [...ENTRIES.values()].map(({ command }) => ({ ...command, ...text[command.name] }));
}

/** The command of a name or an alias. */
export function commandNamed(commands: readonly Command[], word: string): Command | undefined {
  return commands.find(({ name, aliases }) => name === word || aliases.includes(word));
}

/** Whether a command can be done now. @param row the message that it would be about. */
export function isAvailable(host: Host, name: CommandName, row?: string): boolean {
  const entry = ENTRIES.get(name);
  const given = entry && givenFor(host, entry.command, '', row);
  return entry !== undefined && given !== undefined && (entry.doing.available?.(given) ?? true);
}

/** Runs a command, or says why it can't be done. */
export function runCommand(host: Host, name: CommandName, args = '', row?: string): void {
  const entry = ENTRIES.get(name);
  if (entry === undefined) return;
  const given = givenFor(host, entry.command, args.trim(), row);
  const { needsMessage, notAvailable } = host.words.text.flashes;
  if (given === undefined)
    host.flash('bad', (entry.command.about === 'message' ? needsMessage : notAvailable)(name));
  else if (entry.doing.available?.(given) === false) host.flash('bad', notAvailable(name));
  else entry.doing.run(given);
}

function givenFor(
  host: Host,
  { about }: Entry['command'],
  args: string,
  row: string | undefined,
): Given | undefined {
  const { pane } = host;
  const item = row === undefined ? undefined : pane?.message(row);
  if (about !== 'app' && pane === undefined) return undefined;
  if (about === 'message' && item === undefined) return undefined;
  // What a command isn't about it doesn't look at.
  return { host, args, row: row ?? '', pane: pane as RoomViewModel, item: item as TextItem };
}

function openRoom({ host, args }: Given): void {
  if (args === '') {
    askPalette(host);
    return;
  }
  const wanted = args.toLowerCase();
  const found =
    host.panes[Number(wanted) - 1] ??
    host.panes.find(({ info }) => info.name.toLowerCase() === wanted) ??
    host.panes.find(({ info }) => info.name.toLowerCase().startsWith(wanted));
  if (found === undefined) host.flash('bad', host.words.text.flashes.noRoom(args));
  else host.open(found.info.id);
}

/** Does something with the member who is named, or lists them. */
function withMember({ host, pane, args }: Given, act: (member: MemberInfo) => void): void {
  const wanted = args.replace(/^@/, '').trim();
  if (wanted === '') {
    showMembers(host, host.words.text.dialogs.members.title);
    return;
  }
  const found =
    pane.members.find(({ name, id }) => name === wanted || id === wanted) ??
    pane.members.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (found === undefined) host.flash('bad', host.words.text.flashes.noMember(wanted));
  else act(found);
}

function settle({ host, pane, args }: Given, what: 'name' | 'topic'): void {
  if (args === '') {
    askSettle(host);
    return;
  }
  host.attempt(async () => {
    await host.profile.call('configure', { room: pane.info.id, [what]: args, waitMs: WAIT_MS });
    host.flash('good', host.words.text.flashes.saved);
  });
}

function setNotify(host: Host, pane: RoomViewModel, notify: 'all' | 'mentions' | 'none'): void {
  pane.note({ notify });
  host.flash('good', host.words.text.flashes.notify[notify]);
}

function setTheme({ host, args }: Given): void {
  const { theme } = host.words.text.dialogs;
  const chosen = THEMES.find((name) => name === args);
  const keep = (value: string) => host.prefer({ screen: { ...host.preferences.screen, theme: value } });
  if (chosen !== undefined) {
    host.attempt(() => keep(chosen));
    return;
  }
  const now = host.preferences.screen.theme ?? 'system';
  host.ask({
    dialog: form(theme.title, [], [choiceField('theme', theme.title, now, themes(host))], theme.submit),
    submit: async (values, shown) => {
      await keep(values.theme ?? 'system');
      shown.close();
    },
  });
}

function themes({ words }: Host) {
  return THEMES.map((value) => ({ value, label: words.text.dialogs.theme.choices[value] }));
}

/** What the screens keep: the view knows the theme and the notifications, the screens add their own by `set`. */
function askSettings(host: Host): void {
  const { settings, theme, notify } = host.words.text.dialogs;
  const { screen } = host.preferences;
  const content = screen['notify-content'] === 'on' ? 'on' : '';
  const own = host.platform.settings.map((field) => ({ ...field, value: screen[field.name] ?? field.value }));
  const fields = [
    choiceField('theme', theme.title, screen.theme ?? 'system', themes(host)),
    {
      name: 'notify-content',
      label: notify.content,
      value: content,
      hint: '',
      type: 'toggle' as const,
      choices: [],
    },
    ...own,
  ];
  host.ask({
    dialog: form(settings.title, [], fields, settings.submit),
    submit: async (values, shown) => {
      await host.prefer({ screen: { ...screen, ...values } });
      shown.close();
    },
  });
}

function withdraw({ host, pane, row }: Given): void {
  const waiting = pane.waitingFor(row);
  if (waiting === undefined) return;
  host.attempt(async () => {
    const { withdrawn } = await host.profile.call('withdraw', { room: pane.info.id, id: waiting.id });
    const { composing } = host;
    if (withdrawn && waiting.content.kind === 'text' && composing?.text === '')
      composing.put(waiting.content.text);
    host.flash(
      withdrawn ? 'good' : 'bad',
      withdrawn ? host.words.text.flashes.unsent : host.words.text.flashes.notUnsent,
    );
  });
}
