import { type Drawing, draw } from '@gochat/terminal/internal/screen/draw/draw';
import type { Size } from '@gochat/terminal/internal/screen/draw/frame';
import type { ScreenText } from '@gochat/terminal/internal/screen/draw/look';
import { RowLines } from '@gochat/terminal/internal/screen/draw/rows';
import { ASCII, UNICODE } from '@gochat/terminal/internal/screen/draw/symbols';
import { EMPTY, replace } from '@gochat/terminal/internal/screen/edit/editor';
import { beginDialog } from '@gochat/terminal/internal/screen/input/dialog-keys';
import { Keymap } from '@gochat/terminal/internal/screen/input/keymap';
import { Painter } from '@gochat/terminal/internal/screen/terminal/painter';
import { type Depth, Palette } from '@gochat/terminal/internal/screen/terminal/palette';
import { INITIAL_UI, type Ui } from '@gochat/terminal/internal/screen/ui-state';
import type { Snapshot } from '@gochat/view/snapshot';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import headless from '@xterm/headless';

export interface Drawn {
  readonly drawing: Drawing;
  readonly lines: readonly string[];
  readonly text: string;
}

const ENGLISH = new Words('en-GB', terminalEnglish, 'UTC').text.screen;

/** What the terminal client draws of a snapshot, as a reader would read it from the frame. */
export function drawn(
  snapshot: Snapshot,
  size: Size,
  ui: Partial<Ui> = {},
  ascii = false,
  text: ScreenText = ENGLISH,
): Drawn {
  const symbols = ascii ? ASCII : UNICODE;
  const keymap = new Keymap('readline');
  const { dialog, room } = snapshot;
  const whole: Ui = {
    ...INITIAL_UI,
    editor: replace(EMPTY, room?.composer.text ?? ''),
    dialog: dialog && beginDialog(dialog),
    ...ui,
  };
  const drawing = draw(snapshot, whole, size, {
    symbols,
    text,
    rowLines: new RowLines({ symbols, text, highlighted: () => undefined }),
    keysOf: (command) => keymap.keysOf(command),
    screenKeysOf: (action) => keymap.screenKeysOf(action),
  });
  const lines = drawing.frame.lines.map((line) => line.map(({ text }) => text).join(''));
  return { drawing, lines, text: lines.join('\n') };
}

/** The bytes that bring a frame to a terminal. */
export function painted({ drawing }: Drawn, depth: Depth = 'truecolor'): string {
  return new Painter(new Palette('dark', depth), { links: true, unicode: true }).paint(drawing.frame);
}

/** The screen of a real emulator after these bytes. */
export async function emulated(bytes: string, { columns, rows }: Size) {
  const terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
  let title = '';
  terminal.onTitleChange((changed) => {
    title = changed;
  });
  await new Promise<void>((done) => terminal.write(bytes, done));
  const { active } = terminal.buffer;
  const lines = Array.from(
    { length: rows },
    (_, i) => active.getLine(i)?.translateToString(true).trimEnd() ?? '',
  );
  return { lines, title, scrolled: active.baseY, cursor: { row: active.cursorY, column: active.cursorX } };
}
