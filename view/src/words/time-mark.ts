import type { HistoryItem } from '@gochat/client/history';
import type { Formats } from './formats.ts';

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

/** The sentence for what contradicts the server's time of a line; empty if nothing does. */
export function timeMarkText(f: Formats): (item: Pick<HistoryItem, 'timeMark' | 'own'>) => string {
  return ({ timeMark, own }) => {
    if (timeMark === undefined) return '';
    const { offMs = 0, aheadMs = 0, backMs = 0 } = timeMark;
    const how = offMs < 0 ? 'earlier' : 'later';
    const parts = [
      ...(offMs === 0 ? [] : [`${span(f, offMs)} ${how} than ${own ? 'your clock' : 'the sender’s clock'}`]),
      ...(aheadMs === 0 ? [] : [`${span(f, aheadMs)} ahead of this device’s clock`]),
      ...(backMs === 0 ? [] : [`${span(f, backMs)} earlier than that of the entry before`]),
    ];
    return parts.length === 0 ? '' : `The server’s time is ${f.list(parts)}`;
  };
}

function span(f: Formats, ms: number): string {
  const size = Math.abs(ms);
  if (size < MINUTE_MS) return f.plural(Math.round(size / 1000), { one: '# second', other: '# seconds' });
  if (size < 2 * HOUR_MS)
    return f.plural(Math.round(size / MINUTE_MS), { one: '# minute', other: '# minutes' });
  if (size < 2 * DAY_MS) return f.plural(Math.round(size / HOUR_MS), { one: '# hour', other: '# hours' });
  return f.plural(Math.round(size / DAY_MS), { one: '# day', other: '# days' });
}
