import { errorDataOf } from '@gochat/client/chat-error';
import type { ViewWords } from '../words/english.ts';
import type { Platform } from './platform.ts';
import type { Flash } from './snapshot.ts';

const SHOWN_MS = 6000;
/** Long enough to decide and to reach its button. */
const COMMAND_MS = 20_000;

/** The line about what was just done or couldn't be done. */
export class Flashes {
  readonly #platform: Pick<Platform, 'after' | 'copy'>;
  readonly #words: ViewWords;
  readonly #changed: () => void;
  #current: Flash | undefined;
  #count = 0;
  #stopTimer: () => void = () => undefined;
  #closed = false;

  /** @param changed is called after each change of {@link current}. */
  constructor(platform: Pick<Platform, 'after' | 'copy'>, words: ViewWords, changed: () => void) {
    this.#platform = platform;
    this.#words = words;
    this.#changed = changed;
  }

  get current(): Flash | undefined {
    return this.#current;
  }

  /** @param command that the text is about, and names for those who type commands */
  good(text: string, command?: Flash['command']): void {
    this.#show('good', text, command);
  }

  /** @param command as in {@link good} */
  bad(text: string, command?: Flash['command']): void {
    this.#show('bad', text, command);
  }

  /** Does something that may fail, and shows why it did. */
  attempt(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.failed(error));
  }

  failed(error: unknown): void {
    this.bad(this.textOf(error));
  }

  /** The sentence for an error. */
  textOf(error: unknown): string {
    return this.#words.text.error(errorDataOf(error));
  }

  /** Copies a text. @param done what is shown when that succeeded. */
  copy(text: string, done: string): void {
    void this.#platform.copy(text).then((copied) => {
      if (copied) this.good(done);
      else this.bad(this.#words.text.flashes.notCopied);
    });
  }

  /** Ends the line: what it is about is no longer in front. */
  end(): void {
    if (this.#current === undefined) return;
    this.#stopTimer();
    this.#current = undefined;
    this.#changed();
  }

  close(): void {
    this.#closed = true;
    this.#stopTimer();
  }

  #show(tone: Flash['tone'], text: string, command?: Flash['command']): void {
    if (this.#closed) return;
    this.#count += 1;
    this.#current = { tone, text, tick: this.#count, ...(command && { command }) };
    this.#stopTimer();
    this.#stopTimer = this.#platform.after(command === undefined ? SHOWN_MS : COMMAND_MS, () => {
      this.#current = undefined;
      this.#changed();
    });
    this.#changed();
  }
}
