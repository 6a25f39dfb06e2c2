import { COLOURS } from './row.ts';

/** A person's colour: the same on every screen and in every room, from the identity key. FNV-1a, 32 bits. */
export function colourOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % COLOURS;
}
