import type { CacheId, FileCache } from './file-cache.ts';

/** After the cache was too large, this much of its bound stays, so that not every chunk drops a file. */
const KEPT = 0.9;

/** Drops the oldest files of a cache that has become too large. */
export class CacheBound {
  readonly #cache: FileCache;
  readonly #kept: () => Promise<ReadonlySet<CacheId>>;
  /** Undefined: unknown, since another process may have put something. */
  #bytes: number | undefined;
  #running: Promise<void> | undefined;

  /** @param kept what is never dropped: files that wait to be sent */
  constructor(cache: FileCache, kept: () => Promise<ReadonlySet<CacheId>>) {
    this.#cache = cache;
    this.#kept = kept;
  }

  /** @param bytes were put for a file, which is not dropped now; undefined: the cache has to be listed */
  async grown(bytes: number | undefined, file?: CacheId): Promise<void> {
    if (bytes === undefined) this.#bytes = undefined;
    else if (this.#bytes !== undefined) this.#bytes += bytes;
    if (this.#bytes !== undefined && this.#bytes <= this.#cache.mostBytes) return;
    this.#running ??= this.#shrink(file).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #shrink(file: CacheId | undefined): Promise<void> {
    const files = [...(await this.#cache.list())].sort((a, b) => a.at - b.at);
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total > this.#cache.mostBytes) {
      const kept = await this.#kept();
      for (const { id, bytes } of files) {
        if (total <= this.#cache.mostBytes * KEPT) break;
        if (id === file || kept.has(id)) continue;
        await this.#cache.drop(id);
        total -= bytes;
      }
    }
    this.#bytes = total;
  }
}
