import type { GivenOptions } from '@gochat/server/options';
import { UsageError } from '@gochat/server/usage-error';
import { sanitizeText } from '@gochat/view/sanitize';
import { Command, CommanderError } from 'commander';
import { markIds, unmark } from './dashed-ids.ts';
import { EXIT, exitCodeOf } from './exit.ts';
import { type Io, note } from './io.ts';
import { failureText } from './lines/error-text.ts';
import { profileOptions, VERBS, type Verb } from './verb-table.ts';

const EXAMPLES = `
Examples:
  gochat                                    chat
  gochat new kitchen --as ana               create a room, print an invite link
  gochat join 'LINK' --as ben               join a room, then chat
  make 2>&1 | gochat send kitchen           send the output of a command
  gochat tail kitchen --follow --json       print each message as a JSON line
  gochat serve                              run a server on port 4040

Exit codes: 0 success, 1 internal error, 2 wrong usage, 3 server not reached or
not everything fetched (a message stays queued and the next command sends it),
4 not a member of the room (the message is never sent), 5 refused by the server
or the room's rules, or the invite is no longer valid.`;

/** Runs a verb. @returns its exit code; undefined is 0 */
type VerbAction = (
  io: Io,
  args: readonly string[],
  options: GivenOptions,
  version: string,
) => Promise<number | undefined>;

/** Runs a command line. @param begins is called with the verb that runs. @returns the exit code; never throws. */
export async function run(
  argv: readonly string[],
  io: Io,
  version: string,
  begins: (verb: Verb) => void = () => undefined,
): Promise<number> {
  let code: number = EXIT.done;
  let verb = '';
  const program = new Command('gochat')
    .description("Private group chat on a server that can't read it.")
    .version(version, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'show the help of a command')
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
    for (const [flags, meaning, once] of verb.options ?? []) {
      if (once === undefined) command.option(flags, meaning);
      else command.option(flags, meaning, onlyOnce(once));
    }
    command.action(async (...given: unknown[]) => {
      const options = unmarked(given.at(-2) as GivenOptions);
      refuseEmpty(verb, command, given, options);
      const args = given
        .slice(0, -2)
        .flat()
        .filter((arg): arg is string => typeof arg === 'string')
        .map(unmark);
      begins(verb);
      const action = (await verb.load()) as VerbAction;
      code = (await action(io, args, options, version)) ?? EXIT.done;
    });
  }
  try {
    const [first = '', ...rest] = verbFirst(program, argv);
    verb = first;
    await program.parseAsync([verb, ...markIds(verb, rest, flagsOf(program, verb))], { from: 'user' });
    return code;
  } catch (error) {
    return explain(io, error, verb);
  }
}

/** @returns a parser that refuses an option's second value, which would replace the first one unsaid. @param problem what it says */
function onlyOnce(problem: string) {
  return (value: string, before: string | undefined): string => {
    if (before !== undefined) throw new UsageError(problem);
    return value;
  };
}

/** Moves a verb that comes after options to the front, as in `gochat --profile P rooms`. Without a verb it is `chat`. */
function verbFirst(program: Command, argv: readonly string[]): readonly string[] {
  const [first] = argv;
  if (first !== undefined && (!first.startsWith('-') || ['-h', '--help', '-V', '--version'].includes(first)))
    return argv;
  const options = program.commands.flatMap((command) => command.options);
  const valued = options.filter(({ required }) => required).flatMap(({ short, long }) => [short, long]);
  const at = argv.findIndex((arg, i) => !arg.startsWith('-') && !valued.includes(argv[i - 1]));
  const verb = argv.slice(0, at + 1).includes('--') ? undefined : argv[at];
  if (verb === undefined || !program.commands.some((command) => command.name() === verb))
    return ['chat', ...argv];
  return [verb, ...argv.slice(0, at), ...argv.slice(at + 1)];
}

function flagsOf(program: Command, verb: string): ReadonlySet<string> {
  const options = program.commands.find((command) => command.name() === verb)?.options ?? [];
  return new Set(options.flatMap(({ short, long }) => [short ?? '', long ?? '']));
}

/** An empty text is nearly always an unset variable of a script, which must not be taken as "not given". @throws UsageError */
function refuseEmpty(verb: Verb, command: Command, given: readonly unknown[], options: GivenOptions): void {
  const names = command.registeredArguments.map((argument) => argument.name());
  const empty = [
    ...names
      .filter((name, i) => [given[i]].flat().includes('') && verb.mayBeEmpty !== name)
      .map((name) => name.toUpperCase()),
    ...command.options
      .filter((option) => [options[option.attributeName()]].flat().includes(''))
      .map(({ long }) => long ?? ''),
  ];
  if (empty.length > 0)
    throw new UsageError(`${empty.join(' and ')} must not be empty: is a variable unset?`);
}

function unmarked(options: GivenOptions): GivenOptions {
  const entries = Object.entries(options).map(([key, value]) => [
    key,
    typeof value === 'string' ? unmark(value) : value,
  ]);
  return Object.fromEntries(entries) as GivenOptions;
}

/** Prints one line for an error. @returns the exit code */
function explain(io: Io, error: unknown, verb: string): number {
  if (error instanceof CommanderError) {
    if (error.code === 'commander.unknownCommand' && !error.message.includes('Did you mean'))
      note(io, 'gochat --help lists the commands; gochat chat ROOM opens a room');
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  note(io, `gochat: ${failureText(io.words.text, error)}`);
  const code = exitCodeOf(error);
  // An error with a cause is about a file, a port or the like: the usage of the command is not what is wrong.
  if (error instanceof UsageError && error.cause === undefined)
    note(io, `gochat ${verb} --help shows the usage`);
  return code;
}
