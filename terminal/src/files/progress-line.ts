import type { Io } from '../io.ts';

const DRAW_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** A line on standard error that is drawn again as something goes on; on a terminal only. */
export class ProgressLine {
  readonly #io: Io;
  #drawnAt = 0;

  constructor(io: Io) {
    this.#io = io;
  }

  show(line: () => string): void {
    if (this.#io.stderr.isTTY !== true) return;
    const now = Date.now();
    if (now - this.#drawnAt < DRAW_MS) return;
    this.#drawnAt = now;
    this.#io.stderr.write(`${CLEAR_LINE}${line()}`);
  }

  /** Removes the line. */
  end(): void {
    if (this.#drawnAt > 0) this.#io.stderr.write(CLEAR_LINE);
    this.#drawnAt = 0;
  }
}
