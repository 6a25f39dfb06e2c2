import type { Block } from '@gochat/view/rich';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clip } from '../src/ui/timeline/clip.ts';

const paragraph = (text: string): Block => ({ kind: 'paragraph', inside: [{ kind: 'text', text }] });

test('a short text is returned unchanged', () => {
  const blocks = [paragraph('hello'), paragraph('world')];
  expect(clip(blocks)).toBe(blocks);
});

test('a long text is cut at the character limit, and no block follows', () => {
  expect(clip([paragraph('x'.repeat(20)), paragraph('y')], 10, 10)).toEqual([paragraph('x'.repeat(10))]);
});

test('lines are cut at the line limit, and no character is split', () => {
  expect(clip([paragraph('a\nb\nc\nd')], 100, 2)).toEqual([paragraph('a\nb')]);
  expect(clip([paragraph('a🎉🎉')], 2, 10)).toEqual([paragraph('a')]);
});

test('lists, quotes, code and breaks count as lines', () => {
  const item = [paragraph('item')];
  const list: Block = { kind: 'list', start: undefined, items: Array.from({ length: 100 }, () => item) };
  expect(clip([list], 1000, 4)).toEqual([{ ...list, items: [item, item, item, item] }]);
  const code: Block = { kind: 'code', language: '', text: 'line\n'.repeat(100) };
  expect(clip([{ kind: 'quote', inside: [code] }], 1000, 5)).toEqual([
    { kind: 'quote', inside: [{ ...code, text: 'line\nline\nline\nline\nline' }] },
  ]);
});

test('no text exceeds the limits', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(fc.array(text), fc.nat(100), (texts, chars) => {
      const kept = clip(texts.map(paragraph), chars, 50).map((block) =>
        block.kind === 'paragraph' && block.inside[0]?.kind === 'text' ? block.inside[0].text : '',
      );
      const whole = texts.join('').length <= chars && texts.length <= 50 && !texts.join('').includes('\n');
      if (whole) expect(kept).toEqual(texts);
      else expect(kept.every((part, i) => (texts[i] ?? '').startsWith(part))).toBe(true);
    }),
  );
});
