import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/open';
import type { TerminalText } from '@gochat/view/terminal-words';
import { formatChange, formatItem } from './format.ts';

/** Changes of older messages are not printed. */
const KEPT = 500;

/** The last items as they were printed, to print later changes of them as new lines. */
export class PrintedMessages {
  readonly #text: TerminalText;
  readonly #lines = new Map<string, HistoryItem>();

  private constructor(text: TerminalText) {
    this.#text = text;
  }

  /** Begins with the last lines of a room. */
  static async of(profile: Profile, room: string, text: TerminalText): Promise<PrintedMessages> {
    const printed = new PrintedMessages(text);
    for (const item of await profile.call('history', { room, limit: KEPT })) printed.#keep(item);
    return printed;
  }

  /** The position of the last line, or "0". */
  get last(): string {
    return [...this.#lines.values()].at(-1)?.seq ?? '0';
  }

  /** @returns the line to print for a new item. */
  add(item: HistoryItem): string {
    this.#keep(item);
    return formatItem(this.#text, item, item.kind === 'text' ? this.#answered(item) : undefined);
  }

  #answered({ reply }: TextItem): TextItem | undefined {
    if (reply === undefined) return undefined;
    for (const line of this.#lines.values())
      if (line.kind === 'text' && line.seq === reply.seq && line.id === reply.id) return line;
    return undefined;
  }

  /** @returns the lines to print for an item that has changed; none if it wasn't printed. */
  changed(item: HistoryItem): string[] {
    const was = this.#lines.get(keyOf(item));
    if (was === undefined) return [];
    this.#keep(item);
    return formatChange(this.#text, was, item);
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
