import type { KnockInfo } from '@gochat/client/methods';
import { sanitizeLine, sanitizeText } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import { nameOf } from './format.ts';

const ID_CHARS = 8;

/** Who asks to join a room, one in a row: id, beginning of the identity key, name, words. */
export function knockRows(
  { lines: { knocks } }: TerminalText,
  all: readonly KnockInfo[],
): readonly (readonly string[])[] {
  return all.map(({ id, identity, name, words, banned }) => [
    id.slice(0, ID_CHARS),
    banned ? knocks.banned : sanitizeLine(identity).slice(0, ID_CHARS),
    nameOf(name),
    sanitizeText(words).replaceAll('\n', ' '),
  ]);
}
