import type { Env } from '@gochat/crypto/primitives';
import { loadCode } from '../api/load-code.ts';
import type { HistoryItem } from '../room/history.ts';
import type { RoomSession } from '../room/room-session.ts';
import { Timers } from '../schedule/timers.ts';
import type { Records } from '../store/records.ts';
import { isDue, mustKeep } from './pack-duty.ts';
import type { PackKeeper } from './pack-keeper.ts';

/** The packs of a room, by code that is loaded once it shows newcomers its history, or has some ready for this device. */
export class LazyPackKeeper {
  readonly #session: RoomSession;
  readonly #records: Records;
  readonly #env: Env;
  /** What came while the code was loading. */
  #early: HistoryItem[] = [];
  #keeper: PackKeeper | undefined;
  #loading: Promise<void> | undefined;
  #closed = false;

  constructor(session: RoomSession, records: Records, env: Env) {
    this.#session = session;
    this.#records = records;
    this.#env = env;
    // Somebody waits for what was shared, and the room has still to connect.
    this.#loads();
  }

  /** As of the keeper. What comes before a room has anything to keep is read from its history later. */
  items(items: readonly HistoryItem[]): void {
    this.#loads();
    if (this.#keeper !== undefined) this.#keeper.items(items);
    else if (this.#loading !== undefined) this.#early.push(...items);
  }

  nudge(): void {
    this.#loads();
    this.#keeper?.nudge();
  }

  async finish(ms: number): Promise<void> {
    const timers = new Timers();
    await Promise.race([this.#loading, timers.pause(ms)]);
    timers.clear();
    await this.#keeper?.finish(ms);
  }

  close(): void {
    this.#closed = true;
    this.#keeper?.close();
  }

  /** What fails is tried again with the next change. */
  #loads(): void {
    if (this.#loading !== undefined || this.#closed) return;
    if (!isDue(this.#session) && !mustKeep(this.#session.room)) return;
    this.#loading = this.#load().catch(() => {
      this.#loading = undefined;
      this.#early = [];
    });
  }

  async #load(): Promise<void> {
    const code = await loadCode(() => import('./pack-keeper.ts'));
    if (this.#closed) return;
    this.#keeper = new code.PackKeeper(this.#session, this.#records, this.#env);
    this.#keeper.items(this.#early);
    this.#early = [];
    this.#keeper.nudge();
  }
}
