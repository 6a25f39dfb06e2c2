import type { TextItem } from '@gochat/client/history';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { inShort } from '../timeline/rows.ts';
import type { Host } from './host.ts';

/** Tells of new messages in a room that nobody looks at; what was said stays out of it unless the profile allows it. */
export function tellOf(
  { platform, preferences, words }: Host,
  pane: RoomViewModel,
  news: readonly TextItem[],
): void {
  const { notify } = pane.notes;
  const forSelf = news.filter((item) => pane.isForSelf(item));
  const told = notify === 'all' ? news : notify === 'mentions' ? forSelf : [];
  const last = told.at(-1);
  if (last === undefined) return;
  const { notification } = words.text.status;
  const mention = forSelf.length > 0;
  const open = preferences.screen['notify-content'] === 'on';
  platform.notify({
    title: open ? sanitizeLine(pane.info.name) : notification.title,
    body: open
      ? words.text.timeline.preview(sanitizeLine(last.from), inShort(last.text))
      : mention
        ? notification.mention
        : notification.message,
    room: pane.info.id,
    mention,
  });
}
