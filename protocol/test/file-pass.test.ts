import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeBytes } from '../src/encoding.ts';
import { type FilePass, formatFilePass, parseFilePass } from '../src/file-pass.ts';
import './fixed-seed.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(encodeBytes);
const times = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const pass: fc.Arbitrary<FilePass> = fc
  .record(
    {
      origin: fc.constantFrom('chat.example', 'chat.example:4040', '[::1]:4040'),
      room: bytesOf(16),
      key: fc.oneof(fc.nat().map(String), fc.constantFrom('7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E')),
      bytes: fc.nat({ max: 2 ** 40 }),
      discard: fc.oneof(bytesOf(16), bytesOf(32)),
      keepMs: times,
      until: times,
      proof: bytesOf(64),
    },
    { requiredKeys: ['origin', 'room', 'key', 'bytes', 'until', 'proof'] },
  )
  .map((value) => value as FilePass);

test('a pass is parsed as it was formatted', () => {
  fc.assert(
    fc.property(pass, (value) => {
      expect(parseFilePass(formatFilePass(value))).toEqual(value);
    }),
  );
});

test('no other text is a pass', () => {
  const good = formatFilePass({
    origin: 'chat.example',
    room: 'Jor0XMo2qBiOAnz0cu5w8A',
    key: '6',
    bytes: 16384,
    until: 1790000000000,
    proof: 'A'.repeat(86),
  } as FilePass);
  expect(parseFilePass(good)).toBeDefined();
  const fields = good.split(' ');
  const changed = (at: number, text: string) => fields.map((field, i) => (i === at ? text : field)).join(' ');
  const wrong = [
    '',
    'Basic YTpi',
    'Bearer x',
    good.toLowerCase(),
    ` ${good}`,
    `${good} `,
    `${good} more`,
    good.replace(' ', '  '),
    fields.slice(0, -1).join(' '),
    changed(1, 'Chat.example'),
    changed(1, ''),
    changed(2, 'short'),
    changed(3, '-1'),
    changed(3, '06'),
    changed(4, '1e3'),
    changed(4, '1.5'),
    changed(4, String(2 ** 40 + 1)),
    changed(4, '-'),
    changed(5, 'abc'),
    changed(6, '+5'),
    changed(7, '9'.repeat(20)),
    changed(7, '-'),
    changed(8, 'A'.repeat(85)),
  ];
  expect(wrong.filter((text) => parseFilePass(text) !== undefined)).toEqual([]);
});
