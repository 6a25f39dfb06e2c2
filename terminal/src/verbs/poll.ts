import { newMessageId } from '@gochat/client/message-id';
import { answerEmoji, pollContent, readPoll } from '@gochat/client/polls';
import { UsageError } from '@gochat/server/usage-error';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import type { Io } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';
import { change } from './change.ts';
import { report } from './report-sent.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

/** Asks a poll. */
export function poll(
  io: Io,
  [room = '', question = '', ...answers]: readonly string[],
  options: Options & { readonly many?: boolean },
): Promise<number> {
  const content = pollContent(question, answers, options.many === true ? 'many' : 'one');
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const ref = await roomRef(profile, room);
    const id = newMessageId();
    await profile.call('queue', { room: ref.room, id, content });
    const sent = await profile.call('sent', { room: ref.room, ids: [id], waitMs: wait });
    return report(io, options.json === true ? ref : undefined, sent);
  });
}

/** Chooses an answer of a poll. */
export function vote(
  io: Io,
  [room = '', id = '', number = '']: readonly string[],
  options: Options & { readonly undo?: boolean },
): Promise<number> {
  return change(io, room, id, options, async (item) => {
    const asked = item.poll && item.deleted === undefined ? readPoll(item.text) : undefined;
    if (asked === undefined) throw new UsageError(io.words.text.flashes.noPoll);
    const emoji = answerEmoji(asked, number);
    if (emoji === undefined)
      throw new UsageError((await io.words.text.messageDialogs()).poll.numbers(asked.answers.length));
    return { kind: 'react', to: { seq: item.seq, id: item.id }, emoji, on: options.undo !== true };
  });
}

/** Closes a poll. */
export function close(io: Io, [room = '', id = '']: readonly string[], options: Options): Promise<number> {
  return change(io, room, id, options, async ({ seq, id: of }) => ({ kind: 'close', of: { seq, id: of } }));
}
