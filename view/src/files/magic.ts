import type { FileKind } from '../timeline/row.ts';

/** What begins a file of a kind, and at which offset. */
const SIGNS: readonly (readonly [kind: FileKind, at: number, sign: string])[] = [
  ['picture', 0, '\u00ff\u00d8\u00ff'],
  ['picture', 0, '\u0089PNG\r\n\u001a\n'],
  ['picture', 0, 'GIF87a'],
  ['picture', 0, 'GIF89a'],
  ['picture', 8, 'WEBP'],
  ['picture', 8, 'avif'],
  ['picture', 8, 'avis'],
];

/** Whether bytes are a picture of one of the types that are shown, whatever their name or type says. */
export function isPicture(bytes: Uint8Array): boolean {
  return SIGNS.some(([, at, sign]) => [...sign].every((char, i) => bytes[at + i] === char.charCodeAt(0)));
}
