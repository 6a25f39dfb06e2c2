import { concatBytes, decrypt, derive, type Env, encrypt, hmac, transcript, utf8 } from './primitives.ts';
import { RecentMap } from './recent-map.ts';
import { VaultError } from './vault-error.ts';

/** Encrypts a profile's records. The stored bytes reveal neither a record's content nor its room. */
export interface Vault {
  readonly records: Uint8Array;
  readonly names: Uint8Array;
}

export function openVault(key: Uint8Array): Vault {
  return { records: derive(key, 'gochat/vault/records/1'), names: derive(key, 'gochat/vault/names/1') };
}

/** How many names of a vault have their MACs kept: a room's messages all have the same. */
const NAMES = 256;
const macs = new WeakMap<Vault, RecentMap<Uint8Array>>();

function macOf(vault: Vault, name: string): Uint8Array {
  const known = macs.get(vault) ?? new RecentMap<Uint8Array>(NAMES);
  macs.set(vault, known);
  return known.get(name, () => hmac(vault.names, utf8(name)).slice(0, 16));
}

/** @returns the key under which a record is stored: a 16-byte MAC of its name, then `suffix` unchanged, which keeps the order. */
export function recordKey(vault: Vault, name: string, suffix: Uint8Array = new Uint8Array()): Uint8Array {
  return concatBytes(macOf(vault, name), suffix);
}

/** Encrypts a record, bound to its key: stored under another key, it can't be decrypted. */
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
