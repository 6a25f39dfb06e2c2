import type { Content, FileContent, Ref } from '@gochat/crypto/content';
import { encodeProof, type Proof } from '@gochat/crypto/proof';
import type { Member, Room } from '@gochat/crypto/room';
import type { TimeMark } from '@gochat/crypto/time-mark';
import { comparePositions, type FileId, type Position } from '@gochat/protocol/fields';
import { idsOf } from '../files/file-ids.ts';
import type { RecordChange, Records } from '../store/records.ts';
import { applyChange, type MessageChange, targetOf } from './changes.ts';
import { misplaced, nameOf, refusedChange } from './event-history.ts';
import { type Expiring, expiredChange } from './expiring.ts';
import { factKey, type HistoryItem, type NewItem, type TextItem, type WithoutSub } from './history.ts';
import { HistoryReader } from './history-reader.ts';
import { NO_PROOFS, ORIGINAL, type Proofs, proofsAfter } from './proofs.ts';
import type { RecentIds } from './recent-ids.ts';
import {
  decodeItem,
  decodeLine,
  identitiesIn,
  lineChanges,
  MOST_SUB,
  type StoredLine,
} from './stored-history.ts';

/** How many lines are read at a time. */
const PAGE = 256;

/** A message with its author and position. */
interface Said {
  readonly seq: Position;
  readonly at: number;
  readonly timeMark?: TimeMark;
  readonly from: Member;
  readonly content: Content;
  readonly proof?: Proof;
}

/** The files of a message that was deleted or has disappeared. */
interface DroppedFiles {
  readonly files: readonly FileContent[];
  /** Whether it was a message of this profile's person. */
  readonly isOwn: boolean;
  /** Whether this device has deleted it as an admin. */
  readonly asAdmin: boolean;
}

/** A message as it is stored. */
type TextLine = StoredLine & { readonly item: TextItem };

/** Collects the lines that a batch of entries adds to a room's history, and the older lines that it changes. */
export class HistoryWriter {
  readonly #records: Records;
  readonly #room: Room;
  readonly #ids: RecentIds;
  readonly #cameBack: boolean;
  readonly #lines = new Map<string, StoredLine>();
  readonly #counts = new Map<Position, number>();
  readonly #warnings = new Set<string>();
  readonly #dropped: DroppedFiles[] = [];
  readonly #gone = new Map<string, Expiring>();
  #skipped = 0;

  /**
   * @param room the room as it is stored: new lines of its last entry, or of an older one, come after those that are stored.
   * @param cameBack whether the profile may have read messages that are now posted again for those who could not
   */
  constructor(records: Records, room: Room, ids: RecentIds, cameBack: boolean) {
    this.#records = records;
    this.#room = room;
    this.#ids = ids;
    this.#cameBack = cameBack;
  }

  /** Adds a line. The same warning about the same entry is added once. @param proof of a message that the line shows */
  async add(item: NewItem, proof?: Proof): Promise<void> {
    if (!this.#counts.has(item.seq)) await this.#open(item.seq);
    const sub = this.#counts.get(item.seq) ?? 0;
    if (sub > MOST_SUB || (item.kind === 'warning' && this.#warnings.has(warningKey(item)))) return;
    if (item.kind === 'warning') this.#warnings.add(warningKey(item));
    this.#counts.set(item.seq, sub + 1);
    this.#put({ ...item, sub }, proof === undefined ? NO_PROOFS : new Map([[ORIGINAL, encodeProof(proof)]]));
  }

  async #open(seq: Position): Promise<void> {
    const kept = comparePositions(seq, this.#room.position) <= 0 ? await this.#kept(seq) : [];
    this.#counts.set(seq, kept.length);
    for (const { item } of kept) if (item.kind === 'warning') this.#warnings.add(warningKey(item));
  }

  /**
   * Adds a message, unless its author posts it again and it is here: then its line stays where it is. If it answers one that is at
   * another position here, it refers to that position, after a warning.
   */
  async say(item: WithoutSub<TextItem>, proof?: Proof): Promise<void> {
    const here = this.#cameBack ? await this.#find(item) : undefined;
    if (here !== undefined && here.item.identity === item.identity) {
      this.#put({ ...here.item, again: item.seq }, here.proofs);
      return;
    }
    const found = item.reply && (await this.#find(item.reply))?.item;
    if (found === undefined || found.seq === item.reply?.seq) return this.add(item, proof);
    if (found.again !== item.reply?.seq) await this.add(misplaced(item, item.from));
    await this.add({ ...item, reply: { seq: found.seq, id: found.id } }, proof);
  }

  /**
   * Applies a change to its message. A change of a message that this profile doesn't have is ignored.
   * @returns the message before the change, if that has changed it
   */
  async change(said: Said & { readonly content: MessageChange }, room: Room): Promise<TextItem | undefined> {
    const target = targetOf(said.content);
    const line = await this.#find(target);
    if (line === undefined) return undefined;
    const { item } = line;
    if (item.seq !== target.seq && item.again !== target.seq)
      await this.add(misplaced(said, nameOf(room, said.from)));
    const { identity, admin, moderator, own } = said.from;
    const author = { identity, admin, moderator, own, name: nameOf(room, said.from) };
    const next = applyChange(item, said.content, author, said.at);
    if (next === 'refused') await this.add(refusedChange(said, author.name, item));
    if (next === 'refused' || next === item) return undefined;
    const proof = said.proof && encodeProof(said.proof);
    const marked = said.content.kind === 'edit' && said.timeMark ? { timeMark: said.timeMark } : {};
    if (said.content.kind === 'delete' && item.files !== undefined)
      this.#dropped.push({ files: item.files, isOwn: item.own, asAdmin: said.from.self && !item.own });
    this.#put({ ...next, ...marked }, proofsAfter(line.proofs, item, said.content, identity, proof));
    return item;
  }

  /** A message that has disappeared before it could be stored: nothing of it is. */
  skip({ files, own }: Pick<TextItem, 'files' | 'own'>): void {
    this.#skipped += 1;
    if (files !== undefined) this.#drops(files, own);
  }

  #drops(files: readonly FileContent[], isOwn: boolean): void {
    this.#dropped.push({ files, isOwn, asAdmin: false });
  }

  /** How many messages were skipped. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Replaces a line that has no proofs. */
  replace(item: HistoryItem): void {
    this.#put(item, NO_PROOFS);
  }

  /** Deletes a line whose time has come. @returns the message; undefined if the line isn't there */
  async expire(one: Expiring): Promise<TextItem | undefined> {
    this.#gone.set(`${one.seq} ${one.sub}`, one);
    const row = await this.#records.get({ of: 'history', room: this.#room.id, at: one.seq, sub: one.sub });
    const item = row && decodeItem(row, identitiesIn(this.#room));
    if (item?.kind !== 'text') return undefined;
    if (item.files !== undefined) this.#drops(item.files, item.own);
    return item;
  }

  /** New and changed lines, each once. */
  get items(): HistoryItem[] {
    return [...this.#lines.values()].map(({ item }) => item);
  }

  /** The files of messages that were deleted or have disappeared. */
  get dropped(): readonly DroppedFiles[] {
    return this.#dropped;
  }

  /** @returns the ids of the files of all messages that are kept, with those of this batch. Reads the whole history. */
  async namedFiles(): Promise<ReadonlySet<FileId>> {
    const named = new Set<FileId>();
    const add = (item: HistoryItem) => {
      if (item.kind === 'text') for (const id of idsOf(item.files)) named.add(id);
    };
    for (const item of this.items) add(item);
    const reader = new HistoryReader(this.#records, this.#room);
    for (let after = 0; ; ) {
      const page = await reader.after(after, PAGE);
      for (const item of page) {
        const line = `${item.seq} ${item.sub}`;
        if (!this.#lines.has(line) && !this.#gone.has(line)) add(item);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return named;
      after = Number(last.seq);
    }
  }

  get changes(): RecordChange[] {
    const { id: room } = this.#room;
    const gone = [...this.#gone.values()].flatMap(({ expires, seq, sub }): RecordChange[] => [
      { place: { of: 'history', room, at: seq, sub }, value: undefined },
      expiredChange(room, { expires, seq, sub }),
    ]);
    return [...[...this.#lines.values()].flatMap((line) => lineChanges(room, line)), ...gone];
  }

  #put(item: HistoryItem, proofs: Proofs): void {
    this.#lines.set(`${item.seq} ${item.sub}`, { item, proofs });
  }

  /** By its position if the message is there, otherwise by its id alone. */
  async #find({ seq, id }: Ref): Promise<TextLine | undefined> {
    const there = await this.#message(seq, id);
    if (there !== undefined) return there;
    const here = this.items.find((item) => item.kind === 'text' && item.id === id)?.seq;
    const known = here ?? (await this.#ids.find(id));
    return known && this.#message(known, id);
  }

  async #message(seq: Position, id: string): Promise<TextLine | undefined> {
    const isIt = (line: StoredLine): line is TextLine =>
      line.item.kind === 'text' && line.item.seq === seq && line.item.id === id;
    return [...this.#lines.values()].find(isIt) ?? (await this.#kept(seq)).find(isIt);
  }

  async #kept(seq: Position): Promise<StoredLine[]> {
    const rows = await this.#records.at('history', this.#room.id, Number(seq));
    const identityOf = identitiesIn(this.#room);
    return rows.map((row) => decodeLine(row, identityOf));
  }
}

function warningKey(item: Extract<NewItem, { kind: 'warning' }>): string {
  return `${item.seq} ${factKey(item)}`;
}
