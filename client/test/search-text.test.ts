import type { FileContent } from '@gochat/crypto/content';
import { expect, test } from 'vitest';
import { foldText, searchedTexts, searchTerms } from '../src/room/search-text.ts';

const finds = (query: string, message: string) =>
  searchTerms(query).every((term) => foldText(message).includes(term)) && searchTerms(query).length > 0;

test.each([
  ['a straight apostrophe for a curly one', "don't", 'don’t forget the café crème'],
  ['a curly apostrophe for a straight one', 'don’t', "don't"],
  ['no accent', 'cafe', 'meet at the café'],
  ['a double s for ß', 'strasse', 'STRASSE Straße 5'],
  ['ß for a double s', 'straße', 'Strasse'],
  ['o for ø', 'oystein', 'Øystein łódź đakovo'],
  ['l and o for ł and ó', 'lodz', 'Øystein łódź đakovo'],
  ['d for đ', 'dakovo', 'Øystein łódź đakovo'],
  ['a part of a Chinese sentence', '上海', '我家在上海东边'],
  ['a part of a Japanese word', '手続', '手続きの件'],
  ['i for İ', 'istanbul', 'İstanbul ısı'],
  ['i for ı', 'isi', 'İstanbul ısı'],
  ['two letters for a ligature', 'file', 'ﬁle “quoted phrase” here'],
  ['a phrase', '"phrase order"', 'exact phrase order here'],
  ['a phrase in curly quotes', '“phrase order”', 'exact phrase order here'],
  ['a phrase and a word', '"phrase order" exact', 'exact phrase order here'],
  ['words in another order', 'order exact', 'exact phrase order here'],
  ['an open quote', '"phrase', 'exact phrase order here'],
  ['signs', 'c++', 'C++ and a.b*c (x)'],
  ['full width for half width', 'ハンカク', 'ﾊﾝｶｸ katakana'],
  ['a voiced kana in half width', 'ガ', 'ｶﾞ'],
  ['no vowel points', 'كتاب', 'كِتَاب'],
  ['vowel points', 'كِتَاب', 'كتاب'],
  ['no points in Hebrew', 'שלום', 'שָׁלוֹם'],
  ['a part of an address', 'some_path', 'https://example.com/Some_Path?x=1'],
  ['any hyphen', 'co-operate', 'well-known co‑operate'],
  ['accents of their own', 'été', 'Ünïcödé NFD: e\u0301te\u0301'],
  ['a syllable', '한', '한글 검색'],
  ['words on two lines', 'word across', 'multi word\nacross lines'],
  ['a phrase across two lines', '"word across"', 'multi word\nacross lines'],
  ['a percentage', '100%', '100 % sure'],
  ['е for ё', 'елка', 'ёлка Ёжик'],
  ['ё for е', 'ёлка', 'елка'],
  ['Greek without accents and the final sigma', 'οδοσ', 'Οδός'],
  ['a word without its soft hyphen', 'soft', 'so\u00adft'],
])('%s is found', (_what, query, message) => {
  expect(finds(query, message)).toBe(true);
});

test.each([
  ['a Hindi word without its vowel signs', 'कतब', 'किताब पढ़ो'],
  ['a Thai word without its vowel signs', 'กนขาว', 'กินข้าว'],
  ['kana without their marks', 'かつこう', 'がっこう'],
  ['kana without their marks, otherwise equal', 'か', 'が'],
  ['half a syllable of Korean', '하', '한글'],
  ['и for й', 'мои', 'мой'],
  ['a phrase in another order', '"order phrase"', 'exact phrase order here'],
  ['a phrase with a word between', '"exact order"', 'exact phrase order here'],
  ['nothing', ' ', 'exact phrase order here'],
  ['quotes without a phrase', '""', 'exact phrase'],
])('%s is not found', (_what, query, message) => {
  expect(finds(query, message)).toBe(false);
});

test('a message is found by the names and descriptions of its files', () => {
  const files = [
    { name: 'Rechnung März.pdf', alt: undefined },
    { name: 'a.jpg', alt: 'Ana on the bridge' },
  ] as unknown as FileContent[];
  expect(searchedTexts({ text: 'look', files })).toEqual([
    'look',
    'Rechnung März.pdf',
    'a.jpg',
    'Ana on the bridge',
  ]);
  expect(searchedTexts({ text: 'look' })).toEqual(['look']);
});
