import { SERVE_OPTIONS, type ServeOption } from '@gochat/server/serve-options';
import type { Command } from 'commander';

/** A command of `gochat`. */
export interface Verb {
  /** Its name and its arguments, in commander's syntax. */
  readonly name: string;
  readonly does: string;
  /** `once`: why a second value is refused, which would otherwise replace the first one. */
  readonly options?: readonly (readonly [flags: string, meaning: string, once?: string])[];
  /** The argument that may be empty; any other one is refused then. */
  readonly mayBeEmpty?: string;
  /** It does nothing but print, so it ends when nobody reads standard output any more. All others do their work to the end. */
  readonly onlyPrints?: true;
  /** It prints a link that is nowhere else, so it has failed when nobody could read standard output. */
  readonly printsLink?: true;
  /** Loads its action, which has the type `VerbAction` for its own options. */
  readonly load: () => Promise<unknown>;
  /** Adds the options that several verbs share; those of profiles when absent. */
  readonly describe?: (command: Command) => Command;
}

const AS = ['--as <name>', 'your name in the room (the profile keeps the first one as default)'] as const;
const JSON_LINES = ['--json', 'print JSON lines, for scripts'] as const;
const WAIT = [
  '--wait <duration>',
  'how long to wait while nothing comes (default 5s, or 30s for changes)',
] as const;
const SERVER = [
  '--server <address>',
  'tcp://, tls://, http(s):// or ws(s):// (default tcp://127.0.0.1:4040, or GOCHAT_SERVER)',
] as const;

const SERVER_OF_LINK = [
  '--server <address>',
  'where the two devices meet (default: the server of your first room, or GOCHAT_SERVER)',
] as const;
const TOKEN = [
  '--token <token>',
  'token that the server requires to create rooms (or GOCHAT_TOKEN)',
] as const;

const SCREEN = [
  ['--plain', 'line by line, without the full screen'],
  ['--ascii', 'draw with ASCII characters only'],
  ['--keys <profile>', 'readline or vim (default: the setting of the profile)'],
] as const;

const moderation = (name: keyof typeof import('./verbs/moderation.ts')) => async () =>
  (await import('./verbs/moderation.ts'))[name];

const roomVerb = (name: keyof typeof import('./verbs/room.ts')) => async () =>
  (await import('./verbs/room.ts'))[name];

export const VERBS: readonly Verb[] = [
  {
    name: 'chat [room]',
    does: 'chat, on the full screen of a terminal or else line by line (default command)',
    options: [AS, SERVER, ...SCREEN],
    load: async () => (await import('./verbs/chat.ts')).run,
  },
  {
    name: 'new <name>',
    printsLink: true,
    does: 'create a room and print an invite link',
    options: [
      AS,
      SERVER,
      TOKEN,
      [
        '--history <how much>',
        'what newcomers can read: none, all, messages as in 100 (default), or days as in 30d',
      ],
      ['--expire <time>', 'messages disappear after this time, such as 12h or 7d (default: never)'],
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/new.ts')).run,
  },
  {
    name: 'join <link>',
    does: 'join a room, then chat; - reads links from standard input, one on each line, and only joins. A link that needs approval asks to be let in: exits 3 until it is joined, also by the same command later',
    options: [
      AS,
      ['--words <text>', 'what to say to those who let people in, if the link needs approval'],
      ['--no-chat', 'only join'],
      ...SCREEN,
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/join.ts')).run,
  },
  {
    name: 'send <room> [text]',
    // Refused by its own reason, as blank.
    mayBeEmpty: 'text',
    does: 'send TEXT; without it, or with -, send standard input. Exits 0 when the server has stored it',
    options: [
      [
        '-m, --message <text>',
        'the text, such as that of a message with files',
        'give -m once: one call sends one text',
      ],
      ['--file <path...>', 'send files, as one message with the text; - is standard input'],
      ['--alt <text...>', 'what is to be seen or heard in each file, in their order'],
      ['--name <name>', 'the name of the file that standard input is sent as'],
      ['--keep-metadata', 'leave in pictures where, when and with what they were made'],
      ['--lines', 'send each line of standard input as a message'],
      WAIT,
      ['--json', 'print a JSON line for each message'],
    ],
    load: async () => (await import('./verbs/send.ts')).run,
  },
  {
    name: 'dm <room> <member> [text]',
    does: 'write to a member of ROOM alone: asks, with TEXT (- is standard input) as the first words, or says it in the conversation that there is',
    options: [TOKEN, JSON_LINES, WAIT],
    load: async () => (await import('./verbs/direct.ts')).dm,
  },
  {
    name: 'requests [action] [id]',
    does: 'list who asks to write to you alone; accept ID or ignore ID: decide. ID is as listed, or its beginning. from all, verified or none: say who may ask; from alone prints it',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/direct.ts')).requests,
  },
  {
    name: 'tail <room>',
    onlyPrints: true,
    does: 'print the messages of a room',
    options: [
      ['-f, --follow', 'keep printing new messages'],
      ['-n, --lines <number>', 'only the last messages'],
      ['--time', 'print the time of each message'],
      ['--since <seq>', 'only messages after this log position (default 0: all)'],
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/tail.ts')).run,
  },
  {
    name: 'save <room> <message>',
    does: 'save the files of a message, named by its id or its position in the log; prints where they are',
    options: [
      ['--to <folder>', 'where to (default: the present folder)'],
      ['--file <number>', 'only this file of the message, counted from 1'],
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/save.ts')).run,
  },
  {
    name: 'search <room> <text>',
    onlyPrints: true,
    does: 'print the messages that hold all words of TEXT, also in names and descriptions of files',
    options: [
      ['-n, --lines <number>', 'only the last ones (default 50)'],
      ['--time', 'print the time of each message'],
      JSON_LINES,
    ],
    load: async () => (await import('./verbs/search.ts')).run,
  },
  {
    name: 'thread <room> [message]',
    onlyPrints: true,
    does: 'print a message and the replies to it; MESSAGE is its id or position, as tail --json prints them. Instead of ROOM and MESSAGE, a link to a message',
    options: [
      ['--link', 'print a link to the message, for members of the room'],
      ['--time', 'print the time of each message'],
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/thread.ts')).run,
  },
  {
    name: 'export <room> [file]',
    onlyPrints: true,
    does: 'save what the profile has of a room in FILE, or print it; asks no server',
    options: [
      ['--format <format>', 'md, json or txt (default: by the ending of FILE, or md)'],
      ['--force', 'replace FILE if it exists'],
    ],
    load: async () => (await import('./verbs/export.ts')).run,
  },
  {
    name: 'edit <room> <message> [text]',
    mayBeEmpty: 'text',
    does: 'replace the text of your message, which is named by its id or position, as tail --json prints them; without TEXT, or with -, by standard input. Files stay',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/change.ts')).edit,
  },
  {
    name: 'delete <room> <message>',
    does: 'delete a message, named by its id or position, as tail --json prints them, for everybody: yours, or any as an admin',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/change.ts')).erase,
  },
  {
    name: 'poll <room> <question> <answers...>',
    does: 'ask a question with two to ten answers; the members choose one each, and see who chose what',
    options: [['--many', 'each can choose several answers'], JSON_LINES, WAIT],
    load: async () => (await import('./verbs/poll.ts')).poll,
  },
  {
    name: 'vote <room> <message> <number>',
    does: 'choose an answer of a poll by its number, from 1. MESSAGE is the id or the position of the poll, as tail --json prints them',
    options: [['--undo', 'take the choice back'], JSON_LINES, WAIT],
    load: async () => (await import('./verbs/poll.ts')).vote,
  },
  {
    name: 'close <room> <message>',
    does: 'close a poll, named by its id or position: later votes don’t count. Yours, or any as an admin or moderator',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/poll.ts')).close,
  },
  {
    name: 'rooms',
    onlyPrints: true,
    does: "list the profile's rooms",
    options: [JSON_LINES],
    load: roomVerb('rooms'),
  },
  {
    name: 'members <room>',
    onlyPrints: true,
    does: 'list the members',
    options: [JSON_LINES, WAIT],
    load: roomVerb('members'),
  },
  {
    name: 'link [link]',
    does: 'print a link that makes another device one of yours, then ask for the digits that it shows; with LINK (- is standard input), make this one a device of yours: prints the digits',
    options: [
      ['--label <name>', 'what you call this device (default: the name of the machine)'],
      ['--limited', 'the other device can link and remove no devices, such as a bot'],
      SERVER_OF_LINK,
      TOKEN,
      ['--json', 'print each step as a JSON line'],
      WAIT,
    ],
    load: async () => (await import('./verbs/link.ts')).run,
  },
  {
    name: 'recovery',
    printsLink: true,
    does: 'print a new recovery link, which brings you back into your rooms if you lose all devices; an older one ends',
    options: [
      ['--status', 'only say whether there is one, since when, and for how many rooms'],
      ['--yes', 'end the older one without asking'],
      SERVER_OF_LINK,
      TOKEN,
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/recovery.ts')).run,
  },
  {
    name: 'recover <link>',
    does: 'come back by a recovery link (- is standard input): makes this empty profile a new device of yours',
    options: [
      ['--label <name>', 'what you call this device (default: the name of the machine)'],
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/recovery.ts')).recover,
  },
  {
    name: 'devices [action] [device] [name]',
    does: 'list your devices; remove DEVICE: remove one that was lost or sold from all your rooms; label DEVICE NAME: name one. DEVICE is its key as listed, or the beginning of it. With a ROOM as ACTION, list those in it',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/devices.ts')).run,
  },
  {
    name: 'older <room>',
    does: 'ask your other devices for messages of a room that are older than those on this one',
    options: [JSON_LINES, WAIT],
    load: roomVerb('older'),
  },
  {
    name: 'compromised <room> [device]',
    does: 'report that DEVICE was copied, lost or stolen: removes it; without DEVICE, renews the keys of this one',
    options: [JSON_LINES, WAIT],
    load: roomVerb('compromised'),
  },
  {
    name: 'remove <room> <member>',
    does: 'remove a member; revokes all invites (admins and moderators)',
    options: [JSON_LINES, WAIT],
    load: roomVerb('remove'),
  },
  {
    name: 'admin <room> <member>',
    does: 'make a member an admin (admins only)',
    options: [['--drop', 'revoke admin rights'], JSON_LINES, WAIT],
    load: roomVerb('admin'),
  },
  {
    name: 'role <room> <member> <role>',
    does: 'make a member admin, moderator, speaker, member or observer',
    options: [JSON_LINES, WAIT],
    load: moderation('role'),
  },
  {
    name: 'mute <room> <member>',
    does: 'let a member only read and react: makes an observer of them (admins and moderators)',
    options: [JSON_LINES, WAIT],
    load: moderation('mute'),
  },
  {
    name: 'unmute <room> <member>',
    does: 'let a muted member write again',
    options: [JSON_LINES, WAIT],
    load: moderation('unmute'),
  },
  {
    name: 'ban <room> <member>',
    does: 'remove a person with all devices, and let the person join never again; all invites end',
    options: [JSON_LINES, WAIT],
    load: moderation('ban'),
  },
  {
    name: 'unban <room> <person>',
    does: 'end a ban; the person is named as gochat bans shows it',
    options: [JSON_LINES, WAIT],
    load: moderation('unban'),
  },
  {
    name: 'bans <room>',
    onlyPrints: true,
    does: 'list who is banned',
    options: [JSON_LINES, WAIT],
    load: moderation('bans'),
  },
  {
    name: 'knocks [room]',
    does: 'list who asks to join ROOM by a link that needs approval; without ROOM, the rooms into which you wait to be let',
    options: [['--cancel <room>', 'wait no longer to be let into this room'], JSON_LINES, WAIT],
    load: async () => (await import('./verbs/knocks.ts')).list,
  },
  {
    name: 'approve <room> <knock>',
    does: 'let in somebody who asks to join, by name or by the id that gochat knocks prints (admins and moderators)',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/knocks.ts')).approve,
  },
  {
    name: 'decline <room> <knock>',
    does: 'decline somebody who asks to join, who hears it; a decision is final',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/knocks.ts')).decline,
  },
  {
    name: 'rules <room>',
    does: 'print the rules of a room, or change those that are given (admins only)',
    options: [
      ['--speak <who>', 'who can write: all, staff (admins and moderators), or listed (and speakers)'],
      ['--slow <time>', 'slow mode: the shortest time between two messages of a member, such as 30s; or off'],
      ['--links <who>', 'who can invite: all, or staff'],
      ['--expire <time>', 'messages disappear after this time, such as 12h or 7d; off: never'],
      ['--history <how much>', 'what newcomers can read, as for new'],
      JSON_LINES,
      WAIT,
    ],
    load: moderation('rules'),
  },
  {
    name: 'pin <room> <message>',
    does: 'pin a message for all, named by its id or position, as tail --json prints them (admins and moderators)',
    options: [JSON_LINES, WAIT],
    load: moderation('pin'),
  },
  {
    name: 'unpin <room> <message>',
    does: 'end the pin of a message',
    options: [JSON_LINES, WAIT],
    load: moderation('unpin'),
  },
  {
    name: 'pins <room>',
    onlyPrints: true,
    does: 'print the pinned messages, the one that was pinned last first',
    options: [JSON_LINES, WAIT],
    load: moderation('pins'),
  },
  {
    name: 'nick <room> <name>',
    does: 'change your name in a room',
    options: [JSON_LINES, WAIT],
    load: roomVerb('nick'),
  },
  {
    name: 'rename <room> <name>',
    does: 'rename a room (admins only)',
    options: [JSON_LINES, WAIT],
    load: roomVerb('rename'),
  },
  {
    name: 'topic <room> [text]',
    mayBeEmpty: 'text',
    does: 'print the topic, or set it (admins only); an empty text removes it, - reads standard input',
    options: [JSON_LINES, WAIT],
    load: roomVerb('topic'),
  },
  {
    name: 'history <room> [setting]',
    does: 'print how much newcomers can read, or set it (admins only): none, all, messages as in 100, or days as in 30d',
    options: [JSON_LINES, WAIT],
    load: roomVerb('history'),
  },
  {
    name: 'invite <room>',
    printsLink: true,
    does: 'create an invite and print its link',
    options: [
      ['--expires <duration>', 'expires after this time (default 7d)'],
      ['--uses <n>', 'how often it can be used (default: unlimited)'],
      ['--approve', 'who uses it asks to join, and an admin or moderator decides: see knocks'],
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/invite.ts')).run,
  },
  {
    name: 'invites <room>',
    onlyPrints: true,
    does: 'list the invites',
    options: [JSON_LINES, WAIT],
    load: roomVerb('invites'),
  },
  {
    name: 'revoke <room> <id>',
    does: 'revoke an invite',
    options: [JSON_LINES, WAIT],
    load: roomVerb('revoke'),
  },
  {
    name: 'return <room>',
    does: 'join the others again, if they have gone on without this device',
    options: [
      ['--seen <tag>', 'also if members, offices or bans differ there: the tag that it prints then'],
      JSON_LINES,
      WAIT,
    ],
    load: roomVerb('comeBack'),
  },
  {
    name: 'resend <room>',
    does: 'send again what was not sent, or perhaps not everybody could read',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/send.ts')).resend,
  },
  {
    name: 'leave <room>',
    does: 'leave a room; the profile keeps its messages',
    options: [JSON_LINES, WAIT],
    load: roomVerb('leave'),
  },
  {
    name: 'safety <room> [member]',
    onlyPrints: true,
    does: "show the room code, the log code and each member's safety number, to compare over another channel",
    options: [['--at <i>', 'show the log code at this entry of the epoch, one of the last 256'], JSON_LINES],
    load: roomVerb('safety'),
  },
  {
    name: 'inspect <room> [seq]',
    onlyPrints: true,
    does: 'show the ciphertext on the server next to the plaintext',
    options: [JSON_LINES, WAIT],
    load: async () => (await import('./verbs/inspect.ts')).run,
  },
  {
    name: 'passphrase',
    does: 'lock the profile with a passphrase',
    options: [['--remove', 'remove the passphrase']],
    load: async () => (await import('./verbs/passphrase.ts')).run,
  },
  {
    name: 'profile <action> <file>',
    does: 'ACTION is backup: save the profile in FILE; check: read a backup, and try whether its rooms let you in; or restore: into an empty profile',
    options: [
      ['--to <recipient...>', 'backup: for these keys, age1…, or for your recovery link, as recovery'],
      ['--identity <file>', 'check, restore: the file with the key, AGE-SECRET-KEY-1…, or the recovery link'],
      [
        '--passphrase-file <file>',
        'the passphrase of the backup (or GOCHAT_BACKUP_PASSPHRASE, or GOCHAT_BACKUP_PASSPHRASE_FILE)',
      ],
      ['--force', 'replace FILE if it exists'],
      ['--offline', 'check only FILE, and ask no server'],
      ['--label <label>', 'restore: what you call this device (default: the name of the machine)'],
      JSON_LINES,
      WAIT,
    ],
    load: async () => (await import('./verbs/profile.ts')).run,
  },
  {
    name: 'serve',
    onlyPrints: true,
    does: 'run a server',
    load: async () => (await import('./verbs/serve.ts')).run,
    describe: serverOptions,
  },
  {
    name: 'doctor',
    onlyPrints: true,
    does: 'check port, certificate, disk and clock for a server with these options',
    load: async () => (await import('./verbs/doctor.ts')).run,
    describe: serverOptions,
  },
  {
    name: 'backup <file>',
    does: "back up a server's rooms to a new file, and its files beside it; the server can keep running",
    load: async () => (await import('./verbs/backup.ts')).run,
    describe: dataOption,
  },
  {
    name: 'restore <file>',
    does: "restore a server's rooms and files from a backup, into a data folder without rooms",
    load: async () => (await import('./verbs/restore.ts')).run,
    describe: dataOption,
  },
  {
    name: 'move',
    does: "migrate a stopped server's rooms to a NATS cluster, for gochat serve --log, or back to a data folder",
    options: [
      [
        '--from <FOLDER|nats://…>',
        'the data folder of the stopped server; or the NATS servers, with all nodes stopped',
      ],
      ['--to <nats://HOST:PORT,…|FOLDER>', 'the NATS servers; or a data folder without rooms'],
      [
        '--replace',
        'into a cluster: first delete its rooms, if all of them were moved into the folder from there',
      ],
      ['--files <FOLDER|s3://…>', 'where the nodes will store files: they are copied there first'],
    ],
    load: async () => (await import('./verbs/move.ts')).run,
    describe: clusterOptions,
  },
  {
    name: 'conform <address>',
    onlyPrints: true,
    does: 'check that a server follows the protocol; creates rooms on it',
    options: [
      ['--token <token>', 'the token that the server requires to create rooms'],
      ['--transcript', 'also print the frames of the checks that succeed'],
    ],
    load: async () => (await import('./verbs/conform.ts')).run,
    describe: (command) => command,
  },
];

const CLUSTER_FLAG = /^--log-(replicas|streams|creds|ca|cert|key|monitors)$/;

/** Each has an environment variable too, which `withProfile` reads. */
export function profileOptions(command: Command): Command {
  return command
    .option('--profile <dir>', "the profile's folder (or GOCHAT_PROFILE)")
    .option('--ca <file>', 'also trust these certificates (PEM) (or GOCHAT_CA)')
    .option(
      '--proxy <address>',
      'socks5://HOST:PORT for all connections, kept by the profile; none ends it (or GOCHAT_PROXY)',
    )
    .option('--unlinked', 'with --proxy: a connection and a circuit for each room (or GOCHAT_UNLINKED)')
    .option('--insecure', 'allow connections without TLS to other machines (or GOCHAT_INSECURE)');
}

/** Each has an environment variable too, which the server reads. */
function serverOptions(command: Command): Command {
  return tableOptions(command, SERVE_OPTIONS);
}

function dataOption(command: Command): Command {
  return tableOptions(
    command,
    SERVE_OPTIONS.filter(({ flag }) => flag === '--data' || flag === '--files'),
  );
}

/** The options for connecting to a cluster. */
function clusterOptions(command: Command): Command {
  return tableOptions(
    command,
    SERVE_OPTIONS.filter(({ flag }) => CLUSTER_FLAG.test(flag)),
  );
}

function tableOptions(command: Command, options: readonly ServeOption[]): Command {
  for (const option of options) {
    const flags = option.value === undefined ? option.flag : `${option.flag} <${option.value}>`;
    const notes = [option.default === undefined ? [] : `default ${option.default}`, `or ${option.env}`]
      .flat()
      .join('; ');
    const meaning = `${option.meaning} (${notes})`;
    if (option.repeats === true)
      command.option(flags, meaning, (value: string, all: string[] = []) => [...all, value]);
    else command.option(flags, meaning);
  }
  return command;
}
