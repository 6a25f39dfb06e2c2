import { encodeBytes } from '@gochat/protocol/encoding';
import { concatBytes } from './primitives.ts';
import { RecentMap } from './recent-map.ts';

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const ED25519 = 'Ed25519';
/** What precedes a 32-byte private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]);
/** In a large room few people talk at a time. */
const SPEAKERS = 256;

const verifying = new RecentMap<Promise<Key>>(SPEAKERS);
const signing = new WeakMap<Uint8Array, Promise<Key>>();

/** Ed25519 (RFC 8032) by WebCrypto, with keys that are imported once: importing one costs more than using it. */
export const signatureKeys = {
  /** @param privateKey 32 bytes, or PKCS #8; its content must not change */
  async sign(privateKey: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
    const key = signing.get(privateKey) ?? importPrivate(privateKey);
    signing.set(privateKey, key);
    return new Uint8Array(await crypto.subtle.sign(ED25519, await key, Uint8Array.from(message)));
  },

  async verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const key = verifying.get(encodeBytes(publicKey), () => importPublic(publicKey));
    return crypto.subtle.verify(ED25519, await key, Uint8Array.from(signature), Uint8Array.from(message));
  },
};

function importPrivate(key: Uint8Array): Promise<Key> {
  const encoded = key.length === 32 ? concatBytes(PKCS8, key) : Uint8Array.from(key);
  return crypto.subtle.importKey('pkcs8', Uint8Array.from(encoded), ED25519, false, ['sign']);
}

function importPublic(key: Uint8Array): Promise<Key> {
  return crypto.subtle.importKey('raw', Uint8Array.from(key), ED25519, false, ['verify']);
}
