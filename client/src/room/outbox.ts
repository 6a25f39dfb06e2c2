import type { Content } from '@gochat/crypto/content';
import type { RoomId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';
import type { EndState, Outgoing, Queued } from './outgoing.ts';

/** How many cancelled messages are remembered, so that a repeated question about them gets the same answer. */
const CANCELLED_KEPT = 64;

/** An outgoing message with its content. */
type Shown = Outgoing & { readonly content: Content };

/**
 * The messages that a room still has to post, in order, and those that will never be posted. A method changes the outbox at once
 * and returns the change for the caller to store.
 */
export class Outbox {
  readonly #room: RoomId;
  /** By id, in the order of the queue. */
  readonly #items: Map<string, Outgoing>;
  #lastOrder: number;
  #size: number;
  #revision = 0;

  constructor(room: RoomId, items: readonly Outgoing[]) {
    this.#room = room;
    this.#items = new Map(items.map((item) => [item.id, item]));
    this.#lastOrder = items.at(-1)?.order ?? 0;
    this.#size = items.filter(isLive).length;
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

  /** The first `count` messages that are not cancelled, oldest first. */
  first(count: number): readonly Shown[] {
    return [...this.#items.values()].filter(isShown).slice(0, count);
  }

  get(id: string): Outgoing | undefined {
    return this.#items.get(id);
  }

  /** The first `count` messages that are not sealed, oldest first. */
  waiting(count: number): readonly Shown[] {
    const found: Shown[] = [];
    if (count <= 0) return found;
    for (const item of this.#items.values()) {
      if (!isLive(item) || item.frame !== undefined) continue;
      found.push(item);
      if (found.length === count) break;
    }
    return found;
  }

  /** Sealed messages that are not seen in the log, oldest first. */
  get sealed(): readonly UpOf<'post'>[] {
    return [...this.#items.values()].flatMap(({ frame }) => (frame === undefined ? [] : [frame]));
  }

  add({ id, content }: Queued, at: number): RecordChange {
    this.#lastOrder += 1;
    return this.#set({ order: this.#lastOrder, id, content, at });
  }

  /** Sealed messages, oldest first, if one of them was sealed before `time`; otherwise none. */
  sealedSome(time: number): readonly Shown[] {
    const sealed = [...this.#items.values()].filter(isLive).filter((item) => item.frame !== undefined);
    return sealed.some(({ sealedAt = 0 }) => sealedAt < time) ? sealed : [];
  }

  seal(id: string, n: number, frame: UpOf<'post'>, sealedAt: number): RecordChange {
    const item = this.get(id);
    if (item === undefined) throw new Error('no such message in the outbox');
    return this.#set({ ...item, n, frame, sealedAt });
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

  /** The message is in the log. */
  remove(id: string): RecordChange[] {
    const item = this.get(id);
    return item === undefined ? [] : [this.#forget(item)];
  }

  /** Ends the sending of a message for good, and forgets its text. */
  cancel(id: string): RecordChange[] {
    const item = this.get(id);
    if (item === undefined) return [];
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
    return [...this.#items.values()].filter(isLive).map(({ frame, sealedAt: _, ...bare }) => {
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
    if (old?.end !== item?.end || old === undefined || item === undefined) this.#revision += 1;
  }
}

function isShown(item: Outgoing): item is Shown {
  return item.content !== undefined;
}

function isLive(item: Outgoing): item is Shown {
  return item.end === undefined && isShown(item);
}
