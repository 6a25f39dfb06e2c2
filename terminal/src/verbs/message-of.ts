import { ChatError } from '@gochat/client/chat-error';
import type { TextItem } from '@gochat/client/history';
import type { MessagePlace } from '@gochat/client/message-link';
import type { Profile } from '@gochat/client/open';
import { readMessage } from '@gochat/client/read-thread';
import { UsageError } from '@gochat/server/usage-error';
import { sanitizeLine } from '@gochat/view/sanitize';
import { messageNamed } from '../files/save-files.ts';
import type { Io } from '../io.ts';

/** The message with an id, or at a position of the log, or with both; it may not have been received yet. @throws UsageError, ChatError */
export async function messageOf(
  io: Io,
  profile: Profile,
  room: string,
  wanted: string | MessagePlace,
  waitMs: number,
): Promise<TextItem> {
  const id = typeof wanted === 'string' ? wanted : wanted.id;
  const find = () =>
    typeof wanted === 'string' ? messageNamed(profile, room, wanted) : readMessage(profile, room, wanted);
  const here = await find();
  if (here !== undefined) return here;
  await profile.call('sync', { room, waitMs });
  const item = await find();
  if (item !== undefined) return item;
  const waiting = await profile.call('waiting', { room });
  if (waiting.some((one) => one.id === id)) throw new ChatError({ reason: 'message-waiting' });
  throw new UsageError(io.words.text.lines.noMessage(sanitizeLine(id)), { cause: id });
}
