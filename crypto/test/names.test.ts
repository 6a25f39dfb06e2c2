import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { encodeBytes } from '@gochat/protocol/encoding';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldName } from '../src/fold-name.ts';
import {
  createIdentity,
  decodeCredential,
  decodeIdentity,
  encodeIdentity,
  newLeaf,
  renewedLeaf,
  safetyNumber,
  suffixOf,
} from '../src/identity.ts';
import { NameError } from '../src/name-error.ts';
import { cleanName, cleanTopic, isCleanName, isCleanTopic, kindOf } from '../src/names.ts';
import { NAMES_TABLE, UNICODE_VERSION } from '../src/names-table.ts';
import { labelsOf, type Member, roomCode } from '../src/room.ts';
import { agree, allRead, roomOfPeople } from './assert.ts';
import { makeNamesTable } from './make-names-table.ts';
import { REAL, REFUSED } from './name-samples.ts';
import { type Person, seededEnv } from './world.ts';

test.each(REFUSED)('a name that is %s is refused', (_, name) => {
  expect(() => cleanName(name)).toThrow(NameError);
});

test.each(REAL)('the real name %s is taken as it is', (name) => {
  for (const form of [name, name.normalize('NFC'), name.normalize('NFD')]) {
    expect(cleanName(form)).toBe(form);
    expect(cleanTopic(form)).toBe(form);
  }
});

/** The largest number of marks in a row that real names have. The limit has to be above it. */
test.each([
  ['Vietnamese, decomposed', 'Nguyễn Thị Hồng'.normalize('NFD'), 2],
  ['Thai', 'เพื่อน', 2],
  ['Tibetan', 'བསྒྲུབས་ཧཱུྃ', 3],
  ['Arabic with shadda and vowels', 'اللّٰهُ', 2],
  ['Khmer', 'ស្ត្រី', 1],
  ['Burmese', 'လျှို့', 5],
  ['Hebrew with points and an accent', 'שּׁ\u05b8\u05a3\u05bd', 5],
  ['Devanagari with a Vedic accent', 'तीं\u0951', 3],
])('a name in %s keeps its marks', (_, name, marks) => {
  expect(cleanName(name)).toBe(name);
  const runs = name.match(/\p{M}+/gu) ?? [];
  expect(Math.max(...runs.map((run) => [...run].length))).toBe(marks);
});

/** SHA-256 of the kinds of all code points, one letter each. */
const TABLE_HASH = '9e95e0cd1e1f81f34633e20ddbc1228cf5e3acca0eb995c1fdb3a3793c60b7cb';

test('the table of names is what its generator makes', () => {
  let kinds = '';
  for (let point = 0; point <= 0x10ffff; point += 1) kinds += kindOf(point);
  expect(createHash('sha256').update(kinds).digest('hex')).toBe(TABLE_HASH);
  if (process.versions.unicode === UNICODE_VERSION) {
    expect(makeNamesTable()).toBe(NAMES_TABLE);
    return;
  }
  process.stdout.write(
    `names: this Node.js has Unicode ${process.versions.unicode}, the table ${UNICODE_VERSION}: their common code points are compared\n`,
  );
  const differing: string[] = [];
  for (let point = 0; point <= 0x10ffff; point += 1) {
    const char = String.fromCodePoint(point);
    const kind = kindOf(point);
    const isBarred = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(char);
    // Older data knows fewer code points, newer data more. No version changes these classes of an assigned one.
    if (/\p{Cn}/u.test(char) || kind === 'X') continue;
    if (isBarred || /\p{M}/u.test(char) !== 'MCVW'.includes(kind)) differing.push(point.toString(16));
  }
  expect(differing).toEqual([]);
});

test('the protocol names the version of Unicode and the hash of the table', () => {
  const protocol = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  expect(protocol).toContain(TABLE_HASH);
  expect(protocol).toContain(`Unicode ${UNICODE_VERSION}`);
});

/** Changes when the table or the rules change. That splits rooms, unless the version of the policy changes too. */
test('code points alone and in context are judged as they always were', () => {
  const hash = createHash('sha256');
  const sweep = (ranges: readonly (readonly [number, number])[], around: (char: string) => string) => {
    for (const [first, last] of ranges) {
      let judged = '';
      for (let point = first; point <= last; point += 1)
        judged += isCleanName(around(String.fromCodePoint(point))) ? '1' : '0';
      hash.update(judged);
    }
  };
  sweep(
    [
      [0, 0x33fff],
      [0xe0000, 0xe0fff],
      [0x10ff00, 0x10ffff],
    ],
    (char) => char,
  );
  for (const around of [
    (char: string) => `${char}\u200cb`,
    (char: string) => `ب${char}\u200cب`,
    (char: string) => `ب\u200c${char}`,
    (char: string) => `${char}\u200d👩`,
    (char: string) => `${char}\ufe0f`,
    (char: string) => `${char}\u{e0100}`,
  ])
    sweep(
      [
        [0x20, 0x37ff],
        [0xa000, 0xabff],
        [0xfa00, 0x11fff],
        [0x1e000, 0x1ffff],
      ],
      around,
    );
  expect(hash.digest('hex')).toBe('0feabf1294af7f9165ccd9784cfbf05614f82ac26c43a9cdb4696d9fb20d41e4');
});

test('the engine is not asked: a name is judged without normalisation, classes and lower case of Unicode', () => {
  const source = readFileSync(new URL('../src/names.ts', import.meta.url), 'utf8');
  const code = source.replace(/\/\*\*[\s\S]*?\*\/|\/\/.*/g, '');
  expect(code).not.toMatch(/\\[pPsSwW]|normalize|toLowerCase|toUpperCase|\.trim|locale|Intl/);
});

/** Changes when the comparison of names changes: then clients of two versions give different labels. */
test('names are folded as they always were, whatever the engine', () => {
  const hash = createHash('sha256');
  const foldedAgain: string[] = [];
  for (let point = 0; point <= 0x10ffff; point += 1) {
    const char = String.fromCodePoint(point);
    const folded = foldName(char);
    if (folded !== char && foldName(folded) !== folded) foldedAgain.push(point.toString(16));
    hash.update(`${folded}\n`);
  }
  expect(foldedAgain).toEqual([]);
  expect(hash.digest('hex')).toBe('5a176a5ff2fa35dab567f5ab5cba0bcb645338ba46bc1d2f96860538d0aae895');
});

/** Not known to engines with the data of Unicode 14. */
test.each(['\u1c89', '\ua7cb', '\u{10d50}', '\u{1ccd6}', '\u{16ea0}', '\u{1e030}'])(
  'the newer letter %s is not folded',
  (letter) => {
    expect(foldName(letter)).toBe(letter);
  },
);

test('no two labels differ by joiners or by the form of normalisation alone', () => {
  for (const [one, other] of [
    ['علی\u200cرضا', 'علیرضا'],
    ['ශ\u0dca\u200dරී', 'ශ\u0dcaරී'],
    ['👩\u200d💻', '👩💻'],
    ['❤\ufe0f', '❤'],
    ['❤\ufe0e', '❤'],
    ['A\u0308na', 'Äna'],
    ['辻\u{e0100}', '辻'],
    ['ᠰᠠᠷ\u180eᠠ', 'ᠰᠠᠷᠠ'],
  ] as const)
    expect(labels(one, other)).toEqual([`${one}#${suffix(1)}`, `${other}#${suffix(2)}`]);
});

test('a name is trimmed, stays as typed, and cleaning it again changes nothing', () => {
  expect(cleanName('  Ana \t Maria ')).toBe('Ana Maria');
  expect(cleanName('山田\u3000太郎\u00a0')).toBe('山田 太郎');
  expect(cleanName('A\u0308na')).toBe('A\u0308na');
  expect(cleanName('Å Ω')).toBe('Å Ω');
  for (const name of [' ana', 'ana ', 'a  b', 'a\u00a0b', 'a\u2028b', 'a\tb', '', ' '])
    expect(isCleanName(name)).toBe(false);
  for (const topic of [' a', 'a\nb', 'a\u202eb', '', 'x'.repeat(513)])
    expect(isCleanTopic(topic)).toBe(false);
  for (const topic of [undefined, 'a', '\u0301']) expect(isCleanTopic(topic)).toBe(true);
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
  const no = { limited: false, admin: false, moderator: false, self: false, own: false };
  return { leaf: seed, name, office: undefined, ...no, ...keys };
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
  ['the same with a final sigma', 'ΝΙΚΟΣ', 'Νίκος'],
  ['the same with a dotted capital', 'İlker', 'ilker'],
  ['the same in composed Hangul', '김', '김'.normalize('NFD')],
  ['the same where a line shows another bracket', 'a<b', 'a‹b'],
  ['the same with a ligature', 'ﬁn', 'fin'],
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

test('two devices of one person have one label, the name of the lowest leaf, and no suffix', () => {
  const one = member('ana', 1);
  const other = { ...one, leaf: 2, device: 'other', name: 'ben' };
  expect([...labelsOf([one, other, member('ben', 3)])]).toEqual([
    [one.identity, 'ana'],
    [expect.any(String), 'ben'],
  ]);
});

test('a limited device names its person only if there is no other', () => {
  const bot = { ...member('bot', 1), limited: true };
  const laptop = { ...bot, leaf: 2, device: 'other', name: 'ana', limited: false };
  expect([...labelsOf([bot, laptop]).values()]).toEqual(['ana']);
  expect([...labelsOf([bot]).values()]).toEqual(['bot']);
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
  const groupId = new Uint8Array(16);
  const { key, credential: bytes } = newLeaf(groupId, who, 'Äna', seededEnv(10));
  expect(bytes).toHaveLength(194 + 4);
  const credential = decodeCredential(bytes);
  if (credential === undefined) throw new Error('a credential decodes');
  expect(credential).toMatchObject({
    name: 'Äna',
    identityKey: who.identity.publicKey,
    deviceKey: who.device.publicKey,
    rights: 0,
  });
  const again = renewedLeaf(groupId, credential, who.device, seededEnv(11));
  expect(again.key.publicKey).not.toEqual(key.publicKey);
  const renewed = decodeCredential(again.credential);
  expect({ ...renewed, leafSignature: undefined }).toEqual({ ...credential, leafSignature: undefined });
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = decodeCredential(bytes.slice(0, length));
    if (length < 195) expect(cut).toBeUndefined();
  }
  expect(decodeCredential(bytes.with(0, 1))).toBeUndefined();
  expect(decodeCredential(Uint8Array.from([...bytes, 0xff]))).toBeUndefined();
  expect(decodeCredential(Uint8Array.from([...bytes, ...new Uint8Array(128).fill(97)]))).toBeUndefined();
});
