import { noPassphrase, unlock } from '@gochat/client/internal/profile/key-file';
import { platform } from '@gochat/client/internal/profile/platform';
import { openEnvironment } from '@gochat/client/internal/store/environment';
import { LmdbStore } from '@gochat/client/internal/store/lmdb';
import { openRecord, openVault } from '@gochat/crypto/vault';

/** @param dir the folder of a profile that is closed, and has no passphrase. @returns all its records, decrypted */
export async function recordsOf(dir: string): Promise<Buffer> {
  const environment = openEnvironment(dir);
  const store = new LmdbStore(environment);
  const vault = openVault(await unlock(dir, store, undefined, platform, noPassphrase(platform)));
  const rows = await store.list(new Uint8Array());
  const opened = rows.map(({ key, value }) => openRecord(vault, key, value));
  await store.close();
  await environment.close();
  return Buffer.concat(opened);
}
