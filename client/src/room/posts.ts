import type { FileContent } from '@gochat/crypto/content';
import type { Position, RequestId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import type { Waiting } from '../api/methods.ts';
import type { Connection } from '../net/connection.ts';
import { Throttle } from '../schedule/throttle.ts';
import type { Timers } from '../schedule/timers.ts';
import type { Outcome } from './outgoing.ts';
import type { RoomSender } from './room-sender.ts';
import type { RoomStore } from './room-store.ts';

const IN_FLIGHT = 32;
/** How long a sealed message may wait for the server before it is sealed again. */
const SEALED_FOR_MS = 2 * 60_000;
const SHOWN = 500;
/** How many positions of posted messages are remembered. */
const POSTED_KEPT = 1024;
const SHOW_MS = 50;

/** How far the upload of a message's files is. */
export type Uploading = Pick<Waiting, 'problem'> & { readonly files: NonNullable<Waiting['files']> };

export interface PostsParts {
  readonly store: RoomStore;
  readonly timers: Timers;
  readonly sender: RoomSender;
  readonly now: () => number;
  /** Called when a message that waited for its turn may be sent. */
  readonly due: () => void;
  /** Receives the messages that wait, when they have changed. */
  readonly show: (waiting: readonly Waiting[]) => void;
  readonly uploading: (id: string) => Uploading | undefined;
}

/** This device's messages on their way into the log. */
export class Posts {
  readonly #parts: PostsParts;
  /** Many messages may be queued at a time. */
  readonly #throttle: Throttle;
  #shownRevision = 0;
  #uploadsRevision = 0;
  /** The turn to speak that is awaited. */
  #turn: number | undefined;
  /** The positions of own messages that were last seen in the log, by id. */
  readonly #posted = new Map<string, Position>();

  constructor(parts: PostsParts) {
    this.#parts = parts;
    this.#throttle = new Throttle(parts.timers, SHOW_MS, () => this.#show());
  }

  get queued(): number {
    return this.#parts.store.outbox.size;
  }

  /** The oldest messages that wait to be sent, were refused, or perhaps were not read by everybody. */
  get waiting(): Waiting[] {
    return this.#parts.store.outbox.first(SHOWN).map(({ id, content, at, end, again, uploaded }) => ({
      id,
      content,
      at,
      state: end ?? 'waiting',
      ...(again && { again }),
      ...(content.kind === 'text' && content.files && this.#uploading(id, content.files, uploaded === true)),
    }));
  }

  #uploading(id: string, files: readonly FileContent[], isUploaded: boolean): Uploading {
    const known = isUploaded ? undefined : this.#parts.uploading(id);
    if (known !== undefined) return known;
    const sizes = files.map(({ bytes, preview }) => bytes + (preview?.bytes ?? 0));
    return { files: sizes.map((of) => ({ done: isUploaded ? of : 0, of })) };
  }

  uploadsChanged(): void {
    this.#uploadsRevision += 1;
    this.changed();
  }

  /** @param id of a message that was queued here. */
  outcome(id: string): Outcome {
    const item = this.#parts.store.outbox.get(id);
    if (item !== undefined && item.posted === undefined) return { id, state: item.end ?? 'waiting' };
    const seq = item?.posted ?? this.#posted.get(id);
    return { id, state: 'posted', ...(seq !== undefined && { seq }) };
  }

  /** The messages that wait may have changed. */
  changed(): void {
    this.#throttle.nudge();
  }

  landed(id: string, seq: Position): void {
    this.#posted.set(id, seq);
    const [oldest] = this.#posted.keys();
    if (this.#posted.size > POSTED_KEPT && oldest !== undefined) this.#posted.delete(oldest);
  }

  /** Seals and sends the oldest messages that wait. */
  async send(over: Connection): Promise<void> {
    const { store } = this.#parts;
    if (store.room.status !== 'active') return;
    const serverNow = over.serverNow();
    this.#post(over, await store.seal(IN_FLIGHT - store.outbox.sealed.length, serverNow));
    this.#awaitTurn(serverNow);
  }

  /** In slow mode, texts wait until this person may speak again. */
  #awaitTurn(serverNow: number): void {
    const { store, timers, due } = this.#parts;
    const next = store.outbox.size === 0 ? undefined : store.nextTurn;
    if (next === undefined || next <= serverNow || next === this.#turn) return;
    this.#turn = next;
    timers.after(Math.ceil(next - serverNow), () => {
      this.#turn = undefined;
      due();
    });
  }

  /** Sends again what was sent over the last connection and is not in the log: the server recognises repeats by their ids. */
  async sendAll(over: Connection): Promise<void> {
    await this.#renew();
    this.#post(over, this.#parts.store.outbox.sealed);
  }

  async sendAgain(over: Connection, request: RequestId): Promise<void> {
    const renewed = await this.#renew();
    const one = this.#parts.store.outbox.sealed.filter(({ id }) => id === request);
    this.#post(over, renewed.length > 0 ? renewed : one);
  }

  #post(over: Connection, frames: readonly UpOf<'post'>[]): void {
    for (const frame of frames) this.#parts.sender.post(over, frame);
  }

  /** Seals again what waited too long: the sender's clock in a message is evidence about the server's time. */
  async #renew(): Promise<readonly UpOf<'post'>[]> {
    const { store, now } = this.#parts;
    return store.room.status === 'active' ? store.renew(now() - SEALED_FOR_MS) : [];
  }

  #show(): boolean {
    const revision = this.#parts.store.outbox.revision + this.#uploadsRevision;
    if (revision === this.#shownRevision) return false;
    this.#shownRevision = revision;
    this.#parts.show(this.waiting);
    return true;
  }
}
