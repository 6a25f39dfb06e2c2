import type { Readable } from 'node:stream';
import { isBlank } from '@gochat/client/blank';
import { ChatError } from '@gochat/client/chat-error';
import { newMessageId } from '@gochat/client/message-id';
import type { Params } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { isUnsent } from '@gochat/client/outgoing';
import { UsageError } from '@gochat/server/usage-error';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { inGroups } from '../in-groups.ts';
import { Interrupted, untilInterrupted } from '../interrupt.ts';
import { type Io, note } from '../io.ts';
import { textContent } from '../lines/text-content.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomId, roomRef } from '../room-id.ts';
import { NotUtf8, readLines, readText } from '../utf8-input.ts';
import { report } from './report-sent.ts';
import { noteUnsent } from './unsent.ts';

interface Options extends ProfileOptions {
  readonly lines?: boolean;
  readonly message?: string;
  readonly file?: readonly string[];
  readonly alt?: readonly string[];
  readonly name?: string;
  readonly keepMetadata?: boolean;
  readonly wait?: string;
  readonly json?: boolean;
}

/** How many lines are queued by one write. */
const TOGETHER = 256;

export async function run(io: Io, [room = '', given]: readonly string[], options: Options): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  const text = options.message ?? given;
  checkOptions(given, options);
  if (options.file !== undefined)
    return (await import('./send-files.ts')).sendFiles(io, room, text, {
      ...options,
      file: options.file,
    });
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
        const ended = end.outcomes.filter(({ state }) => isUnsent(state)).length;
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

/** @throws UsageError for options that don't go together */
function checkOptions(
  given: string | undefined,
  { message, file, alt, name, lines, keepMetadata }: Options,
): void {
  if (message !== undefined && given !== undefined)
    throw new UsageError('give the text once: as TEXT or with -m');
  if (file !== undefined && lines === true) throw new UsageError('--lines sends texts: leave out --file');
  if (lines === true && (message ?? given ?? '-') !== '-')
    throw new UsageError('--lines reads standard input: leave out the text');
  const isOfFile = alt !== undefined || name !== undefined || keepMetadata === true;
  if (file === undefined && isOfFile) throw new UsageError('--alt, --name and --keep-metadata need --file');
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
