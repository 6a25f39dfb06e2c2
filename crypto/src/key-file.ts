import { argon2id } from 'hash-wasm';
import {
  concatBytes,
  decrypt,
  type Env,
  encrypt,
  equalBytes,
  hmac,
  NONCE_BYTES,
  TAG_BYTES,
  transcript,
  utf8,
} from './primitives.ts';
import { VaultError } from './vault-error.ts';

const KDF = { memoryKiB: 64 * 1024, iterations: 3, parallelism: 1 } as const;
const SALT_BYTES = 16;
const PLAIN = 'gochat-key-1\n';
const LOCKED = 'gochat-locked-key-1\n';
const LOCKED_BYTES = LOCKED.length + SALT_BYTES + NONCE_BYTES + 32 + TAG_BYTES;

async function deriveKey(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  return argon2id({
    password: utf8(passphrase.normalize('NFKC')),
    salt,
    memorySize: KDF.memoryKiB,
    iterations: KDF.iterations,
    parallelism: KDF.parallelism,
    hashLength: 32,
    outputType: 'binary',
  });
}

/** @returns a key file with the vault's 32-byte key: unencrypted, or encrypted with a passphrase (Argon2id, RFC 9106; 64 MiB, 3 passes). */
export async function encodeKeyFile(
  key: Uint8Array,
  passphrase: string | undefined,
  env: Pick<Env, 'random'>,
): Promise<Uint8Array> {
  if (passphrase === undefined) return concatBytes(utf8(PLAIN), key);
  const salt = env.random(SALT_BYTES);
  const sealed = encrypt(await deriveKey(passphrase, salt), transcript('gochat/key-file/1', salt), key, env);
  return concatBytes(utf8(LOCKED), salt, sealed);
}

/** Whether a key file needs a passphrase. @throws VaultError `damaged` */
export function isLocked(file: Uint8Array): boolean {
  if (startsWith(file, LOCKED) && file.length === LOCKED_BYTES) return true;
  if (startsWith(file, PLAIN) && file.length === PLAIN.length + 32) return false;
  throw new VaultError('damaged', 'key');
}

/** @returns the vault's 32-byte key. @throws VaultError */
export async function decodeKeyFile(file: Uint8Array, passphrase: string | undefined): Promise<Uint8Array> {
  if (!isLocked(file)) return file.slice(PLAIN.length);
  if (passphrase === undefined) throw new VaultError('passphrase-needed', 'key');
  // An empty passphrase locks no file, and Argon2 takes none.
  if (passphrase === '') throw new VaultError('wrong-passphrase', 'key');
  const salt = file.slice(LOCKED.length, LOCKED.length + SALT_BYTES);
  const key = decrypt(
    await deriveKey(passphrase, salt),
    transcript('gochat/key-file/1', salt),
    file.slice(LOCKED.length + SALT_BYTES),
  );
  if (key === undefined) throw new VaultError('wrong-passphrase', 'key');
  return key;
}

/**
 * @returns whether a passphrase is the given one. It keeps a salted hash, and takes equally long for every passphrase of one length.
 */
export function recogniser(passphrase: string, env: Pick<Env, 'random'>): (given: string) => boolean {
  const salt = env.random(SALT_BYTES);
  const digest = (text: string) => hmac(salt, utf8(text.normalize('NFKC')));
  const known = digest(passphrase);
  return (given) => equalBytes(digest(given), known);
}

function startsWith(file: Uint8Array, magic: string): boolean {
  return file.length >= magic.length && equalBytes(file.slice(0, magic.length), utf8(magic));
}
