import type { HistoryItem } from '@gochat/client/history';
import { durationText } from './duration.ts';
import type { Formats } from './formats.ts';

/** The sentence for what contradicts the server's time of a line; empty if nothing does. */
export function timeMarkText(f: Formats): (item: Pick<HistoryItem, 'timeMark' | 'own'>) => string {
  return ({ timeMark, own }) => {
    if (timeMark === undefined) return '';
    const { offMs = 0, aheadMs = 0, backMs = 0 } = timeMark;
    const how = offMs < 0 ? 'earlier' : 'later';
    const parts = [
      ...(offMs === 0
        ? []
        : [`${durationText(f, Math.abs(offMs))} ${how} than ${own ? 'your clock' : 'the sender’s clock'}`]),
      ...(aheadMs === 0 ? [] : [`${durationText(f, aheadMs)} ahead of this device’s clock`]),
      ...(backMs === 0 ? [] : [`${durationText(f, backMs)} earlier than that of the entry before`]),
    ];
    return parts.length === 0 ? '' : `The server’s time is ${f.list(parts)}`;
  };
}
