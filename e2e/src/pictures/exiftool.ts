import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

const READY = '{ready}\n';

/** An exiftool that stays open: starting one takes half a second of a core. Its calls must not overlap. */
export class Exiftool {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #out = '';
  #err = '';
  #isGone = false;
  #heard: () => void = () => undefined;
  readonly #gone: Promise<void>;

  /** @param path of the program */
  constructor(path: string) {
    this.#child = spawn(path, ['-stay_open', 'True', '-@', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
      this.#heard();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text;
    });
    this.#gone = once(this.#child, 'exit').then(() => {
      this.#isGone = true;
      this.#heard();
    });
  }

  /** @param args one for each line: none may have a line break, or be -q. @returns what it prints. @throws Error if it has ended */
  async runs(...args: readonly string[]): Promise<string> {
    this.#out = '';
    this.#child.stdin.write(`${args.join('\n')}\n-execute\n`);
    while (!this.#out.endsWith(READY)) {
      if (this.#isGone) throw new Error(`exiftool has ended: ${this.#err}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.#out.slice(0, -READY.length);
  }

  async close(): Promise<void> {
    this.#child.stdin.end('-stay_open\nFalse\n');
    await this.#gone;
  }
}
