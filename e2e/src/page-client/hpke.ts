import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';
import { ascii, base64url, concat, fromBase64url } from './encoding.ts';
import { type KeyPair, random } from './primitives.ts';

/** RFC 9180 in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM, on Node.js alone. */

const KEM = concat(ascii('KEM'), Uint8Array.of(0, 0x20));
const HPKE = concat(ascii('HPKE'), Uint8Array.of(0, 0x20, 0, 1, 0, 1));
const NOTHING = new Uint8Array();
const X25519_PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');

const hmac = (key: Uint8Array, bytes: Uint8Array) =>
  new Uint8Array(createHmac('sha256', key).update(bytes).digest());

function extract(suite: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array): Uint8Array {
  return hmac(salt, concat(ascii('HPKE-v1'), suite, ascii(label), input));
}

/** LabeledExpand of at most 32 bytes. */
function expand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const labeled = concat(Uint8Array.of(0, length), ascii('HPKE-v1'), suite, ascii(label), info);
  return hmac(prk, concat(labeled, Uint8Array.of(1))).slice(0, length);
}

const xPrivate = (key: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([X25519_PRIVATE, key]), format: 'der', type: 'pkcs8' });

function agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const jwk = { kty: 'OKP', crv: 'X25519', x: base64url(publicKey) };
  const peer = createPublicKey({ key: jwk, format: 'jwk' });
  return new Uint8Array(diffieHellman({ privateKey: xPrivate(privateKey), publicKey: peer }));
}

/** RFC 9180, DeriveKeyPair. */
export function deriveKeyPair(input: Uint8Array): KeyPair {
  const privateKey = expand(KEM, extract(KEM, NOTHING, 'dkp_prk', input), 'sk', NOTHING, 32);
  const { x } = createPublicKey(xPrivate(privateKey)).export({ format: 'jwk' });
  return { privateKey, publicKey: fromBase64url(x ?? '') };
}

function keys(agreed: Uint8Array, encapsulated: Uint8Array, recipient: Uint8Array, info: Uint8Array) {
  const context = concat(encapsulated, recipient);
  const shared = expand(KEM, extract(KEM, NOTHING, 'eae_prk', agreed), 'shared_secret', context, 32);
  const schedule = concat(
    Uint8Array.of(0),
    extract(HPKE, NOTHING, 'psk_id_hash', NOTHING),
    extract(HPKE, NOTHING, 'info_hash', info),
  );
  const secret = extract(HPKE, shared, 'secret', NOTHING);
  return {
    key: expand(HPKE, secret, 'key', schedule, 16),
    nonce: expand(HPKE, secret, 'base_nonce', schedule, 12),
  };
}

/** `HPKE(key, info, p)`, with an ephemeral key pair that is random unless it is given. */
export function hpkeSeal(
  recipient: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
  ephemeral = deriveKeyPair(random(32)),
): Uint8Array {
  const agreed = agree(ephemeral.privateKey, recipient);
  const { key, nonce } = keys(agreed, ephemeral.publicKey, recipient, info);
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  return concat(ephemeral.publicKey, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** @throws if the tag is wrong */
export function hpkeOpen(recipient: KeyPair, info: Uint8Array, sealed: Uint8Array): Uint8Array {
  const encapsulated = sealed.slice(0, 32);
  const agreed = agree(recipient.privateKey, encapsulated);
  const { key, nonce } = keys(agreed, encapsulated, recipient.publicKey, info);
  const cipher = createDecipheriv('aes-128-gcm', key, nonce);
  cipher.setAuthTag(sealed.slice(-16));
  return concat(cipher.update(sealed.slice(32, -16)), cipher.final());
}
