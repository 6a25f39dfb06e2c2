import type { Position, RoomId } from '@gochat/protocol/fields';
import type { Records } from '../store/records.ts';
import type { HistoryItem, TextItem } from './history.ts';
import { decodeItem } from './stored-history.ts';

type Place = Pick<TextItem, 'seq' | 'again'>;

/** How many lines of a room's history it knows. */
const KNOWN = 2048;

/** Finds messages by their ids alone. It reads the history once, when it is needed first: an honest server's positions suffice. */
export class RecentIds {
  readonly #records: Records;
  readonly #room: RoomId;
  #seqs: Map<string, Place> | undefined;

  constructor(records: Records, room: RoomId) {
    this.#records = records;
    this.#room = room;
  }

  /** @returns the position of the first message with this id among the last ones, which may have been deleted since */
  async find(id: string): Promise<Position | undefined> {
    return (await this.#known(id))?.seq;
  }

  /** @returns where the other members have that message, if it was posted again because not everybody could read it */
  async placeOf(id: string): Promise<Position | undefined> {
    return (await this.#known(id))?.again;
  }

  async #known(id: string): Promise<Place | undefined> {
    this.#seqs ??= await this.#load();
    return this.#seqs.get(id);
  }

  add(items: readonly HistoryItem[]): void {
    if (this.#seqs === undefined) return;
    for (const item of items) if (item.kind === 'text') remember(this.#seqs, item);
  }

  /** Older lines were added. */
  forget(): void {
    this.#seqs = undefined;
  }

  async #load(): Promise<Map<string, Place>> {
    const rows = await this.#records.list('history', this.#room, { limit: KNOWN, reverse: true });
    const seqs = new Map<string, Place>();
    for (const row of rows.reverse()) {
      const item = decodeItem(row, (device) => device);
      if (item.kind === 'text') remember(seqs, item);
    }
    return seqs;
  }
}

function remember(seqs: Map<string, Place>, { id, seq, again }: TextItem): void {
  const known = seqs.get(id);
  if (known === undefined || known.seq === seq) seqs.set(id, { seq, ...(again && { again }) });
  const [oldest] = seqs.keys();
  if (seqs.size > KNOWN && oldest !== undefined) seqs.delete(oldest);
}
