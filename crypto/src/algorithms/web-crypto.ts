import { encodeBytes } from '@gochat/protocol/encoding';
import { RecentMap } from '../recent-map.ts';
import type { Algorithms } from './algorithms.ts';
import { algorithms as noble } from './noble.ts';
import { pkcs8 } from './pkcs8.ts';

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const ED25519 = 'Ed25519';
/** In a large room few people talk at a time. */
const SPEAKERS = 256;

const verifying = new RecentMap<Promise<Key>>(SPEAKERS);
const signing = new WeakMap<Uint8Array, Promise<Key>>();

/** Ed25519 (RFC 8032) by WebCrypto, with keys that are imported once: importing one costs more than using it. */
const messages: Algorithms['messages'] = {
  async sign(privateKey: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
    const key = signing.get(privateKey) ?? importPrivate(privateKey);
    signing.set(privateKey, key);
    return new Uint8Array(await crypto.subtle.sign(ED25519, await key, message.slice()));
  },

  async verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const key = verifying.get(encodeBytes(publicKey), () => importPublic(publicKey));
    return crypto.subtle.verify(ED25519, await key, signature.slice(), message.slice());
  },
};

function importPrivate(key: Uint8Array): Promise<Key> {
  return crypto.subtle.importKey('pkcs8', pkcs8(key), ED25519, false, ['sign']);
}

function importPublic(key: Uint8Array): Promise<Key> {
  return crypto.subtle.importKey('raw', Uint8Array.from(key), ED25519, false, ['verify']);
}

export const algorithms: Algorithms = { ...noble, messages };
