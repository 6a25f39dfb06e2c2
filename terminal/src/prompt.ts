import { createInterface, type Interface } from 'node:readline';
import type { Io } from './io.ts';

/** Lines from a person: asked for, or as they come; what is printed meanwhile leaves the line being written whole. */
export class Prompt {
  readonly #io: Io;
  readonly #lines: Interface;
  readonly #waiting: ((line: string | undefined) => void)[] = [];
  readonly #early: string[] = [];
  #closed = false;
  #shown = '';

  constructor(io: Io) {
    this.#io = io;
    this.#lines = createInterface({
      input: io.stdin,
      output: this.isTerminal ? io.stdout : undefined,
      terminal: this.isTerminal,
    });
    this.#lines.setPrompt('');
    this.#lines.on('line', (line) => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#early.push(line);
      else next(line);
    });
    this.#lines.on('SIGINT', () => this.close());
    this.#lines.once('close', () => {
      this.#closed = true;
      for (const waiter of this.#waiting.splice(0)) waiter(undefined);
    });
  }

  get isTerminal(): boolean {
    return this.#io.stdin.isTTY === true && this.#io.stdout.isTTY === true;
  }

  /** The next line; undefined at the end of the input, and after Ctrl-C or Ctrl-D. */
  next(): Promise<string | undefined> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  ask(question: string): Promise<string | undefined> {
    if (this.isTerminal) this.show(question);
    else this.#io.stdout.write(`${question}\n`);
    return this.next();
  }

  /** Sets what stands before the line that is being written; nowhere but on a terminal. */
  show(prompt: string): void {
    this.#shown = prompt;
    this.#lines.setPrompt(prompt);
    if (this.isTerminal && !this.#closed) this.#lines.prompt(true);
  }

  /** Prints a line above the one that is being written. */
  print(line: string): void {
    if (!this.isTerminal || this.#closed) {
      this.#io.stdout.write(`${line}\n`);
      return;
    }
    this.#io.stdout.write(`\r\u001b[K${line}\n`);
    this.#lines.setPrompt(this.#shown);
    this.#lines.prompt(true);
  }

  close(): void {
    this.#lines.close();
  }
}
