import { sanitizeText } from './sanitize.ts';

/** The entities of HTML that people write by name. */
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  copy: '©',
  reg: '®',
  trade: '™',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  bull: '•',
  middot: '·',
  times: '×',
  divide: '÷',
  plusmn: '±',
  deg: '°',
  micro: 'µ',
  euro: '€',
  pound: '£',
  yen: '¥',
  cent: '¢',
  sect: '§',
  para: '¶',
  larr: '←',
  uarr: '↑',
  rarr: '→',
  darr: '↓',
};

const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/iy;

/** The character that is written as `&amp;`, `&#38;` or `&#x26;` at this offset, and where that ends. */
export function entityAt(
  text: string,
  at: number,
): { readonly text: string; readonly end: number } | undefined {
  ENTITY.lastIndex = at;
  const [whole = '', decimal, hexadecimal, name] = ENTITY.exec(text) ?? [];
  if (whole === '') return undefined;
  const found =
    name === undefined
      ? charOf(Number.parseInt(decimal ?? hexadecimal ?? '', decimal === undefined ? 16 : 10))
      : named(name);
  return found === undefined ? undefined : { text: found, end: at + whole.length };
}

function named(name: string): string | undefined {
  return Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
}

function charOf(code: number): string | undefined {
  if (code > 0x10ffff) return undefined;
  const char = String.fromCodePoint(code);
  return /\s/.test(char) && char !== '\u00a0' ? ' ' : sanitizeText(char) || undefined;
}
