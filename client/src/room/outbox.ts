import type { Content } from '@gochat/crypto/content';
import type { RoomId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';

/** A message on its way to the log: kept until it is seen there. */
export interface Outgoing {
  /** Its place in the queue. */
  readonly order: number;
  readonly id: string;
  readonly content: Content;
  /** When it was queued, by this device's clock; 0 when that isn't known. */
  readonly at: number;
  /** The counter that it got when it was first sealed. */
  readonly n?: number;
  /** The sealed frame of the epoch in which it was last posted. */
  readonly frame?: UpOf<'post'>;
}

/**
 * The messages that a room still has to post, in order. A method changes the outbox at once and returns the change for the
 * caller to store.
 */
export class Outbox {
  readonly #room: RoomId;
  #items: Outgoing[];
  #revision = 0;

  constructor(room: RoomId, items: readonly Outgoing[]) {
    this.#room = room;
    this.#items = [...items];
  }

  static async load(records: Records, room: RoomId): Promise<Outbox> {
    const rows = await records.list('outbox', room);
    return new Outbox(
      room,
      rows.map((row) => ({ at: 0, ...fromJson<Omit<Outgoing, 'at'>>(row) })),
    );
  }

  get size(): number {
    return this.#items.length;
  }

  /** Changes whenever its messages change. */
  get revision(): number {
    return this.#revision;
  }

  /** The first `count` messages, oldest first. */
  first(count: number): readonly Outgoing[] {
    return this.#items.slice(0, count);
  }

  get(id: string): Outgoing | undefined {
    return this.#items.find((item) => item.id === id);
  }

  /** Messages that are not sealed, oldest first. */
  get waiting(): readonly Outgoing[] {
    return this.#items.filter((item) => item.frame === undefined);
  }

  /** Sealed messages that are not seen in the log, oldest first. */
  get sealed(): readonly UpOf<'post'>[] {
    return this.#items.flatMap((item) => (item.frame === undefined ? [] : [item.frame]));
  }

  add(id: string, content: Content, at: number): RecordChange {
    const item: Outgoing = { order: (this.#items.at(-1)?.order ?? 0) + 1, id, content, at };
    this.#items.push(item);
    this.#revision += 1;
    return this.#stored(item);
  }

  seal(id: string, n: number, frame: UpOf<'post'>): RecordChange {
    const item = this.get(id);
    if (item === undefined) throw new Error('no such message in the outbox');
    return this.#replace(item, { ...item, n, frame });
  }

  /** The sealed frame won't land: the message has to be sealed again. */
  unseal(id: string): RecordChange[] {
    const item = this.get(id);
    if (item === undefined) return [];
    const { frame: _, ...bare } = item;
    return [this.#replace(item, bare)];
  }

  remove(id: string): RecordChange[] {
    const item = this.get(id);
    if (item === undefined) return [];
    this.#items = this.#items.filter((other) => other !== item);
    this.#revision += 1;
    return [{ place: { of: 'outbox', room: this.#room, at: item.order }, value: undefined }];
  }

  #replace(old: Outgoing, item: Outgoing): RecordChange {
    this.#items[this.#items.indexOf(old)] = item;
    return this.#stored(item);
  }

  #stored(item: Outgoing): RecordChange {
    return { place: { of: 'outbox', room: this.#room, at: item.order }, value: toJson(item) };
  }
}
