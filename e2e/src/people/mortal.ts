import { Account } from '@gochat/client/internal/account/account';
import type { DevicesEnv } from '@gochat/client/internal/devices/devices-parts';
import { Forgetting } from '@gochat/client/internal/profile/forget';
import { MemoryStore } from '@gochat/client/internal/store/memory';
import { Records } from '@gochat/client/internal/store/records';
import type { Store } from '@gochat/client/internal/store/store';
import { openVault } from '@gochat/crypto/vault';
import { brisk } from './brisk.ts';
import { Crashed, CrashingStore } from './crashing-store.ts';
import { Network } from './network.ts';
import { noFiles } from './no-files.ts';

/** The write at which a process dies, counted from 1, and whether it reaches the disk. */
export type Death = readonly [at: number, when: 'before' | 'after'];

/** A profile on a disk that survives its processes. */
export class Mortal {
  readonly network = new Network();
  readonly #disk: Store;
  #vault = openVault(brisk.random(32));
  readonly #env: DevicesEnv;
  readonly #deaths: Death[];
  #store: CrashingStore;
  #chat: Account | undefined;
  #died = false;

  /** @param deaths of the first processes. @param now its clock */
  constructor(deaths: readonly Death[] = [], now: () => number = Date.now, disk: Store = new MemoryStore()) {
    this.#disk = disk;
    this.#env = { ...brisk, now };
    this.#deaths = [...deaths];
    this.#store = this.#nextStore();
  }

  /** The present process dies so many writes from now. */
  diesAfter(writes: number, when: Death[1]): void {
    this.#store.diesAfter(writes, when);
  }

  get writes(): number {
    return this.#store.writes;
  }

  get died(): boolean {
    return this.#died;
  }

  /** As {@link does}, also if the process dies by something that it does unasked, of which the work sees nothing. */
  lives<T>(work: (chat: Account) => Promise<T>): Promise<T> {
    return this.does((chat) => Promise.race([work(chat), this.#store.death]));
  }

  /** Does something, again in the next process if this one dies before it is done. */
  async does<T>(work: (chat: Account) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        this.#chat ??= await Account.open({
          records: new Records(this.#store, this.#vault, this.#env),
          env: this.#env,
          connect: (address) => this.network.connect(address),
          emit: () => undefined,
          relock: async () => undefined,
          forgetting: new Forgetting(this.#store, this.#env, async (key) => {
            this.#vault = openVault(key);
          }),
          files: noFiles.files,
          watchWakes: () => () => undefined,
        });
        const result = await work(this.#chat);
        if (!this.#store.crashed) return result;
      } catch (error) {
        if (!this.#store.crashed) throw error;
      }
      await this.#restart();
    }
  }

  /** The process dies now. */
  async dies(): Promise<void> {
    await this.#store.close();
    await this.#restart();
  }

  async #restart(): Promise<void> {
    this.#died = true;
    // What was only in the memory of the dead process is lost.
    await this.#chat?.close().catch((error: unknown) => {
      if (!(error instanceof Crashed)) throw error;
    });
    this.#chat = undefined;
    this.#store = this.#nextStore();
  }

  #nextStore(): CrashingStore {
    const [at, when] = this.#deaths.shift() ?? [0, 'before'];
    return new CrashingStore(this.#disk, at, when);
  }

  async close(): Promise<void> {
    await this.#chat?.close();
  }
}
