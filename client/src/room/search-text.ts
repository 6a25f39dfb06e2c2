import type { TextItem } from './history.ts';

/** Letters that people type without their stroke, ligature or dots, and signs that have several forms. In lower case. */
const SAME: Readonly<Record<string, string>> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  ς: 'σ',
};
const LETTERS = new RegExp(`[${Object.keys(SAME).join('')}]`, 'gu');
const APOSTROPHES = /[‘’‚‛‹›′ʼʹ`´＇]/gu;
const QUOTES = /[“”„‟«»″＂]/gu;
const HYPHENS = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/gu;
/** Vowel signs of Arabic and Hebrew, which people leave out, and the bar that stretches an Arabic word. */
const POINTS =
  /[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]/gu;
const INVISIBLE = /\p{Cf}|[\ufe00-\ufe0f]/gu;
/** Accents of Latin and Greek letters. Marks of other scripts make another letter: й is not и, and が is not か. */
const ACCENTS = /([\p{Script=Latin}\p{Script=Greek}])\p{M}+/gu;

/**
 * A text as it is compared in a search: without case, accents of Latin and Greek, vowel points of Arabic and Hebrew, and differences
 * between forms of quotes, hyphens and blanks.
 */
export function foldText(text: string): string {
  return text
    .toLowerCase()
    .replace(APOSTROPHES, "'")
    .replace(QUOTES, '"')
    .normalize('NFKD')
    .replace(ACCENTS, '$1')
    .replace(/е\u0308/gu, 'е')
    .replace(POINTS, '')
    .replace(INVISIBLE, '')
    .replace(HYPHENS, '-')
    .replace(LETTERS, (letter) => SAME[letter] ?? letter)
    .replace(/\s+/gu, ' ')
    .replace(/(?<=\d) %/gu, '%')
    .normalize('NFC');
}

/** What a search looks for: words, and phrases in quotes. A text is found when its folded form contains all of them. */
export function searchTerms(query: string): string[] {
  return [...foldText(query).matchAll(/"([^"]+)"|\S+/gu)]
    .map(([whole, phrase]) => (phrase ?? (whole.length > 1 ? whole.replace(/^"/, '') : whole)).trim())
    .filter((term) => term !== '');
}

/** What a search reads of a message: its text, and the names and descriptions of its files. */
export function searchedTexts({ text, files = [] }: Pick<TextItem, 'text' | 'files'>): string[] {
  return [text, ...files.flatMap(({ name, alt }) => (alt === undefined ? [name] : [name, alt]))];
}
