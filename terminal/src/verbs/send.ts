import { isBlank } from '@gochat/client/blank';
import { newMessageId } from '@gochat/client/message-id';
import type { Result } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import type { OutgoingState } from '@gochat/client/outgoing';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { codeOfSent, EXIT } from '../exit.ts';
import { Interrupted, untilInterrupted } from '../interrupt.ts';
import { type Io, note, print } from '../io.ts';
import { problemText } from '../lines/error-text.ts';
import type { RoomRef } from '../lines/format.ts';
import { textContent } from '../lines/text-content.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';
import { safeJson } from '../safe-json.ts';
import { readLines, readText } from '../utf8-input.ts';

interface Options extends ProfileOptions {
  readonly lines?: boolean;
  readonly wait?: string;
  readonly json?: boolean;
}

export async function run(io: Io, [room = '', text]: readonly string[], options: Options): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const named = async () => (options.json === true ? await roomRef(profile, room) : undefined);
    const ids: string[] = [];
    let isInterrupted = false;
    let queueing: Promise<string> | undefined;
    const queue = async (message: string) => {
      if (isInterrupted) return;
      queueing = queued(profile, room, message);
      ids.push(await queueing);
    };
    const sent = (ms: number) => profile.call('sent', { room, ids, waitMs: ms });
    const sending = async () => {
      if (text !== undefined && text !== '-') await queue(text);
      else if (options.lines !== true) await queue((await readText(io.stdin)).replace(/\r?\n$/, ''));
      else for await (const line of readLines(io.stdin)) if (!isBlank(line)) await queue(line);
      return sent(wait);
    };
    try {
      const end = await untilInterrupted(sending());
      if (!(end instanceof Interrupted)) return report(io, await named(), end);
      isInterrupted = true;
      await queueing;
      // What is queued is sent later: the user must not believe that it was cancelled.
      const code = ids.length === 0 ? EXIT.done : report(io, await named(), await sent(0));
      return code === EXIT.done ? end.code : code;
    } catch (error) {
      // The lines before the one that can't be sent are queued already.
      if (ids.length > 0) report(io, await named(), await sent(wait));
      throw error;
    }
  });
}

/** Prints what became of the messages. @param room for JSON lines; without it, none are printed. @returns the exit code; 4 only for messages that are never sent */
function report(io: Io, room: RoomRef | undefined, { outcomes, waiting, problem }: Result<'sent'>): number {
  const { lines } = io.words.text;
  if (room !== undefined)
    for (const { id, state } of outcomes)
      print(io, safeJson({ ...room, id, state, queued: state === 'waiting' }));
  const count = (...states: readonly OutgoingState[]) =>
    outcomes.filter(({ state }) => states.includes(state)).length;
  const [refused, unknown] = [count('refused', 'cancelled'), count('unknown')];
  if (refused > 0) note(io, `gochat: ${lines.notSent(refused)}`);
  if (unknown > 0) note(io, `gochat: ${lines.perhapsSent(unknown)}`);
  if (waiting > 0) note(io, `gochat: ${lines.sentLater(waiting, problemText(io.words.text, problem))}`);
  return codeOfSent({ refused, unknown, waiting });
}

async function queued(profile: Profile, room: string, text: string): Promise<string> {
  const id = newMessageId();
  await profile.call('queue', { room, id, content: await textContent(profile, room, text) });
  return id;
}
