/**
 * Draws the README's pictures from the real programs: a server and a person in pseudo-terminals, their screens as SVG, and two people in
 * browsers, as PNG. Run it with: npm run pictures
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';
import type { Page } from 'playwright-core';
import { findChromium, launchChromium } from '../e2e/src/browser/chromium.ts';
import { pngOf } from '../e2e/src/pictures/made-pictures.ts';
import { needed } from '../e2e/src/tool.ts';
import { THEMES } from '../terminal/src/screen/terminal/palette.ts';

const GOCHAT = fileURLToPath(new URL('../terminal/bin/gochat.js', import.meta.url));
const PICTURES = new URL('../docs/pictures/', import.meta.url);
const WAIT_MS = 20_000;

class Screen {
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly #pty: IPty;
  #changed: () => void = () => undefined;

  constructor(args: readonly string[], cwd: string, cols: number, rows: number) {
    this.#terminal = new headless.Terminal({ cols, rows, allowProposedApi: true });
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: cwd,
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      LANG: 'C.UTF-8',
    };
    this.#pty = spawn(process.execPath, [GOCHAT, ...args], { cols, rows, cwd, env });
    this.#pty.onData((data) => this.#terminal.write(data, () => this.#changed()));
  }

  get lines(): string[] {
    const { active } = this.#terminal.buffer;
    const all = Array.from(
      { length: active.length },
      (_, i) => active.getLine(i)?.translateToString(true) ?? '',
    );
    return all.slice(0, all.findLastIndex((line) => line !== '') + 1);
  }

  async shows(text: string): Promise<void> {
    const end = Date.now() + WAIT_MS;
    while (!this.lines.join('\n').includes(text)) {
      if (Date.now() > end) throw new Error(`never shown: ${text}\n${this.lines.join('\n')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The screen row by row, each in parts of one colour. */
  get drawn(): readonly (readonly Part[])[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, i) => partsOf(active.getLine(active.baseY + i)));
  }

  press(keys: string): void {
    this.#pty.write(keys);
  }

  async end(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#pty.onExit(() => resolve()));
    this.#pty.kill('SIGTERM');
    await gone;
  }
}

interface Part {
  /** The column that it begins at. */
  readonly at: number;
  readonly text: string;
  readonly colour: string;
  readonly bold: boolean;
  /** What it is written on; undefined: the window. */
  readonly paper?: string | undefined;
}

type Line = ReturnType<InstanceType<typeof headless.Terminal>['buffer']['active']['getLine']>;

const INK = '#dfe7f1';
const DIM = '#8b98a9';
const BACKGROUNDS = Object.values(THEMES.dark.backgrounds).map((hex) => `#${hex}`);

function partsOf(line: Line): Part[] {
  const parts: Part[] = [];
  for (let at = 0; line !== undefined && at < line.length; at++) {
    const cell = line.getCell(at);
    const text = cell?.getChars() ?? '';
    if (cell === undefined || text === '') continue;
    const hex = (value: number) => `#${value.toString(16).padStart(6, '0')}`;
    const colour = cell.isFgRGB() ? hex(cell.getFgColor()) : cell.isDim() !== 0 ? DIM : INK;
    // The backgrounds of the screen's own parts are left out: they are dark on dark.
    const isPicture = cell.isBgRGB() && !BACKGROUNDS.includes(hex(cell.getBgColor()));
    const paper = isPicture ? hex(cell.getBgColor()) : undefined;
    const bold = cell.isBold() !== 0;
    const last = parts.at(-1);
    if (
      last !== undefined &&
      last.colour === colour &&
      last.bold === bold &&
      last.paper === paper &&
      last.at + last.text.length === at
    )
      parts[parts.length - 1] = { ...last, text: last.text + text };
    else parts.push({ at, text, colour, bold, paper });
  }
  return parts.filter(({ text, paper }) => text.trim() !== '' || paper !== undefined);
}

const CHAR = 8.4;
const LINE = 19;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function isHalfBlocks({ text, paper }: Part): boolean {
  return paper !== undefined || /^▄+$/.test(text);
}

/** Cells of a picture, as rectangles: fonts draw the blocks a little too high or too low. */
function halfBlocks({ at, text, colour, paper }: Part, row: number): string {
  const [x, y, width] = [16 + at * CHAR, 46 + row * LINE, text.length * CHAR + 0.3];
  const rect = (top: number, height: number, fill: string) =>
    `<rect x="${x.toFixed(1)}" y="${(y + top).toFixed(1)}" width="${width.toFixed(1)}" height="${height}" fill="${fill}"/>`;
  const half = LINE / 2;
  return [
    paper === undefined ? '' : rect(0, LINE + 0.3, paper),
    text.startsWith('▀') ? rect(0, half, colour) : '',
    text.startsWith('▄') ? rect(half, half + 0.3, colour) : '',
  ].join('');
}

/** A cake on a table, in 320 × 200 pixels. */
function cake(): Uint8Array {
  const [width, height] = [320, 200];
  const colourAt = (x: number, y: number): readonly number[] => {
    const inside = (left: number, right: number, top: number, bottom: number) =>
      x >= left && x < right && y >= top && y < bottom;
    if ((x - 160) ** 2 + (y - 52) ** 2 < 13 ** 2) return [214, 40, 57];
    const drip = 92 + 9 * Math.sin(x / 11);
    if (inside(80, 240, 66, drip)) return [255, 244, 230];
    if (inside(80, 240, 66, 96)) return [201, 143, 88];
    if (inside(80, 240, 96, 106)) return [226, 76, 105];
    if (inside(80, 240, 106, 140)) return [184, 122, 70];
    if (inside(56, 264, 140, 150)) return [238, 240, 244];
    if (y >= 150) return [120 - y / 4, 78 - y / 6, 52 - y / 8];
    return [92 + y / 3, 150 + y / 4, 196 - y / 8];
  };
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rgba.set([...colourAt(x, y), 255], 4 * (y * width + x));
  return pngOf(width, height, rgba);
}

/** A terminal's window with these rows. */
function draw(what: string, title: string, rows: readonly (readonly Part[])[], cols: number): string {
  const width = cols * CHAR + 32;
  const height = rows.length * LINE + 58;
  const text = rows.flatMap((parts, i) =>
    parts.map((part) =>
      isHalfBlocks(part)
        ? halfBlocks(part, i)
        : `<text x="${16 + part.at * CHAR}" y="${60 + i * LINE}" fill="${part.colour}"${part.bold ? ' font-weight="700"' : ''} xml:space="preserve">${escaped(part.text)}</text>`,
    ),
  );
  const window = `<rect width="${width}" height="${height}" rx="8" fill="#12171f"/><text x="16" y="25" fill="#6f7c8d">${escaped(title)}</text><path d="M0 38H${width}" stroke="#232b36"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" role="img"><title>${escaped(what)}</title>${window}${text.join('')}</svg>\n`;
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator('#composer').fill(text);
  await page.keyboard.press('Enter');
}

async function on(page: Page, text: string, key: string): Promise<void> {
  await page.locator('article', { hasText: text }).last().focus();
  await page.keyboard.press(key);
}

async function joins(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('Your name in this room').fill(name);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.locator('#composer').waitFor();
}

const chromium = needed(await findChromium(), 'the pictures of the web client');
if (chromium === undefined) process.exit(1);
const home = await mkdtemp(join(tmpdir(), 'gochat-pictures-'));
const server = new Screen(['serve', '--data', 'rooms', '--port', '0'], home, 104, 30);
await server.shows('listens');
const port = /127\.0\.0\.1:(\d+)/.exec(server.lines.join('\n'))?.[1];
const browser = await launchChromium(chromium);
const pageOf = async (width: number, height: number, colorScheme: 'light' | 'dark') => {
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
  });
  return context.newPage();
};
const ana = await pageOf(1180, 760, 'light');
const cleo = await pageOf(390, 760, 'dark');
await ana.goto(`http://127.0.0.1:${port}/`);
await ana.getByRole('button', { name: 'Create a room' }).first().click();
await ana.getByLabel('Room name').fill('Kitchen');
await ana.getByLabel('Your name in this room').fill('Ana');
await ana.getByRole('button', { name: 'Create', exact: true }).click();
const link = (await ana.locator('output.link', { hasText: 'http' }).textContent()) ?? '';
await ana.keyboard.press('Escape');
const ben = new Screen(['join', link, '--as', 'Ben', '--profile', 'ben'], home, 104, 40);
await ben.shows('Write a message');
// A link is for one person.
await say(ana, '/invite');
await ana.getByRole('button', { name: 'Create link' }).click();
await joins(cleo, (await ana.locator('output.link', { hasText: 'http' }).textContent()) ?? '', 'Cleo');
await ana.keyboard.press('Escape');
await say(ana, 'Can anybody read this but us?');
await ben.shows('Can anybody read this');
ben.press('Only who is in the room. Not even the server.\r');
await cleo.getByText('Not even the server').last().waitFor();
await on(cleo, 'Not even the server', '+');
await cleo.locator('dialog input').fill('lock');
await cleo.locator('dialog [role=option]').first().waitFor();
await cleo.keyboard.press('Enter');
await ana.locator('.reaction').waitFor();
await on(ana, 'Not even the server', 'r');
await say(ana, 'Then I can tell you **where the cake is**');
await ben.shows('where the cake is');
await writeFile(join(home, 'cake.png'), cake());
ben.press('/send cake.png -- This one?\r');
await ana.getByText('This one?').last().waitFor();
await cleo.locator('article img').last().waitFor();
await say(
  cleo,
  'Our script finds it:\n```js\nfor await (const item of room.items())\n  if (item.text.includes("cake")) await room.send("Mine!");\n```',
);
await ben.shows('room.items');
await say(ana, '@Ben bring a fork');
await ben.shows('bring a fork');
await server.shows('broadcast to 3 connections');
for (const page of [ana, cleo]) {
  await page.getByText('bring a fork').last().waitFor();
  await page.locator('.delivery.read').last().waitFor();
  await page.locator('.flash.shown').waitFor({ state: 'detached' });
  await page.locator('[class^=scope-]').first().waitFor();
  await page.mouse.move(0, 0);
}
await mkdir(PICTURES, { recursive: true });
const file = (name: string) => fileURLToPath(new URL(name, PICTURES));
await ana.screenshot({ path: file('browser.png') });
await cleo.screenshot({ path: file('phone.png') });
await writeFile(file('terminal.svg'), draw('The same conversation in a terminal', 'gochat', ben.drawn, 104));
const seen = server.lines.map((text) => [
  { at: 0, text, colour: /^\S+ \S/.test(text) ? INK : DIM, bold: false },
]);
await writeFile(file('server.svg'), draw('The server sees ciphertext', 'npm start', seen, 104));
await browser.close();
await ben.end();
await server.end();
await rm(home, { recursive: true, force: true });
