import { ChatError } from '../api/chat-error.ts';

/** What the owner of a profile remembers of its passphrase, to check those that other processes give. */
export class KnownPassphrase {
  readonly #recogniser: (passphrase: string) => (given: string) => boolean;
  #recognises: ((given: string) => boolean) | undefined;

  constructor(recogniser: (passphrase: string) => (given: string) => boolean) {
    this.#recogniser = recogniser;
  }

  /** Whether the profile is locked with a passphrase. */
  get isSet(): boolean {
    return this.#recognises !== undefined;
  }

  set(passphrase: string | undefined): void {
    this.#recognises = passphrase === undefined ? undefined : this.#recogniser(passphrase);
  }

  /** @throws ChatError `locked` unless it is the passphrase, or there is none */
  check(given: string | undefined): void {
    if (this.#recognises === undefined) return;
    if (given === undefined) throw new ChatError({ reason: 'passphrase-missing' });
    if (!this.#recognises(given)) throw new ChatError({ reason: 'passphrase-wrong' });
  }
}
