import { createIdentity, encodeIdentity } from '@gochat/crypto/identity';
import type { Env } from '@gochat/crypto/primitives';
import { openVault } from '@gochat/crypto/vault';
import { PREFERENCES } from '../account/settings.ts';
import { Records, toJson } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** How many records are dropped at once. */
const BATCH = 256;

/** What a profile is after another device of its person has removed it: another one's, with nothing in it. */
export class Forgetting {
  readonly #store: Store;
  readonly #env: Env;
  readonly #renew: (key: Uint8Array) => Promise<void>;

  /** @param renew replaces the vault's key, wherever it is kept; durable when it resolves */
  constructor(store: Store, env: Env, renew: (key: Uint8Array) => Promise<void>) {
    this.#store = store;
    this.#env = env;
    this.#renew = renew;
  }

  /**
   * Deletes all that the profile has, its keys first. When it ends half-way, either nothing has happened, or {@link sweep} does the
   * rest. The profile must not be used any more until it is opened again.
   */
  async all(): Promise<void> {
    const key = this.#env.random(32);
    const records = new Records(this.#store, openVault(key), this.#env);
    await records.write([
      { place: { of: 'identity' }, value: encodeIdentity(createIdentity(this.#env)) },
      { place: { of: 'settings' }, value: toJson({ ...PREFERENCES, removed: this.#env.now() }) },
    ]);
    await this.#renew(key);
    await this.sweep(records);
  }

  /** Drops what no key opens any more. @param records of a profile that is as {@link all} leaves it */
  async sweep(records: Records): Promise<void> {
    const kept = new Set((['identity', 'settings'] as const).map((of) => records.keyOf({ of }).join()));
    for (let after: Uint8Array | undefined; ; ) {
      const rows = await this.#store.list(new Uint8Array(), { limit: BATCH, ...(after && { after }) });
      after = rows.at(-1)?.key;
      if (after === undefined) return;
      const gone = rows.filter(({ key }) => !kept.has(key.join()));
      await this.#store.write(gone.map(({ key }) => ({ key, value: undefined })));
    }
  }
}
