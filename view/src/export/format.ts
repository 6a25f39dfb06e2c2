import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { RoomInfo } from '@gochat/client/methods';

/** What an export says of its room. */
interface ExportHead {
  readonly room: RoomInfo;
  /** When it was made, in milliseconds since 1970. */
  readonly at: number;
}

/** Writes the parts of one kind of file, which follow each other without anything between them. */
export interface Format {
  head(head: ExportHead): string;
  /** @param answered the message that it replies to; undefined if it replies to none, or to one that isn't here */
  line(item: HistoryItem, answered: TextItem | undefined): string;
  readonly end: string;
}
