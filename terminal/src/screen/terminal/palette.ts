import type { Background, Foreground, Rgb, Style } from '../draw/frame.ts';

/** The colours of a terminal. */
export type Depth = 'none' | '16' | '256' | 'truecolor';
export type ThemeName = 'dark' | 'light' | 'mono';

/** The colours of a theme, as `RRGGBB`. Every text colour is legible on every background. */
export interface Theme {
  /** The assumed background of the terminal. */
  readonly paper: string;
  readonly foregrounds: Readonly<Record<Exclude<Foreground, `nick${number}`>, string>>;
  /** The text colour on a background. */
  readonly text: string;
  /** One for each of the view's `COLOURS`. */
  readonly nicks: readonly string[];
  readonly backgrounds: Readonly<Record<Background, string>>;
}

export const THEMES: Readonly<Record<Exclude<ThemeName, 'mono'>, Theme>> = {
  dark: {
    paper: '000000',
    text: 'eeeeee',
    foregrounds: {
      dim: '949494',
      accent: '5fafff',
      good: '87d787',
      bad: 'ff8787',
      warn: 'ffaf5f',
      code: 'd7d7af',
      keyword: 'ff87d7',
      string: 'afd75f',
      number: 'd7afff',
      comment: '949494',
      link: '5fd7d7',
      paper: 'ffffff',
    },
    nicks: [
      '5fafff',
      'ff8787',
      '87d787',
      'ffaf5f',
      'd7afff',
      '5fd7d7',
      'ffd75f',
      'ff87d7',
      'afd75f',
      '87afff',
      'd7d7af',
      'd7875f',
    ],
    backgrounds: { bar: '262626', box: '1c1c1c', focus: '303030', chosen: '3a3a3a', paper: '000000' },
  },
  light: {
    paper: 'ffffff',
    text: '1c1c1c',
    foregrounds: {
      dim: '5f5f5f',
      accent: '005faf',
      good: '005f00',
      bad: 'af0000',
      warn: '875f00',
      code: '5f005f',
      keyword: '87005f',
      string: '005f00',
      number: '5f00af',
      comment: '5f5f5f',
      link: '005f87',
      paper: 'ffffff',
    },
    nicks: [
      '005faf',
      'af0000',
      '005f00',
      '875f00',
      '5f00af',
      '005f5f',
      '5f5f00',
      '870087',
      '875f5f',
      '0000af',
      '5f0000',
      'af005f',
    ],
    backgrounds: { bar: 'eeeeee', box: 'eeeeee', focus: 'e4e4e4', chosen: 'dadada', paper: '000000' },
  },
};

/** SGR codes: the user defines how the sixteen colours look. */
const SIXTEEN: Readonly<Record<Exclude<Foreground, `nick${number}`>, number>> = {
  dim: 39,
  accent: 34,
  good: 32,
  bad: 31,
  warn: 33,
  code: 36,
  keyword: 35,
  string: 32,
  number: 35,
  comment: 39,
  link: 36,
  paper: 97,
};
const SIXTEEN_NICKS = [36, 31, 32, 33, 35, 34] as const;

/** The colours to use, from the environment. See https://no-color.org. */
export function depthOf(env: Readonly<Record<string, string | undefined>>): Depth {
  const { NO_COLOR, COLORTERM = '', TERM = '' } = env;
  if ((NO_COLOR ?? '') !== '' || TERM === 'dumb' || TERM === '' || /^vt\d/.test(TERM)) return 'none';
  if (/^(?:truecolor|24bit)$/i.test(COLORTERM) || /-direct\b/.test(TERM)) return 'truecolor';
  if (/256|kitty|ghostty|alacritty|foot|wezterm/.test(TERM)) return '256';
  return '16';
}

/** The theme of a setting; without one, by the background that the terminal reports in `COLORFGBG`, or dark. */
export function themeOf(
  setting: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ThemeName {
  if (setting === 'dark' || setting === 'light' || setting === 'mono') return setting;
  if (setting === 'contrast') return 'mono';
  const background = /(?:^|;)(\d+)$/.exec(env.COLORFGBG ?? '')?.[1];
  return background === '7' || background === '15' ? 'light' : 'dark';
}

/** Converts styles to SGR parameters. */
export class Palette {
  readonly #theme: ThemeName;
  readonly #depth: Depth;
  readonly #known = new WeakMap<Style, string>();

  constructor(theme: ThemeName, depth: Depth) {
    this.#theme = theme;
    this.#depth = theme === 'mono' ? 'none' : depth;
  }

  /** Whether the colours of pictures can be shown. */
  get hasPictures(): boolean {
    return this.#depth === '256' || this.#depth === 'truecolor';
  }

  /** @returns parameters such as `0;1;38;5;75`, which begin with a reset */
  sgr(style: Style): string {
    const known = this.#known.get(style);
    if (known !== undefined) return known;
    const made = ['0', ...this.#parameters(style)].join(';');
    this.#known.set(style, made);
    return made;
  }

  *#parameters(style: Style): Generator<string> {
    const plain = this.#depth === 'none' || this.#theme === 'mono';
    if (style.bold === true) yield '1';
    if (style.italic === true) yield '3';
    if (style.underline === true) yield '4';
    if (style.strike === true) yield '9';
    const { fg, bg, picture } = style;
    if (picture !== undefined) {
      // The colour is the picture's id: see placeholders.ts.
      yield `38;5;${picture}`;
      return;
    }
    // With sixteen colours or fewer there is no light background: the selected item is inverted.
    const bare = plain || this.#depth === '16';
    if (style.inverse === true || (bare && (bg === 'chosen' || bg === 'bar'))) yield '7';
    if (bare && bg === 'focus') yield '1';
    if (plain) {
      if (fg === 'dim' && style.inverse !== true && bg === undefined) yield '2';
      return;
    }
    if (typeof fg === 'number') yield* this.#rgb(38, fg);
    else if (fg !== undefined) yield this.#fg(fg);
    // The terminal's default text colour is legible only on its default background.
    else if (bg !== undefined && !bare) yield this.#colour(38, this.#colours.text);
    if (bg === 'paper' && this.#depth === '16') yield '40';
    if (typeof bg === 'number') yield* this.#rgb(48, bg);
    else if (bg !== undefined && !bare) yield this.#colour(48, this.#colours.backgrounds[bg]);
  }

  *#rgb(what: 38 | 48, colour: Rgb): Generator<string> {
    if (this.#depth === 'truecolor') yield `${what};2;${colour >> 16};${(colour >> 8) & 255};${colour & 255}`;
    else if (this.#depth === '256') yield `${what};5;${nearest(colour)}`;
  }

  get #colours(): Theme {
    return this.#theme === 'light' ? THEMES.light : THEMES.dark;
  }

  #fg(fg: Foreground): string {
    const nick = /^nick(\d+)$/.exec(fg)?.[1];
    if (this.#depth === '16') {
      if (nick !== undefined) return String(SIXTEEN_NICKS[Number(nick) % SIXTEEN_NICKS.length]);
      return String(SIXTEEN[fg as Exclude<Foreground, `nick${number}`>]);
    }
    const { foregrounds, nicks } = this.#colours;
    if (nick !== undefined) return this.#colour(38, nicks[Number(nick) % nicks.length] ?? 'ffffff');
    return this.#colour(38, foregrounds[fg as Exclude<Foreground, `nick${number}`>]);
  }

  #colour(what: 38 | 48, hex: string): string {
    const [red, green, blue] = rgb(hex);
    return this.#depth === 'truecolor' ? `${what};2;${red};${green};${blue}` : `${what};5;${indexOf(hex)}`;
  }
}

export function rgb(hex: string): readonly [number, number, number] {
  const value = Number.parseInt(hex, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const CUBE = [0, 95, 135, 175, 215, 255] as const;

/** The index of a theme's colour among xterm's 256 colours. @throws RangeError for another colour */
export function indexOf(hex: string): number {
  const parts = rgb(hex);
  const [red, green, blue] = parts;
  const [r = -1, g = -1, b = -1] = parts.map((part) => CUBE.indexOf(part as (typeof CUBE)[number]));
  if (r >= 0 && g >= 0 && b >= 0) return 16 + 36 * r + 6 * g + b;
  if (red === green && green === blue && red >= 8 && red <= 238) return 232 + Math.round((red - 8) / 10);
  throw new RangeError(`${hex} is none of the 256 colours`);
}

const NEAREST = new Map<Rgb, number>();
/** More colours than a screen has cells. */
const NEAREST_KEPT = 20_000;

/** The index of the nearest of the 240 of xterm's 256 colours that users don't define. */
function nearest(colour: Rgb): number {
  const known = NEAREST.get(colour);
  if (known !== undefined) return known;
  const parts = [colour >> 16, (colour >> 8) & 255, colour & 255];
  const steps = parts.map((part) => (part < 48 ? 0 : part < 115 ? 1 : Math.floor((part - 35) / 40)));
  const [r = 0, g = 0, b = 0] = steps;
  const grey = Math.max(
    0,
    Math.min(23, Math.round((parts.reduce((sum, part) => sum + part, 0) / 3 - 8) / 10)),
  );
  const off = (given: (i: number) => number) =>
    parts.reduce((sum, part, i) => sum + (part - given(i)) ** 2, 0);
  const isGrey = off(() => 8 + 10 * grey) < off((i) => CUBE[steps[i] ?? 0] ?? 0);
  const index = isGrey ? 232 + grey : 16 + 36 * r + 6 * g + b;
  if (NEAREST.size >= NEAREST_KEPT) NEAREST.clear();
  NEAREST.set(colour, index);
  return index;
}
