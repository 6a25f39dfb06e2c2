import type { HistorySetting } from '@gochat/client/settings';
import type { Formats } from './formats.ts';

/** How much of a room's history newcomers are shown, as the end of a sentence. */
export function shownHistory(f: Formats, setting: HistorySetting): string {
  if (setting === 'none') return 'nothing that was said before they joined';
  if (setting === 'all') return 'everything that was said before they joined';
  return 'last' in setting
    ? f.plural(setting.last, { one: 'the last message', other: 'the last # messages' })
    : f.plural(setting.days, { one: 'the last day', other: 'the last # days' });
}
