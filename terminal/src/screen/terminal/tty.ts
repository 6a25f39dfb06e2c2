import { writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Size } from '../draw/frame.ts';

/** The input and the output of a terminal. */
export interface TtyIn extends Readable {
  setRawMode?(on: boolean): unknown;
}
export interface TtyOut extends Writable {
  readonly columns?: number;
  readonly rows?: number;
  readonly fd?: number;
}

const ESC = '\u001b';
/** Saves the title; alternate screen, no wrapping, bracketed paste, focus events. */
const ENTER = `${ESC}[22;2t${ESC}[?1049h${ESC}[?7l${ESC}[?2004h${ESC}[?1004h${ESC}[2J`;
const LEAVE = `${ESC}[?1006l${ESC}[?1000l${ESC}[?1004l${ESC}[?2004l${ESC}[?7h${ESC}[0m${ESC}[?25h${ESC}[?2026l${ESC}[?1049l${ESC}[23;2t`;
const MOUSE_ON = `${ESC}[?1000h${ESC}[?1006h`;
const MOUSE_OFF = `${ESC}[?1006l${ESC}[?1000l`;

/** A terminal in full-screen mode. It is restored, whatever ends the program. */
export class Tty {
  readonly #input: TtyIn;
  readonly #output: TtyOut;
  #entered = false;
  #mouse = false;
  readonly #restore = () => {
    this.leave();
    if (this.#gone) die();
  };
  #gone = false;

  constructor(input: TtyIn, output: TtyOut) {
    this.#input = input;
    this.#output = output;
  }

  get size(): Size {
    // Some terminals report 0 at first.
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 };
  }

  /** Whether earlier output is still buffered: another frame would only have to wait. */
  get isBusy(): boolean {
    return this.#output.writableNeedDrain;
  }

  /** Calls `then` once the buffered output has drained. */
  onceDrained(then: () => void): void {
    this.#output.once('drain', then);
  }

  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    process.once('exit', this.#restore);
    this.#input.setRawMode?.(true);
    this.#input.resume();
    this.write(`${ENTER}${this.#mouse ? MOUSE_ON : ''}`);
  }

  /** Restores the terminal before it returns. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    process.off('exit', this.#restore);
    try {
      // Synchronously: the process may be about to exit or to stop.
      if (this.#output.fd === undefined) this.#output.write(LEAVE);
      else writeSync(this.#output.fd, LEAVE);
      this.#input.setRawMode?.(false);
    } catch {
      // The terminal is gone: nothing can be restored.
      this.#gone = true;
      process.once('exit', die);
    }
    this.#input.pause();
  }

  mouse(on: boolean): void {
    if (this.#mouse === on) return;
    this.#mouse = on;
    if (this.#entered) this.write(on ? MOUSE_ON : MOUSE_OFF);
  }

  write(text: string): void {
    this.#output.write(text);
  }

  /** Listens to input and to changes of the size. @returns a function that stops listening */
  listen(onData: (bytes: Buffer) => void, onResize: () => void): () => void {
    this.#input.on('data', onData);
    this.#output.on('resize', onResize);
    return () => {
      this.#input.off('data', onData);
      this.#output.off('resize', onResize);
    };
  }
}

/** Kills the process: Node.js would abort with a core dump when it can't restore a terminal that is gone. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
