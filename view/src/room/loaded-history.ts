import { type HistoryItem, hasExpired, type TextItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/profile-connection';
import { readMessage } from '@gochat/client/read-thread';
import { Lines } from '../timeline/lines.ts';

/** Lines that are loaded at a time. */
export const PAGE = 200;

export interface LoadedHistoryParts {
  readonly profile: Pick<Profile, 'call'>;
  /** The room's id. */
  readonly room: string;
  readonly dayKey: (at: number) => string;
  /** Is called with each page. */
  readonly loaded: (items: readonly HistoryItem[]) => void;
  readonly changed: () => void;
}

/** The loaded part of a room's history, and the quoted messages outside of it. */
export class LoadedHistory {
  readonly lines: Lines;
  readonly #parts: LoadedHistoryParts;
  /** By `seq id`; null when this device doesn't have the message. */
  readonly #quoted = new Map<string, TextItem | null>();
  readonly #requested = new Set<string>();
  #complete = false;
  #loading: Promise<void> | undefined;

  constructor(parts: LoadedHistoryParts) {
    this.#parts = parts;
    this.lines = new Lines(parts.dayKey);
  }

  /** Whether the lines start where the history does. */
  get isComplete(): boolean {
    return this.#complete;
  }

  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  get quoted(): ReadonlyMap<string, TextItem | null> {
    return this.#quoted;
  }

  get #firstAt(): number {
    return this.lines.all[0]?.at ?? 0;
  }

  /** Loads back to a position, but no more than about `most` lines. @throws ChatError */
  async start(position: number, most: number): Promise<void> {
    await this.#loadPage();
    while (!this.#complete && this.#firstAt > position && this.lines.all.length < most)
      await this.#loadPage();
  }

  /** Adds lines that the profile reports. @returns those that are later than all that were loaded. */
  take(items: readonly HistoryItem[]): readonly HistoryItem[] {
    const end = this.lines.all.at(-1)?.at ?? -1;
    this.lines.take(items, this.#complete);
    const fresh = items.filter((item) => Number(item.seq) > end);
    this.#loadQuoted(fresh);
    return fresh;
  }

  /** Removes what has disappeared by now, in milliseconds since 1970. */
  expire(now: number): void {
    this.lines.expire(now);
    for (const [name, item] of this.#quoted)
      if (item !== null && hasExpired(item, now)) this.#quoted.set(name, null);
  }

  /** Loads one page of older lines. @throws ChatError */
  loadEarlier(): Promise<void> {
    if (this.#complete) return Promise.resolve();
    this.#loading ??= this.#loadPage().finally(() => {
      this.#loading = undefined;
      this.#parts.changed();
    });
    this.#parts.changed();
    return this.#loading;
  }

  /** Loads what lies between, and finds the line at a position. @returns its key. @throws ChatError */
  async reach(seq: string): Promise<string | undefined> {
    const at = Number(seq);
    while (!this.#complete && this.#firstAt > at) await this.loadEarlier();
    const line = this.lines.find(seq, (item) => item.kind === 'text') ?? this.lines.find(seq, () => true);
    return line?.key;
  }

  /** A message by its position and its own id, fetched when it isn't among the lines. @throws ChatError */
  async find(seq: string, id: string): Promise<TextItem | undefined> {
    const line = this.lines.message(seq, id);
    if (line !== undefined) return line.item;
    const { profile, room } = this.#parts;
    return readMessage(profile, room, { seq, id });
  }

  async #loadPage(): Promise<void> {
    const { profile, room, loaded, changed } = this.#parts;
    const first = this.lines.all[0];
    const before = first !== undefined && { before: first.item.seq };
    const items = await profile.call('history', { room, limit: PAGE, ...before });
    this.#complete = items.length < PAGE;
    this.lines.prepend(items);
    loaded(items);
    this.#loadQuoted(items);
    changed();
  }

  #loadQuoted(items: readonly HistoryItem[]): void {
    for (const item of items) {
      if (item.kind !== 'text' || item.reply === undefined) continue;
      const { seq, id } = item.reply;
      const name = `${seq} ${id}`;
      if (this.#requested.has(name) || this.lines.message(seq, id) !== undefined) continue;
      this.#requested.add(name);
      this.find(seq, id)
        .then((found) => {
          this.#quoted.set(name, found ?? null);
          this.#parts.changed();
        })
        .catch(() => undefined);
    }
  }
}
