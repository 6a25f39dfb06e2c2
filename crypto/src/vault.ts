import {
  concatBytes,
  decrypt,
  derive,
  type Env,
  encrypt,
  hmac,
  sha256,
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
  readonly part: 'key' | 'record';
  /** @param part what is locked or damaged. */
  constructor(code: VaultError['code'], part: VaultError['part']) {
    super(`${code} ${part}`);
    this.code = code;
    this.part = part;
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
  if (value === undefined) throw new VaultError('damaged', 'record');
  return value;
}
