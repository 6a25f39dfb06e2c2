/**
 * Draws the README's pictures from the real programs: a server and two people in pseudo-terminals, their screens as SVG.
 * Run it after a build: npx tsx scripts/pictures.ts
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

const GOCHAT = fileURLToPath(new URL('../terminal/bin/gochat.js', import.meta.url));
const PICTURES = new URL('../docs/pictures/', import.meta.url);
const WAIT_MS = 20_000;

class Screen {
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly #pty: IPty;
  #changed: () => void = () => undefined;

  constructor(args: readonly string[], cwd: string, cols: number, rows: number) {
    this.#terminal = new headless.Terminal({ cols, rows, allowProposedApi: true });
    const env = { PATH: process.env.PATH ?? '', HOME: cwd, TERM: 'xterm-256color' };
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

  async types(line: string): Promise<void> {
    this.#pty.write(`${line}\r`);
  }

  async end(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#pty.onExit(() => resolve()));
    this.#pty.kill('SIGTERM');
    await gone;
  }
}

const CHAR = 8.4;
const LINE = 19;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function draw(
  what: string,
  panes: readonly { readonly title: string; readonly lines: readonly string[]; readonly cols: number }[],
): string {
  const gap = 16;
  const rows = Math.max(...panes.map((pane) => pane.lines.length));
  const height = rows * LINE + 58;
  let x = 0;
  const parts = panes.map(({ title, lines, cols }) => {
    const width = cols * CHAR + 32;
    const text = lines.map((line, i) => {
      const tone = line.startsWith('*') ? '#8b98a9' : /^\S+: /.test(line) ? '#dfe7f1' : '#aab6c5';
      return `<text x="16" y="${60 + i * LINE}" fill="${tone}" xml:space="preserve">${escaped(line)}</text>`;
    });
    const pane = `<g transform="translate(${x} 0)"><rect width="${width}" height="${height}" rx="8" fill="#12171f"/><text x="16" y="25" fill="#6f7c8d">${escaped(title)}</text><path d="M0 38H${width}" stroke="#232b36"/>${text.join('')}</g>`;
    x += width + gap;
    return pane;
  });
  const width = x - gap;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" role="img"><title>${escaped(what)}</title>${parts.join('')}</svg>\n`;
}

const home = await mkdtemp(join(tmpdir(), 'gochat-pictures-'));
const server = new Screen(['serve', '--data', 'rooms'], home, 104, 30);
await server.shows('listens');
const ana = new Screen(['--plain', '--profile', 'ana'], home, 52, 60);
await ana.shows('username');
await ana.types('ana');
await ana.shows('room yet');
await ana.types('kitchen');
await ana.shows('Connected!');
const link = /http:\S+/.exec(ana.lines.join(''))?.[0];
if (link === undefined) throw new Error('no link was shown');
const whole = ana.lines.join('').match(/http:\/\/\S+?#\/join\/[\w-]{22}\.[\w-]{22}\.[\w-]{22}/)?.[0] ?? link;
const ben = new Screen(['join', whole, '--as', 'ben', '--plain', '--profile', 'ben'], home, 52, 60);
await ben.shows('Connected!');
await ana.shows('ben joined');
const conversation = [
  [ben, 'hi ana! can anybody read this?', ana],
  [ana, 'only who is in the room. not even the server.', ben],
  [ben, 'then I can tell you where the cake is', ana],
  [ana, 'please do', ben],
] as const;
for (const [from, text, to] of conversation) {
  await from.types(text);
  await to.shows(text);
}
await server.shows('broadcast to 2 connections');
const talk = (screen: Screen) =>
  screen.lines.slice(screen.lines.findIndex((line) => line.startsWith('Connected!')));
await mkdir(PICTURES, { recursive: true });
await writeFile(
  new URL('clients.svg', PICTURES),
  draw('Two people talk', [
    { title: 'ana', lines: talk(ana), cols: 52 },
    { title: 'ben', lines: talk(ben), cols: 52 },
  ]),
);
await writeFile(
  new URL('server.svg', PICTURES),
  draw('The server sees ciphertext', [{ title: 'npm start', lines: server.lines, cols: 104 }]),
);
await ana.end();
await ben.end();
await server.end();
await rm(home, { recursive: true, force: true });
