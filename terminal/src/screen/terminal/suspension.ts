import type { Tty } from './tty.ts';

/** A process that cannot be stopped, because no shell controls it, continues after this time. */
const RESUME_MS = 50;

/** Ctrl+Z: restores the terminal and stops the process; when it continues, the screen is painted again. */
export class Suspension {
  readonly #tty: Tty;
  readonly #pause: (paused: boolean) => void;
  #stopped = false;
  readonly #onStop = () => this.suspend();
  readonly #onContinue = () => this.#resume();

  constructor(tty: Tty, pause: (paused: boolean) => void) {
    this.#tty = tty;
    this.#pause = pause;
  }

  watch(): void {
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onContinue);
  }

  suspend(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pause(true);
    this.#tty.leave();
    process.off('SIGTSTP', this.#onStop);
    // The whole process group, as the terminal does it: a program that started GoChat has to stop too.
    process.kill(0, 'SIGTSTP');
    setTimeout(this.#onContinue, RESUME_MS);
  }

  #resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    process.on('SIGTSTP', this.#onStop);
    this.#tty.enter();
    this.#pause(false);
  }

  close(): void {
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
  }
}
