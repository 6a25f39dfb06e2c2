import { hasExpired, type TextItem } from '@gochat/client/history';
import type { Search } from '../chat/snapshot.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { colourOf } from '../timeline/colour.ts';
import { foundInShort } from '../timeline/rows.ts';
import type { RoomViewModel } from './room-view-model.ts';

/** Results that are fetched at a time. */
const RESULTS = 50;

export interface SearchParts {
  readonly jump: (seq: string) => void;
  readonly changed: () => void;
  readonly failed: (error: unknown) => void;
}

/** A search in one room, one page at a time. */
export class SearchViewModel {
  readonly room: RoomViewModel;
  readonly #parts: SearchParts;
  readonly #text: string;
  #hits: readonly TextItem[] = [];
  #next: string | undefined;
  #busy = false;
  #ended = false;
  #at = -1;
  #snapshot: Search | undefined;

  constructor(room: RoomViewModel, text: string, parts: SearchParts) {
    this.room = room;
    this.#text = text;
    this.#parts = parts;
  }

  /** Searches older messages until something is found or none is left. */
  async more(): Promise<void> {
    if (this.#busy || (this.#hits.length > 0 && this.#next === undefined)) return;
    this.#busy = true;
    this.#touch();
    try {
      const wanted = this.#hits.length + 1;
      do {
        const { items, next } = await this.room.search(this.#text, RESULTS, this.#next);
        this.#hits = [...this.#hits, ...items];
        this.#next = next;
        this.#touch();
      } while (this.#next !== undefined && this.#hits.length < wanted && !this.#ended);
    } catch (error) {
      this.#parts.failed(error);
    }
    this.#busy = false;
    this.#touch();
  }

  /** Removes results that have disappeared by now, in milliseconds since 1970. */
  expire(now: number): void {
    const at = this.#hits[this.#at];
    this.#hits = this.#hits.filter((item) => !hasExpired(item, now));
    this.#at = at === undefined ? -1 : this.#hits.indexOf(at);
    this.#touch();
  }

  hit(by: 1 | -1): void {
    const at = this.#at + by;
    const found = this.#hits[at];
    if (found === undefined) {
      if (by === 1 && this.#next !== undefined) void this.more().then(() => this.#hits[at] && this.hit(by));
      return;
    }
    this.#at = at;
    this.#parts.jump(found.seq);
    this.#touch();
  }

  end(): void {
    this.#ended = true;
  }

  snapshot(): Search {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const { words } = this.room.context;
    const { search } = words.text.status;
    const hits = this.#hits.length;
    const more = this.#next !== undefined;
    const summary =
      this.#at >= 0
        ? search.at(this.#at + 1, hits, more)
        : this.#busy
          ? search.busy
          : hits === 0
            ? search.none
            : search.found(hits, more);
    this.#snapshot = {
      text: this.#text,
      busy: this.#busy,
      hits: this.#hits.map((item) => ({
        seq: item.seq,
        from: sanitizeLine(item.from),
        colour: colourOf(item.identity),
        time: words.clock.date(item.at),
        text: foundInShort(item, this.room.context),
      })),
      at: this.#at,
      summary,
      more,
    };
    return this.#snapshot;
  }

  #touch(): void {
    this.#snapshot = undefined;
    this.#parts.changed();
  }
}
