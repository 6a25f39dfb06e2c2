import type { Content } from '@gochat/crypto/content';
import type { Position, RoomId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';
import { type EndState, isUnsent, type Outgoing, type Queued } from './outgoing.ts';

/** How many cancelled messages are remembered, so that a repeated question about them gets the same answer. */
const CANCELLED_KEPT = 64;
/** How many posted messages are kept that others may have to be sent again. */
const DOUBTFUL_KEPT = 256;

/** An outgoing message with its content. */
type Shown = Outgoing & { readonly content: Content };

/** What messages are queued again. */
export interface Again {
  /** Of missed ones, those to queue; all when absent. */
  readonly ids?: readonly string[] | undefined;
  /** Also queues the texts of ended memberships: their sending is cancelled, and each becomes a new message with an id from here. */
  readonly newId?: (() => string) | undefined;
}

/**
 * The messages that a room still has to post, in order, those that will never be posted, and posted ones that perhaps not everybody
 * could read. A method changes the outbox at once and returns the change for the caller to store.
 */
export class Outbox {
  readonly #room: RoomId;
  /** By id, in the order of the queue. */
  readonly #items: Map<string, Outgoing>;
  #lastOrder: number;
  #size: number;
  /** How many are kept although they are in the log. */
  #kept: number;
  #missed: number;
  #revision = 0;

  constructor(room: RoomId, items: readonly Outgoing[]) {
    this.#room = room;
    this.#items = new Map(items.map((item) => [item.id, item]));
    this.#lastOrder = items.at(-1)?.order ?? 0;
    this.#size = items.filter(isLive).length;
    this.#kept = items.filter(({ posted }) => posted !== undefined).length;
    this.#missed = items.filter(({ end }) => end === 'missed').length;
  }

  static async load(records: Records, room: RoomId): Promise<Outbox> {
    const rows = await records.list('outbox', room);
    return new Outbox(
      room,
      rows.map((row) => ({ at: 0, ...fromJson<Omit<Outgoing, 'at'>>(row) })),
    );
  }

  /** How many messages are still to be posted. */
  get size(): number {
    return this.#size;
  }

  /** Changes whenever its messages change. */
  get revision(): number {
    return this.#revision;
  }

  /** The first `count` messages that wait, or that are shown as not sent or perhaps not read, oldest first. */
  first(count: number): readonly Shown[] {
    return [...this.#items.values()]
      .filter(isShown)
      .filter((item) => item.end !== undefined || isLive(item))
      .slice(0, count);
  }

  /** How many posted messages perhaps not everybody could read. */
  get missed(): number {
    return this.#missed;
  }

  /** How many texts were, or perhaps were, not sent: the membership in which they were queued has ended, or their author may not say them. */
  get unsent(): number {
    return this.#unsent.length;
  }

  get #unsent(): readonly Shown[] {
    return [...this.#items.values()]
      .filter(isShown)
      .filter(({ content, end }) => content.kind === 'text' && isUnsent(end));
  }

  /** What is kept of all messages, oldest first. */
  get contents(): readonly Content[] {
    return [...this.#items.values()].flatMap(({ content }) => (content === undefined ? [] : [content]));
  }

  get(id: string): Outgoing | undefined {
    return this.#items.get(id);
  }

  /** The id of the request to leave that waits to be posted. */
  get leaving(): string | undefined {
    if (this.#size === 0) return undefined;
    return [...this.#items.values()].find((item) => isLive(item) && item.content.kind === 'leave')?.id;
  }

  /** Messages whose files the server doesn't have yet, oldest first. */
  get uploading(): readonly Shown[] {
    return this.#size === 0 ? [] : [...this.#items.values()].filter(isLive).filter(isUploading);
  }

  /**
   * The first `count` messages that are not sealed and whose files are uploaded, oldest first. Others overtake those that wait for
   * their files, but a request to leave doesn't.
   * @param texts how many texts there may be among them: others overtake those that wait for their turn, too
   */
  waiting(count: number, texts = Number.POSITIVE_INFINITY): readonly Shown[] {
    const found: Shown[] = [];
    if (count <= 0) return found;
    let isHeld = false;
    let left = texts;
    for (const item of this.#items.values()) {
      if (!isLive(item) || item.frame !== undefined) continue;
      if (isUploading(item)) isHeld = true;
      else if (isText(item) && left <= 0) isHeld = true;
      else if (!isHeld || item.content.kind !== 'leave') {
        if (isText(item)) left -= 1;
        found.push(item);
      }
      if (found.length === count) break;
    }
    return found;
  }

  /** Whether a text is given to the server and not in the log yet. */
  get isSpeaking(): boolean {
    return [...this.#items.values()].some((item) => isLive(item) && isText(item) && item.frame !== undefined);
  }

  /** Its author may not say this any more. It ends once nothing of it is on the way. */
  silence(id: string): RecordChange[] {
    const item = this.get(id);
    if (item === undefined || !isLive(item)) return [];
    const { frame: _, sealedAt: __, ...bare } = item;
    return [this.#set(item.n === undefined ? { ...bare, end: 'silenced' } : { ...bare, voided: true })];
  }

  /** It, or what was posted in its place, is in the log, and all readers leave it out. */
  leftOut(id: string): RecordChange[] {
    const item = this.get(id);
    if (item === undefined || !isLive(item)) return [];
    const { frame: _, sealedAt: __, n: ___, voided: ____, ...bare } = item;
    return [this.#set({ ...bare, end: 'silenced' })];
  }

  /** The server has the files of a message. */
  uploaded(id: string): RecordChange[] {
    const item = this.get(id);
    return item === undefined || !isLive(item) ? [] : [this.#set({ ...item, uploaded: true })];
  }

  /** Sealed messages that are not seen in the log, oldest first. */
  get sealed(): readonly UpOf<'post'>[] {
    return [...this.#items.values()].flatMap(({ frame }) => (frame === undefined ? [] : [frame]));
  }

  add({ id, content, boxing }: Queued, at: number): RecordChange {
    this.#lastOrder += 1;
    return this.#set({ order: this.#lastOrder, id, content, at, ...(boxing && { boxing }) });
  }

  /** Sealed messages, oldest first, if one of them was sealed before `time`; otherwise none. */
  sealedSome(time: number): readonly Shown[] {
    const sealed = [...this.#items.values()].filter(isLive).filter((item) => item.frame !== undefined);
    return sealed.some(({ sealedAt = 0 }) => sealedAt < time) ? sealed : [];
  }

  /** @param content as it is sealed */
  seal(id: string, sealed: Pick<Outgoing, 'content' | 'n' | 'frame' | 'sealedAt'>): RecordChange {
    const item = this.get(id);
    if (item === undefined) throw new Error('no such message in the outbox');
    return this.#set({ ...item, ...sealed });
  }

  /** The sealed frame won't land: the message has to be sealed again. */
  unseal(id: string): RecordChange[] {
    const item = this.get(id);
    if (item === undefined) return [];
    const { frame: _, sealedAt: __, ...bare } = item;
    return [this.#set(bare)];
  }

  /** All messages have to be sealed as if for the first time. */
  restart(): RecordChange[] {
    return [...this.#items.values()].filter(isLive).map(({ frame: _, sealedAt: __, n: ___, ...bare }) => {
      return this.#set(bare);
    });
  }

  /** Another device of this person sends what waits. What was given to the server may be in the log: the other device would post it twice. */
  handOver(): RecordChange[] {
    return [...this.#items.values()].filter(isLive).map(({ frame, sealedAt: _, n: __, ...bare }) => {
      return this.#set(frame === undefined ? bare : { ...bare, end: 'unknown' });
    });
  }

  /** The message is in the log. @param isDoubtful whether others may be in another epoch: then it is kept */
  posted(id: string, seq: Position, isDoubtful: boolean): RecordChange[] {
    const item = this.get(id);
    if (item === undefined) return [];
    const folded = item.content === undefined ? [] : this.#fold(item.content);
    const { order, content, at } = item;
    const isKept = isDoubtful && folded.length === 0 && content !== undefined && !isService(content);
    if (!isKept) return [...folded, this.#forget(item)];
    const kept = this.#doubtful;
    const oldest = kept.slice(0, Math.max(0, kept.length + 1 - DOUBTFUL_KEPT));
    return [...oldest.map((old) => this.#forget(old)), this.#set({ order, id, content, at, posted: seq })];
  }

  /** An own edit or deletion of a message that is kept: what would be posted again is the message as it is now. */
  #fold(change: Content): RecordChange[] {
    if (change.kind !== 'edit' && change.kind !== 'delete') return [];
    const item = this.get(change.of.id);
    if (item?.content?.kind !== 'text' || (item.posted === undefined && item.end !== 'missed')) return [];
    if (change.kind === 'delete') return [this.#forget(item)];
    const { mentions: _, ...content } = item.content;
    const { text, mentions } = change;
    return [this.#set({ ...item, content: { ...content, text, ...(mentions && { mentions }) } })];
  }

  get #doubtful(): readonly Outgoing[] {
    return this.#kept === 0 ? [] : [...this.#items.values()].filter(({ posted }) => posted !== undefined);
  }

  /** A posted message has disappeared: what was kept to post it again goes, too. */
  expired(id: string): RecordChange[] {
    const item = this.get(id);
    return item !== undefined && (item.posted !== undefined || item.end === 'missed')
      ? [this.#forget(item)]
      : [];
  }

  /** The others are in the epoch in which the kept messages were posted. */
  settle(): RecordChange[] {
    return this.#doubtful.map((item) => this.#forget(item));
  }

  /** The others had gone on when the kept messages were posted. */
  miss(): RecordChange[] {
    return this.#doubtful.map(({ posted: _, ...item }) => this.#set({ ...item, end: 'missed' }));
  }

  /** Queues missed messages again, with the same ids, and if wanted those of ended memberships. @returns the ids of those that are queued */
  again({ ids, newId }: Again, at: number): { readonly ids: string[]; changes: RecordChange[] } {
    const missed = this.#missedAgain(ids, at);
    if (newId === undefined) return missed;
    const renewed = this.#unsent.map(({ id, content }) => ({ id: newId(), content, former: id }));
    const changes = renewed.flatMap(({ id, content, former }) => [
      ...this.cancel(former),
      this.add({ id, content }, at),
    ]);
    return { ids: [...missed.ids, ...renewed.map(({ id }) => id)], changes: [...missed.changes, ...changes] };
  }

  #missedAgain(ids: readonly string[] | undefined, at: number) {
    const missed = [...this.#items.values()].filter(isShown).filter(({ end }) => end === 'missed');
    const wanted = missed.filter(({ id }) => ids === undefined || ids.includes(id));
    const changes = wanted.flatMap((item) => {
      const forgotten = this.#forget(item);
      this.#lastOrder += 1;
      const { id, content } = item;
      // Its files were there when it was posted.
      return [forgotten, this.#set({ order: this.#lastOrder, id, content, at, uploaded: true, again: true })];
    });
    return { ids: wanted.map(({ id }) => id), changes };
  }

  /** Ends the sending of a message for good, and forgets its text. One that is in the log is no longer shown as missed. */
  cancel(id: string): RecordChange[] {
    const item = this.get(id);
    if (item === undefined) return [];
    if (item.end === 'missed') return [this.#forget(item)];
    if (item.again) {
      const { again: _, ...missed } = item;
      return [this.#set({ ...missed, end: 'missed' })];
    }
    const cancelled = [...this.#items.values()].filter(({ end }) => end === 'cancelled');
    const oldest = cancelled.slice(0, Math.max(0, cancelled.length + 1 - CANCELLED_KEPT));
    const { order, at } = item;
    return [...oldest.map((old) => this.#forget(old)), this.#set({ order, id, at, end: 'cancelled' })];
  }

  /**
   * The membership in which the messages were queued has ended: none of them will be sent any more.
   * @param sealed what becomes of those that were given to the server.
   */
  end(sealed: EndState): RecordChange[] {
    return [...this.#items.values()].filter(isLive).map((item) => {
      const { frame, sealedAt: _, ...bare } = item;
      // Nobody has written it, and nobody could send it again.
      if (item.content.kind === 'pack' || item.content.kind === 'box') return this.#forget(item);
      return this.#set({ ...bare, end: frame === undefined ? 'refused' : sealed });
    });
  }

  #set(item: Outgoing): RecordChange {
    const old = this.#items.get(item.id);
    this.#items.set(item.id, item);
    this.#changed(old, item);
    return { place: { of: 'outbox', room: this.#room, at: item.order }, value: toJson(item) };
  }

  #forget(item: Outgoing): RecordChange {
    this.#items.delete(item.id);
    this.#changed(item, undefined);
    return { place: { of: 'outbox', room: this.#room, at: item.order }, value: undefined };
  }

  #changed(old: Outgoing | undefined, item: Outgoing | undefined): void {
    const [was, is] = [old !== undefined && isLive(old), item !== undefined && isLive(item)];
    if (was !== is) this.#size += is ? 1 : -1;
    this.#missed += Number(item?.end === 'missed') - Number(old?.end === 'missed');
    this.#kept += Number(item?.posted !== undefined) - Number(old?.posted !== undefined);
    if (old?.end !== item?.end || was !== is || old === undefined || item === undefined) this.#revision += 1;
  }
}

/** What isn't sent again. */
function isService({ kind }: Content): boolean {
  return kind === 'leave' || kind === 'pack' || kind === 'box';
}

function isShown(item: Outgoing): item is Shown {
  return item.content !== undefined;
}

function isLive(item: Outgoing): item is Shown {
  return item.end === undefined && item.posted === undefined && isShown(item);
}

/** Whether it takes a turn in slow mode. */
function isText({ content, voided }: Shown): boolean {
  return content.kind === 'text' && voided !== true;
}

function isUploading({ content, uploaded }: Shown): boolean {
  return content.kind === 'text' && content.files !== undefined && uploaded !== true;
}
