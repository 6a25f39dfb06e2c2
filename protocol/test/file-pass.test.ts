import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FilePass, formatFilePass, parseFilePass } from '../src/file-pass.ts';
import './fixed-seed.ts';
import { filePasses } from './file-passes.ts';

test('a pass is parsed as it was formatted', () => {
  fc.assert(
    fc.property(filePasses, (value) => {
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
