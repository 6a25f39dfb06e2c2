import { isBlank } from '@gochat/client/blank';
import { ChatError, type ErrorData } from '@gochat/client/chat-error';
import { newMessageId } from '@gochat/client/message-id';
import type { Linking, RoomInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import type { TerminalText } from '@gochat/view/terminal-words';
import { codeOfSent, EXIT, type ExitCode, exitCodeOf } from '../exit.ts';
import { codeOfSignal } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { OpenedFiles } from '../screen/terminal/opened-files.ts';
import { countEnds } from './count-ends.ts';
import { failureText, problemText } from './error-text.ts';
import { HistoryStream } from './history-stream.ts';
import { DIGITS_EXAMPLE } from './link-lines.ts';
import { membershipEnd } from './membership-end.ts';
import { PrintedMessages } from './printed-messages.ts';
import { Prompt } from './prompt.ts';
import { AskedBefore } from './request-rows.ts';
import { runSlashCommand, type SlashContext } from './slash-commands.ts';
import { textContent } from './text-content.ts';

/** How long connecting may take before it is shown. */
const QUIET_MS = 500;
const LIVE_WAIT_MS = 10_000;
const LAST_WAIT_MS = 5000;
/** SIGINT comes from another process: on a terminal, Ctrl+C is a key of the line editor. */
const END_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** Why messages wait, besides a connection that ended, which was said when it did. */
const HOLD_UPS: ReadonlySet<ErrorData['reason']> = new Set(['slow-turn', 'direct-asked']);
/** Six digits, as another device shows them for its link. */
const DIGITS = /^\s*(?:\d[\s-]*){6}$/;
const OFFERING: ReadonlySet<Linking['stage']> = new Set(['offered', 'opened']);
/** How many of the last messages are waited for at the end. */
const LAST_IDS = 256;

/** Chats line by line in a room, named by its id, until the user quits or is no longer a member. @returns the exit code */
export async function chatInLines(io: Io, profile: Profile, room: string, given?: Prompt): Promise<number> {
  const { text } = io.words;
  const prompt = given ?? new Prompt(io);
  const printed = await PrintedMessages.of(profile, room, text);
  const stream = new HistoryStream(profile, room, printed.last, (item) => {
    const line = printed.add(item);
    // The user's own messages are on the screen as they were typed.
    if (!item.own || item.kind !== 'text') prompt.print(line);
  });
  let code: number = EXIT.done;
  const again = new SendAgain((line) => prompt.print(line), text);
  const asked = new AskedBefore(text);
  const stop = profile.on((event) => {
    if (event.kind === 'requests') for (const line of asked.news(event.requests)) prompt.print(line);
    if (event.kind === 'items' && event.room === room) {
      for (const line of event.items.flatMap((item) => printed.changed(item))) prompt.print(line);
      return;
    }
    if (event.kind === 'room' && event.room.id === room) {
      again.show(event.room);
      return;
    }
    const end = membershipEnd(event, room);
    if (end === undefined) return;
    code = EXIT.notMember;
    prompt.print(text.lines.system(problemText(text, end)));
    prompt.close();
  });
  const opened = new OpenedFiles(io.env, () => undefined);
  let signalled: NodeJS.Signals | undefined;
  const interrupted = (signal: NodeJS.Signals) => {
    signalled = signal;
    prompt.close();
  };
  for (const signal of END_SIGNALS) process.once(signal, interrupted);
  try {
    await profile.call('follow', { room });
    const late = setTimeout(
      () => prompt.isTerminal && prompt.print(text.lines.system(text.lines.connecting)),
      QUIET_MS,
    );
    const { live, problem } = await profile
      .call('sync', { room, waitMs: LIVE_WAIT_MS })
      .finally(() => clearTimeout(late));
    if (problem?.code === 'not-member') throw new ChatError(problem.data);
    prompt.print(live ? text.lines.connected : text.lines.offline(problemText(text, problem)));
    await stream.catchUp();
    const info = (await profile.call('rooms', {})).find(({ id }) => id === room);
    if (info !== undefined) again.show(info);
    const token = io.env.GOCHAT_TOKEN || undefined;
    const end = await readLines({ profile, room, prompt, text, token, compared: new Map(), opened });
    // What is queued and what failed was said.
    if (signalled !== undefined) return codeOfSignal(signalled);
    // A person has seen what failed. A script has only the exit code.
    if (!prompt.isTerminal && end.code !== EXIT.done) return end.code;
    // After /leave it is no error that the user is not a member.
    return end.hasQuit ? EXIT.done : code;
  } finally {
    for (const signal of END_SIGNALS) process.off(signal, interrupted);
    stop();
    stream.stop();
    prompt.close();
    await opened.close();
  }
}

/** Says how many messages can be sent again, when they become more. */
class SendAgain {
  readonly #print: (line: string) => void;
  readonly #text: TerminalText;
  #missed = 0;
  #unsent = 0;

  constructor(print: (line: string) => void, text: TerminalText) {
    this.#print = print;
    this.#text = text;
  }

  show({ missed, unsent }: Pick<RoomInfo, 'missed' | 'unsent'>): void {
    const { lines } = this.#text;
    if (missed > this.#missed) this.#print(lines.system(lines.missed(missed, '/resend')));
    if (unsent > this.#unsent) this.#print(lines.system(lines.unsent(unsent, '/resend')));
    [this.#missed, this.#unsent] = [missed, unsent];
  }
}

/** Sends or runs each line, until the input ends or a command quits; then waits for what was sent. @returns the exit code of the first line that failed, or else of what became of the messages */
async function readLines(
  lines: Omit<SlashContext, 'waitFor'> & { readonly prompt: Prompt },
): Promise<{ readonly hasQuit: boolean; readonly code: ExitCode }> {
  const { profile, room, prompt, text } = lines;
  const ids: string[] = [];
  const waitFor = (more: readonly string[]) => {
    ids.push(...more);
    ids.splice(0, Math.max(0, ids.length - LAST_IDS));
  };
  const context = { ...lines, waitFor };
  // In a room, digits that are meant for a link would be read by all.
  let isLinkOpen = false;
  const stop = profile.on((event) => {
    if (event.kind === 'linking') isLinkOpen = OFFERING.has(event.linking.stage);
  });
  let hasQuit = false;
  let failed: ExitCode | undefined;
  // A person has just entered it.
  const fail = (code: ExitCode) => {
    failed ??= code;
    if (!prompt.isTerminal) prompt.print(text.lines.system(text.lines.lineFailed(prompt.line)));
  };
  const showPrompt = () => prompt.show(prompt.isTerminal ? '> ' : '');
  showPrompt();
  let failure: unknown;
  const next = () =>
    prompt.next().catch((error: unknown) => {
      failure = error;
      prompt.print(text.lines.system(text.lines.linesStopped(prompt.line)));
      return undefined;
    });
  for (let line = await next(); line !== undefined; line = await next()) {
    // A pasted line is sent as it is: a command hidden in it must not run.
    const isCommand = !line.pasted && /^\/(?!\/)/.test(line.text);
    const message = !line.pasted && line.text.startsWith('//') ? line.text.slice(1) : line.text;
    try {
      if (isCommand) {
        const end = await runSlashCommand(line.text, context);
        if (end === 'elsewhere' && !prompt.isTerminal) {
          failed ??= EXIT.usage;
          prompt.print(text.lines.system(text.lines.linesStopped(prompt.line)));
          break;
        }
        if (end === 'refused' || end === 'elsewhere') fail(EXIT.usage);
        if (end === 'quit') {
          hasQuit = true;
          break;
        }
      } else if (isLinkOpen && DIGITS.test(message)) {
        prompt.print(text.lines.system(text.lines.digitsNotSent(DIGITS_EXAMPLE)));
        fail(EXIT.usage);
      } else if (!isBlank(message)) {
        const id = newMessageId();
        waitFor([id]);
        await profile.call('queue', { room, id, content: await textContent(profile, room, message) });
      }
    } catch (error) {
      prompt.print(text.lines.system(failureText(text, error)));
      fail(exitCodeOf(error));
    }
    showPrompt();
  }
  stop();
  const unread = prompt.isStopped || (hasQuit && !prompt.isTerminal) ? await prompt.unread() : undefined;
  if (unread !== undefined) {
    if (hasQuit) failed ??= EXIT.usage;
    prompt.print(text.lines.system(text.lines.linesStopped(unread)));
  }
  const { waiting, outcomes, problem } = await profile.call('sent', { room, ids, waitMs: LAST_WAIT_MS });
  const { refused, silenced, unknown } = countEnds(outcomes);
  if (refused > 0) prompt.print(text.lines.system(text.lines.notSent(refused)));
  if (silenced > 0) prompt.print(text.lines.system(text.lines.silenced(silenced)));
  if (unknown > 0) prompt.print(text.lines.system(text.lines.perhapsSent(unknown)));
  if (waiting > 0 && problem !== undefined && HOLD_UPS.has(problem.data.reason))
    prompt.print(text.lines.system(problemText(text, problem)));
  if (waiting > 0) prompt.print(text.lines.stillQueued(waiting));
  // The lines before it are sent.
  if (failure !== undefined) throw failure;
  return { hasQuit, code: failed ?? codeOfSent({ refused, silenced, unknown, waiting }) };
}
