import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/open';
import { formatChange, formatItem } from './format.ts';

const KEPT = 500;

/** The lines that stand on the screen, as they were when they were printed: what comes of them is told by new lines. */
export class PrintedMessages {
  readonly #lines = new Map<string, HistoryItem>();

  /** With the last lines of a room. */
  static async of(profile: Profile, room: string): Promise<PrintedMessages> {
    const shown = new PrintedMessages();
    for (const item of await profile.call('history', { room, limit: KEPT })) shown.#keep(item);
    return shown;
  }

  /** The position of the last line, or "0". */
  get last(): string {
    return [...this.#lines.values()].at(-1)?.seq ?? '0';
  }

  /** A line as it is printed now. */
  add(item: HistoryItem): string {
    this.#keep(item);
    return formatItem(item, item.kind === 'text' ? this.#answered(item) : undefined);
  }

  #answered({ reply }: TextItem): TextItem | undefined {
    if (reply === undefined) return undefined;
    for (const line of this.#lines.values())
      if (line.kind === 'text' && line.seq === reply.seq && line.id === reply.id) return line;
    return undefined;
  }

  /** What to print of a line that may have been printed before. */
  changed(item: HistoryItem): string[] {
    const was = this.#lines.get(keyOf(item));
    if (was === undefined) return [];
    this.#keep(item);
    return formatChange(was, item);
  }

  #keep(item: HistoryItem): void {
    this.#lines.set(keyOf(item), item);
    const [oldest] = this.#lines.keys();
    if (this.#lines.size > KEPT && oldest !== undefined) this.#lines.delete(oldest);
  }
}

function keyOf(item: HistoryItem): string {
  return `${item.seq} ${item.sub}`;
}
