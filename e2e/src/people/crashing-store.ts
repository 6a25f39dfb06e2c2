import type { ListOptions, Store, StoreChange, StoredRecord } from '@gochat/client/internal/store/store';

/** The process that held the store is gone. */
export class Crashed extends Error {
  override readonly name = 'Crashed';
}

/**
 * A store whose process dies at one of its writes: before it reaches the disk, or after it but before the result. From then on nothing is
 * written or read any more; what is on the disk is for the next process.
 */
export class CrashingStore implements Store {
  readonly #disk: Store;
  #at: number;
  #when: 'before' | 'after';
  #writes = 0;
  #crashed = false;
  #dies!: (error: Crashed) => void;
  /** Rejects when the process dies. */
  readonly death = new Promise<never>((_, reject) => {
    this.#dies = reject;
  });

  /** @param at the write that it dies at, counted from 1; 0 for never. */
  constructor(disk: Store, at: number, when: 'before' | 'after') {
    this.#disk = disk;
    this.#at = at;
    this.#when = when;
    this.death.catch(() => undefined);
  }

  /** Dies so many writes from now. */
  diesAfter(writes: number, when: 'before' | 'after'): void {
    this.#at = this.#writes + writes;
    this.#when = when;
  }

  get writes(): number {
    return this.#writes;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#alive();
    return this.#disk.get(key);
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    this.#alive();
    this.#writes += 1;
    const dies = this.#writes === this.#at;
    if (dies) this.#crashed = true;
    if (!dies || this.#when === 'after') await this.#disk.write(changes);
    if (!dies) return;
    const error = new Crashed();
    this.#dies(error);
    throw error;
  }

  list(prefix: Uint8Array, options?: ListOptions): Promise<readonly StoredRecord[]> {
    this.#alive();
    return this.#disk.list(prefix, options);
  }

  async close(): Promise<void> {
    this.#crashed = true;
  }

  #alive(): void {
    if (this.#crashed) throw new Crashed();
  }
}
