import { type HistoryItem, hasExpired, type TextItem } from '@gochat/client/history';
import type { EndState } from '@gochat/client/outgoing';
import type { RowContext } from './context.ts';
import type { FileRow, Row } from './row.ts';

/** One line of a room's history with the row that was last made of it. */
export interface Line {
  item: HistoryItem;
  /** Its position in the log, as a number. */
  readonly at: number;
  readonly key: string;
  readonly day: string;
  cached: CachedRow | undefined;
}

/** A row and everything that it was made of. While that is the same, the row is reused: a room can have ten thousand. */
export interface CachedRow {
  readonly row: Row;
  readonly item: HistoryItem;
  readonly context: RowContext;
  readonly first: boolean;
  /** The message that it replies to, if that is known. */
  readonly quoted: HistoryItem | null | undefined;
  readonly files: readonly FileRow[];
  readonly readBy: number;
  readonly replies: number;
  /** Whether a change of it waits to be sent. */
  readonly waits: boolean;
  readonly end: EndState | undefined;
}

/** Identifies a line permanently. Own messages have their id, which they have already while they wait to be sent. */
export function keyOf(item: HistoryItem): string {
  return item.own && item.kind === 'text' ? ownKey(item.id) : `${item.seq}.${item.sub}`;
}

export function ownKey(id: string): string {
  return `own.${id}`;
}

/** The lines of a room that are loaded, without gaps, in their order. */
export class Lines {
  readonly #dayKey: (at: number) => string;
  readonly #byKey = new Map<string, Line>();
  #all: Line[] = [];

  constructor(dayKey: (at: number) => string) {
    this.#dayKey = dayKey;
  }

  get all(): readonly Line[] {
    return this.#all;
  }

  get(key: string): Line | undefined {
    return this.#byKey.get(key);
  }

  /** The first line at a position that fits. */
  find(seq: string, fits: (item: HistoryItem) => boolean): Line | undefined {
    const at = Number(seq);
    for (let i = this.#firstFrom(at); i < this.#all.length; i++) {
      const line = this.#all[i];
      if (line === undefined || line.at !== at) return undefined;
      if (fits(line.item)) return line;
    }
    return undefined;
  }

  /** The line of a message by its position and its own id. */
  message(seq: string, id: string): (Line & { readonly item: TextItem }) | undefined {
    const line = this.find(seq, (item) => item.kind === 'text' && item.id === id);
    return line !== undefined && isMessage(line) ? line : undefined;
  }

  /** The newest message that fits. */
  lastMessage(fits: (item: TextItem) => boolean): TextItem | undefined {
    for (let i = this.#all.length - 1; i >= 0; i--) {
      const item = this.#all[i]?.item;
      if (item?.kind === 'text' && fits(item)) return item;
    }
    return undefined;
  }

  /** The index of the first line at or after a position. */
  #firstFrom(at: number): number {
    let low = 0;
    let high = this.#all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#all[middle]?.at ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Older lines, in their order. */
  prepend(items: readonly HistoryItem[]): void {
    const fresh = items.filter((item) => !this.#byKey.has(keyOf(item))).map((item) => this.#line(item));
    this.#all = [...fresh, ...this.#all];
  }

  /**
   * Adds new lines and replaces changed ones. Lines before everything loaded are left out: they come with their page.
   * @param isComplete whether no page is left
   */
  take(items: readonly HistoryItem[], isComplete = false): void {
    for (const item of items) {
      const known = this.#byKey.get(keyOf(item));
      if (known !== undefined) {
        known.item = item;
        continue;
      }
      const at = Number(item.seq);
      const last = this.#all.at(-1);
      if (last === undefined || compare(last, at, item.sub) < 0) this.#all.push(this.#line(item));
      else if (isComplete || at > (this.#all[0]?.at ?? 0)) this.#insert(item);
    }
  }

  /** Removes what has disappeared by now, in milliseconds since 1970. */
  expire(now: number): void {
    for (const { item, key } of this.#all) if (hasExpired(item, now)) this.#byKey.delete(key);
    this.#all = this.#all.filter(({ item }) => !hasExpired(item, now));
  }

  #insert(item: HistoryItem): void {
    const at = Number(item.seq);
    let index = this.#firstFrom(at);
    while (index < this.#all.length && compare(this.#all[index], at, item.sub) < 0) index++;
    this.#all.splice(index, 0, this.#line(item));
  }

  #line(item: HistoryItem): Line {
    const line: Line = {
      item,
      at: Number(item.seq),
      key: keyOf(item),
      day: this.#dayKey(item.at),
      cached: undefined,
    };
    this.#byKey.set(line.key, line);
    return line;
  }
}

function isMessage(line: Line): line is Line & { readonly item: TextItem } {
  return line.item.kind === 'text';
}

function compare(line: Line | undefined, at: number, sub: number): number {
  if (line === undefined) return 1;
  return line.at - at || line.item.sub - sub;
}
