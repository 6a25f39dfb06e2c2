import { setTimeout as after } from 'node:timers/promises';
import type { Page } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';
import type { Session } from '../session/session.ts';
import { encodeEntry, packFrames } from './entry-frame.ts';
import type { Room } from './room.ts';
import type { Subscription } from './subscription.ts';

/** How often an empty page is read again, and how long it waits before each try. */
const LAGGING_TRIES = 100;
const LAGGING_MS = 50;

/** Sends a subscription its backlog, page by page from the log, then makes it live. */
export class CatchUp {
  readonly #session: Session;
  readonly #room: Room;
  readonly #subscription: Subscription;
  #first: Page | undefined;
  #tries = 0;

  /** @param first the entries after the subscription's position, read already */
  constructor(session: Session, room: Room, subscription: Subscription, first: Page) {
    this.#session = session;
    this.#room = room;
    this.#subscription = subscription;
    this.#first = first;
  }

  /** Resolves when the subscription is live, suspended or ended. Never rejects. */
  async run(): Promise<void> {
    this.#room.beginCatchingUp(this.#subscription);
    try {
      while (this.#running && this.#session.open) await this.#session.page(() => this.#sendPage());
    } catch (error) {
      if (this.#running) this.#session.failed(this.#room.id, error);
    }
  }

  get #running(): boolean {
    return this.#subscription.state === 'catching-up';
  }

  async #sendPage(): Promise<void> {
    const { log, limits } = this.#session.node;
    if (!this.#running) return;
    // The first page is always used, although the room may hold the same entries: the page may be ahead of them.
    const hasFirst = this.#first !== undefined && this.#first.entries.length > 0;
    if (!hasFirst && this.#goLive()) return;
    const { at } = this.#subscription;
    const page = this.#first ?? (await log.read(this.#room.id, at, limits.backlogEntries));
    this.#first = undefined;
    if (!this.#running) return;
    if (page.entries.length === 0) await this.#skipEmpty(page);
    else this.#deliver(page);
  }

  /** @returns false when entries are still missing */
  #goLive(): boolean {
    if (this.#subscription.at < this.#room.tailStart) return false;
    this.#room.goLive(this.#subscription);
    return true;
  }

  #deliver(page: Page): void {
    const subscription = this.#subscription;
    this.#tries = 0;
    const stop = page.entries.findIndex((entry) => subscription.stopsAt(entry));
    const due = stop < 0 ? page.entries : page.entries.slice(0, stop + 1);
    const { link } = subscription;
    const frames = due.map((entry) => encodeEntry(this.#room.id, entry));
    link.write(packFrames(link.transport, frames));
    subscription.at = due.at(-1)?.pos ?? subscription.at;
    const last = page.entries[stop];
    if (last !== undefined) subscription.stop(last);
    else this.#goLive();
  }

  /** The page is empty, although the room has later entries: they have all expired, or the replica that was read is behind. */
  async #skipEmpty(page: Page): Promise<void> {
    const { tailStart } = this.#room;
    if (page.floor >= tailStart) {
      this.#subscription.at = tailStart;
      this.#goLive();
      return;
    }
    this.#tries += 1;
    if (this.#tries > LAGGING_TRIES) throw new Refusal('unavailable', 'this replica is lagging; enter again');
    await after(LAGGING_MS);
  }
}
