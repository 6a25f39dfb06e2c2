import { ChatError } from '../api/chat-error.ts';
import { type DBSchema, type IDBPDatabase, openDB } from '../store/idb.ts';
import type { CachedFile, CacheId, FileCache } from './file-cache.ts';

interface Schema extends DBSchema {
  chunks: { key: [string, number]; value: Uint8Array<ArrayBuffer> };
  files: { key: string; value: { readonly bytes: number; readonly at: number } };
}

const MOST_BYTES = 200_000_000;

/** A cache in a database of its own, so that large values never delay the profile's records. */
export class IndexedDbCache implements FileCache {
  readonly mostBytes = MOST_BYTES;
  readonly #name: string;
  #db: Promise<IDBPDatabase<Schema>> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async put(id: CacheId, chunk: number, sealed: Uint8Array, isDurable: boolean): Promise<void> {
    const value = sealed.slice();
    const db = await this.#open();
    const transaction = db.transaction(['chunks', 'files'], 'readwrite', {
      durability: isDurable ? 'strict' : 'relaxed',
    });
    const done = transaction.done.catch((cause: unknown) => {
      throw isNamed(cause, 'QuotaExceededError') ? new ChatError({ reason: 'file-space' }, { cause }) : cause;
    });
    // It rejects after the error that made it fail.
    done.catch(() => undefined);
    const [chunks, files] = [transaction.objectStore('chunks'), transaction.objectStore('files')];
    const [old, file] = await Promise.all([chunks.get([id, chunk]), files.get(id)]);
    const bytes = (file?.bytes ?? 0) - (old?.length ?? 0) + value.length;
    // They reject with their transaction.
    chunks.put(value, [id, chunk]).catch(() => undefined);
    files.put({ bytes, at: Date.now() }, id).catch(() => undefined);
    await done;
  }

  async settle(): Promise<void> {}

  async get(id: CacheId, chunk: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await this.#open()).get('chunks', [id, chunk]);
  }

  async have(id: CacheId): Promise<readonly number[]> {
    const keys = await (await this.#open()).getAllKeys('chunks', chunksOf(id));
    return keys.map(([, chunk]) => chunk);
  }

  async drop(id: CacheId): Promise<void> {
    const transaction = (await this.#open()).transaction(['chunks', 'files'], 'readwrite');
    await Promise.all([
      transaction.objectStore('chunks').delete(chunksOf(id)),
      transaction.objectStore('files').delete(id),
      transaction.done,
    ]);
  }

  async list(): Promise<readonly CachedFile[]> {
    const { store } = (await this.#open()).transaction('files');
    const [ids, files] = await Promise.all([store.getAllKeys(), store.getAll()]);
    return ids.map((id, i) => ({ id: id as CacheId, bytes: files[i]?.bytes ?? 0, at: files[i]?.at ?? 0 }));
  }

  async close(): Promise<void> {
    const opened = this.#db;
    this.#db = undefined;
    (await opened?.catch(() => undefined))?.close();
  }

  /** @throws ChatError `internal` when the browser stores nothing */
  async #open(): Promise<IDBPDatabase<Schema>> {
    const forget = () => {
      this.#db = undefined;
    };
    this.#db ??= openDB<Schema>(this.#name, 1, {
      upgrade(fresh) {
        fresh.createObjectStore('chunks');
        fresh.createObjectStore('files');
      },
      blocking(_present, _wanted, event) {
        (event.target as IDBDatabase).close();
        forget();
      },
      terminated: forget,
    }).catch((cause: unknown) => {
      forget();
      throw new ChatError({ reason: 'browser-storage' }, { cause });
    });
    return this.#db;
  }
}

function chunksOf(id: CacheId): IDBKeyRange {
  return IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
