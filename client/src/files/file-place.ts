import type { FileCache } from './file-cache.ts';
import type { Transfer } from './transfer.ts';

/** Where the process that owns a profile has the profile's files, and how it exchanges them with servers. Both are loaded when they are needed. */
export class FilePlace {
  readonly #loadCache: () => Promise<FileCache>;
  readonly #loadTransfer: () => Promise<Transfer>;
  #cache: Promise<FileCache> | undefined;
  #transfer: Promise<Transfer> | undefined;

  constructor(loadCache: () => Promise<FileCache>, loadTransfer: () => Promise<Transfer>) {
    this.#loadCache = loadCache;
    this.#loadTransfer = loadTransfer;
  }

  cache(): Promise<FileCache> {
    this.#cache ??= this.#loadCache();
    return this.#cache;
  }

  transfer(): Promise<Transfer> {
    this.#transfer ??= this.#loadTransfer();
    return this.#transfer;
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    (await this.#transfer?.catch(() => undefined))?.close();
    await (await this.#cache?.catch(() => undefined))?.close();
  }
}
