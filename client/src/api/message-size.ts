import { TEXT_BYTES } from '@gochat/crypto/content-limits';
import { LIMITS } from '@gochat/protocol/limits';

/** The longest text of a message, in bytes of UTF-8. */
export const MESSAGE_BYTES = TEXT_BYTES;

/** What sealing leaves beside a text of this size, for the rest of the content and for characters that JSON escapes. */
const BESIDE_BYTES = 1700;

const utf8 = new TextEncoder();

/**
 * @returns how much of {@link MESSAGE_BYTES} a text takes: its bytes of UTF-8, or more if it has many line breaks, quotes or other characters that JSON
 * escapes
 */
export function messageBytes(text: string): number {
  const escaped = utf8.encode(JSON.stringify(text)).length - BESIDE_BYTES;
  return Math.max(utf8.encode(text).length, escaped);
}

/** How many files a message may have. */
export const FILES_PER_MESSAGE = LIMITS.filesPerMessage;
