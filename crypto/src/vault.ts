import { argon2id } from 'hash-wasm';
import {
  concatBytes,
  decrypt,
  derive,
  type Env,
  encrypt,
  equalBytes,
  hmac,
  NONCE_BYTES,
  sha256,
  TAG_BYTES,
  transcript,
  utf8,
} from './primitives.ts';

/** Seals a profile's records: what is stored says neither what a record holds nor which room it is of. */
export interface Vault {
  readonly records: Uint8Array;
  readonly names: Uint8Array;
}

/** A passphrase doesn't open this profile, or its key file is damaged. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly code: 'passphrase-needed' | 'wrong-passphrase' | 'damaged';
  constructor(code: VaultError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export function openVault(key: Uint8Array): Vault {
  return { records: derive(key, 'gochat/vault/records/1'), names: derive(key, 'gochat/vault/names/1') };
}

/** The key under which a record is stored: 16 bytes that tell nothing of its name, then `suffix` as it is, for order. */
export function recordKey(vault: Vault, name: string, suffix: Uint8Array = new Uint8Array()): Uint8Array {
  return concatBytes(hmac(sha256, vault.names, utf8(name)).slice(0, 16), suffix);
}

/** Seals a record to its place: moved elsewhere it doesn't open. */
export function sealRecord(
  vault: Vault,
  key: Uint8Array,
  value: Uint8Array,
  env: Pick<Env, 'random'>,
): Uint8Array {
  return encrypt(vault.records, transcript('gochat/record/1', key), value, env);
}

/** @throws VaultError `damaged` */
export function openRecord(vault: Vault, key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const value = decrypt(vault.records, transcript('gochat/record/1', key), sealed);
  if (value === undefined)
    throw new VaultError('damaged', 'a record of this profile is damaged or of another profile');
  return value;
}

const KDF = { memoryKiB: 64 * 1024, iterations: 3, parallelism: 1 } as const;
const SALT_BYTES = 16;
const PLAIN = 'gochat-key-1\n';
const LOCKED = 'gochat-locked-key-1\n';
const LOCKED_BYTES = LOCKED.length + SALT_BYTES + NONCE_BYTES + 32 + TAG_BYTES;

async function stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
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

/** The content of a key file: the vault's 32-byte key, as it is, or sealed under a passphrase (Argon2id, RFC 9106; 64 MiB, 3 passes). */
export async function encodeKeyFile(
  key: Uint8Array,
  passphrase: string | undefined,
  env: Pick<Env, 'random'>,
): Promise<Uint8Array> {
  if (passphrase === undefined) return concatBytes(utf8(PLAIN), key);
  const salt = env.random(SALT_BYTES);
  const sealed = encrypt(await stretch(passphrase, salt), transcript('gochat/key-file/1', salt), key, env);
  return concatBytes(utf8(LOCKED), salt, sealed);
}

/** Whether a key file needs a passphrase. @throws VaultError `damaged` */
export function isLocked(file: Uint8Array): boolean {
  if (startsWith(file, LOCKED) && file.length === LOCKED_BYTES) return true;
  if (startsWith(file, PLAIN) && file.length === PLAIN.length + 32) return false;
  throw new VaultError('damaged', 'the key file of this profile is damaged');
}

/** @throws VaultError */
export async function decodeKeyFile(file: Uint8Array, passphrase: string | undefined): Promise<Uint8Array> {
  if (!isLocked(file)) return file.slice(PLAIN.length);
  if (passphrase === undefined)
    throw new VaultError('passphrase-needed', 'this profile is locked with a passphrase');
  const salt = file.slice(LOCKED.length, LOCKED.length + SALT_BYTES);
  const key = decrypt(
    await stretch(passphrase, salt),
    transcript('gochat/key-file/1', salt),
    file.slice(LOCKED.length + SALT_BYTES),
  );
  if (key === undefined) throw new VaultError('wrong-passphrase', 'the passphrase is wrong');
  return key;
}

function startsWith(file: Uint8Array, magic: string): boolean {
  return file.length >= magic.length && equalBytes(file.slice(0, magic.length), utf8(magic));
}
