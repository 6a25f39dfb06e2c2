import type { FileRow } from '@gochat/view/row';
import { describe, expect, test } from 'vitest';
import type { Graphics } from '../../../src/screen/pictures/graphics.ts';
import { Pictures } from '../../../src/screen/pictures/pictures.ts';
import type { Pixels } from '../../../src/screen/pictures/pixels.ts';

const BLOCKS: Graphics = { inline: 'blocks', over: undefined };
const KITTY: Graphics = { inline: 'kitty', over: undefined };

function file(id: string, more: Partial<FileRow> = {}): FileRow {
  return {
    id,
    index: 0,
    kind: 'picture',
    name: `${id}.jpg`,
    type: 'image/jpeg',
    size: '2 MB',
    alt: '',
    width: 160,
    height: 120,
    thumb: undefined,
    preview: true,
    length: '',
    wave: [],
    state: 'here',
    progress: undefined,
    asks: false,
    text: '',
    spoken: '',
    ...more,
  };
}

function solid(red: number): Pixels {
  const rgba = new Uint8Array(16 * 12 * 4).map((_, i) => (i % 4 === 0 ? red : i % 4 === 3 ? 255 : 0));
  return { rgba, width: 16, height: 12 };
}

/** Pictures whose bytes come when the test says so: the first byte is the red of all their pixels. */
class Setting {
  readonly asked: string[] = [];
  readonly written: string[] = [];
  readonly rewritten: number[] = [];
  changes = 0;
  nowMs = 0;
  #waiting: ((bytes: Uint8Array | undefined) => void)[] = [];
  #changed: () => void = () => undefined;
  readonly pictures: Pictures;

  constructor(graphics: Graphics) {
    this.pictures = new Pictures({
      bytesOf: (row, index, which) => {
        this.asked.push(`${row} ${index} ${which}`);
        return new Promise((resolve) => this.#waiting.push(resolve));
      },
      decode: async (bytes) => (bytes[0] === 0 ? undefined : solid(bytes[0] ?? 0)),
      rewrite: async (bytes) => {
        this.rewritten.push(bytes[0] ?? 0);
        return Uint8Array.from([1, 2, 3]);
      },
      sixels: async (_bytes, { width, height }) => `sixels ${width}x${height}`,
      thumb: (hash) =>
        hash === 'blue' ? { ...solid(0), rgba: new Uint8Array(16 * 12 * 4).fill(99) } : undefined,
      write: (text) => this.written.push(text),
      env: {},
      changed: () => {
        this.changes += 1;
        this.#changed();
      },
      random: () => 0.5,
      now: () => this.nowMs,
    });
    this.pictures.use(graphics);
    this.changes = 0;
  }

  /** Gives the picture that was asked for first. @returns once rows have to be drawn again */
  async come(first: number): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#changed = resolve;
    });
    this.#waiting.shift()?.(Uint8Array.from([first]));
    await changed;
  }

  /** Until all that was given has been taken. */
  async settled(): Promise<void> {
    await new Promise(setImmediate);
  }

  /** Gives a picture that nothing waits for any more. */
  drop(first: number): void {
    this.#waiting.shift()?.(Uint8Array.from([first]));
  }

  fail(): void {
    this.#waiting.shift()?.(undefined);
  }

  /** What a picture of 16 × 6 cells is drawn with. */
  shown(one: FileRow, row = 'row'): { text: string; bg: unknown; picture: unknown; lines: number } {
    const box = this.pictures.boxInText(one, 16);
    if (box === undefined) throw new Error('no place');
    const lines = this.pictures.inText(row, one, box);
    const [span] = lines[0] ?? [];
    return { text: span?.text ?? '', bg: span?.style.bg, picture: span?.style.picture, lines: lines.length };
  }
}

describe('a picture between other lines', () => {
  test('is asked for once, and has the same place before and after it has come', async () => {
    const setting = new Setting(BLOCKS);
    const one = file('one');
    expect(setting.shown(one)).toMatchObject({ bg: 'box', lines: 6 });
    setting.shown(one);
    expect(setting.asked).toEqual(['row 0 preview']);
    await setting.come(7);
    expect(setting.shown(one)).toMatchObject({ text: ' '.repeat(16), bg: 0x070000, lines: 6 });
    expect(setting.asked).toHaveLength(1);
  });

  test('is its blur until then', () => {
    expect(new Setting(BLOCKS).shown(file('one', { thumb: 'blue' }))).toMatchObject({
      bg: undefined,
      lines: 6,
    });
    expect(new Setting(BLOCKS).shown(file('one', { thumb: 'damaged' }))).toMatchObject({
      bg: 'box',
      lines: 6,
    });
  });

  test('that can’t be had is asked for again after a while, and once it is here', async () => {
    const setting = new Setting(BLOCKS);
    const one = file('one', { state: 'there' });
    /** Its row is another one after each failure. */
    const fails = async () => {
      setting.shown({ ...one });
      setting.fail();
      await setting.settled();
      return setting.asked.length;
    };
    expect(await fails()).toBe(1);
    expect(await fails()).toBe(1);
    setting.nowMs += 4999;
    expect(await fails()).toBe(1);
    setting.nowMs += 1;
    expect(await fails()).toBe(2);
    // Then it waits twice as long.
    setting.nowMs += 9999;
    expect(await fails()).toBe(2);
    setting.shown({ ...one, state: 'failed' });
    setting.nowMs += 1_000_000;
    setting.shown({ ...one, state: 'gone' });
    expect(setting.asked).toHaveLength(2);
    expect(await fails()).toBe(3);
    setting.shown({ ...one, state: 'here' });
    await setting.come(7);
    expect(setting.shown(one).bg).toBe(0x070000);
  });

  test('is not asked for before the user does, as a whole or where it isn’t fetched unasked', () => {
    const setting = new Setting(BLOCKS);
    setting.shown(file('one', { preview: false, state: 'there' }));
    setting.shown(file('one', { asks: true, state: 'there' }));
    expect(setting.asked).toEqual([]);
    setting.shown(file('one', { preview: false, state: 'here' }));
    expect(setting.asked).toEqual(['row 0 whole']);
  });

  test.each([
    ['has no size', file('one', { width: undefined })],
    ['has no pixels', file('one', { height: 0 })],
    ['is of a type that terminals don’t decode', file('one', { type: 'image/webp', preview: false })],
    ['is no picture', file('one', { kind: 'video' })],
  ])('has no place when it %s', (_what, one) => {
    expect(new Setting(BLOCKS).pictures.boxInText(one, 40)).toBeUndefined();
  });

  test('has no place on a terminal without graphics, and none where the user wants none', () => {
    expect(
      new Setting({ inline: 'none', over: undefined }).pictures.boxInText(file('one'), 40),
    ).toBeUndefined();
    const { pictures } = new Setting(BLOCKS);
    pictures.size = 'off';
    expect(pictures.boxInText(file('one'), 40)).toBeUndefined();
    pictures.size = 'small';
    expect(pictures.boxInText(file('one'), 40)).toEqual({ columns: 16, rows: 6 });
    pictures.size = 'toString';
    expect(pictures.boxInText(file('one'), 400)).toEqual({ columns: 32, rows: 12 });
  });
});

describe('with placeholders', () => {
  test('the terminal is given each picture once, before it is drawn, and forgets it at the end', async () => {
    const setting = new Setting(KITTY);
    const one = file('one');
    setting.shown(one);
    await setting.come(7);
    const [given = ''] = setting.written;
    expect(given).toContain(`i=${15 * 2 ** 24 + 1},`);
    expect(setting.shown(one)).toMatchObject({ picture: 1, lines: 6 });
    setting.shown(one);
    expect(setting.written).toHaveLength(1);
    expect(setting.pictures.release()).toContain(`a=d,d=I,q=2,i=${15 * 2 ** 24 + 1}`);
    // It is given again when it is drawn again.
    setting.shown(one);
    await setting.come(7);
    expect(setting.shown(one).picture).toBe(2);
  });

  test('the oldest are forgotten, and no two that are kept have one id', async () => {
    const setting = new Setting(KITTY);
    const first = file('first');
    setting.shown(first);
    await setting.come(1);
    const given = new Map([[setting.shown(first).picture, 'first']]);
    for (let i = 0; i < 300; i++) {
      const next = file(`${i}`);
      setting.shown(next);
      await setting.come(1);
      // The first stays on the screen all the time.
      expect(given.get(setting.shown(first).picture)).toBe('first');
      const id = setting.shown(next).picture;
      expect(given.get(id)).not.toBe('first');
      given.set(id, next.id);
    }
    const deleted = setting.written.filter((out) => out.includes('a=d'));
    expect(setting.written.length - 2 * deleted.length).toBe(64);
  });

  test('what comes after the terminal has changed is dropped', async () => {
    const setting = new Setting(KITTY);
    const one = file('one');
    setting.shown(one);
    setting.pictures.use(BLOCKS);
    setting.shown(one);
    setting.drop(3);
    await setting.come(5);
    expect(setting.shown(one).bg).toBe(0x050000);
    expect(setting.written).toEqual([]);
  });
});

describe('the only picture on a screen', () => {
  const alone = (setting: Setting, one: FileRow) => {
    const box = setting.pictures.boxAlone(one, { columns: 80, rows: 20 });
    if (box === undefined) throw new Error('no place');
    expect(box).toEqual({ columns: 53, rows: 20 });
    return setting.pictures.alone('row', one, box);
  };

  test.each([
    ['sixel', 'sixels 477x360', []],
    ['iterm2', '\u001b]1337;File=inline=1;size=3;width=53;height=20;', [7]],
  ] as const)('is drawn over blank text by %s', async (kind, begin, rewritten) => {
    const setting = new Setting({ inline: 'blocks', over: { kind, cell: { width: 9, height: 18 } } });
    const one = file('one');
    expect(alone(setting, one).over).toBeUndefined();
    await setting.come(7);
    const { lines, over } = alone(setting, one);
    expect(over?.startsWith(begin)).toBe(true);
    expect(lines).toHaveLength(20);
    expect(lines[0]?.[0]).toEqual({ text: ' '.repeat(53), style: {} });
    // Only files that were written here reach the terminal's decoders.
    expect(setting.rewritten).toEqual(rewritten);
  });

  test('is text where there is nothing better', async () => {
    const setting = new Setting(BLOCKS);
    const one = file('one');
    alone(setting, one);
    await setting.come(7);
    expect(alone(setting, one)).toMatchObject({ over: undefined });
    expect(alone(setting, one).lines).toHaveLength(20);
  });
});
