/** The passphrase is missing or wrong, or the key file or a record is damaged. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly code: 'passphrase-needed' | 'wrong-passphrase' | 'damaged';
  readonly part: 'key' | 'record';
  /** @param part the part of the profile that is locked or damaged. */
  constructor(code: VaultError['code'], part: VaultError['part']) {
    super(`${code} ${part}`);
    this.code = code;
    this.part = part;
  }
}
