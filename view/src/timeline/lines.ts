import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { RowContext } from './context.ts';
import type { Row } from './row.ts';

/** One line of a room's history with what was made of it last. */
export interface Line {
  item: HistoryItem;
  /** Its place in the log, as a number. */
  readonly at: number;
  readonly key: string;
  /** The day that it is of. */
  readonly day: string;
  made: CachedRow | undefined;
}

/** A row and all that it was made of: while that is the same, so is the row. Ten thousand are looked over for each new message. */
export interface CachedRow {
  readonly row: Row;
  readonly item: HistoryItem;
  readonly context: RowContext;
  readonly first: boolean;
  /** What it answers, if that is known. */
  readonly quoted: HistoryItem | null | undefined;
  readonly readBy: number;
  readonly waits: boolean;
}

/** What names a line for ever: own messages by their id, which they have while they wait already. */
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

  /** The first line at this place of the log that fits. */
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

  /** The index of the first line at or behind a place. */
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

  /** Lines that are new, or that have changed. One that lies before all that is loaded is left out: it comes with its page. */
  take(items: readonly HistoryItem[]): void {
    for (const item of items) {
      const known = this.#byKey.get(keyOf(item));
      if (known !== undefined) {
        known.item = item;
        continue;
      }
      const at = Number(item.seq);
      const last = this.#all.at(-1);
      if (last === undefined || compare(last, at, item.sub) < 0) this.#all.push(this.#line(item));
      else if (at > (this.#all[0]?.at ?? 0)) this.#insert(item);
    }
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
      made: undefined,
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
