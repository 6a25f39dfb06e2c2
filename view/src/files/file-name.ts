import { sanitizeLine } from '../text/sanitize.ts';

/** The name of a file as it is shown, and as it is saved: without folders, and never that of a hidden file. */
export function shownName(name: string): string {
  const plain = sanitizeLine(name)
    .replace(/[/\\]/g, '_')
    .replace(/^[.\s]+/, '');
  return plain === '' ? '_' : plain;
}
