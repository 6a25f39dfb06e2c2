import { publicKeyOf, verifies } from '../session/signature.ts';

/**
 * The `voice` of an `enter`. It is checked when a post first needs it, against the voice key that the room then has: most connections
 * only read, and the key may be replaced meanwhile.
 */
export class VoiceProof {
  readonly #signed: Uint8Array;
  readonly #proof: string;
  #checked: { readonly key: string; readonly isValid: boolean } | undefined;

  /** @param signed the bytes that the voice key has to sign. @param proof base64url */
  constructor(signed: Uint8Array, proof: string) {
    this.#signed = signed;
    this.#proof = proof;
  }

  /** @param key the room's voice key: an Ed25519 public key, base64url */
  isBy(key: string): boolean {
    if (this.#checked?.key !== key) {
      const isValid = verifies(publicKeyOf(Buffer.from(key, 'base64url')), this.#signed, this.#proof);
      this.#checked = { key, isValid };
    }
    return this.#checked.isValid;
  }
}
