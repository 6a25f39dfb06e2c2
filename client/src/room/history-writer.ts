import type { Content } from '@gochat/crypto/content';
import type { Member, Room } from '@gochat/crypto/room';
import { comparePositions, type Position, type RoomId } from '@gochat/protocol/fields';
import type { RecordChange, Records } from '../store/records.ts';
import { applyChange, type MessageChange, targetOf } from './changes.ts';
import { nameOf, refusedChange } from './event-history.ts';
import { factKey, type HistoryItem, type NewItem, type TextItem } from './history.ts';
import { decodeItem, encodeItem } from './stored-history.ts';

/** The lines of one entry are told apart by one byte. */
const MOST_SUB = 255;

/** Who said something, and where it stands in the log. */
interface Said {
  readonly seq: Position;
  readonly at: number;
  readonly from: Member;
  readonly content: Content;
}

/** The lines that a run of entries adds to a room's story, and the older ones that it changes. */
export class HistoryWriter {
  readonly #records: Records;
  readonly #room: RoomId;
  readonly #behind: Position;
  readonly #lines = new Map<string, HistoryItem>();
  readonly #counts = new Map<Position, number>();
  readonly #warnings = new Set<string>();

  /** @param behind the last entry whose lines are kept already: what is told of it, or of an older one, goes behind those. */
  constructor(records: Records, room: RoomId, behind: Position) {
    this.#records = records;
    this.#room = room;
    this.#behind = behind;
  }

  /** Who shows an entry again and again is warned of once, and takes nothing from what stands there. */
  async add(told: NewItem): Promise<void> {
    if (!this.#counts.has(told.seq)) await this.#open(told.seq);
    const sub = this.#counts.get(told.seq) ?? 0;
    if (sub > MOST_SUB || (told.kind === 'warning' && this.#warnings.has(warningKey(told)))) return;
    if (told.kind === 'warning') this.#warnings.add(warningKey(told));
    this.#counts.set(told.seq, sub + 1);
    this.#put({ ...told, sub });
  }

  async #open(seq: Position): Promise<void> {
    const kept = comparePositions(seq, this.#behind) <= 0 ? await this.#kept(seq) : [];
    this.#counts.set(seq, kept.length);
    for (const line of kept) if (line.kind === 'warning') this.#warnings.add(warningKey(line));
  }

  /** Applies a change to its message. Of what this profile never had, or has lost, nothing can be said. */
  async change(said: Said & { readonly content: MessageChange }, room: Room): Promise<void> {
    const item = await this.#find(said.content);
    if (item === undefined) return;
    const { device, admin, self } = said.from;
    const author = { device, admin, own: self, name: nameOf(room, said.from) };
    const next = applyChange(item, said.content, author, said.at);
    if (next === 'refused') await this.add(refusedChange(said, author.name, item));
    else if (next !== item) this.#put(next);
  }

  /** What is new or has changed, each line once. */
  get items(): HistoryItem[] {
    return [...this.#lines.values()];
  }

  get changes(): RecordChange[] {
    return this.items.map((item) => ({
      place: { of: 'history', room: this.#room, at: Number(item.seq), sub: item.sub },
      value: encodeItem(item),
    }));
  }

  #put(item: HistoryItem): void {
    this.#lines.set(`${item.seq} ${item.sub}`, item);
  }

  async #find(change: MessageChange): Promise<TextItem | undefined> {
    const { seq, id } = targetOf(change);
    const isTarget = (item: HistoryItem): item is TextItem =>
      item.kind === 'text' && item.seq === seq && item.id === id;
    const here = this.items.find(isTarget);
    if (here !== undefined) return here;
    return (await this.#kept(seq)).find(isTarget);
  }

  async #kept(seq: Position): Promise<HistoryItem[]> {
    const rows = await this.#records.at('history', this.#room, Number(seq));
    return rows.map((row) => decodeItem(row));
  }
}

function warningKey(item: Extract<NewItem, { kind: 'warning' }>): string {
  return `${item.seq} ${factKey(item)}`;
}
