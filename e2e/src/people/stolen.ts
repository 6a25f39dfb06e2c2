import { Account } from '@gochat/client/internal/account/account';
import type { Ticket } from '@gochat/client/internal/devices/ticket';
import { linkOf } from '@gochat/client/internal/devices/ticket';
import { Forgetting } from '@gochat/client/internal/profile/forget';
import { noPassphrase, unlock } from '@gochat/client/internal/profile/key-file';
import { platform } from '@gochat/client/internal/profile/platform';
import { openEnvironment } from '@gochat/client/internal/store/environment';
import { LmdbStore } from '@gochat/client/internal/store/lmdb';
import { MemoryStore } from '@gochat/client/internal/store/memory';
import { fromJson, Records } from '@gochat/client/internal/store/records';
import type { Kept } from '@gochat/crypto/content';
import {
  decodeIdentity,
  encodeIdentity,
  holdsIdentity,
  identityKeyOf,
  withNewDevice,
} from '@gochat/crypto/identity';
import { openVault } from '@gochat/crypto/vault';
import { Network } from './network.ts';
import { noFiles } from './no-files.ts';

/** What somebody has copied from a device: its person's identity key, and the tickets of all rooms. */
export class Stolen {
  readonly #identity: Uint8Array;
  readonly #kept: readonly Kept[];

  private constructor(identity: Uint8Array, kept: readonly Kept[]) {
    this.#identity = identity;
    this.#kept = kept;
  }

  /** @param dir the folder of a profile that is closed, and has no passphrase */
  static async from(dir: string): Promise<Stolen> {
    const environment = openEnvironment(dir);
    const store = new LmdbStore(environment);
    const key = await unlock(dir, store, undefined, platform, noPassphrase(platform));
    const records = new Records(store, openVault(key), platform);
    const [identity, kept] = [await records.get({ of: 'identity' }), await records.get({ of: 'kept' })];
    await store.close();
    await environment.close();
    if (identity === undefined || kept === undefined) throw new Error('this is no device of several');
    return new Stolen(identity, fromJson<{ readonly entries: readonly Kept[] }>(kept).entries);
  }

  /** The link by which a device of this person comes into a room. */
  link(room: string): string {
    const ticket = this.#kept.find(({ key }) => key === `ticket ${room}`)?.value as Ticket;
    return linkOf(ticket, identityKeyOf(decodeIdentity(this.#identity)));
  }

  /** A device that nobody has taken in, with the person's identity key. */
  async device(): Promise<Account> {
    const who = decodeIdentity(this.#identity);
    if (!holdsIdentity(who)) throw new Error('a limited device has no identity key');
    const [store, network] = [new MemoryStore(), new Network()];
    const records = new Records(store, openVault(platform.random(32)), platform);
    const identity = encodeIdentity(withNewDevice(who, platform));
    await records.write([{ place: { of: 'identity' }, value: identity }]);
    return Account.open({
      records,
      env: platform,
      connect: (address) => network.connect(address),
      emit: () => undefined,
      relock: async () => undefined,
      forgetting: new Forgetting(store, platform, async () => undefined),
      files: noFiles.files,
      watchWakes: () => () => undefined,
    });
  }
}
