import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WAIT_MS } from '../waits.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const GOCHAT = fileURLToPath(new URL('../../../terminal/bin/gochat.js', import.meta.url));
/** A process that hangs is killed before its test ends, so that the test can show what it printed. Servers run as long as all tests of a file. */
const LONGEST_MS = 2 * WAIT_MS;
const LONGEST_SERVER_MS = 20 * WAIT_MS;

/** Builds the published command when its sources are newer: tests of processes run what is published. */
export function buildGochat(): void {
  const built = spawnSync(process.execPath, ['scripts/ensure.mjs'], { cwd: ROOT, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed: ${built.stderr}`);
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A running `gochat` command. */
export class GochatProcess {
  readonly child: ChildProcessWithoutNullStreams;
  #out = '';
  #err = '';
  readonly #ended: Promise<Ended>;
  /** Whether it has ended, and all that it printed was read: the signal of its end can come before its last words. */
  #isRead = false;
  #watchers: (() => void)[] = [];

  constructor(
    args: readonly string[],
    options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
  ) {
    const { PATH = '' } = process.env;
    this.child = spawn(process.execPath, [GOCHAT, ...args], {
      cwd: options.cwd,
      env: { PATH, HOME: options.cwd, ...options.env },
    });
    const timer = setTimeout(
      () => this.child.kill('SIGKILL'),
      args[0] === 'serve' ? LONGEST_SERVER_MS : LONGEST_MS,
    );
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.#out += chunk.toString();
      this.#changed();
    });
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.#err += chunk.toString();
      this.#changed();
    });
    this.child.stdin.on('error', () => undefined);
    this.#ended = once(this.child, 'close').then(([code]: unknown[]) => {
      clearTimeout(timer);
      this.#isRead = true;
      this.#changed();
      return { code: typeof code === 'number' ? code : null, out: this.#out, err: this.#err };
    });
  }

  /** All that it has printed so far to standard output and standard error. */
  get all(): string {
    return this.#out + this.#err;
  }

  /** Waits until it has printed this text so many times, to standard output and standard error together. */
  async shows(text: string, times = 1): Promise<void> {
    while (this.#out.split(text).length + this.#err.split(text).length - 2 < times) {
      if (this.#isRead) throw new Error(`ended without "${text}": ${this.#out}${this.#err}`);
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  write(text: string): void {
    this.child.stdin.write(text);
  }

  end(input: string | Buffer = ''): Promise<Ended> {
    this.child.stdin.end(input);
    return this.#ended;
  }

  stop(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.#ended;
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}
