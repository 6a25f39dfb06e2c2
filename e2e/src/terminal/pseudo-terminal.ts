import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';
import { WAIT_MS } from '../waits.ts';

const GOCHAT = fileURLToPath(new URL('../../../terminal/bin/gochat.js', import.meta.url));
/** A `gochat` command on a real pseudo-terminal, with the screen that a person would see. */
export class PseudoTerminal {
  readonly #screen: InstanceType<typeof headless.Terminal>;
  readonly #pty: IPty;
  readonly #ended: Promise<number>;
  #watchers: (() => void)[] = [];

  constructor(
    args: readonly string[],
    options: {
      readonly cwd: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly cols?: number;
      readonly rows?: number;
    },
  ) {
    const { cwd, cols = 80, rows = 24 } = options;
    this.#screen = new headless.Terminal({ cols, rows, scrollback: 2000, allowProposedApi: true });
    const env = { PATH: process.env.PATH ?? '', HOME: cwd, TERM: 'xterm-256color', ...options.env };
    this.#pty = spawn(process.execPath, [GOCHAT, ...args], { cols, rows, cwd, env });
    this.#pty.onData((data) => this.#screen.write(data, () => this.#changed()));
    this.#ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal = 0 }) => {
        // The screen draws what came a little later.
        this.#screen.write('', () => {
          resolve(signal === 0 ? exitCode : 128 + signal);
          this.#changed();
        });
      });
    });
  }

  /** Everything on the screen and scrolled off it, without what was wrapped and without blank lines at the end. */
  get lines(): string[] {
    const { active } = this.#screen.buffer;
    const all: string[] = [];
    for (let i = 0; i < active.length; i++) {
      const line = active.getLine(i);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped === true && all.length > 0) all.push(`${all.pop() ?? ''}${text}`);
      else all.push(text);
    }
    return all.slice(0, all.findLastIndex((line) => line !== '') + 1);
  }

  get text(): string {
    return this.lines.join('\n');
  }

  async until(holds: (lines: readonly string[]) => boolean, what: string): Promise<void> {
    const end = Date.now() + WAIT_MS;
    while (!holds(this.lines)) {
      if (Date.now() > end) throw new Error(`never came: ${what}\n${this.text}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#watchers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  shows(text: string): Promise<void> {
    return this.until((lines) => lines.some((line) => line.includes(text)), text);
  }

  type(keys: string): void {
    this.#pty.write(keys);
  }

  enter(line: string): void {
    this.type(`${line}\r`);
  }

  resize(cols: number, rows: number): void {
    this.#pty.resize(cols, rows);
    this.#screen.resize(cols, rows);
  }

  /** The exit code, once it has ended; 128 and the signal that killed it, as shells say it. */
  get ended(): Promise<number> {
    return this.#ended;
  }

  /** The row of the cursor: where a shell would write its prompt. */
  get row(): string {
    const { active } = this.#screen.buffer;
    return active.getLine(active.baseY + active.cursorY)?.translateToString(true) ?? '';
  }

  /** Whether bracketed paste is on. */
  get pastesInBrackets(): boolean {
    return this.#screen.modes.bracketedPasteMode;
  }

  /** Whether the terminal is as a shell expects it: no other screen, no mouse, no focus events, lines wrap. */
  get isAsBefore(): boolean {
    const { modes, buffer } = this.#screen;
    const { bracketedPasteMode, mouseTrackingMode, sendFocusMode, wraparoundMode } = modes;
    const reports = bracketedPasteMode || sendFocusMode || mouseTrackingMode !== 'none';
    return buffer.active.type === 'normal' && wraparoundMode && !reports;
  }

  kill(signal = 'SIGKILL'): void {
    this.#pty.kill(signal);
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}
