import type { RoomId } from '@gochat/protocol/fields';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';

/** How long a request is kept: its invite has ended by then. */
const KEPT_MS = 31 * 24 * 3600 * 1000;

/** Somebody wants to write to this profile's person. */
export interface StoredRequest {
  /** The direct room. */
  readonly id: RoomId;
  /** The room in which the box was posted, and its server. */
  readonly common: RoomId;
  readonly server: string;
  /** The identity key of who asks, and the name then. */
  readonly from: string;
  readonly name: string;
  readonly text: string;
  /** The secret of the invite, as base64url. */
  readonly secret: string;
  /** When the box was posted, by the server's clock. */
  readonly at: number;
  /** `hidden`: not shown, and known to this device alone. Whoever writes to its author accepts it, as one that was ignored. */
  readonly state: 'open' | 'accepted' | 'ignored' | 'hidden';
}

/** The requests of a profile: stored, by direct room. */
export class Requests {
  readonly #records: Records;
  readonly #all: Map<RoomId, StoredRequest>;
  readonly #watchers = new Set<() => void>();

  private constructor(records: Records, all: readonly StoredRequest[]) {
    this.#records = records;
    this.#all = new Map(all.map((one) => [one.id, one]));
  }

  /** @throws VaultError `damaged` */
  static async load(records: Records): Promise<Requests> {
    const stored = await records.get({ of: 'requests' });
    return new Requests(records, stored === undefined ? [] : fromJson<readonly StoredRequest[]>(stored));
  }

  get all(): readonly StoredRequest[] {
    return [...this.#all.values()];
  }

  /** @param watcher is called after each change. @returns a function that ends this */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /**
   * Takes requests: of two with one id the later one counts, and a decision before none. Durable when it resolves.
   * @param now by this device's clock: older requests are dropped. @param also what is written in the same transaction
   */
  async take(
    requests: readonly StoredRequest[],
    now: number,
    also: readonly RecordChange[] = [],
  ): Promise<void> {
    const fresh = requests.filter((one) => {
      const known = this.#all.get(one.id);
      return now - one.at <= KEPT_MS && (known === undefined || compareRequests(one, known) > 0);
    });
    for (const one of fresh) this.#all.set(one.id, one);
    for (const { id, at } of this.#all.values()) if (now - at > KEPT_MS) this.#all.delete(id);
    const stored =
      fresh.length === 0 ? [] : [{ place: { of: 'requests' }, value: toJson(this.all) } as const];
    await this.#records.write([...stored, ...also]);
    if (fresh.length > 0) for (const watcher of this.#watchers) watcher();
  }
}

const RANKS = { hidden: 0, open: 1, ignored: 2, accepted: 2 } as const;

/** @returns a positive number if the first of two requests with one id counts: it is of a later box, is decided, or is shown by another device */
export function compareRequests(
  a: Pick<StoredRequest, 'at' | 'state'>,
  b: Pick<StoredRequest, 'at' | 'state'>,
): number {
  return a.at - b.at || RANKS[a.state] - RANKS[b.state];
}
