import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { RowContext } from './context.ts';

/** Whether a line is an unread message when it is after the read position. */
export function isNews(item: HistoryItem, context: Pick<RowContext, 'ignored'>): item is TextItem {
  return (
    item.kind === 'text' &&
    !item.own &&
    item.shared === undefined &&
    item.deleted === undefined &&
    !context.ignored.has(item.identity)
  );
}
