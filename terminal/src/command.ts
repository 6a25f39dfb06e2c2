import type { GivenOptions } from '@gochat/server/options';
import { SERVE_OPTIONS, type ServeOption } from '@gochat/server/serve-options';
import { sanitizeText } from '@gochat/view/sanitize';
import { Command, CommanderError } from 'commander';
import { EXIT, exitCodeOf, UsageError } from './exit.ts';
import { type Io, note } from './io.ts';
import { failureText } from './lines/words.ts';

const EXAMPLES = `
Examples:
  gochat                                    chat
  gochat new kitchen --as ana               make a room; prints an invite link
  gochat join 'LINK' --as ben               join it, then chat
  make 2>&1 | gochat send kitchen           send what a command prints
  gochat tail kitchen --follow --json       one JSON line for each message
  gochat serve                              run a server on port 4040

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the server could not be reached
(a message is queued and goes out with the next command), 4 not a member,
5 refused by the server, the room's rules, or a dead invite.`;

type Action = (
  io: Io,
  args: readonly string[],
  options: GivenOptions,
  version: string,
) => Promise<number | undefined>;

/** One command: its name and arguments, what it does, its options, and where it is. */
interface Verb {
  readonly name: string;
  readonly does: string;
  readonly options?: readonly (readonly [flags: string, meaning: string])[];
  readonly load: () => Promise<{ readonly run: unknown }>;
  /** Of the options that stand in tables; those of profiles, unless told otherwise. */
  readonly describe?: (command: Command) => Command;
}

const AS = ['--as <name>', 'the name to go by (the profile remembers the first)'] as const;
const JSON_LINES = ['--json', 'for scripts: one JSON line each'] as const;
const WAIT = ['--wait <duration>', 'how long to try (default 5s; 30s for what changes a room)'] as const;
const SERVER = [
  '--server <address>',
  'tcp://, tls://, http(s):// or ws(s):// (default tcp://127.0.0.1:4040, or GOCHAT_SERVER)',
] as const;

/** How the chat is shown. */
const SCREEN = [
  ['--plain', 'line by line, not on the full screen'],
  ['--ascii', 'draw with ASCII alone'],
  ['--keys <profile>', 'readline or vim (default: what the settings say)'],
] as const;

const VERBS: readonly Verb[] = [
  {
    name: 'chat [room]',
    does: 'chat (what gochat alone does): on the full screen of a terminal, else line by line',
    options: [AS, SERVER, ...SCREEN],
    load: () => import('./verbs/chat.ts'),
  },
  {
    name: 'new <name>',
    does: 'make a room; prints the invite link',
    options: [
      AS,
      SERVER,
      ['--token <token>', 'for a server that makes rooms only for those who name it (or GOCHAT_TOKEN)'],
      JSON_LINES,
      WAIT,
    ],
    load: () => import('./verbs/new.ts'),
  },
  {
    name: 'join <link>',
    does: 'join a room, then chat',
    options: [AS, ['--no-chat', 'only join'], ...SCREEN, JSON_LINES, WAIT],
    load: () => import('./verbs/join.ts'),
  },
  {
    name: 'send <room> [text]',
    does: 'send TEXT, or with - or nothing what comes on standard input; exits 0 once the server has it',
    options: [
      ['--lines', 'each line of standard input is a message'],
      WAIT,
      ['--json', 'print the messages as sent'],
    ],
    load: () => import('./verbs/send.ts'),
  },
  {
    name: 'tail <room>',
    does: 'print what was said',
    options: [
      ['--follow', 'go on with what comes'],
      ['--since <seq>', 'only what stands behind this position; 0 is the beginning'],
      JSON_LINES,
      WAIT,
    ],
    load: () => import('./verbs/tail.ts'),
  },
  {
    name: 'rooms',
    does: "list the profile's rooms",
    options: [JSON_LINES],
    load: () => import('./verbs/rooms.ts'),
  },
  {
    name: 'members <room>',
    does: 'list who is in',
    options: [JSON_LINES, WAIT],
    load: () => import('./verbs/members.ts'),
  },
  {
    name: 'remove <room> <member>',
    does: 'remove a member; voids all invites (admins)',
    options: [JSON_LINES, WAIT],
    load: () => import('./verbs/remove.ts'),
  },
  {
    name: 'admin <room> <member>',
    does: 'make a member an admin (admins)',
    options: [['--drop', 'end that one is'], JSON_LINES, WAIT],
    load: () => import('./verbs/admin.ts'),
  },
  {
    name: 'rename <room> <name>',
    does: 'give a room another name (admins)',
    options: [JSON_LINES, WAIT],
    load: () => import('./verbs/rename.ts'),
  },
  {
    name: 'topic <room> [text]',
    does: 'print what a room is about, or say it (admins); an empty one ends it',
    options: [JSON_LINES, WAIT],
    load: () => import('./verbs/topic.ts'),
  },
  {
    name: 'invite <room>',
    does: 'make an invite; prints the link',
    options: [
      ['--expires <duration>', 'how long it works (default 30d)'],
      ['--uses <n>', 'how often it works (default: any number of times)'],
      JSON_LINES,
      WAIT,
    ],
    load: () => import('./verbs/invite.ts'),
  },
  {
    name: 'invites <room>',
    does: 'list the invites',
    options: [JSON_LINES, WAIT],
    load: () => import('./verbs/invites.ts'),
  },
  {
    name: 'revoke <room> <id>',
    does: 'withdraw an invite',
    options: [JSON_LINES, WAIT],
    load: () => import('./verbs/revoke.ts'),
  },
  {
    name: 'leave <room>',
    does: 'leave a room; what was said stays in the profile',
    options: [JSON_LINES, WAIT],
    load: () => import('./verbs/leave.ts'),
  },
  {
    name: 'safety <room> [member]',
    does: "show the room's code and each member's number, to compare over another channel",
    options: [JSON_LINES],
    load: () => import('./verbs/safety.ts'),
  },
  {
    name: 'inspect <room> [seq]',
    does: 'show the bytes that the server has beside what they say',
    options: [JSON_LINES, WAIT],
    load: () => import('./verbs/inspect.ts'),
  },
  {
    name: 'passphrase',
    does: 'lock the profile with a passphrase',
    options: [['--remove', 'take the passphrase away']],
    load: () => import('./verbs/passphrase.ts'),
  },
  {
    name: 'serve',
    does: 'run a server',
    load: () => import('./verbs/serve.ts'),
    describe: serverOptions,
  },
  {
    name: 'doctor',
    does: 'look at what a server with these options needs: port, certificate, disk, clock',
    load: () => import('./verbs/doctor.ts'),
    describe: serverOptions,
  },
  {
    name: 'backup <file>',
    does: "copy a server's rooms to a new file, while it runs",
    load: () => import('./verbs/backup.ts'),
    describe: dataOption,
  },
  {
    name: 'restore <file>',
    does: "put a server's rooms back from such a file, into a folder that holds none",
    load: () => import('./verbs/restore.ts'),
    describe: dataOption,
  },
  {
    name: 'move',
    does: "copy a stopped server's rooms into a cluster of NATS servers, for gochat serve --log",
    options: [
      ['--from <FOLDER>', 'the data folder of the stopped server'],
      ['--to <nats://HOST:PORT,…>', 'the NATS servers'],
    ],
    load: () => import('./verbs/move.ts'),
    describe: clusterOptions,
  },
];

const CLUSTER_FLAG = /^--log-(replicas|creds|ca|cert|key|monitors)$/;

/** Runs a command line. @returns the exit code; never throws. */
export async function run(argv: readonly string[], io: Io, version: string): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command('gochat')
    .description("Private group chat on a server that can't read it.")
    .version(version, '-V, --version')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(sanitizeText(text.replace(/^error: /, 'gochat: '))),
    })
    .configureHelp({ minWidthToWrap: 24 })
    .showSuggestionAfterError()
    .enablePositionalOptions();
  for (const verb of VERBS) {
    const describe = verb.describe ?? profileOptions;
    const command = describe(program.command(verb.name).exitOverride()).description(verb.does);
    for (const [flags, meaning] of verb.options ?? []) command.option(flags, meaning);
    command.action(async (...given: unknown[]) => {
      const options = given.at(-2) as GivenOptions;
      const args = given.slice(0, -2).filter((arg): arg is string => typeof arg === 'string');
      const { run: action } = (await verb.load()) as { run: Action };
      code = (await action(io, args, options, version)) ?? EXIT.done;
    });
  }
  // Without a command, the chat.
  const [first] = argv;
  const named =
    first !== undefined && (!first.startsWith('-') || ['-h', '--help', '-V', '--version'].includes(first));
  try {
    await program.parseAsync(named ? [...argv] : ['chat', ...argv], { from: 'user' });
    return code;
  } catch (error) {
    return explain(io, error);
  }
}

/** Each is a variable too, which `withProfile` reads. */
function profileOptions(command: Command): Command {
  return command
    .option('--profile <dir>', "the profile's folder (or GOCHAT_PROFILE)")
    .option('--ca <file>', 'certificates (PEM) to trust besides the usual (or GOCHAT_CA)')
    .option(
      '--insecure',
      "allow connections without TLS to hosts that aren't this machine (or GOCHAT_INSECURE)",
    );
}

/** Each is a variable too, which the server reads by itself. */
function serverOptions(command: Command): Command {
  return tableOptions(command, SERVE_OPTIONS);
}

function dataOption(command: Command): Command {
  return tableOptions(
    command,
    SERVE_OPTIONS.filter(({ flag }) => flag === '--data'),
  );
}

/** Those that say how to talk to a cluster. */
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

/** One clear line for whatever went wrong. */
function explain(io: Io, error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.code === 'commander.unknownCommand' && !error.message.includes('Did you mean'))
      note(io, 'gochat --help lists them; gochat chat ROOM talks in a room');
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  note(io, `gochat: ${failureText(error)}`);
  const code = exitCodeOf(error);
  if (error instanceof UsageError) note(io, 'gochat --help shows how it is used');
  return code;
}
