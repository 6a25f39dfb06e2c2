import { type Stage, Stages } from '@gochat/client/linking-stages';
import type { Profile } from '@gochat/client/open';
import { checkGiven } from '@gochat/client/validate-input';
import { UsageError } from '@gochat/server/usage-error';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { labelHere } from '../device-label.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { Interrupted, untilInterrupted } from '../interrupt.ts';
import { type Io, note, print } from '../io.ts';
import { problemText } from '../lines/error-text.ts';
import { Prompt } from '../lines/prompt.ts';
import { otherRooms, recoveryLines } from '../lines/recovery-lines.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { showQr } from '../qr.ts';
import { givenServer } from '../server-address.ts';
import { readText } from '../utf8-input.ts';

interface MakeOptions extends ProfileOptions {
  readonly status?: boolean;
  readonly yes?: boolean;
  readonly server?: string;
  readonly token?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

interface RecoverOptions extends ProfileOptions {
  readonly label?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

/** Makes a recovery link, and prints it; with `--status` says whether there is one. */
export async function run(io: Io, _args: readonly string[], options: MakeOptions): Promise<number> {
  const wait = waitMs(options.wait, 30_000);
  const token = options.token ?? (io.env.GOCHAT_TOKEN || undefined);
  const server = givenServer(io, options.server);
  checkGiven({ server, token });
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    if (options.status === true) return status(io, profile, options.json === true, wait);
    if (!(await mayReplace(io, profile, options.yes === true, wait))) return EXIT.usage;
    const made = await profile.call('recoveryLink', {
      ...(server !== undefined && { server }),
      ...(token !== undefined && { token }),
      waitMs: wait,
    });
    if (options.json === true) {
      print(io, safeJson(made));
      return EXIT.done;
    }
    const { recovery } = await io.words.text.devices();
    const { keep, danger } = recovery.shown;
    const others = await otherRooms(profile, io.words.text, made);
    for (const line of [keep, danger, recovery.leads(made.rooms), ...others]) note(io, line);
    print(io, made.link);
    showQr(io, made.link);
    return EXIT.done;
  });
}

async function status(io: Io, profile: Profile, json: boolean, wait: number): Promise<ExitCode> {
  const lines = json
    ? [safeJson(await profile.call('recovery', { waitMs: wait }))]
    : await recoveryLines(profile, io.words.text, wait);
  for (const line of lines) print(io, line);
  return EXIT.done;
}

/** Asks before an older link ends. @throws UsageError where nobody can be asked */
async function mayReplace(io: Io, profile: Profile, yes: boolean, wait: number): Promise<boolean> {
  if (yes) return true;
  const state = await profile.call('recovery', { waitMs: wait });
  if (!state.made) return true;
  if (io.stdin.isTTY !== true || io.stdout.isTTY !== true)
    throw new UsageError('there is a recovery link already: --yes ends it and makes a new one');
  const { lines } = io.words.text;
  const prompt = new Prompt(io);
  try {
    const answer = await prompt.ask(lines.recovery.ask(state.since));
    if (lines.recovery.isYes(answer ?? '')) return true;
  } finally {
    prompt.close();
  }
  note(io, lines.recovery.kept);
  return false;
}

/** Makes this profile a new device of the person whose recovery link it is. @param given the link, or `-` to read it from standard input */
export async function recover(
  io: Io,
  [given = '']: readonly string[],
  options: RecoverOptions,
): Promise<number> {
  const wait = waitMs(options.wait, 30_000);
  const link = given === '-' ? await readText(io.stdin) : given;
  checkGiven({ recoveryLink: link });
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const label = options.label ?? labelHere();
    await profile.call('recover', { link, label, waitMs: wait });
    const stages = new Stages(opened);
    try {
      const joined = await untilInterrupted(stages.until('joined'));
      // What was begun goes on with the next command.
      if (joined instanceof Interrupted) return joined.code;
      await tell(io, joined, options.json === true);
      await profile.call('linkCancel', {});
      return codeOf(joined);
    } finally {
      stages.close();
    }
  });
}

async function tell(io: Io, joined: Stage<'joined'>, json: boolean): Promise<void> {
  if (json) {
    print(io, safeJson(joined));
    return;
  }
  const { recovery, remove } = await io.words.text.devices();
  const { accept } = recovery;
  const { missing } = joined;
  print(io, accept.joined(joined.joined));
  if (missing.length > 0) print(io, accept.missing(missing.length));
  for (const { room, problem } of missing)
    print(io, remove.leftIn(sanitizeLine(room), problemText(io.words.text, problem)));
  if (missing.length > 0) note(io, accept.help);
  note(io, io.words.text.lines.recovery.devices('gochat devices', 'gochat devices remove DEVICE'));
}

/** A room that refuses needs an admin; one whose server is away is tried again by the next command. */
function codeOf({ missing }: Stage<'joined'>): ExitCode {
  if (missing.length === 0) return EXIT.done;
  return missing.some(({ problem }) => problem.code !== 'offline') ? EXIT.refused : EXIT.queued;
}
