import { createInterface, type Interface } from 'node:readline';
import type { Io } from '../io.ts';

const PASTES_IN_BRACKETS = '\u001b[?2004h';
const PASTES_BARE = '\u001b[?2004l';

/** A line of input. */
export interface InputLine {
  readonly text: string;
  /** Whether its line feed was pasted: then the user has not seen the line before it was entered. */
  readonly pasted: boolean;
}

/** Reads lines from the user. Output goes above the line that is being written and leaves it intact. */
export class Prompt {
  readonly #io: Io;
  readonly #lines: Interface;
  readonly #waiting: ((line: InputLine | undefined) => void)[] = [];
  readonly #early: InputLine[] = [];
  #closed = false;
  #pasting = false;
  /** Whether the prompt is drawn on the last line. */
  #drawn = false;

  constructor(io: Io) {
    this.#io = io;
    this.#lines = createInterface({
      input: io.stdin,
      output: this.isTerminal ? io.stdout : undefined,
      terminal: this.isTerminal,
    });
    this.#lines.setPrompt('');
    this.#lines.on('line', (text) => {
      this.#drawn = false;
      const line = { text, pasted: this.#pasting };
      const next = this.#waiting.shift();
      if (next === undefined) this.#early.push(line);
      else next(line);
    });
    this.#lines.on('SIGINT', () => this.close());
    this.#lines.once('close', () => {
      this.#closed = true;
      if (this.isTerminal) io.stdout.write(`${PASTES_BARE}${this.#drawn ? '\n' : ''}`);
      for (const waiter of this.#waiting.splice(0)) waiter(undefined);
    });
    if (this.isTerminal) this.#watchPastes();
  }

  get isTerminal(): boolean {
    return this.#io.stdin.isTTY === true && this.#io.stdout.isTTY === true;
  }

  /** The next line; undefined at the end of the input, and after Ctrl-C or Ctrl-D. */
  next(): Promise<InputLine | undefined> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async ask(question: string): Promise<string | undefined> {
    if (this.isTerminal) this.show(question);
    else this.#io.stdout.write(`${question}\n`);
    return (await this.next())?.text;
  }

  /** Sets the prompt before the line that is being written. It is shown on a terminal only. */
  show(prompt: string): void {
    this.#lines.setPrompt(prompt);
    this.#draw();
  }

  /** Prints a line above the one that is being written. */
  print(line: string): void {
    if (!this.isTerminal || this.#closed) {
      this.#io.stdout.write(`${line}\n`);
      return;
    }
    // A long line takes several rows of the terminal.
    const { rows } = this.#lines.getCursorPos();
    const up = rows === 0 ? '' : `\u001b[${rows}A`;
    this.#io.stdout.write(`${up}\r\u001b[J${line}\n`);
    // Node.js keeps a count of the line's rows, which is wrong after several characters in one read, and has no method to reset it.
    Object.assign(this.#lines, { prevRows: 0 });
    this.#draw();
  }

  close(): void {
    this.#lines.close();
  }

  #draw(): void {
    if (!this.isTerminal || this.#closed) return;
    this.#lines.prompt(true);
    this.#drawn = true;
  }

  #watchPastes(): void {
    this.#io.stdout.write(PASTES_IN_BRACKETS);
    this.#io.stdin.on(
      'keypress',
      (_text: string | undefined, key: { readonly name?: string } | undefined) => {
        if (key?.name === 'paste-start') this.#pasting = true;
        if (key?.name === 'paste-end') this.#pasting = false;
      },
    );
  }
}
