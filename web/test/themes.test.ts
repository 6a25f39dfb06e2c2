import { readFileSync } from 'node:fs';
import { COLOURS } from '@gochat/view/row';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../src/styles/themes.css', import.meta.url), 'utf8');

type Theme = Readonly<Record<string, string>>;

/** The custom properties of the theme that are plain colours. */
function theme(name: string): Theme {
  const block = new RegExp(`\\[data-theme="${name}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? '';
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, property = '', colour = '']) => [
      property,
      colour,
    ]),
  );
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const NAMES = Array.from({ length: COLOURS }, (_, i) => `colour-${i}`);
const GROUNDS = ['ground', 'raised', 'sunken', 'own', 'mention', 'accent-ground'];
/** Colours of text and the backgrounds that they appear on. */
const PAIRS: readonly (readonly [text: string, ground: string])[] = [
  ...['text', 'soft-text'].flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)),
  ...NAMES.flatMap((name) => ['ground', 'raised', 'own', 'mention'].map((ground) => [name, ground] as const)),
  // Initials on an avatar.
  ...NAMES.map((name) => ['ground', name] as const),
  ...GROUNDS.map((ground) => ['accent', ground] as const),
  ['on-accent', 'accent'],
  ['warn', 'warn-ground'],
  ['warn', 'ground'],
  ['danger', 'ground'],
  ['danger', 'danger-ground'],
  ['ground', 'danger'],
  ['ground', 'text'],
];

describe.each([
  ['light', 4.5],
  ['dark', 4.5],
  ['contrast-light', 7],
  ['contrast-dark', 7],
])('the theme %s', (name, least) => {
  const colours = theme(name);

  test(`has a contrast of ${least} to 1 or more for all text`, () => {
    const weak = PAIRS.map(([text, ground]) => {
      const ratio = contrast(colours[text] ?? '#808080', colours[ground] ?? '#808080');
      return { pair: `${text} on ${ground}`, ratio: Number(ratio.toFixed(2)) };
    }).filter(({ ratio }) => ratio < least);
    expect(weak).toEqual([]);
  });

  test('gives the borders of controls a contrast of 3 to 1', () => {
    for (const ground of ['ground', 'raised'])
      expect(contrast(colours['strong-line'] ?? '', colours[ground] ?? '')).toBeGreaterThanOrEqual(3);
  });

  test('has a different colour for each member', () => {
    expect(new Set(NAMES.map((colour) => colours[colour])).size).toBe(COLOURS);
  });
});
