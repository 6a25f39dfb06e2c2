import type { Room } from '@gochat/crypto/room';
import type { Records } from '../store/records.ts';
import type { HistoryItem, TextItem } from './history.ts';
import { foldText, searchedTexts, searchTerms } from './search-text.ts';
import { decodeItem, identitiesIn } from './stored-history.ts';

/** How many lines a search reads before it answers, and how many at a time. */
const SEARCHED = 2048;
const PAGE = 256;

/** Reads a room's stored history. */
export class HistoryReader {
  readonly #records: Records;
  readonly #room: Room;

  constructor(records: Records, room: Room) {
    this.#records = records;
    this.#room = room;
  }

  /** The first lines after a position; of an entry all lines or none. */
  async after(position: number, limit: number): Promise<HistoryItem[]> {
    const items = await this.#list({ after: position, limit });
    const last = items.at(-1);
    if (last === undefined || items.length < limit) return items;
    const whole = await this.#at(Number(last.seq));
    return [...items.filter((item) => item.seq !== last.seq), ...whole];
  }

  /** The last lines before a position, or of the whole history, in order; of an entry all lines or none. */
  async before(position: number | undefined, limit: number): Promise<HistoryItem[]> {
    const items = (await this.#backwards(position, limit)).reverse();
    const [first] = items;
    if (first === undefined || first.sub === 0) return items;
    const whole = await this.#at(Number(first.seq));
    return [...whole, ...items.filter((item) => item.seq !== first.seq)];
  }

  /** The last lines, newest first. */
  recent(): Promise<HistoryItem[]> {
    return this.#backwards(undefined, PAGE);
  }

  /** Messages that contain all of the words and quoted phrases, newest first. `next`: where to continue. */
  async search(
    text: string,
    before: number | undefined,
    limit: number,
  ): Promise<{ items: TextItem[]; next: string | undefined }> {
    const terms = searchTerms(text);
    const items: TextItem[] = [];
    if (terms.length === 0) return { items, next: undefined };
    let edge = before;
    for (let looked = 0; looked < SEARCHED; ) {
      const page = await this.before(edge, PAGE);
      for (const item of page.toReversed()) {
        if (holds(item, terms)) items.push(item);
        // A message is the last line of its entry, so that no other line of it can match.
        if (items.length === limit) return { items, next: item.seq };
      }
      const [first] = page;
      if (first === undefined || page.length < PAGE) return { items, next: undefined };
      looked += page.length;
      edge = Number(first.seq);
      // Lets other work run.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return { items, next: String(edge) };
  }

  async #backwards(before: number | undefined, limit: number): Promise<HistoryItem[]> {
    return this.#list({ ...(before !== undefined && { after: before }), limit, reverse: true });
  }

  async #list(options: Parameters<Records['list']>[2]): Promise<HistoryItem[]> {
    return this.#items(await this.#records.list('history', this.#room.id, options));
  }

  async #at(position: number): Promise<HistoryItem[]> {
    return this.#items(await this.#records.at('history', this.#room.id, position));
  }

  #items(rows: readonly Uint8Array[]): HistoryItem[] {
    const identityOf = identitiesIn(this.#room);
    return rows.map((row) => decodeItem(row, identityOf));
  }
}

function holds(item: HistoryItem, terms: readonly string[]): item is TextItem {
  if (item.kind !== 'text' || item.deleted !== undefined) return false;
  const texts = searchedTexts(item).map(foldText);
  return terms.every((term) => texts.some((text) => text.includes(term)));
}
