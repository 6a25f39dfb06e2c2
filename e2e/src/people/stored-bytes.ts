import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** The contents of all files below a folder; of none if it isn't there. One that is deleted meanwhile is left out. */
export async function filesBelow(folder: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const read = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name)).catch(unlessGone)),
  );
  return read.flatMap((bytes) => bytes ?? []);
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
