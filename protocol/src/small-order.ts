import { decodeBytes } from './encoding.ts';

/**
 * The y coordinates of Ed25519's eight points of small order, little-endian in hexadecimal, as RFC 8032 encodes them. The last two are
 * other spellings of 0 and 1.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/**
 * Whether an Ed25519 public key is a point of small order. Such a key has no private key, but accepts signatures that anybody can make.
 * @param text 32 bytes as base64url
 */
export function isSmallOrder(text: string): boolean {
  const bytes = decodeBytes(text);
  // The highest bit is the sign of x, which the set leaves out.
  const y = [...bytes].map((byte, i) => (i === 31 ? byte & 127 : byte).toString(16).padStart(2, '0'));
  return SMALL_ORDER.has(y.join(''));
}
