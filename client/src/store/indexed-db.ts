import type { DeviceSeal } from '@gochat/crypto/device-seal';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { ChatError } from '../api/chat-error.ts';
import { Fenced } from '../profile/roles.ts';
import { checkKey, compareKeys, endOfPrefix } from './key.ts';
import { type ListOptions, type Store, type StoreChange, StoreClosed, type StoredRecord } from './store.ts';

interface Schema extends DBSchema {
  /** The owner and the profile's sealed key: what stands around the records. */
  meta: { key: 'owner' | 'seal'; value: string | DeviceSeal };
  records: { key: ArrayBuffer; value: Uint8Array };
}

const VERSION = 1;
const DURABLE = { durability: 'strict' } as const;

/** A profile's database, as every tab of this browser can open it. */
export class ProfileDatabase {
  /** Resolves when the browser took it away: its data were cleared, or a newer version of the page wants to change it. */
  readonly gone: Promise<void>;
  readonly #db: IDBPDatabase<Schema>;

  private constructor(db: IDBPDatabase<Schema>, gone: Promise<void>) {
    this.#db = db;
    this.gone = gone;
  }

  /** Opens it, or makes it. @throws ChatError `internal` when the browser keeps nothing, or has it from a newer version */
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

  /** The token of who holds the profile. */
  async owner(): Promise<string | undefined> {
    const token = await this.#db.get('meta', 'owner');
    return typeof token === 'string' ? token : undefined;
  }

  /** From here on every write of another owner rejects with {@link Fenced}. */
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
   * The records, as this owner reads and writes them. Closing the store leaves the database open.
   * @param fenced is told of a write that was refused since the profile has another owner.
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
    // It rejects behind what made it fail, which is told first.
    done.catch(() => undefined);
    const meta = transaction.objectStore('meta');
    // Writes of all tabs to the same stores come one after the other: nobody takes over in between.
    if ((await meta.get('owner')) !== token) {
      transaction.abort();
      throw new Fenced();
    }
    const records = transaction.objectStore('records');
    const began: Promise<unknown>[] = seal === undefined ? [] : [meta.put(seal, 'seal')];
    for (const { key, value } of changes)
      began.push(value === undefined ? records.delete(asKey(key)) : records.put(value, asKey(key)));
    // Each of them fails with its transaction.
    for (const request of began) request.catch(() => undefined);
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

/** From `prefix`, or from behind `after`, to the end of the prefix. */
function rangeAhead(prefix: Uint8Array, after: Uint8Array | undefined): Range {
  const skips = after !== undefined && compareKeys(after, prefix) >= 0;
  return between(skips ? after : prefix, skips, endOfPrefix(prefix));
}

/** From `prefix` to its end, or to what stands before `after`. */
function rangeBehind(prefix: Uint8Array, after: Uint8Array | undefined): Range {
  const end = endOfPrefix(prefix);
  const skips = after !== undefined && (end === undefined || compareKeys(after, end) < 0);
  return between(prefix, false, skips ? after : end);
}

function between(start: Uint8Array, startOpen: boolean, end: Uint8Array | undefined): Range {
  // A range that can't hold anything is an error to the platform.
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
