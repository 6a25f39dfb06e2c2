import { setTimeout as after } from 'node:timers/promises';
import type { RoomId } from '@gochat/protocol/fields';
import type { Page } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';
import type { Session } from '../session/session.ts';
import { encodeEntry, packFrames } from './entry-frame.ts';
import type { Subscription } from './subscription.ts';

const TRAILING_TRIES = 100;
const TRAILING_MS = 50;

/** Brings a subscription from where it stands to the live stream, page by page from the log. */
export class CatchUp {
  readonly #session: Session;
  readonly #subscription: Subscription;
  #first: Page | undefined;
  #tries = 0;

  /** @param first what was read behind where the subscription stands. */
  constructor(session: Session, subscription: Subscription, first: Page) {
    this.#first = first;
    this.#session = session;
    this.#subscription = subscription;
  }

  /** Resolves when the subscription is live, held or ended; never rejects. */
  async run(): Promise<void> {
    const { room } = this.#subscription;
    room.beginCatching(this.#subscription);
    try {
      while (this.#catching() && this.#session.open) await this.#session.page(() => this.#page(room.id));
    } catch (error) {
      if (!this.#catching()) return;
      this.#session.failed(room.id, error);
    }
  }

  #catching(): boolean {
    return this.#subscription.state === 'catching';
  }

  async #page(id: RoomId): Promise<void> {
    const { relay } = this.#session;
    const subscription = this.#subscription;
    if (!this.#catching()) return;
    // What was read is not thrown away, although following may tell of it too: it may be ahead of that.
    const unread = this.#first === undefined || this.#first.entries.length === 0;
    if (unread && this.#arrived()) return;
    const page = this.#first ?? (await relay.log.read(id, subscription.at, relay.limits.backlogEntries));
    this.#first = undefined;
    if (!this.#catching()) return;
    if (page.entries.length === 0) await this.#nothing(page);
    else this.#deliver(id, page);
  }

  #arrived(): boolean {
    const subscription = this.#subscription;
    if (subscription.at < subscription.room.tailStart) return false;
    subscription.room.goLive(subscription);
    return true;
  }

  #deliver(id: RoomId, page: Page): void {
    const subscription = this.#subscription;
    this.#tries = 0;
    const stop = page.entries.findIndex((entry) => subscription.stopsAt(entry));
    const due = stop < 0 ? page.entries : page.entries.slice(0, stop + 1);
    const { link } = subscription;
    link.write(
      packFrames(
        link.transport,
        due.map((entry) => encodeEntry(id, entry)),
      ),
    );
    subscription.at = due.at(-1)?.pos ?? subscription.at;
    if (stop >= 0) subscription.hold(subscription.at);
    else this.#arrived();
  }

  /** Nothing up to the live stream: it has all expired, or reading trails what following has told. */
  async #nothing(page: Page): Promise<void> {
    const subscription = this.#subscription;
    const { tailStart } = subscription.room;
    if (page.floor >= tailStart) {
      subscription.at = tailStart;
      this.#arrived();
      return;
    }
    this.#tries += 1;
    if (this.#tries > TRAILING_TRIES) throw new Refusal('unavailable', 'the log trails; enter again');
    await after(TRAILING_MS);
  }
}
