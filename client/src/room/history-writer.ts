import type { Content, Ref } from '@gochat/crypto/content';
import type { Member, Room } from '@gochat/crypto/room';
import type { TimeMark } from '@gochat/crypto/time-mark';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import type { RecordChange, Records } from '../store/records.ts';
import { applyChange, type MessageChange, targetOf } from './changes.ts';
import { misplaced, nameOf, refusedChange } from './event-history.ts';
import { factKey, type HistoryItem, type NewItem, type TextItem, type WithoutSub } from './history.ts';
import type { RecentIds } from './recent-ids.ts';
import { decodeItem, encodeItem, identitiesIn } from './stored-history.ts';

/** One byte numbers the lines of an entry. */
const MOST_SUB = 255;

/** A message with its author and position. */
interface Said {
  readonly seq: Position;
  readonly at: number;
  readonly timeMark?: TimeMark;
  readonly from: Member;
  readonly content: Content;
}

/** Collects the lines that a batch of entries adds to a room's history, and the older lines that it changes. */
export class HistoryWriter {
  readonly #records: Records;
  readonly #room: Room;
  readonly #ids: RecentIds;
  readonly #lines = new Map<string, HistoryItem>();
  readonly #counts = new Map<Position, number>();
  readonly #warnings = new Set<string>();

  /** @param room the room as it is stored: new lines of its last entry, or of an older one, come after those that are stored. */
  constructor(records: Records, room: Room, ids: RecentIds) {
    this.#records = records;
    this.#room = room;
    this.#ids = ids;
  }

  /** Adds a line. The same warning about the same entry is added once. */
  async add(item: NewItem): Promise<void> {
    if (!this.#counts.has(item.seq)) await this.#open(item.seq);
    const sub = this.#counts.get(item.seq) ?? 0;
    if (sub > MOST_SUB || (item.kind === 'warning' && this.#warnings.has(warningKey(item)))) return;
    if (item.kind === 'warning') this.#warnings.add(warningKey(item));
    this.#counts.set(item.seq, sub + 1);
    this.#put({ ...item, sub });
  }

  async #open(seq: Position): Promise<void> {
    const kept = comparePositions(seq, this.#room.position) <= 0 ? await this.#kept(seq) : [];
    this.#counts.set(seq, kept.length);
    for (const line of kept) if (line.kind === 'warning') this.#warnings.add(warningKey(line));
  }

  /** Adds a message. If it answers one that is at another position here, it refers to that position, after a warning. */
  async say(item: WithoutSub<TextItem>): Promise<void> {
    const found = item.reply && (await this.#find(item.reply));
    if (found === undefined || found.seq === item.reply?.seq) return this.add(item);
    await this.add(misplaced(item, item.from));
    await this.add({ ...item, reply: { seq: found.seq, id: found.id } });
  }

  /** Applies a change to its message. A change of a message that this profile doesn't have is ignored. */
  async change(said: Said & { readonly content: MessageChange }, room: Room): Promise<void> {
    const target = targetOf(said.content);
    const item = await this.#find(target);
    if (item === undefined) return;
    if (item.seq !== target.seq) await this.add(misplaced(said, nameOf(room, said.from)));
    const { identity, admin, own } = said.from;
    const author = { identity, admin, own, name: nameOf(room, said.from) };
    const next = applyChange(item, said.content, author, said.at);
    if (next === 'refused') await this.add(refusedChange(said, author.name, item));
    else if (next !== item)
      this.#put(said.content.kind === 'edit' && said.timeMark ? { ...next, timeMark: said.timeMark } : next);
  }

  /** New and changed lines, each once. */
  get items(): HistoryItem[] {
    return [...this.#lines.values()];
  }

  get changes(): RecordChange[] {
    return this.items.map((item) => ({
      place: { of: 'history', room: this.#room.id, at: Number(item.seq), sub: item.sub },
      value: encodeItem(item),
    }));
  }

  #put(item: HistoryItem): void {
    this.#lines.set(`${item.seq} ${item.sub}`, item);
  }

  /** By its position if the message is there, otherwise by its id alone. */
  async #find({ seq, id }: Ref): Promise<TextItem | undefined> {
    const there = await this.#message(seq, id);
    if (there !== undefined) return there;
    const here = this.items.find((item) => item.kind === 'text' && item.id === id)?.seq;
    const known = here ?? (await this.#ids.find(id));
    return known && this.#message(known, id);
  }

  async #message(seq: Position, id: string): Promise<TextItem | undefined> {
    const isIt = (item: HistoryItem): item is TextItem =>
      item.kind === 'text' && item.seq === seq && item.id === id;
    return this.items.find(isIt) ?? (await this.#kept(seq)).find(isIt);
  }

  async #kept(seq: Position): Promise<HistoryItem[]> {
    const rows = await this.#records.at('history', this.#room.id, Number(seq));
    const identityOf = identitiesIn(this.#room);
    return rows.map((row) => decodeItem(row, identityOf));
  }
}

function warningKey(item: Extract<NewItem, { kind: 'warning' }>): string {
  return `${item.seq} ${factKey(item)}`;
}
