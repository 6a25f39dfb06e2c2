import { constants, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeKeyFile, encodeKeyFile, isLocked, recogniser } from '@gochat/crypto/key-file';
import type { Env } from '@gochat/crypto/primitives';
import { ChatError } from '../api/chat-error.ts';
import type { Store } from '../store/store.ts';
import { KnownPassphrase } from './known-passphrase.ts';

const NAME = 'key';

/**
 * Called only when the profile is locked; undefined cancels.
 * @param about `isOpen`: another process has the profile open. Then a passphrase is checked, and none is needed.
 */
export type AskPassphrase = (about: { readonly isOpen: boolean }) => Promise<string | undefined>;

/**
 * Reads the vault's key from the profile's key file. A new profile's is created (0600, without a passphrase).
 * @param store the profile's records: a new key could not read those of an older one.
 * @param known takes the passphrase
 * @throws ChatError `locked`; `usage` when the file of an older profile is missing; VaultError `damaged`
 */
export async function unlock(
  dir: string,
  store: Pick<Store, 'list'>,
  ask: AskPassphrase | undefined,
  env: Pick<Env, 'random'>,
  known: KnownPassphrase,
): Promise<Uint8Array> {
  const file = await read(dir);
  if (file === undefined) {
    const [oldest] = await store.list(new Uint8Array(), { limit: 1 });
    if (oldest !== undefined) throw new ChatError({ reason: 'profile-key-missing' });
    const key = env.random(32);
    await write(dir, await encodeKeyFile(key, undefined, env));
    return key;
  }
  if (!isLocked(file)) return decodeKeyFile(file, undefined);
  const passphrase = await ask?.({ isOpen: false });
  if (passphrase === undefined) throw new ChatError({ reason: 'passphrase-missing' });
  known.set(passphrase);
  return decodeKeyFile(file, passphrase);
}

/** @returns one that knows no passphrase yet */
export function noPassphrase(env: Pick<Env, 'random'>): KnownPassphrase {
  return new KnownPassphrase((passphrase) => recogniser(passphrase, env));
}

/** Writes the key file, locked with the passphrase if there is one; durable when it resolves. @param known takes the passphrase */
export async function relock(
  dir: string,
  key: Uint8Array,
  passphrase: string | undefined,
  env: Pick<Env, 'random'>,
  known: KnownPassphrase,
): Promise<void> {
  await write(dir, await encodeKeyFile(key, passphrase, env));
  known.set(passphrase);
}

async function read(dir: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(join(dir, NAME), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Atomically: without this file everything in the profile is lost. */
async function write(dir: string, content: Uint8Array): Promise<void> {
  const fresh = join(dir, `${NAME}.new`);
  // What a process that died has left. A file that exists is never written to: it could be a link, or open to others.
  await rm(fresh, { force: true });
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, join(dir, NAME));
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
