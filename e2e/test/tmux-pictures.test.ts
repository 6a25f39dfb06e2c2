import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Line, span } from '@gochat/terminal/internal/screen/draw/frame';
import { halfBlocks } from '@gochat/terminal/internal/screen/pictures/half-blocks';
import { MARKS, placeholders } from '@gochat/terminal/internal/screen/pictures/kitty';
import { Painter } from '@gochat/terminal/internal/screen/terminal/painter';
import { type Depth, Palette } from '@gochat/terminal/internal/screen/terminal/palette';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { temporary } from '../src/people/people.ts';
import { findTmux, TmuxScreen } from '../src/terminal/tmux-screen.ts';
import { needed } from '../src/tool.ts';

const tmux = needed(await findTmux(), 'screens in tmux');
const ESC = '\u001b';

/** Red above, blue below; on the right green above, white below. */
const QUARTERS = {
  rgba: Uint8Array.from([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255]),
  width: 2,
  height: 2,
};

describe.skipIf(tmux === undefined)('in tmux', () => {
  let home: Awaited<ReturnType<typeof temporary>>;

  beforeAll(async () => {
    home = await temporary();
  });
  afterAll(() => home.remove());

  /** What tmux has of a frame, with its escapes, row by row. */
  async function readBack(lines: readonly Line[], depth: Depth): Promise<string[]> {
    const file = join(home.path, `${depth}-${lines.length}`);
    const painter = new Painter(new Palette('dark', depth), { links: false, unicode: true });
    await writeFile(file, painter.paint({ lines: [...lines, [span('end')]], cursor: undefined }));
    const screen = await TmuxScreen.start(tmux ?? '', {
      command: ['/bin/sh', '-c', 'cat "$0"; exec tail -f /dev/null', file],
      cwd: home.path,
      cols: 60,
      rows: 20,
    });
    onTestFinished(() => screen.close());
    await screen.shows('end');
    return (await screen.drawn()).split('\n');
  }

  test.each([
    ['truecolor', '38;2;255;0;0', '48;2;0;0;255', '38;2;0;255;0', '48;2;255;255;255'],
    ['256', '38;5;196', '48;5;21', '38;5;46', '48;5;231'],
  ] as const)('half-blocks have the colours that were written, with %s', async (depth, ...colours) => {
    const [row = ''] = await readBack(halfBlocks(QUARTERS, { columns: 2, rows: 1 }), depth);
    expect(row.replaceAll(`${ESC}[`, '<').match(/▀/g)).toHaveLength(2);
    const [left = '', right = ''] = row.split('▀');
    const [red, blue, green, white] = colours;
    for (const colour of [red, blue]) expect(left).toContain(colour);
    for (const colour of [green, white]) expect(right).toContain(colour);
  });

  test('placeholders keep their place, their marks and the id of their picture', async () => {
    const id = { high: 28, low: 201 };
    const rows = await readBack(
      [...placeholders(id, { columns: 40, rows: 12 })].map((line) => [span('| '), ...line, span(' |')]),
      'truecolor',
    );
    for (const [y, row] of rows.slice(0, 12).entries()) {
      // The id is the colour, through every terminal between.
      expect(row).toContain('38;5;201m\u{10eeee}');
      const cells = row.match(/\u{10eeee}\p{M}*/gu) ?? [];
      expect(cells).toEqual(
        Array.from({ length: 40 }, (_, x) => `\u{10eeee}${MARKS[y]}${MARKS[x]}${MARKS[id.high]}`),
      );
      expect(row.trimEnd().endsWith('|')).toBe(true);
    }
  });
});
