import type { TextItem } from '@gochat/client/history';
import type { Preferences } from '@gochat/client/settings';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { ViewWords } from '../words/english.ts';
import type { Notice } from './platform.ts';

/** The notification about new messages in a room. It has their text only when the preferences allow it. @returns undefined for none. */
export function noticeOf(
  room: RoomViewModel,
  news: readonly TextItem[],
  words: ViewWords,
  preferences: Preferences,
): Notice | undefined {
  const { notify } = room.settings;
  const forSelf = news.filter((item) => room.isForSelf(item));
  const wanted = notify === 'all' ? news : notify === 'mentions' ? forSelf : [];
  const last = wanted.at(-1);
  if (last === undefined) return undefined;
  const mention = forSelf.length > 0;
  const { expires } = last;
  const about = { room: room.info.id, mention, ...(expires !== undefined && { expires }) };
  if (preferences.screen['notify-content'] === 'on') {
    const body = words.text.timeline.preview(sanitizeLine(last.from), room.inShort(last));
    return { ...about, title: sanitizeLine(room.info.name), body };
  }
  const { notification } = words.text.status;
  const body = mention ? notification.mention : notification.message;
  return { ...about, title: notification.title, body };
}
