import { ChatError } from '../api/chat-error.ts';
import type { OwnKnock } from '../api/methods.ts';
import { fromJson, type Records } from '../store/records.ts';
import { type Joined, joinByLink } from './joining.ts';
import type { Knocking, KnockingParts, StoredOwnKnock, Wanted } from './knocking.ts';
import { ApprovalNeeded } from './redeem.ts';

/** The knocks of this person. Most of their code is loaded with the first one. */
export class LazyKnocking {
  readonly #parts: KnockingParts;
  readonly #stored: readonly StoredOwnKnock[];
  #loading: Promise<Knocking> | undefined;

  constructor(parts: KnockingParts, stored: readonly StoredOwnKnock[]) {
    this.#parts = parts;
    this.#stored = stored;
  }

  /** Goes on with what an earlier process has begun. */
  resume(): void {
    if (this.#stored.length > 0) this.#load().catch(() => undefined);
  }

  /** As {@link Knocking.join}. */
  async join(wanted: Wanted, waitMs: number): Promise<Joined> {
    const end = Date.now() + waitMs;
    if (this.#loading === undefined && this.#stored.length === 0)
      try {
        return await joinByLink({ ...this.#parts, as: wanted.as }, wanted.link, waitMs);
      } catch (error) {
        if (!(error instanceof ApprovalNeeded)) throw error;
      }
    return (await this.#load()).join(wanted, Math.max(0, end - Date.now()));
  }

  async list(): Promise<readonly OwnKnock[]> {
    return this.#loading === undefined && this.#stored.length === 0 ? [] : (await this.#load()).list();
  }

  async cancel(room: string): Promise<void> {
    await (await this.#load()).cancel(room);
  }

  /** What is under way is durable when it resolves. */
  async close(): Promise<void> {
    await (await this.#loading?.catch(() => undefined))?.close();
  }

  /** @throws ChatError `internal` */
  #load(): Promise<Knocking> {
    this.#loading ??= import('./knocking.ts')
      .then(({ Knocking: Code }) => {
        const knocking = new Code(this.#parts, this.#stored);
        knocking.resume();
        return knocking;
      })
      .catch((cause: unknown) => {
        this.#loading = undefined;
        throw new ChatError({ reason: 'code-not-loaded' }, { cause });
      });
    return this.#loading;
  }
}

/** @throws VaultError `damaged` */
export async function storedKnocks(records: Records): Promise<readonly StoredOwnKnock[]> {
  const bytes = await records.get({ of: 'knocks' });
  return bytes === undefined ? [] : fromJson<readonly StoredOwnKnock[]>(bytes);
}
