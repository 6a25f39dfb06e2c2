import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { temporary } from '../src/people/people.ts';
import { findTmux, TmuxScreen } from '../src/terminal/tmux-screen.ts';
import { needed } from '../src/tool.ts';

const tmux = needed(await findTmux(), 'screens in tmux');

/** Prints its size and every key that it gets, on the alternate screen, until `q`. */
const PROGRAM = `
  process.stdin.setRawMode(true);
  const print = (text) => process.stdout.write(text + '\\r\\n');
  const size = () => print('size ' + process.stdout.columns + 'x' + process.stdout.rows);
  process.stdout.write('\\x1b[?1049h\\x1b[?2004h\\x1b[31mred\\x1b[0m wide \\u{1f600}|\\r\\n');
  size();
  process.stdout.on('resize', size);
  process.stdin.on('data', (keys) => {
    print('got ' + JSON.stringify(String(keys)));
    if (String(keys) !== 'q') return;
    process.stdout.write('\\x1b[?2004l\\x1b[?1049l');
    process.exit(7);
  });`;

describe.skipIf(tmux === undefined)('a screen in tmux', () => {
  let home: Awaited<ReturnType<typeof temporary>>;

  beforeAll(async () => {
    home = await temporary();
  });
  afterAll(() => home.remove());

  async function starts(...command: readonly [string, ...string[]]): Promise<TmuxScreen> {
    const screen = await TmuxScreen.start(tmux ?? '', {
      command,
      cwd: home.path,
      env: { GREETING: 'hello' },
      cols: 60,
      rows: 12,
    });
    onTestFinished(() => screen.close());
    return screen;
  }

  test('shows what a program draws, and passes it keys, pastes and sizes', async () => {
    const screen = await starts(process.execPath, '-e', PROGRAM);
    await screen.shows('size 60x12');
    expect((await screen.rows())[0]).toBe('red wide 😀|');
    expect(await screen.drawn()).toContain('\u001b[31mred');
    expect(await screen.isFullScreen()).toBe(true);
    expect(await screen.cursor()).toEqual([0, 2]);
    await screen.type('ä; -x');
    await screen.shows('got "ä; -x"');
    await screen.press('C-k', 'Up');
    await screen.shows((rows) => rows.join('').includes(String.raw`\u000b`));
    await screen.shows(String.raw`\u001b[A`);
    await screen.paste('two\nlines;');
    await screen.shows(String.raw`got "\u001b[200~two\rlines;\u001b[201~"`);
    await screen.resize(100, 30);
    await screen.shows('size 100x30');
    await screen.press('q');
    expect(await screen.ended()).toBe(7);
    expect(await screen.isFullScreen()).toBe(false);
  });

  test('reports the screen’s content when an expected text never appears', async () => {
    const screen = await starts('sh', '-c', 'echo "$GREETING $PWD"; exec cat');
    await screen.shows('hello');
    expect((await screen.rows())[0]).toBe(`hello ${home.path}`);
    await expect(screen.shows('goodbye', 100)).rejects.toThrow(/never came: goodbye\nhello/);
  });

  test('closing one screen leaves the others open', async () => {
    const [one, other] = [await starts('cat', '-'), await starts('cat', '-')];
    await one.close();
    await other.type('still here');
    await other.shows('still here');
    await expect(one.rows()).rejects.toThrow();
  });

  test('a program that exits at once leaves its output and its exit code', async () => {
    const screen = await starts('sh', '-c', 'echo last words; exit 3');
    expect(await screen.ended()).toBe(3);
    await screen.shows('last words');
  });

  test('Ctrl-C goes to the program', async () => {
    const screen = await starts('sh', '-c', 'echo here; exec cat');
    await screen.shows('here');
    await screen.press('C-c');
    expect(await screen.ended()).toBe(128 + 2);
  });

  test('a killed program has the exit code that shells report', async () => {
    const screen = await starts('sh', '-c', 'echo here; kill -TERM $$');
    expect(await screen.ended()).toBe(128 + 15);
  });
});
