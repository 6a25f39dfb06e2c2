import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePreview } from '@gochat/terminal/internal/pictures/pictures';
import { type Line, span } from '@gochat/terminal/internal/screen/draw/frame';
import { halfBlocks } from '@gochat/terminal/internal/screen/pictures/half-blocks';
import { MARKS, placeholders } from '@gochat/terminal/internal/screen/pictures/kitty';
import { Painter } from '@gochat/terminal/internal/screen/terminal/painter';
import { type Depth, Palette } from '@gochat/terminal/internal/screen/terminal/palette';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fileOf, Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { pngOf } from '../src/pictures/made-pictures.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';
import { findTmux, TmuxScreen } from '../src/terminal/tmux-screen.ts';
import { needed } from '../src/tool.ts';

const tmux = needed(await findTmux(), 'screens in tmux');
const GOCHAT = fileURLToPath(new URL('../../terminal/bin/gochat.js', import.meta.url));
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

  describe('a picture that was sent', () => {
    const SIDE = 320;
    /** A picture of 320 × 320 pixels in the same four colours. */
    const file = pngOf(
      SIDE,
      SIDE,
      Uint8Array.from({ length: SIDE * SIDE * 4 }, (_, i) => {
        const [x, y] = [(i >> 2) % SIDE, Math.floor((i >> 2) / SIDE)];
        return QUARTERS.rgba[(y < SIDE / 2 ? 0 : 8) + (x < SIDE / 2 ? 0 : 4) + (i & 3)] ?? 0;
      }),
    );
    let server: TestServer;
    let ben: Someone;
    let room: string;

    beforeAll(async () => {
      buildGochat();
      server = await startServer(join(home.path, 'rooms'));
      ben = await Someone.open('ben', join(home.path, 'ben'));
      ({ room } = await ben.hosts(server.url));
    });
    afterAll(async () => {
      await ben.close();
      await server.stop();
    });

    /** Ana's full screen, and ben sends the picture. */
    async function ana(name: string, env: Readonly<Record<string, string>>): Promise<TmuxScreen> {
      const link = await ben.invites(room);
      const screen = await TmuxScreen.start(tmux ?? '', {
        command: [process.execPath, GOCHAT, 'join', link, '--as', name, '--profile', name],
        cwd: home.path,
        env: { TERM: 'tmux-256color', COLORTERM: 'truecolor', ...env },
        cols: 80,
        rows: 30,
      });
      onTestFinished(() => screen.close());
      await screen.shows('> Write a message');
      await ben.until(
        async () => (await ben.history(room)).some((item) => JSON.stringify(item).includes(name)),
        name,
      );
      const id = await ben.queuesFiles(room, [fileOf('quarters.png', file, 'image/png')], `for ${name}`, {
        alt: 'four colours',
        makePreview,
      });
      await ben.delivered(room, [id]);
      await screen.shows('quarters.png');
      return screen;
    }

    /** The rows of the picture above its text. */
    const above = (rows: readonly string[], count: number) => {
      const at = rows.findIndex((row) => row.includes('four colours'));
      return rows.slice(at - count, at);
    };

    /** The colours at both ends of a row of the picture, as exact as a sixteenth. */
    const endsOf = (row: string) => {
      const colours = [...row.matchAll(/48;2;(\d+);(\d+);(\d+)/g)].map(([, ...parts]) =>
        parts.map((part) => Math.round(Number(part) / 17).toString(16)).join(''),
      );
      return `${colours[0]} ${colours.at(-1)}`;
    };

    test('is shown between the messages, and alone on the whole screen', async () => {
      const screen = await ana('ana', { KITTY_WINDOW_ID: '1' });
      // Until it has come, its blur has other colours. The preview is a JPEG: it has nearly those of the picture.
      await expect
        .poll(async () => above((await screen.drawn()).split('\n'), 12).map(endsOf))
        .toEqual(Array.from({ length: 12 }, (_, i) => (i < 6 ? 'f00 0f0' : '00f fff')));
      await screen.press('M-Up', 'p');
      await screen.shows((lines) => lines[0]?.includes('1 of 1') === true);
      await expect
        .poll(async () => (await screen.drawn()).match(/48;2;25[0-5];[0-3];[0-3]m/g)?.length)
        .toBeGreaterThan(12);
      await screen.press('Escape');
      await screen.shows('> Write a message');
    });

    test('is placeholders for a terminal that has them', async () => {
      const screen = await ana('cleo', { GOCHAT_PICTURES: 'kitty' });
      await screen.shows((lines) => lines.some((line) => line.includes('\u{10eeee}')));
      const cells = above(await screen.rows(), 12).map((row) => row.match(/\u{10eeee}\p{M}{3}/gu)?.length);
      expect(cells).toEqual(Array(12).fill(24));
    });

    test('is its text without colours', async () => {
      const screen = await ana('dora', { NO_COLOR: '1' });
      await screen.shows('four colours');
      expect(above(await screen.rows(), 1)[0]).toContain('for dora');
      expect(await screen.drawn()).not.toMatch(/[▀▄]|;2;\d+;\d+;\d+m/);
    });
  });
});
