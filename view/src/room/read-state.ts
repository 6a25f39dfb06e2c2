import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { RowContext } from '../timeline/context.ts';
import type { Lines } from '../timeline/lines.ts';
import { isNews } from '../timeline/news.ts';
import type { DebouncedSettings } from './debounced-settings.ts';

export interface ReadStateParts {
  readonly lines: Lines;
  readonly settings: DebouncedSettings;
  readonly context: () => RowContext;
  /** Differs after each change of the room. */
  readonly revision: () => number;
  /** Whether the server can be reached. */
  readonly isLive: () => boolean;
  readonly isForSelf: (item: TextItem) => boolean;
  /** Is called when the read position or {@link ReadState.isLooking} has changed. */
  readonly moved: () => void;
  readonly changed: () => void;
}

interface Counts {
  readonly unread: number;
  readonly mentions: number;
}

/** How far the reader has read one room, and where its new messages start. */
export class ReadState {
  readonly #parts: ReadStateParts;
  #newAfter: number | undefined;
  #looking = false;
  #counted: (Counts & { readonly revision: number; readonly context: RowContext }) | undefined;

  constructor(parts: ReadStateParts) {
    this.#parts = parts;
  }

  /** The position up to which everything is read. */
  get position(): number {
    return Number(this.#parts.settings.current.read);
  }

  /** The position after which lines are new; undefined when no unread line is shown. */
  get newAfter(): number | undefined {
    return this.#newAfter;
  }

  /** Whether the reader looks at this room. */
  get isLooking(): boolean {
    return this.#looking;
  }

  /** Messages of others after the read position, and those that mention or answer this profile. */
  get counts(): Counts {
    const { lines, isForSelf } = this.#parts;
    const context = this.#parts.context();
    const revision = this.#parts.revision();
    if (this.#counted?.revision === revision && this.#counted.context === context) return this.#counted;
    const { position } = this;
    let unread = 0;
    let mentions = 0;
    for (let i = lines.all.length - 1; i >= 0; i--) {
      const line = lines.all[i];
      if (line === undefined || line.at <= position) break;
      const { item } = line;
      if (!isNews(item, context)) continue;
      unread++;
      if (isForSelf(item)) mentions++;
    }
    this.#counted = { revision, context, unread, mentions };
    return this.#counted;
  }

  /** Shows the unread line if the loaded history has unread messages. */
  start(): void {
    if (this.counts.unread > 0) this.#newAfter = this.position;
  }

  /** Takes new lines into account. */
  take(fresh: readonly HistoryItem[]): void {
    const isSeen = this.#looking && this.#parts.isLive();
    if (this.#newAfter === undefined && !isSeen && fresh.some((item) => isNews(item, this.#parts.context())))
      this.#newAfter = this.position;
    const own = fresh.findLast((item) => item.own && item.kind === 'text');
    if (own === undefined) return;
    // Who writes has read what came before.
    this.readTo(Number(own.seq));
    this.#newAfter = undefined;
  }

  readTo(position: number): void {
    if (position <= this.position) return;
    this.#parts.settings.change({ read: String(position) });
    this.#parts.changed();
    this.#parts.moved();
  }

  readAll(): void {
    this.readTo(this.#parts.lines.all.at(-1)?.at ?? 0);
    this.clearUnreadLine();
  }

  /** @returns whether there was an unread line. */
  clearUnreadLine(): boolean {
    if (this.#newAfter === undefined) return false;
    this.#newAfter = undefined;
    this.#parts.changed();
    return true;
  }

  look(looking: boolean): void {
    if (this.#looking === looking) return;
    this.#looking = looking;
    if (!looking && this.counts.unread === 0) this.#newAfter = undefined;
    this.#parts.moved();
  }
}
