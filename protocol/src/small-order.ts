import { encodeBytes } from './encoding.ts';

/** The y coordinates of the eight points of small order of Ed25519, little-endian in hexadecimal (RFC 8032). */
const Y_COORDINATES: readonly string[] = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  // Other spellings of 0 and 1.
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];

const SIGN_OF_X = 128;

/** Every encoding of these points, as base64url. */
export const SMALL_ORDER: ReadonlySet<string> = new Set(
  Y_COORDINATES.flatMap((hex) => {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
    return [bytes, bytes.with(31, (bytes[31] ?? 0) | SIGN_OF_X)].map(encodeBytes);
  }),
);

/**
 * Whether an Ed25519 public key is a point of small order. Such a key has no private key, but accepts signatures that anybody can make.
 * @param text canonical base64url; any other text is none of these points
 */
export function isSmallOrder(text: string): boolean {
  return SMALL_ORDER.has(text);
}
