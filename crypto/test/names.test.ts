import { encodeBytes } from '@gochat/protocol/encoding';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cleanName,
  createIdentity,
  decodeCredential,
  decodeIdentity,
  encodeCredential,
  encodeIdentity,
  NameError,
  safetyNumber,
  suffixOf,
} from '../src/identity.ts';
import { labelsOf, type Member, roomCode } from '../src/room.ts';
import { cleanTopic } from '../src/room-state.ts';
import { agree, allRead, roomOfPeople } from './assert.ts';
import { type Person, seededEnv } from './world.ts';

test.each([
  ['empty', ''],
  ['blank', ' \t\n '],
  ['too long', 'ä'.repeat(65)],
  ['a bell', 'a\u0007b'],
  ['an escape sequence', 'a\u001b[31mb'],
  ['a zero-width space', 'an\u200ba'],
  ['a right-to-left override', 'a\u202eb'],
  ['half a surrogate pair', 'a\ud800b'],
  ['a Hangul filler', '\u3164'],
  ['a Hangul filler in Latin', 'an\u3164a'],
  ['a half-width filler', '\uffa0'],
  ['an empty Braille cell', '\u2800'],
  ['marks only', '\u0301\u0302'],
  ['a joiner alone', '\u200d'],
  ['a joiner between Latin letters', 'an\u200da'],
  ['a non-joiner between Latin letters', 'an\u200ca'],
  ['a non-joiner at its end', 'علی\u200c'],
  ['two non-joiners in a row', 'علی\u200c\u200cرضا'],
  ['a joiner after an emoji', '👩\u200d'],
  ['a joiner between a letter and an emoji', 'a\u200d👩'],
  ['an emoji style after a letter', 'a\ufe0f'],
  ['tags without a flag', 'a\u{e0067}\u{e007f}'],
  ['a flag whose tags do not end', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}'],
  ['a line separator', 'a\u200b\u2028na'],
  ['private use', 'a\ue000'],
  ['a grapheme joiner', 'a\u034fna'],
])('a name that is %s is refused', (_, name) => {
  expect(() => cleanName(name)).toThrow(NameError);
});

test.each([
  ...['علی‌رضا', 'مهدی‌یار', 'نوروز', 'محمّد', 'فاطمه‌زهرا', 'عبدالله', 'اُمّ كلثوم'],
  ...['ශ්‍රී', 'චන්ද්‍රිකා', 'ක්‍රිෂ්ණා', 'क्‍षमा', 'श्रीकांत', 'प्रियंका', 'অর্ক', 'ঐশ্বর্য', 'ക്‍രിഷ്ണ', 'சுப்பிரமணியன்'],
  ...['ప్రియాంక', 'ಕೃಷ್ಣ', 'ગુજરાતી', 'ਹਰਪ੍ਰੀਤ', 'ཚེ་རིང', 'བསྟན་འཛིན', 'အောင်ဆန်း', 'កញ្ញា', 'ສົມພອນ', 'น้ำฝน', 'ศิริ'],
  ...[
    'Nguyễn Thị Hồng',
    'Đặng Văn Lâm',
    'Zoë',
    'Jürgen',
    'Þórður',
    'Øyvind',
    'O’Connor',
    'Jean-Luc',
    'Ana-María Ñáñez',
  ],
  ...[
    'Łukasz',
    'Ağaoğlu',
    'Ευάγγελος',
    'Олександр',
    'Հայկ',
    'ნინო',
    'שְׁלֹמֹה',
    'יעל',
    'አበበ',
    'ⵎⵓⵃⵎⴷ',
    '李明',
    '山田 太郎',
  ],
  ...[
    '辻\u{e0100}',
    '김민준',
    'ᠪᠠᠲᠤ',
    'Kim 👩‍💻',
    '👨‍👩‍👧‍👦',
    '🏳️‍🌈',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    '❤️ Lea',
    '1️⃣',
    '👋🏽',
    '🇱🇰 Nimal',
    'ana_7',
    '*star*',
    'R2-D2',
  ],
])('the real name %s is taken as it is', (name) => {
  expect(cleanName(name)).toBe(name.normalize('NFC'));
  expect(cleanTopic(name)).toBe(name.normalize('NFC'));
});

test('no two labels differ by joiners alone', () => {
  for (const [one, other] of [
    ['علی\u200cرضا', 'علیرضا'],
    ['ශ\u0dca\u200dරී', 'ශ\u0dcaරී'],
    ['👩\u200d💻', '👩💻'],
    ['❤\ufe0f', '❤'],
  ] as const)
    expect(labels(one, other)).toEqual([`${one}#${suffix(1)}`, `${other}#${suffix(2)}`]);
});

test('a name is trimmed and composed, and cleaning it again changes nothing', () => {
  expect(cleanName('  Ana \t Maria ')).toBe('Ana Maria');
  expect(cleanName('A\u0308na')).toBe('Äna');
  expect(cleanName('x'.repeat(128))).toHaveLength(128);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (text) => {
      let clean: string;
      try {
        clean = cleanName(text);
      } catch {
        return;
      }
      expect(cleanName(clean)).toBe(clean);
    }),
  );
});

function member(name: string, seed: number): Member {
  const { identity, device } = createIdentity(seededEnv(seed));
  const keys = { identity: encodeBytes(identity.publicKey), device: encodeBytes(device.publicKey) };
  return { leaf: seed, name, admin: false, self: false, ...keys };
}

function suffix(seed: number): string {
  return suffixOf(createIdentity(seededEnv(seed)).identity.publicKey);
}

function labels(...names: string[]): string[] {
  return [...labelsOf(names.map((name, i) => member(name, i + 1))).values()];
}

test('a unique name has no suffix', () => {
  expect(labels('ana', 'ben', 'Cai')).toEqual(['ana', 'ben', 'Cai']);
});

test.each([
  ['the same', 'ana', 'ana'],
  ['the same in another case', 'ana', 'ANA'],
  ['the same in full width', 'ana', 'ａｎａ'],
  ['the same except for invisible characters', 'ana', 'an\u200ba'],
  ['the same except for a soft hyphen', 'ana', 'a\u00adna'],
  ['the same except for spaces', 'ana b', 'ana  b '],
])('names that are %s carry a suffix', (_, one, other) => {
  const [first, second] = labels(one, other);
  expect(first).toMatch(/^.+#[\w-]{4}$/);
  expect(second).toMatch(/^.+#[\w-]{4}$/);
  expect(first).not.toBe(second);
});

test('no name can look like the label of another member', () => {
  const [, second] = labels('ana', 'ana');
  const three = labels('ana', 'ana', second as string);
  expect(new Set(three).size).toBe(3);
});

test('two devices of one identity have no suffix', () => {
  const one = member('ana', 1);
  const label = labelsOf([one, { ...one, device: 'other' }]);
  expect([...label.values()]).toEqual(['ana', 'ana']);
});

test('two people see the same safety number, and a different one with any other person', () => {
  const [a, b, c] = [1, 2, 3].map((seed) => createIdentity(seededEnv(seed)).identity.publicKey) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  expect(safetyNumber(a, b)).toBe(safetyNumber(b, a));
  expect(safetyNumber(a, b)).toMatch(/^(\d{5} ){11}\d{5}$/);
  expect(new Set([safetyNumber(a, b), safetyNumber(a, c), safetyNumber(b, c), safetyNumber(a, a)]).size).toBe(
    4,
  );
});

test('members of an epoch have the same room code, and a different one in the next epoch', async () => {
  const { log, people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  agree(ana, ben);
  const code = roomCode(ana.room);
  expect(code).toMatch(/^(\d{5} ){5}\d{5}$/);
  await ben.heals(log);
  await allRead(log, [ana]);
  agree(ana, ben);
  expect(roomCode(ana.room)).not.toBe(code);
});

test('identities and credentials decode to what was encoded', () => {
  const who = createIdentity(seededEnv(9));
  expect(decodeIdentity(encodeIdentity(who))).toEqual(who);
  const bytes = encodeCredential(who, 'Äna');
  expect(decodeCredential(bytes)).toMatchObject({ name: 'Äna', identityKey: who.identity.publicKey });
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = decodeCredential(bytes.slice(0, length));
    if (length < 98) expect(cut).toBeUndefined();
  }
  expect(decodeCredential(bytes.with(0, 2))).toBeUndefined();
  expect(decodeCredential(Uint8Array.from([...bytes, 0xff]))).toBeUndefined();
  expect(decodeCredential(Uint8Array.from([...bytes, ...new Uint8Array(128).fill(97)]))).toBeUndefined();
});
