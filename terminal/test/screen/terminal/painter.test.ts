import { describe, expect, test } from 'vitest';
import { type Line, span } from '../../../src/screen/draw/frame.ts';
import { shorten, widthOf } from '../../../src/screen/draw/width.ts';
import { wrap } from '../../../src/screen/draw/wrap.ts';
import { Painter } from '../../../src/screen/terminal/painter.ts';
import { Palette } from '../../../src/screen/terminal/palette.ts';

const frame = (...lines: readonly Line[]) => ({ lines, cursor: undefined });
const text = (words: string): Line => [span(words)];

function painter(capabilities = { links: true, unicode: true }): Painter {
  return new Painter(new Palette('dark', 'none'), capabilities);
}

describe('the painter', () => {
  test('writes only what has changed', () => {
    const screen = painter();
    expect(screen.paint(frame(text('one'), text('two')))).toContain('one');
    expect(screen.paint(frame(text('one'), text('two')))).toBe('');
    const out = screen.paint(frame(text('one'), text('TWO')));
    expect(out).toContain('\u001b[2;1H');
    expect(out).toContain('TWO');
    expect(out).not.toContain('one');
  });

  test('writes everything after forget(), or when the height has changed', () => {
    const screen = painter();
    screen.paint(frame(text('one'), text('two')));
    screen.forget();
    expect(screen.paint(frame(text('one'), text('two')))).toContain('one');
    expect(screen.paint(frame(text('one'), text('two'), text('three')))).toContain('one');
  });

  test('shows a frame as one update', () => {
    const out = painter().paint(frame(text('one')));
    expect(out.startsWith('\u001b[?2026h')).toBe(true);
    expect(out.endsWith('\u001b[?2026l')).toBe(true);
  });

  test('lets no control character out of a span', () => {
    const out = painter().paint(frame(text('a\u001b[2J\u009b31m\u0007\n\r\tb\u202ec')));
    expect(out.split('\u001b[1;1H')[1]).toBe('\u001b[0ma[2J31mbc\u001b[0m\u001b[?25l\u001b[?2026l');
  });

  test('sets the cursor after each character of uncertain width', () => {
    const out = painter().paint(frame(text('a👩‍👩‍👧‍👦b')));
    expect(out).toContain('a  \u001b[2G👩‍👩‍👧‍👦\u001b[4Gb');
  });

  test('writes placeholders for pictures of its own only', () => {
    const cell = '\u{10eeee}\u0305\u030d\u030e';
    expect(painter().paint(frame(text(`a${cell}b`)))).not.toContain('\u{10eeee}');
    const out = painter().paint(frame([span(`${cell}\u001b[2Jx`, { picture: 9 }), span('b')]));
    expect(out).toContain(`\u001b[0;38;5;9m${cell}\u001b[0mb`);
  });

  test('draws a picture over the text once, and again only after that text was written', () => {
    const screen = painter();
    const over = { row: 1, column: 2, rows: 2, sequence: '<picture>' };
    const lines = [text('top'), text(''), text(''), text('foot')];
    const first = screen.paint({ ...frame(...lines), over });
    expect(first.indexOf('\u001b[2;3H<picture>')).toBeGreaterThan(first.indexOf('foot'));
    expect(screen.paint({ ...frame(...lines), over: { ...over } })).toBe('');
    const elsewhere = [text('TOP'), ...lines.slice(1)];
    expect(screen.paint({ ...frame(...elsewhere), over })).not.toContain('<picture>');
    expect(screen.paint({ ...frame(text('TOP'), text(''), text('in it'), text('foot')), over })).toContain(
      '<picture>',
    );
    screen.forget();
    expect(screen.paint({ ...frame(...lines), over })).toContain('<picture>');
  });

  test('wipes out a picture that is gone, by the text that was under it', () => {
    const screen = painter();
    const lines = [text('top'), text('under'), text('too'), text('foot')];
    screen.paint({ ...frame(...lines), over: { row: 1, column: 0, rows: 2, sequence: '<one>' } });
    const next = screen.paint({
      ...frame(...lines),
      over: { row: 1, column: 0, rows: 1, sequence: '<other>' },
    });
    expect(next).toContain('too');
    expect(next.endsWith('<other>\u001b[?25l\u001b[?2026l')).toBe(true);
    const gone = screen.paint(frame(...lines));
    expect(gone).toContain('under');
    expect(gone).not.toMatch(/top|too|foot|other/);
  });

  test('writes links if the terminal supports them, and only to allowed addresses', () => {
    const line = (link: string): Line => [span('here', { link })];
    expect(painter().paint(frame(line('https://example.org/')))).toContain('\u001b]8;id=');
    expect(painter({ links: false, unicode: true }).paint(frame(line('https://example.org/')))).not.toContain(
      ']8;',
    );
    for (const bad of ['javascript:alert(1)', 'file:///etc/passwd', 'https://x\u0007y', 'https://x y'])
      expect(painter().paint(frame(line(bad)))).not.toContain(']8;');
  });

  test('without UTF-8 replaces other characters than ASCII', () => {
    expect(painter({ links: false, unicode: false }).paint(frame(text('a字é')))).toContain('a???');
  });
});

describe('widths', () => {
  test.each([
    ['abc', 3],
    ['字', 2],
    ['é', 1],
    ['e\u0301', 1],
    ['👍🏽', 2],
    ['👩‍👩‍👧‍👦', 2],
    ['🇮🇸', 2],
    ['❤️', 2],
    ['한글', 4],
    ['한', 2],
    ['मनीष', 3],
    ['שלום', 4],
    ['─│╭', 3],
    ['\u0301', 1],
    ['', 0],
  ])('%s takes %d', (words, width) => {
    expect(widthOf(words)).toBe(width);
  });

  test('a long text ends with an ellipsis, and no glyph is cut in two', () => {
    expect(shorten('kitchen', 5)).toBe('kitc…');
    expect(shorten('字字字', 4)).toBe('字…');
    expect(shorten('kitchen', 7)).toBe('kitchen');
    expect(shorten('x', 0)).toBe('');
  });
});

describe('wrapping', () => {
  const lines = (words: string, width: number) =>
    wrap([span(words)], width).map((line) => line.map((one) => one.text).join(''));

  test('breaks at blanks, and long words anywhere', () => {
    expect(lines('one two three', 8)).toEqual(['one two ', 'three']);
    expect(lines('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(lines('see https://example.org/a/b', 12)).toEqual(['see https://', 'example.org/', 'a/b']);
  });

  test('never makes a line too wide', () => {
    for (const words of ['字字字字字', '👩‍👩‍👧‍👦👩‍👩‍👧‍👦 a', 'e\u0301e\u0301e\u0301e\u0301'])
      for (let width = 2; width < 9; width++)
        for (const line of lines(words, width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });

  test.each(['x', 'x ', '字'])('the cost grows with the lines made, not with the text: %j', (part) => {
    const cost = (length: number) => {
      const text = part.repeat(length / part.length);
      const begun = process.cpuUsage();
      for (let run = 0; run < 20; run++) lines(text, 40);
      return process.cpuUsage(begun).user;
    };
    cost(100_000);
    expect(cost(10_000_000) / cost(100_000)).toBeLessThan(20);
  });
});
