import type { ComposerViewModel } from '../room/composer.ts';

/** The longest text file that is inserted into the field, in bytes. */
export const FILE_BYTES = 60_000;

/** A code block with a fence longer than any in the text. */
export function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}\n`;
}

/** Inserts a code block on a line that it begins: after other text on its line, a fence would be part of that text. */
export function insertCode(
  composer: Pick<ComposerViewModel, 'text' | 'insert'>,
  block: string,
  cursor = composer.text.length,
): void {
  const startsLine = cursor === 0 || composer.text[cursor - 1] === '\n';
  composer.insert(startsLine ? block : `\n${block}`, cursor);
}

/** By the extension of a file's name. */
export function languageOf(name: string): string {
  return (/\.([a-z0-9+#-]{1,12})$/i.exec(name)?.[1] ?? '').toLowerCase();
}
