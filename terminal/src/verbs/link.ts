import type { ChatError } from '@gochat/client/chat-error';
import { type Stage, Stages } from '@gochat/client/linking-stages';
import type { Linking } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { checkGiven } from '@gochat/client/validate-input';
import { UsageError } from '@gochat/server/usage-error';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import { showConnecting } from '../connecting.ts';
import { labelHere, labelThisDevice } from '../device-label.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { Interrupted, untilInterrupted } from '../interrupt.ts';
import { type Io, note, print } from '../io.ts';
import { failureText, problemText } from '../lines/error-text.ts';
import { Prompt } from '../lines/prompt.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { showQr } from '../qr.ts';
import { givenServer } from '../server-address.ts';
import { readText } from '../utf8-input.ts';

interface Options extends ProfileOptions {
  readonly server?: string;
  readonly token?: string;
  readonly limited?: boolean;
  readonly label?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

/** An offer that ends before somebody can have typed the digits isn't taken up again. */
const LEAST_MS = 60_000;

interface Task {
  readonly io: Io;
  readonly profile: Profile;
  readonly options: Options;
  readonly waitMs: number;
  readonly words: Awaited<ReturnType<TerminalText['devices']>>;
  readonly stages: Stages;
}

/** Takes another device in; with a link, makes this profile a device of the person whose link it is. */
export async function run(io: Io, [given]: readonly string[], options: Options): Promise<number> {
  const wait = waitMs(options.wait, 30_000);
  const token = options.token ?? (io.env.GOCHAT_TOKEN || undefined);
  const link = given === '-' ? await readText(io.stdin) : given;
  if (link === undefined) checkGiven({ server: givenServer(io, options.server), token });
  else {
    checkGiven({ deviceLink: link });
    if (options.limited === true || options.server !== undefined || options.token !== undefined)
      throw new UsageError('--limited, --server and --token belong to the device that makes the link');
  }
  return withProfile(io, options, async (profile) => {
    const stages = new Stages(profile);
    const words = await io.words.text.devices();
    const task: Task = { io, profile: showConnecting(io, profile), options, waitMs: wait, words, stages };
    try {
      const end = link === undefined ? offers(task, token) : accepts(task, link);
      const ended = await untilInterrupted(end);
      if (!(ended instanceof Interrupted)) return ended;
      // What was given stays given.
      await profile.call('linkCancel', {});
      return ended.code;
    } catch (error) {
      // The other device learns that it has ended, unless the next command goes on.
      const now = await stages.now().catch(() => undefined);
      if (now?.stage === 'failed') await profile.call('linkCancel', {});
      throw error;
    } finally {
      stages.close();
    }
  });
}

/** Shows a state: for people in words, for programs as a JSON line. */
function tell({ io, options }: Task, linking: Linking, shows: () => void): void {
  if (options.json === true) print(io, safeJson(linking));
  else shows();
}

async function offers(task: Task, token: string | undefined): Promise<ExitCode> {
  const { io, profile, options, waitMs: wait, words, stages } = task;
  await labelThisDevice(profile, options.label);
  const begun = await profile.call('linking', {});
  if (begun.stage !== 'sending' && !goesOn(begun, options)) {
    const server = givenServer(io, options.server);
    const offered = await profile.call('linkOffer', {
      ...(server !== undefined && { server }),
      ...(token !== undefined && { token }),
      ...(options.limited === true && { limited: true }),
      waitMs: wait,
    });
    showOffer(task, offered);
  } else if (begun.stage === 'offered') showOffer(task, begun);
  const next = await stages.until('opened', 'sending', 'sent');
  if (next.stage === 'opened') {
    tell(task, next, () => note(io, words.offer.opened));
    if (!(await confirm(task))) return EXIT.usage;
  }
  tell(task, { stage: 'sending' }, () => note(io, words.offer.sending));
  const sent = await stages.within(wait, 'sent');
  if (sent === undefined) {
    note(io, `gochat: ${io.words.text.lines.linkWaits}`);
    return EXIT.queued;
  }
  tell(task, sent, () => note(io, words.offer.sent(sanitizeLine(sent.label))));
  // The history is given after that.
  await profile.call('devices', { waitMs: wait });
  await profile.call('linkCancel', {});
  return EXIT.done;
}

/** Whether an offer of an earlier command is to be taken up. */
function goesOn(linking: Linking, { limited = false, server }: Options): boolean {
  if (server !== undefined) return false;
  if (linking.stage === 'offered')
    return linking.limited === limited && linking.expires - Date.now() > LEAST_MS;
  return linking.stage === 'opened' && linking.limited === limited;
}

function showOffer(task: Task, offered: Stage<'offered'>): void {
  const { io, words } = task;
  tell(task, offered, () => {
    note(io, words.offer.text);
    note(io, words.offer.once(offered.expires));
    print(io, offered.link);
    showQr(io, offered.link);
  });
}

/** Asks for the digits until they are right. @returns false if none are given. @throws ChatError when they never are, or the linking has ended */
async function confirm({ io, profile, waitMs: wait, stages }: Task): Promise<boolean> {
  const { text } = io.words;
  const prompt = new Prompt(io);
  try {
    for (;;) {
      const typed = await Promise.race([prompt.next(), stages.unless('opened')]);
      if (typed === undefined) {
        await profile.call('linkCancel', {});
        note(io, `gochat: ${text.lines.linkStopped}`);
        return false;
      }
      if ('stage' in typed) return true;
      if (typed.text.trim() === '') continue;
      try {
        await profile.call('linkConfirm', { digits: typed.text, waitMs: wait });
        return true;
      } catch (error) {
        const { data } = error as Partial<ChatError>;
        if (data?.reason !== 'link-digits' || data.left === 0) throw error;
        note(io, `gochat: ${failureText(text, error)}`);
      }
    }
  } finally {
    prompt.close();
  }
}

async function accepts(task: Task, link: string): Promise<ExitCode> {
  const { io, profile, options, waitMs: wait, words, stages } = task;
  const { accept } = words;
  const { stage } = await profile.call('linking', {});
  if (stage !== 'joining' && stage !== 'joined') {
    const label = options.label ?? labelHere();
    const shown = await profile.call('linkAccept', { link, label, waitMs: wait });
    tell(task, shown, () => {
      note(io, accept.digits);
      print(io, shown.digits);
    });
  }
  await stages.until('joining', 'joined');
  tell(task, await stages.now(), () => note(io, accept.joining));
  const joined = await stages.until('joined');
  const { missing } = joined;
  tell(task, joined, () => {
    note(io, accept.joined(joined.joined));
    if (missing.length > 0) note(io, accept.missing(missing.length));
    for (const { room, problem } of missing)
      note(io, words.remove.leftIn(sanitizeLine(room), problemText(io.words.text, problem)));
  });
  await profile.call('linkCancel', {});
  return missing.length === 0 ? EXIT.done : EXIT.queued;
}
