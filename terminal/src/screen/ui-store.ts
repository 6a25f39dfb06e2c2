import { INITIAL_UI, type Ui } from './ui-state.ts';

const NOTE_MS = 4000;

/** Holds the screen's state, and removes its notes after a while. */
export class UiStore {
  #ui: Ui = INITIAL_UI;
  #noteEnd: NodeJS.Timeout | undefined;
  readonly #changed: () => void;

  /** @param changed is called when a note appears or disappears: the screen has to be painted. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get current(): Ui {
    return this.#ui;
  }

  set(change: Partial<Ui>): void {
    this.#ui = { ...this.#ui, ...change };
  }

  /** Shows a note for some seconds; an empty one removes the note that is shown. */
  note(text: string): void {
    this.set({ note: text });
    clearTimeout(this.#noteEnd);
    this.#noteEnd = setTimeout(() => {
      this.set({ note: '' });
      this.#changed();
    }, NOTE_MS);
    this.#changed();
  }

  close(): void {
    clearTimeout(this.#noteEnd);
  }
}
