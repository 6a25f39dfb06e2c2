import { createInterface, type Interface } from 'node:readline';
import { isBlank } from '@gochat/client/blank';
import { onCtrlC } from '../ctrl-c.ts';
import type { Io } from '../io.ts';
import { readLines } from '../utf8-input.ts';

const PASTES_IN_BRACKETS = '\u001b[?2004h';
const PASTES_BARE = '\u001b[?2004l';

/** A paste of which nothing has come for this time has ended. */
const PASTE_GAP_MS = 1000;

/** Keys without a function, such as Ctrl+] and Ctrl+\\: Node.js adds their invisible characters to the line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it matches
const UNBOUND = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** A line of input. */
export interface InputLine {
  readonly text: string;
  /** Whether its line feed was pasted: then the user has not seen the line before it was entered. */
  readonly pasted: boolean;
}

type Waiter = { resolve(line: InputLine | undefined): void; reject(error: unknown): void };

/** Reads lines from the user. Output goes above the line that is being written and leaves it intact. */
export class Prompt {
  readonly #io: Io;
  /** Edits the line on a terminal; undefined when the lines come from a pipe or a file. */
  readonly #editor: Interface | undefined;
  readonly #waiting: Waiter[] = [];
  readonly #early: InputLine[] = [];
  #asked = 0;
  #closed = false;
  #isStopped = false;
  #failure: unknown;
  #pasting = false;
  /** When the last key came, by `performance.now()`. */
  #keyAt = 0;
  /** Whether the prompt is drawn on the last line. */
  #drawn = false;

  constructor(io: Io) {
    this.#io = io;
    this.#editor = this.isTerminal
      ? createInterface({ input: io.stdin, output: io.stdout, terminal: true })
      : undefined;
    if (this.#editor === undefined) void this.#readPipe();
    else this.#edit(this.#editor);
  }

  get isTerminal(): boolean {
    return this.#io.stdin.isTTY === true && this.#io.stdout.isTTY === true;
  }

  /** The number, from 1, of the line that {@link next} returned last, or could not read. */
  get line(): number {
    return this.#asked;
  }

  /** Whether the input was ended although lines may have come that {@link next} has not returned. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** The next line; undefined at the end of the input, and after Ctrl-C, {@link close} or Ctrl-D. @throws NotUtf8 once, after the last line before */
  next(): Promise<InputLine | undefined> {
    if (this.#isStopped) return Promise.resolve(undefined);
    this.#asked += 1;
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) return Promise.reject(failure);
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** The number of the first line that has come, isn't blank, and that {@link next} has not returned; undefined when there is none. */
  async unread(): Promise<number | undefined> {
    // Then all lines of a chunk are here.
    await new Promise((resolve) => setImmediate(resolve));
    const at = this.#early.findIndex(({ text }) => !isBlank(text));
    return at === -1 ? undefined : this.#asked + 1 + at;
  }

  async ask(question: string): Promise<string | undefined> {
    if (this.isTerminal) this.show(question);
    else this.#io.stdout.write(`${question}\n`);
    return (await this.next())?.text;
  }

  /** Sets the prompt before the line that is being written. It is shown on a terminal only. */
  show(prompt: string): void {
    this.#editor?.setPrompt(prompt);
    this.#draw();
  }

  /** Prints a line above the one that is being written. */
  print(line: string): void {
    if (this.#editor === undefined || this.#closed) {
      this.#io.stdout.write(`${line}\n`);
      return;
    }
    // A long line takes several rows of the terminal.
    const { rows } = this.#editor.getCursorPos();
    const up = rows === 0 ? '' : `\u001b[${rows}A`;
    this.#io.stdout.write(`${up}\r\u001b[J${line}\n`);
    // Node.js keeps a count of the line's rows, which is wrong after several characters in one read, and has no method to reset it.
    Object.assign(this.#editor, { prevRows: 0 });
    this.#draw();
  }

  /** Ends the input. Lines that have come already are not returned any more. */
  close(): void {
    this.#isStopped = true;
    if (this.#editor !== undefined) this.#editor.close();
    else {
      this.#io.stdin.destroy();
      this.#end();
    }
  }

  #edit(editor: Interface): void {
    editor.setPrompt('');
    editor.on('line', (text) => {
      this.#drawn = false;
      this.#take(this.#pasting ? { text, pasted: true } : { text: text.replace(UNBOUND, ''), pasted: false });
    });
    const stopCtrlC = onCtrlC(this.#io.stdin, () => this.close());
    // After Ctrl+Z and fg: Node.js pauses the input, and the shell has turned brackets off.
    editor.on('SIGCONT', () => {
      this.#io.stdout.write(PASTES_IN_BRACKETS);
      editor.resume();
    });
    editor.once('close', () => {
      stopCtrlC();
      this.#io.stdout.write(`${PASTES_BARE}${this.#drawn ? '\n' : ''}`);
      this.#end();
    });
    this.#watchPastes();
  }

  async #readPipe(): Promise<void> {
    try {
      for await (const text of readLines(this.#io.stdin)) {
        if (this.#closed) return;
        this.#take({ text, pasted: false });
      }
    } catch (error) {
      // A closed input ends early, which is no failure.
      if (this.#closed) return;
      const next = this.#waiting.shift();
      if (next === undefined) this.#failure = error;
      else next.reject(error);
    }
    this.#end();
  }

  #take(line: InputLine): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#early.push(line);
    else next.resolve(line);
  }

  #end(): void {
    this.#closed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
  }

  #draw(): void {
    if (this.#editor === undefined || this.#closed) return;
    this.#editor.prompt(true);
    this.#drawn = true;
  }

  #watchPastes(): void {
    this.#io.stdout.write(PASTES_IN_BRACKETS);
    this.#io.stdin.on(
      'keypress',
      (_text: string | undefined, key: { readonly name?: string } | undefined) => {
        const now = performance.now();
        // The end of a paste may never come.
        if (now - this.#keyAt > PASTE_GAP_MS) this.#pasting = false;
        this.#keyAt = now;
        if (key?.name === 'paste-start') this.#pasting = true;
        if (key?.name === 'paste-end') this.#pasting = false;
      },
    );
  }
}
