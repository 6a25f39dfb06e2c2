import { UNICODE } from '@gochat/terminal/internal/screen/draw/symbols';
import { Screen, type ScreenPictures } from '@gochat/terminal/internal/screen/screen';
import { type Input, InputDecoder } from '@gochat/terminal/internal/screen/terminal/input-decoder';
import { Painter } from '@gochat/terminal/internal/screen/terminal/painter';
import { type Depth, Palette } from '@gochat/terminal/internal/screen/terminal/palette';
import type { Actions } from '@gochat/view/actions';
import type { Snapshot } from '@gochat/view/snapshot';
import { terminalEnglish } from '@gochat/view/terminal-words';
import type { View } from '@gochat/view/view';
import { Words } from '@gochat/view/words';
import headless from '@xterm/headless';

type ActionCall = readonly [action: string, ...given: unknown[]];

const TEXT = new Words('en-GB', terminalEnglish, 'UTC').text.screen;

/** The results of a view that only records its calls. */
const ANSWERS: Partial<Record<keyof Actions, unknown>> = {
  editLast: false,
  recall: false,
  cancel: false,
  back: false,
  highlight: Promise.resolve(undefined),
  picture: Promise.resolve(undefined),
};

export interface Cell {
  readonly text: string;
  readonly fg: string;
  readonly bg: string;
}

/** The terminal's screen between a view that can be set to anything and a terminal that can be read. */
export class Stage {
  readonly calls: ActionCall[] = [];
  readonly screen: Screen;
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly #listeners = new Set<() => void>();
  readonly #keys: InputDecoder;
  #decoded: () => void = () => undefined;
  readonly written: string[] = [];
  snapshot: Snapshot;
  answers: Partial<Record<keyof Actions, unknown>>;
  size: { columns: number; rows: number };
  /** Whether something is played. */
  plays = false;

  constructor(
    snapshot: Snapshot,
    options: {
      readonly keys?: 'readline' | 'vim';
      readonly columns?: number;
      readonly rows?: number;
      readonly depth?: Depth;
      readonly pictures?: ScreenPictures;
      /** What the view answers, besides the usual. */
      readonly answers?: Partial<Record<keyof Actions, unknown>>;
    } = {},
  ) {
    const { keys = 'readline', columns = 80, rows = 24, depth = '256', pictures } = options;
    this.snapshot = snapshot;
    this.answers = { ...ANSWERS, ...options.answers };
    this.size = { columns, rows };
    this.#terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
    const actions = new Proxy({} as Actions, {
      get:
        (_target, name: keyof Actions) =>
        (...given: unknown[]) => {
          this.calls.push([name, ...given]);
          return this.answers[name];
        },
    });
    const view: View = {
      actions,
      getSnapshot: () => this.snapshot,
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      close: async () => undefined,
    };
    this.screen = new Screen(view, {
      painter: new Painter(new Palette('dark', depth), { links: true, unicode: true }),
      symbols: UNICODE,
      text: TEXT,
      titled: true,
      keys,
      pictures,
      settings: () => undefined,
      host: {
        size: () => this.size,
        write: (text) => {
          this.written.push(text);
          this.#terminal.write(text);
        },
        isHeldUp: () => false,
        mouse: (on) => void this.calls.push(['mouse', on]),
        openLink: (href) => {
          this.calls.push(['openLink outside', href]);
          return true;
        },
        copy: () => Promise.resolve(true),
        edit: (text) => Promise.resolve(`${text} edited`),
        stopPlaying: () => {
          this.calls.push(['stopPlaying']);
          return this.plays;
        },
        suspend: () => void this.calls.push(['suspend']),
      },
    });
    this.#keys = new InputDecoder((input: Input) => {
      this.screen.take(input);
      this.#decoded();
    });
    this.screen.paint();
  }

  /** How often the view was asked to quit. */
  get quits(): number {
    return this.calls.filter(([action, name]) => action === 'run' && name === 'quit').length;
  }

  /** Shows another snapshot. */
  show(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.#listeners) listener();
    this.screen.paint();
  }

  /** Emits another snapshot as a view does; it is painted later. */
  emit(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.#listeners) listener();
  }

  /** Presses keys, as the bytes that a terminal sends for them. @returns the calls of the view, without those of every paint */
  async press(...keys: readonly string[]): Promise<ActionCall[]> {
    const from = this.calls.length;
    for (const key of keys) {
      const decoded = new Promise<void>((resolve) => {
        this.#decoded = resolve;
      });
      this.#keys.write(Buffer.from(key));
      // A single Esc is decoded later: it could be the beginning of a sequence.
      if (key.endsWith('\u001b')) await decoded;
    }
    await Promise.resolve();
    this.screen.paint();
    return this.calls.slice(from).filter(([name]) => name !== 'seen' && name !== 'loadEarlier');
  }

  /** The text on the terminal. */
  async lines(): Promise<string[]> {
    await new Promise<void>((done) => this.#terminal.write('', done));
    const { active } = this.#terminal.buffer;
    return Array.from(
      { length: this.size.rows },
      (_, i) =>
        active
          .getLine(active.baseY + i)
          ?.translateToString(true)
          .trimEnd() ?? '',
    );
  }

  /** The cells of the terminal, by rows. A colour is `#rrggbb`, a number of the 256, or empty for the usual one. */
  async cells(): Promise<Cell[][]> {
    await new Promise<void>((done) => this.#terminal.write('', done));
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.size.rows }, (_, y) =>
      Array.from({ length: this.size.columns }, (_, x) => {
        const cell = active.getLine(active.baseY + y)?.getCell(x);
        if (cell === undefined) return { text: '', fg: '', bg: '' };
        const hex = (colour: number) => `#${colour.toString(16).padStart(6, '0')}`;
        return {
          text: cell.getChars() || ' ',
          fg: cell.isFgRGB() ? hex(cell.getFgColor()) : cell.isFgPalette() ? `${cell.getFgColor()}` : '',
          bg: cell.isBgRGB() ? hex(cell.getBgColor()) : cell.isBgPalette() ? `${cell.getBgColor()}` : '',
        };
      }),
    );
  }

  /** Resizes the terminal. */
  resize(columns: number, rows: number): void {
    this.size = { columns, rows };
    this.#terminal.resize(columns, rows);
    this.screen.repaint();
  }

  async text(): Promise<string> {
    return (await this.lines()).join('\n');
  }

  close(): void {
    this.#keys.close();
    this.screen.close();
    this.#terminal.dispose();
  }
}
