import { BOX } from '@gochat/crypto/content';
import { utf8 } from '@gochat/crypto/primitives';

const MORE = '…';

/** @returns the beginning of a text that fits into a box; the whole text if it does */
export function firstWords(text: string): string {
  if (utf8(text).length <= BOX.textBytes) return text;
  let bytes = utf8(MORE).length;
  let words = '';
  for (const char of text) {
    bytes += utf8(char).length;
    if (bytes > BOX.textBytes) break;
    words += char;
  }
  return words + MORE;
}
