import { isBlank } from '@gochat/client/blank';
import { ChatError } from '@gochat/client/chat-error';
import { newMessageId } from '@gochat/client/message-id';
import { ANSWER_EMOJI, FEWEST_ANSWERS, pollText, readPoll } from '@gochat/client/polls';
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
  const most = ANSWER_EMOJI.length;
  const isPoll = answers.length >= FEWEST_ANSWERS && answers.length <= most;
  if (!isPoll || [question, ...answers].some((part) => isBlank(part) || /[\r\n]/.test(part)))
    throw new ChatError({ reason: 'poll-answers', fewest: FEWEST_ANSWERS, most });
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const ref = await roomRef(profile, room);
    const id = newMessageId();
    const text = pollText({ question, answers });
    const content = { kind: 'text', text, poll: options.many === true ? 'many' : 'one' } as const;
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
    const emoji = /^[1-9][0-9]?$/.test(number) ? ANSWER_EMOJI[Number(number) - 1] : undefined;
    if (emoji === undefined || Number(number) > asked.answers.length)
      throw new UsageError((await io.words.text.messageDialogs()).poll.numbers(asked.answers.length));
    return { kind: 'react', to: { seq: item.seq, id: item.id }, emoji, on: options.undo !== true };
  });
}
