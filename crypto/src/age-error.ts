/**
 * `recipient`, `identity`: the text is none. `key`: the file is for somebody else, or the passphrase is another one. `damaged`: the file isn't
 * in the age format, or it was changed or cut.
 */
export class AgeError extends Error {
  override readonly name = 'AgeError';
  readonly code: 'recipient' | 'identity' | 'key' | 'damaged';
  constructor(code: AgeError['code'], options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}
