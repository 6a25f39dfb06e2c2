import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findTool, type Tool } from '../tool.ts';
import { WAIT_MS } from '../waits.ts';
import { TmuxControl } from './tmux-control.ts';

const run = promisify(execFile);
const LOOK_AGAIN_MS = 25;
const SOCKET = 'socket';
const CODE = 'code';

/** Stays after the program ends, as a shell would: otherwise tmux can lose its last output and exit code. */
const RUN = `
trap : INT QUIT
"$@"
echo $? >"$0.part"
mv "$0.part" "$0"
exec tail -f /dev/null`;

export function findTmux(): Promise<Tool> {
  return findTool('tmux', ['tmux']);
}

interface Start {
  /** What runs in it, without a shell. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cols?: number;
  readonly rows?: number;
}

/** A program in a real tmux, with a separate server that loads no configuration. */
export class TmuxScreen {
  readonly #tmux: string;
  /** Of this screen alone: the socket of its tmux, and the program's exit code. */
  readonly #folder: string;
  readonly #control: TmuxControl;
  #closed: Promise<void> | undefined;

  private constructor(tmux: string, folder: string, control: TmuxControl) {
    this.#tmux = tmux;
    this.#folder = folder;
    this.#control = control;
  }

  /** @param tmux where {@link findTmux} found it */
  static async start(tmux: string, { command, cwd, env, cols = 80, rows = 24 }: Start): Promise<TmuxScreen> {
    const folder = await mkdtemp(join(tmpdir(), 'gochat-tmux-'));
    const options = [
      ['-g', 'status', 'off'],
      ['-g', 'default-terminal', 'tmux-256color'],
      ['-s', 'escape-time', '0'],
      ['-s', 'set-clipboard', 'on'],
    ].flatMap((option) => ['set-option', ...option, ';']);
    const size = ['-x', String(cols), '-y', String(rows)];
    const words = ['sh', '-c', RUN, join(folder, CODE), ...command];
    await run(
      tmux,
      ['-S', join(folder, SOCKET), '-f', '/dev/null', 'start-server', ';', ...options].concat(
        ['new-session', '-d', ...size, '-c', cwd, '--'],
        words.map(whole),
      ),
      { env: { PATH: process.env.PATH ?? '', HOME: cwd, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env } },
    );
    return new TmuxScreen(tmux, folder, await TmuxControl.attach(tmux, join(folder, SOCKET)));
  }

  /** The rows as a person sees them, without blanks at their ends. */
  async rows(): Promise<string[]> {
    return (await this.#control.ask('capture-pane', '-p')).split('\n').map((row) => row.trimEnd());
  }

  /** The screen with the escapes that draw it: colours and attributes. */
  drawn(): Promise<string> {
    return this.#control.ask('capture-pane', '-p', '-e');
  }

  /** Waits until the screen shows a text, or its rows satisfy a condition. */
  async shows(wanted: string | ((rows: readonly string[]) => boolean), waitMs = WAIT_MS): Promise<void> {
    const holds =
      typeof wanted === 'string' ? (rows: readonly string[]) => rows.some((r) => r.includes(wanted)) : wanted;
    await this.#until(async () => holds(await this.rows()), String(wanted), waitMs);
  }

  /** Writes a text key by key, escapes too. */
  async type(text: string): Promise<void> {
    await this.#control.ask('send-keys', '-l', '--', text);
  }

  /** Presses keys by tmux's names: `Enter`, `Escape`, `C-k`, `M-Up`, `PageUp`, `BTab`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#control.ask('send-keys', '--', ...keys);
  }

  /** Pastes a text as a terminal does: in brackets, if the program asked for them. */
  async paste(text: string): Promise<void> {
    await this.#control.ask('set-buffer', '-b', 'pasted', '--', text);
    await this.#control.ask('paste-buffer', '-p', '-d', '-b', 'pasted');
  }

  /** What the program has copied last. */
  async copied(): Promise<string> {
    // To a client in control mode its lines are escaped.
    return (await run(this.#tmux, ['-S', join(this.#folder, SOCKET), 'show-buffer'])).stdout;
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#control.ask('resize-window', '-x', String(cols), '-y', String(rows));
  }

  /** Column and row of the cursor, from 0; undefined while it is hidden. */
  async cursor(): Promise<readonly [column: number, row: number] | undefined> {
    const [shown, x, y] = (await this.#look('#{cursor_flag} #{cursor_x} #{cursor_y}')).split(' ').map(Number);
    return shown === 1 ? [x ?? 0, y ?? 0] : undefined;
  }

  /** Whether the program uses the alternate screen. */
  async isFullScreen(): Promise<boolean> {
    return (await this.#look('#{alternate_on}')) === '1';
  }

  /** Waits until the program has ended. @returns its exit code, 128 and the signal after a signal */
  async ended(waitMs = WAIT_MS): Promise<number> {
    const file = join(this.#folder, CODE);
    await this.#until(async () => existsSync(file), 'the end of the program', waitMs);
    return Number(await readFile(file, 'utf8'));
  }

  /** Ends the program, and this tmux with it. */
  close(): Promise<void> {
    this.#closed ??= this.#control.endServer().then(() => rm(this.#folder, { recursive: true }));
    return this.#closed;
  }

  async #until(probe: () => Promise<boolean>, what: string, waitMs: number): Promise<void> {
    for (const end = Date.now() + waitMs; !(await probe()); await delay(LOOK_AGAIN_MS))
      if (Date.now() > end) throw new Error(`never came: ${what}\n${(await this.rows()).join('\n')}`);
  }

  async #look(format: string): Promise<string> {
    return (await this.#control.ask('display-message', '-p', format)).trimEnd();
  }
}

/** Escapes a word for tmux, for which a final semicolon would start another command. */
function whole(word: string): string {
  return word.replace(/;$/, '\\;');
}
