import { COLOURS } from '@gochat/view/row';
import { describe, expect, test } from 'vitest';
import { depthOf, indexOf, Palette, rgb, THEMES, themeOf } from '../../../src/screen/terminal/palette.ts';

/** The contrast of two colours by WCAG 2. */
function contrast(one: string, other: string): number {
  const light = (hex: string) => {
    const [r = 0, g = 0, b = 0] = rgb(hex).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [light(one), light(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

describe.each(Object.entries(THEMES))('%s', (_name, theme) => {
  const { paper, backgrounds, nicks } = theme;
  const { paper: _code, ...foregrounds } = theme.foregrounds;
  const read = [
    ['text', theme.text] as const,
    ...Object.entries(foregrounds),
    ...nicks.map((hex, i) => [`nick ${i}`, hex] as const),
  ];

  test('has different colours for members', () => {
    expect(nicks).toHaveLength(COLOURS);
    expect(new Set(nicks).size).toBe(COLOURS);
  });

  test.each(read)('%s is legible on every background', (_ink, hex) => {
    expect(contrast(hex, paper)).toBeGreaterThanOrEqual(4.5);
    for (const [background, on] of Object.entries(backgrounds).filter(([name]) => name !== 'paper'))
      expect({ background, contrast: contrast(hex, on) >= 3 }).toEqual({ background, contrast: true });
  });

  test('every colour is one of xterm’s 256', () => {
    const all = [...Object.values(theme.foregrounds), ...nicks, ...Object.values(backgrounds)];
    for (const hex of all) expect(indexOf(hex)).toBeGreaterThanOrEqual(16);
  });
});

test.each([
  [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'truecolor'],
  [{ TERM: 'xterm-256color' }, '256'],
  [{ TERM: 'xterm-kitty' }, '256'],
  [{ TERM: 'xterm' }, '16'],
  [{ TERM: 'linux' }, '16'],
  [{ TERM: 'dumb' }, 'none'],
  [{ TERM: 'vt100' }, 'none'],
  [{}, 'none'],
  [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }, 'none'],
  [{ TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
] as const)('%j has %s colours', (env, depth) => {
  expect(depthOf(env)).toBe(depth);
});

test('the theme is the chosen one, or fits the background', () => {
  expect(themeOf('light', {})).toBe('light');
  expect(themeOf('system', { COLORFGBG: '0;15' })).toBe('light');
  expect(themeOf('system', { COLORFGBG: '15;0' })).toBe('dark');
  expect(themeOf(undefined, {})).toBe('dark');
  expect(themeOf('contrast', {})).toBe('mono');
});

test('without colours only weight and inversion are used', () => {
  const palette = new Palette('dark', 'none');
  const style = { fg: 'nick3', bg: 'chosen', bold: true } as const;
  expect(palette.sgr(style)).toBe('0;1;7');
  expect(new Palette('dark', '256').sgr(style)).toMatch(/^0;1;38;5;\d+;48;5;\d+$/);
  expect(new Palette('dark', 'truecolor').sgr(style)).toMatch(/^0;1;38;2;[\d;]+48;2;[\d;]+$/);
  expect(new Palette('dark', '16').sgr(style)).toMatch(/^0;1;7;3\d$/);
});

describe('the colours of pictures', () => {
  const style = { fg: 0xff8001, bg: 0x0a0b0c };

  test('are shown as they are, or as the nearest of the 256 colours', () => {
    expect(new Palette('dark', 'truecolor').sgr(style)).toBe('0;38;2;255;128;1;48;2;10;11;12');
    expect(new Palette('dark', '256').sgr(style)).toBe('0;38;5;208;48;5;232');
  });

  test.each(['16', 'none'] as const)('are left out with %s colours', (depth) => {
    const palette = new Palette('dark', depth);
    expect(palette.sgr(style)).toBe('0');
    expect(palette.hasPictures).toBe(false);
    expect(new Palette('mono', 'truecolor').hasPictures).toBe(false);
  });

  test('the nearest is never farther than the best of the cube and of the greys', () => {
    const levels = [0, 95, 135, 175, 215, 255];
    const cube = levels.flatMap((r) => levels.flatMap((g) => levels.map((b) => [r, g, b])));
    const all = [...cube, ...Array.from({ length: 24 }, (_, i) => Array(3).fill(8 + 10 * i) as number[])];
    const palette = new Palette('dark', '256');
    let seed = 7;
    for (let i = 0; i < 500; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      const colour = seed >>> 8;
      const parts = [colour >> 16, (colour >> 8) & 255, colour & 255];
      const off = (other: readonly number[] = []) =>
        parts.reduce((sum, part, n) => sum + (part - (other[n] ?? 0)) ** 2, 0);
      const index = Number(palette.sgr({ fg: colour }).split(';').at(-1));
      expect({ colour, off: off(all[index - 16]) }).toEqual({ colour, off: Math.min(...all.map(off)) });
    }
  });
});
