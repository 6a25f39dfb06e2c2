import type { DeviceSeal } from '@gochat/crypto/device-seal';
import { ChatError } from '../api/chat-error.ts';
import { Fenced } from '../profile/roles.ts';
import { type DBSchema, type IDBPDatabase, openDB, unwrap } from './idb.ts';
import { checkKey, compareKeys, endOfPrefix } from './key.ts';
import { type ListOptions, type Store, type StoreChange, StoreClosed, type StoredRecord } from './store.ts';

interface Schema extends DBSchema {
  /** The owner's token and the profile's sealed key. */
  meta: { key: 'owner' | 'seal'; value: string | DeviceSeal };
  records: { key: ArrayBuffer; value: Uint8Array };
}

const VERSION = 1;
const DURABLE = { durability: 'strict' } as const;

/** A profile's database, which every tab of this browser can open. */
export class ProfileDatabase {
  /** Resolves when the browser has closed it: its data was cleared, or a newer version of the page upgrades it. */
  readonly gone: Promise<void>;
  readonly #db: IDBPDatabase<Schema>;

  private constructor(db: IDBPDatabase<Schema>, gone: Promise<void>) {
    this.#db = db;
    this.gone = gone;
  }

  /** Opens it, or makes it. @throws ChatError `internal` when the browser stores nothing, or has it from a newer version */
  static async open(name: string): Promise<ProfileDatabase> {
    let leave: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      leave = resolve;
    });
    try {
      const db = await openDB<Schema>(name, VERSION, {
        upgrade(fresh) {
          fresh.createObjectStore('meta');
          fresh.createObjectStore('records');
        },
        blocking(_present, _wanted, event) {
          (event.target as IDBDatabase).close();
          leave();
        },
        terminated: leave,
      });
      return new ProfileDatabase(db, gone);
    } catch (cause) {
      throw new ChatError(
        { reason: isNamed(cause, 'VersionError') ? 'page-outdated' : 'browser-storage' },
        { cause },
      );
    }
  }

  /** The owner's token. */
  async owner(): Promise<string | undefined> {
    const token = await this.#db.get('meta', 'owner');
    return typeof token === 'string' ? token : undefined;
  }

  /** Sets the owner. Every later write of another owner rejects with {@link Fenced}. */
  async setOwner(token: string): Promise<void> {
    const transaction = this.#db.transaction('meta', 'readwrite', DURABLE);
    await Promise.all([transaction.store.put(token, 'owner'), transaction.done]);
  }

  async seal(): Promise<DeviceSeal | undefined> {
    const seal = await this.#db.get('meta', 'seal');
    return typeof seal === 'object' ? seal : undefined;
  }

  /** Durable when it resolves. @throws Fenced */
  keepSeal(token: string, seal: DeviceSeal): Promise<void> {
    return this.#write(token, [], seal);
  }

  /**
   * The records as a store of this owner. Closing the store leaves the database open.
   * @param fenced called when a write was refused because the profile has another owner.
   */
  records(token: string, fenced: () => void = () => undefined): Store {
    return new IndexedDbStore(this.#db, async (changes) => {
      try {
        await this.#write(token, changes);
      } catch (error) {
        if (error instanceof Fenced) fenced();
        throw error;
      }
    });
  }

  close(): void {
    this.#db.close();
  }

  async #write(token: string, changes: readonly StoreChange[], seal?: DeviceSeal): Promise<void> {
    const transaction = this.#db.transaction(['meta', 'records'], 'readwrite', DURABLE);
    const done = transaction.done.catch((cause: unknown) => {
      throw isNamed(cause, 'QuotaExceededError')
        ? new ChatError({ reason: 'browser-storage-full' }, { cause })
        : cause;
    });
    // It rejects after the error that made it fail, which is reported first.
    done.catch(() => undefined);
    const meta = transaction.objectStore('meta');
    // IndexedDB serialises the writes of all tabs to the same stores: the owner can't change in between.
    if ((await meta.get('owner')) !== token) {
      transaction.abort();
      throw new Fenced();
    }
    // It rejects with its transaction.
    if (seal !== undefined) meta.put(seal, 'seal').catch(() => undefined);
    // Without a promise for each of some hundred requests: those fail with the transaction, too.
    const records = unwrap(transaction.objectStore('records'));
    for (const { key, value } of changes)
      if (value === undefined) records.delete(asKey(key));
      else records.put(value, asKey(key));
    await done;
  }
}

class IndexedDbStore implements Store {
  readonly #db: IDBPDatabase<Schema>;
  readonly #write: (changes: readonly StoreChange[]) => Promise<void>;
  readonly #writing = new Set<Promise<void>>();
  #closed = false;

  constructor(db: IDBPDatabase<Schema>, write: (changes: readonly StoreChange[]) => Promise<void>) {
    this.#db = db;
    this.#write = write;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#open();
    checkKey(key);
    return this.#db.get('records', asKey(key));
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    this.#open();
    for (const { key } of changes) checkKey(key);
    const copied = changes.map(({ key, value }) => ({ key: key.slice(), value: value?.slice() }));
    const writing = this.#write(copied);
    this.#writing.add(writing);
    try {
      await writing;
    } finally {
      this.#writing.delete(writing);
    }
  }

  async list(prefix: Uint8Array, options: ListOptions = {}): Promise<readonly StoredRecord[]> {
    this.#open();
    const { after, limit, reverse = false } = options;
    const range = reverse ? rangeBehind(prefix, after) : rangeAhead(prefix, after);
    if (range === 'empty' || limit === 0) return [];
    const { store } = this.#db.transaction('records');
    if (!reverse) {
      const [keys, values] = await Promise.all([store.getAllKeys(range, limit), store.getAll(range, limit)]);
      return keys.map((key, at) => ({ key: new Uint8Array(key), value: values[at] ?? new Uint8Array() }));
    }
    const found: StoredRecord[] = [];
    let cursor = await store.openCursor(range, 'prev');
    while (cursor !== null && found.length < (limit ?? Number.POSITIVE_INFINITY)) {
      found.push({ key: new Uint8Array(cursor.key), value: cursor.value });
      cursor = await cursor.continue();
    }
    return found;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#writing);
  }

  #open(): void {
    if (this.#closed) throw new StoreClosed();
  }
}

type Range = IDBKeyRange | null | 'empty';

/** From `prefix`, or after `after`, to the end of the prefix. */
function rangeAhead(prefix: Uint8Array, after: Uint8Array | undefined): Range {
  const skips = after !== undefined && compareKeys(after, prefix) >= 0;
  return between(skips ? after : prefix, skips, endOfPrefix(prefix));
}

/** From `prefix` to its end, or to the last key before `after`. */
function rangeBehind(prefix: Uint8Array, after: Uint8Array | undefined): Range {
  const end = endOfPrefix(prefix);
  const skips = after !== undefined && (end === undefined || compareKeys(after, end) < 0);
  return between(prefix, false, skips ? after : end);
}

function between(start: Uint8Array, startOpen: boolean, end: Uint8Array | undefined): Range {
  // The platform throws for an empty range.
  if (end !== undefined && compareKeys(start, end) >= 0) return 'empty';
  if (end !== undefined) return IDBKeyRange.bound(asKey(start), asKey(end), startOpen, true);
  return start.length === 0 ? null : IDBKeyRange.lowerBound(asKey(start), startOpen);
}

function asKey(key: Uint8Array): ArrayBuffer {
  return key.slice().buffer as ArrayBuffer;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
