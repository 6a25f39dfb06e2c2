import type { Readable } from 'node:stream';
import { isBlank } from '@gochat/client/blank';
import { ChatError } from '@gochat/client/chat-error';
import { newMessageId } from '@gochat/client/message-id';
import type { Params, Result } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import type { OutgoingState } from '@gochat/client/outgoing';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { codeOfSent, EXIT } from '../exit.ts';
import { inGroups } from '../in-groups.ts';
import { Interrupted, untilInterrupted } from '../interrupt.ts';
import { type Io, note, print } from '../io.ts';
import { problemText } from '../lines/error-text.ts';
import type { RoomRef } from '../lines/format.ts';
import { textContent } from '../lines/text-content.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomId, roomRef } from '../room-id.ts';
import { safeJson } from '../safe-json.ts';
import { NotUtf8, readLines, readText } from '../utf8-input.ts';
import { noteUnsent } from './unsent.ts';

interface Options extends ProfileOptions {
  readonly lines?: boolean;
  readonly wait?: string;
  readonly json?: boolean;
}

/** How many lines are queued by one write. */
const TOGETHER = 256;

export async function run(io: Io, [room = '', text]: readonly string[], options: Options): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const named = async () => (options.json === true ? await roomRef(profile, room) : undefined);
    const ids: string[] = [];
    const input: Input = { read: 0, messages: [] };
    let isInterrupted = false;
    let queueing: Promise<void> | undefined;
    const queue = async (texts: readonly string[]) => {
      if (isInterrupted) return;
      queueing = queueAll(profile, room, texts, ids);
      await queueing;
    };
    const sent = (ms: number) => profile.call('sent', { room, ids, waitMs: ms });
    const sending = async () => {
      if (text !== undefined && text !== '-') await queue([text]);
      else if (options.lines !== true) await queue([(await readText(io.stdin)).replace(/\r?\n$/, '')]);
      else for await (const lines of inGroups(messagesIn(io.stdin, input), TOGETHER)) await queue(lines);
      return sent(wait);
    };
    try {
      const end = await untilInterrupted(sending());
      if (!(end instanceof Interrupted)) {
        const code = report(io, await named(), end);
        const ended = end.outcomes.filter(({ state }) => state === 'refused' || state === 'unknown').length;
        await noteUnsent(io, profile, await roomId(profile, room), ended);
        return code;
      }
      isInterrupted = true;
      await queueing;
      // What is queued is sent later: the user must not believe that it was cancelled.
      const code = ids.length === 0 ? EXIT.done : report(io, await named(), await sent(0), true);
      return code === EXIT.done ? end.code : code;
    } catch (error) {
      // The lines before the one that can't be sent are queued already.
      if (ids.length > 0) report(io, await named(), await sent(wait));
      const isLine = error instanceof NotUtf8 || (error instanceof ChatError && error.code === 'usage');
      if (isLine && input.read > 0)
        note(io, `gochat: ${io.words.text.lines.linesStopped(input.messages[ids.length] ?? input.read + 1)}`);
      throw error;
    }
  });
}

/** Prints what became of the messages. @param room for JSON lines; without it, none are printed. @param isInterrupted whether the user has ended the wait. @returns the exit code; 4 only for messages that are never sent */
function report(
  io: Io,
  room: RoomRef | undefined,
  { outcomes, waiting, problem }: Result<'sent'>,
  isInterrupted = false,
): number {
  const { lines } = io.words.text;
  if (room !== undefined)
    for (const { id, state } of outcomes)
      print(io, safeJson({ ...room, id, state, queued: state === 'waiting' }));
  const count = (...states: readonly OutgoingState[]) =>
    outcomes.filter(({ state }) => states.includes(state)).length;
  const [refused, unknown] = [count('refused', 'cancelled'), count('unknown')];
  if (refused > 0) note(io, `gochat: ${lines.notSent(refused)}`);
  if (unknown > 0) note(io, `gochat: ${lines.perhapsSent(unknown)}`);
  const missed = count('missed');
  if (missed > 0) note(io, `gochat: ${lines.missed(missed, 'gochat resend')}`);
  const why = isInterrupted && problem === undefined ? lines.stopped : problemText(io.words.text, problem);
  if (waiting > 0) note(io, `gochat: ${lines.sentLater(waiting, why)}`);
  return codeOfSent({ refused, unknown: unknown + missed, waiting });
}

/** Posts again what was not sent in an ended membership, and what perhaps not everybody could read. */
export async function resend(io: Io, [room = '']: readonly string[], options: Options): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const ref = options.json === true ? await roomRef(profile, room) : undefined;
    const { ids } = await profile.call('resend', { room, unsent: true });
    const sent = await profile.call('sent', { room, ids, waitMs: wait });
    note(io, `gochat: ${io.words.text.lines.sentAgain(ids.length)}`);
    return report(io, ref, sent);
  });
}

/** Queues texts in their order, those before one that can't be sent, too. @param ids receives the ids of those that are queued */
async function queueAll(
  profile: Profile,
  room: string,
  texts: readonly string[],
  ids: string[],
): Promise<void> {
  const messages: { readonly id: string; readonly content: Params<'queue'>['content'] }[] = [];
  for (const text of texts)
    messages.push({ id: newMessageId(), content: await textContent(profile, room, text) });
  try {
    await profile.call('queueAll', { room, messages });
    ids.push(...messages.map(({ id }) => id));
  } catch (error) {
    if (messages.length === 1) throw error;
    // None is queued. The one by one that follows finds the one that can't be sent.
    for (const message of messages) {
      await profile.call('queueAll', { room, messages: [message] });
      ids.push(message.id);
    }
  }
}

/** How many lines were read, and the numbers of those that are messages. */
interface Input {
  read: number;
  readonly messages: number[];
}

/** The lines that are no blank ones. */
async function* messagesIn(stdin: Readable, input: Input): AsyncGenerator<string, void, undefined> {
  for await (const line of readLines(stdin)) {
    input.read += 1;
    if (isBlank(line)) continue;
    input.messages.push(input.read);
    yield line;
  }
}
