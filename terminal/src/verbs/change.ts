import { isBlank } from '@gochat/client/blank';
import { ChatError } from '@gochat/client/chat-error';
import type { TextItem } from '@gochat/client/history';
import { newMessageId } from '@gochat/client/message-id';
import type { Params } from '@gochat/client/methods';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import type { Io } from '../io.ts';
import { textContent } from '../lines/text-content.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';
import { readText } from '../utf8-input.ts';
import { messageOf } from './message-of.ts';
import { report } from './report-sent.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

type Content = Params<'queue'>['content'];

/** Replaces the text of an own message; its files stay. */
export function edit(
  io: Io,
  [room = '', id = '', given]: readonly string[],
  options: Options,
): Promise<number> {
  return change(io, room, id, options, async (item, mentioning) => {
    const isRead = given === undefined || given === '-';
    const text = isRead ? (await readText(io.stdin)).replace(/\r?\n$/, '') : given;
    // Also where the message has files: an unset variable must not remove their text.
    if (isBlank(text)) throw new ChatError({ reason: 'message-blank' });
    const { mentions } = await mentioning(text);
    return { kind: 'edit', of: refOf(item), text, ...(mentions && { mentions }) };
  });
}

/** Deletes a message for everybody. */
export function erase(io: Io, [room = '', id = '']: readonly string[], options: Options): Promise<number> {
  return change(io, room, id, options, async (item) => ({ kind: 'delete', of: refOf(item) }));
}

type MakeChange = (
  item: TextItem,
  mentioning: (text: string) => ReturnType<typeof textContent>,
) => Promise<Content>;

/** Changes a message, named by its id or its position. @param make the change of it */
export async function change(
  io: Io,
  room: string,
  id: string,
  options: Options,
  make: MakeChange,
): Promise<number> {
  const wait = waitMs(options.wait, 5000);
  return withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const ref = await roomRef(profile, room);
    const item = await messageOf(io, profile, ref.room, id, wait);
    const content = await make(item, (text) => textContent(profile, ref.room, text));
    const changing = newMessageId();
    await profile.call('queue', { room: ref.room, id: changing, content, allowed: true });
    const sent = await profile.call('sent', { room: ref.room, ids: [changing], waitMs: wait });
    return report(io, options.json === true ? ref : undefined, sent);
  });
}

function refOf({ seq, id }: TextItem): Extract<Content, { kind: 'delete' }>['of'] {
  return { seq, id };
}
