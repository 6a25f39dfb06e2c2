import { base64urlnopad } from '@scure/base';

/** Encodes bytes as unpadded base64url (RFC 4648, section 5). Frames carry bytes in this form only. */
export function encodeBytes(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/**
 * The inverse of {@link encodeBytes}.
 * @throws Error when the text is not canonical unpadded base64url
 */
export function decodeBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(base64urlnopad.decode(text));
}
