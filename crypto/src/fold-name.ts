import { cleanSpaces, kindOf } from './names.ts';

/**
 * Code points that Unicode 15 to 17 added, and that they map to others. Older engines don't know these mappings, so they are not used.
 * All other mappings are those of Unicode 14, which no later version may change (the stability policies for normalization and case).
 */
const NEWER =
  /[\u1c89\ua7cb\ua7cc\ua7ce\ua7d2\ua7d4\ua7da\ua7dc\ua7f1\u{105c9}\u{105e4}\u{10d50}-\u{10d65}\u{11383}\u{11385}\u{1138e}\u{11391}\u{113c5}-\u{113c8}\u{16121}-\u{16128}\u{16d68}-\u{16d6a}\u{16ea0}-\u{16eb8}\u{1ccd6}-\u{1ccf9}\u{1e030}-\u{1e06d}]/u;

/** Characters that a screen shows as another one. */
const SHOWN_AS: Readonly<Record<string, string>> = { '<': '‹', '>': '›', ς: 'σ' };

/**
 * Removes what two names may differ by and still look the same: case, marks, joiners, variation selectors and other invisible
 * characters, and compatibility forms. Every engine gives the same result, so all clients give a member the same label.
 */
export function foldName(name: string): string {
  return cleanSpaces([...cleanSpaces(name)].map(foldChar).join(''));
}

function foldChar(char: string): string {
  if (!isSeen(char)) return '';
  if (NEWER.test(char)) return char;
  return [...char.normalize('NFKD')]
    .flatMap((part) => [...part.toLowerCase()])
    .filter(isSeen)
    .map((part) => SHOWN_AS[part] ?? part)
    .join('');
}

/** Whether it is neither barred by the table of names nor a mark. */
function isSeen(char: string): boolean {
  return !/[XMCVW]/.test(kindOf(char.codePointAt(0) as number));
}
