import { GraphicsProbe } from '@gochat/terminal/internal/screen/pictures/graphics';
import { MARKS } from '@gochat/terminal/internal/screen/pictures/kitty';
import type { Depth } from '@gochat/terminal/internal/screen/terminal/palette';
import type { FileRow } from '@gochat/view/row';
import type { Snapshot, TrayItem } from '@gochat/view/snapshot';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asking, BEN, DIALOGS, EMPTY_COMPOSER, message, PICTURE, snapshot } from '../src/screens/samples.ts';
import { type Cell, Stage } from '../src/terminal/stage.ts';

const ESC = '\u001b';
const KITTY = [`${ESC}_Gi=31;OK${ESC}\\`, `${ESC}P>|kitty(0.32.0)${ESC}\\`];
const SIXEL = [`${ESC}[6;20;10t`, `${ESC}[?62;4c`];

/** A picture of 8 × 4 pixels: red above on the left, green above on the right, blue below on the left, white below on the right. */
const RGBA = Uint8Array.from(
  Array.from({ length: 4 }, (_, y) =>
    Array.from({ length: 8 }, (_, x) =>
      y < 2 ? (x < 4 ? [255, 0, 0, 255] : [0, 255, 0, 255]) : x < 4 ? [0, 0, 255, 255] : [255, 255, 255, 255],
    ),
  ).flat(2),
);
/** As large as a place of 8 × 4 cells. */
const QUARTERS: FileRow = { ...PICTURE, width: 8, height: 8 };

const room = (...files: readonly FileRow[]) => [
  message('1', BEN, '', { files }),
  ...Array.from({ length: 3 }, (_, i) => message(`${i + 2}`, BEN, `line ${i}`)),
];

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly depth?: Depth;
  readonly columns?: number;
  readonly rows?: number;
}

/** A screen whose pictures come when {@link come} is called. */
function staged(shown: Snapshot, given: Given = {}) {
  const { env = {}, depth = 'truecolor', columns = 40, rows = 20 } = given;
  let come: () => void = () => undefined;
  const picture = new Promise<Uint8Array>((resolve) => {
    come = () => resolve(Uint8Array.from([1]));
  });
  const thumb = new Uint8Array(16).fill(77);
  const stage = new Stage(shown, {
    depth,
    columns,
    rows,
    answers: { picture },
    pictures: {
      probe: new GraphicsProbe(env),
      env,
      thumb: () => ({ rgba: thumb.map((value, i) => (i % 4 === 3 ? 255 : value)), width: 2, height: 2 }),
      decode: async () => ({ rgba: RGBA, width: 8, height: 4 }),
      sixels: async (_bytes, { width, height }) => `${ESC}Pq${width}x${height}${ESC}\\`,
      rewrite: async () => Uint8Array.from([9, 9, 9]),
    },
  });
  onTestFinished(() => stage.close());
  return { stage, come };
}

/** The cells of the picture: its first one is the first that a test finds. */
function area(cells: readonly (readonly Cell[])[], isPicture: (cell: Cell) => boolean) {
  const rows = cells.map((row) => row.filter(isPicture)).filter((row) => row.length > 0);
  return rows;
}

const isRed = ({ fg, bg }: Cell) => fg === '#ff0000' || bg === '#ff0000' || fg === '196' || bg === '196';
/** Any cell with a colour of the picture. */
const isPart = ({ fg, bg }: Cell) =>
  [fg, bg].some((colour) =>
    ['#ff0000', '#00ff00', '#0000ff', '#ffffff', '196', '46', '21', '231'].includes(colour),
  );

describe('half-blocks in an emulator', () => {
  test.each([
    ['truecolor', '#ff0000', '#00ff00', '#0000ff', '#ffffff'],
    ['256', '196', '46', '21', '231'],
  ] as const)('with %s have the colours of the picture', async (depth, red, green, blue, white) => {
    const { stage, come } = staged(snapshot(room(QUARTERS)), { depth });
    come();
    await expect.poll(async () => (await stage.cells()).flat().some(isRed)).toBe(true);
    const rows = area(await stage.cells(), isPart);
    expect(rows.map((row) => row.map(({ bg }) => bg).join(' '))).toEqual([
      ...Array(2).fill([...Array(4).fill(red), ...Array(4).fill(green)].join(' ')),
      ...Array(2).fill([...Array(4).fill(blue), ...Array(4).fill(white)].join(' ')),
    ]);
  });

  test('nothing moves when the picture comes, and its text is below it', async () => {
    const { stage, come } = staged(snapshot(room({ ...QUARTERS, thumb: 'hash' })));
    const before = await stage.lines();
    const blur = area(await stage.cells(), ({ bg }) => bg === '#4d4d4d');
    expect(blur.map((row) => row.length)).toEqual([8, 8, 8, 8]);
    come();
    await expect.poll(async () => (await stage.cells()).flat().some(isRed)).toBe(true);
    expect(await stage.lines()).toEqual(before);
    const at = before.findIndex((line) => line.includes('a table with four plates'));
    expect(before[at + 1]).toContain('dinner.jpg · 2.4 MB');
    expect(area((await stage.cells()).slice(at - 4, at), isPart)).toHaveLength(4);
  });

  test('are never wider than the text, however narrow the window is', async () => {
    const wide = { ...PICTURE, width: 4000, height: 1000 };
    for (const columns of [120, 60, 40, 20, 12]) {
      const { stage, come } = staged(snapshot(room(wide)), { columns, rows: 40 });
      come();
      await expect.poll(async () => (await stage.cells()).flat().some(isRed)).toBe(true);
      const widths = area(await stage.cells(), isPart).map((row) => row.length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(Math.min(40, columns - 6));
      expect(Math.max(...widths)).toBeGreaterThanOrEqual(Math.min(40, columns - 36, 1));
    }
  });

  test('are drawn again for another size of the window', async () => {
    const { stage, come } = staged(snapshot(room({ ...PICTURE, width: 4000, height: 1000 })), {
      columns: 55,
    });
    come();
    await expect.poll(async () => (await stage.cells()).flat().some(isRed)).toBe(true);
    stage.resize(25, 20);
    await expect.poll(async () => (await stage.cells()).flat().some(isRed)).toBe(true);
    const narrow = area(await stage.cells(), isPart).map((row) => row.length);
    stage.resize(55, 20);
    await expect.poll(async () => (await stage.cells()).flat().some(isRed)).toBe(true);
    const wide = area(await stage.cells(), isPart).map((row) => row.length);
    expect(wide[0]).toBeGreaterThan(narrow[0] ?? 0);
    expect(stage.calls.filter(([name]) => name === 'picture').length).toBe(2);
  });

  test.each([
    ['16 colours', { depth: '16' }],
    ['NO_COLOR', { depth: 'none' }],
    ['GOCHAT_PICTURES=none', { env: { GOCHAT_PICTURES: 'none' } }],
  ] as const)('with %s the text is all there is', async (_what, given) => {
    const { stage } = staged(snapshot(room(QUARTERS)), given);
    const lines = await stage.lines();
    const at = lines.findIndex((line) => line.includes('a table with four plates'));
    expect(lines[at]).toMatch(/^ +a table with four plates$/);
    expect(lines[at + 1]).toContain('dinner.jpg');
    expect(stage.calls.filter(([name]) => name === 'picture')).toEqual([]);
  });
});

test('scrolling past a picture writes the rows of the screen, and nothing twice', async () => {
  const rows = [
    ...room(QUARTERS),
    ...Array.from({ length: 60 }, (_, i) => message(`${10 + i}`, BEN, `more ${i}`)),
  ];
  const { stage, come } = staged(snapshot(rows));
  come();
  await stage.press(...Array.from({ length: 6 }, () => `${ESC}[5~`));
  await expect.poll(async () => (await stage.cells()).flat().some(isRed)).toBe(true);
  stage.written.length = 0;
  await stage.press(`${ESC}[6~`);
  await stage.press(`${ESC}[5~`);
  const scrolled = stage.written.join('');
  expect(scrolled.split(';1H').length - 1).toBeGreaterThan(8);
  expect(scrolled.split(';1H').length - 1).toBeLessThanOrEqual(2 * 20);
  expect(scrolled.length).toBeLessThan(20_000);
  stage.written.length = 0;
  stage.screen.paint();
  expect(stage.written).toEqual([]);
});

describe('placeholders', () => {
  const id = ({ fg }: Cell) => Number(fg);

  test('fill the place, each with its row and column, in the colour of the picture', async () => {
    const { stage, come } = staged(snapshot(room(QUARTERS)));
    await stage.press(...KITTY);
    come();
    await expect.poll(async () => (await stage.text()).includes('\u{10eeee}')).toBe(true);
    const cells = area(await stage.cells(), ({ text }) => text.startsWith('\u{10eeee}'));
    expect(
      cells.map((row) => row.map(({ text }) => [...text].slice(1, 3).map((mark) => MARKS.indexOf(mark)))),
    ).toEqual(Array.from({ length: 4 }, (_, row) => Array.from({ length: 8 }, (_, column) => [row, column])));
    expect(new Set(cells.flat().map(id))).toEqual(new Set([1]));
    const given = stage.written.filter((out) => out.includes('a=T,U=1'));
    expect(given).toHaveLength(1);
    const high = MARKS.indexOf([...(cells[0]?.[0]?.text ?? '')][3] ?? '');
    expect(given[0]).toContain(`i=${high * 2 ** 24 + 1},c=8,r=4,`);
  });

  test('of other people place nothing', async () => {
    const { stage } = staged(snapshot([message('1', BEN, `\u{10eeee}${MARKS[0]}${MARKS[0]}`)]));
    await stage.press(...KITTY);
    expect(await stage.text()).not.toContain('\u{10eeee}');
  });

  test('are given up, and their pictures deleted, at the end and while another program has the terminal', async () => {
    const { stage, come } = staged(snapshot(room(QUARTERS)));
    await stage.press(...KITTY);
    come();
    await expect.poll(async () => (await stage.text()).includes('\u{10eeee}')).toBe(true);
    stage.written.length = 0;
    stage.screen.pause(true);
    expect(stage.written.join('')).toMatch(/a=d,d=I,q=2,i=\d+/);
    stage.screen.pause(false);
    await expect.poll(() => stage.written.filter((out) => out.includes('a=T,U=1')).length).toBe(1);
    stage.written.length = 0;
    stage.close();
    expect(stage.written.join('')).toMatch(/a=d,d=I,q=2,i=\d+/);
  });
});

describe('one picture on the whole screen', () => {
  const dialog = { ...DIALOGS.picture, file: { ...QUARTERS, width: 800, height: 400 } };
  const open = (given: Given = {}) => staged(asking(dialog), { columns: 80, rows: 24, ...given });

  test('is as large as the window allows, with who sent it, its text and the keys', async () => {
    const { stage, come } = open();
    come();
    await expect.poll(async () => (await stage.cells()).flat().some(isRed)).toBe(true);
    const lines = await stage.lines();
    expect(lines[0]).toMatch(/^ ben, 23 November .* 2 of 3$/);
    expect(lines.at(-3)).toContain('a table with four plates');
    expect(lines.at(-2)).toContain('dinner.jpg · 2.4 MB');
    expect(lines.at(-1)).toContain('Left and Right');
    expect(area(await stage.cells(), isPart)).toHaveLength(20);
    expect(await stage.press(`${ESC}[D`, `${ESC}[C`, 's')).toEqual([
      ['pick', 'previous'],
      ['pick', 'next'],
      ['pick', 'save'],
    ]);
  });

  test('by sixel is drawn once, into its place', async () => {
    const { stage, come } = open();
    await stage.press(...SIXEL);
    come();
    const sixels = () => stage.written.join('').split('800x396').length - 1;
    await expect.poll(sixels).toBe(1);
    expect(stage.written.join('')).toContain(`${ESC}[2;1H${ESC}Pq800x396`);
    stage.show({ ...stage.snapshot });
    expect(sixels()).toBe(1);
    // Without it every row of its place is written again.
    stage.written.length = 0;
    stage.show({ ...stage.snapshot, dialog: undefined });
    for (let line = 2; line <= 21; line++) expect(stage.written.join('')).toContain(`${ESC}[${line};1H`);
  });

  test('on iTerm2 is a file that was written here', async () => {
    const { stage, come } = open({ env: { TERM_PROGRAM: 'iTerm.app' } });
    come();
    await expect
      .poll(() => stage.written.join(''))
      .toContain(']1337;File=inline=1;size=3;width=80;height=20;');
    expect(stage.written.join('')).toContain(`:${Buffer.from([9, 9, 9]).toString('base64')}\u0007`);
  });

  test.each([1, 3, 6])('fits into %d rows', async (rows) => {
    const { stage, come } = open({ columns: 10, rows });
    come();
    expect((await stage.lines())[0]).toContain('ben, 23');
  });
});

describe('keys on a message that has the focus', () => {
  const focused = async (...files: readonly FileRow[]) => {
    const { stage } = staged(snapshot([message('1', BEN, '', { files })]), { columns: 80 });
    await stage.press(`${ESC}[1;3A`);
    return stage;
  };

  test.each([
    ['picture', 'show'],
    ['voice', 'play'],
    ['audio', 'play'],
    ['video', 'play'],
  ] as const)('p and a %s: %s', async (kind, act) => {
    const stage = await focused({ ...PICTURE, id: 'other', kind: 'other' }, { ...PICTURE, index: 1, kind });
    expect((await stage.lines()).at(-2)).toContain(`p ${act}  s save`);
    const [stop, file] = await stage.press('p');
    expect(stop).toEqual(['stopPlaying']);
    expect(file?.slice(2)).toEqual([1, act]);
    expect(file?.[0]).toBe('file');
  });

  test('p fetches a picture that isn’t fetched unasked', async () => {
    const stage = await focused({ ...PICTURE, asks: true, state: 'there' });
    expect((await stage.press('p')).map((call) => call.at(-1))).toEqual(['stopPlaying', 'fetch', 'show']);
  });

  test('p opens another file, s saves any, and p stops what is played', async () => {
    const stage = await focused({ ...PICTURE, kind: 'other' });
    expect((await stage.press('p')).at(-1)?.slice(0, 2)).toEqual(['run', 'open']);
    expect((await stage.press('s')).at(-1)?.slice(0, 2)).toEqual(['run', 'save']);
    stage.plays = true;
    expect(await stage.press('p')).toEqual([['stopPlaying']]);
    expect((await stage.lines()).at(-2)).toContain('Stopped');
  });

  test('p says that there is no file', async () => {
    const stage = await focused();
    await stage.press('p');
    expect((await stage.lines()).at(-2)).toContain('This message has no file');
  });
});

describe('the files to be sent', () => {
  const item = (key: string, more: Partial<TrayItem> = {}): TrayItem => ({
    key,
    name: `${key}.jpg`,
    size: '2.4 MB',
    kind: 'picture',
    alt: '',
    state: 'ready',
    progress: undefined,
    note: '',
    error: '',
    spoken: '',
    ...more,
  });
  const withTray = (...tray: readonly TrayItem[]) =>
    staged(snapshot([message('1', BEN, 'hello')], {}, { composer: { ...EMPTY_COMPOSER, tray } }), {
      columns: 70,
    });

  test('are listed above the field, with what has to be known', async () => {
    const { stage } = withTray(
      item('one', { state: 'preparing', progress: 0.4 }),
      item('two', { alt: 'a cat', note: 'It may say where it was made' }),
      item('three', { state: 'failed', error: 'no space' }),
    );
    expect((await stage.lines()).slice(-7).map((line) => line.trim())).toEqual([
      expect.stringContaining('one.jpg · 2.4 MB · being prepared 40%'),
      expect.stringContaining('two.jpg · 2.4 MB · a cat'),
      'It may say where it was made',
      expect.stringContaining('three.jpg · 2.4 MB'),
      'no space',
      'Enter sends them with the text; Alt+T: describe or remove them',
      expect.stringMatching(/^> /),
    ]);
  });

  test('leave space for the field on a low screen', async () => {
    const { stage } = withTray(...Array.from({ length: 8 }, (_, i) => item(`file${i}`)));
    for (const rows of [24, 10, 6, 4]) {
      stage.resize(70, rows);
      const lines = await stage.lines();
      expect(lines.at(-1)).toMatch(/^> /);
      expect(lines.filter((line) => line.includes('.jpg')).length).toBeLessThanOrEqual(rows / 2);
      if (rows === 10) expect(lines.at(-2)).toContain('8 files; Alt+T shows them');
    }
  });

  test('are removed, tried again and described', async () => {
    const { stage } = withTray(item('one', { alt: 'a dog' }), item('two', { state: 'failed', error: 'no' }));
    await stage.press(`${ESC}t`);
    expect(await stage.text()).toContain('Try two.jpg again');
    const down = `${ESC}[B`;
    expect(await stage.press(down, '\r')).toEqual([['tray', 'one', 'remove']]);
    await stage.press(`${ESC}t`);
    expect(await stage.press(down, down, down, down, '\r')).toEqual([['tray', 'two', 'retry']]);
    await stage.press(`${ESC}t`, '\r');
    expect(await stage.text()).toContain('a dog');
    expect(await stage.press('a cat', '\r')).toEqual([['tray', 'one', { alt: 'a cat' }]]);
    expect(await stage.text()).not.toContain('Description');
  });

  test('are none before one is added', async () => {
    const { stage } = withTray();
    await stage.press(`${ESC}t`);
    expect((await stage.lines()).at(-2)).toContain('No files to send');
  });
});
