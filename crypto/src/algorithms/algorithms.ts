/**
 * The algorithms of which every platform has its own best implementation. `#algorithms` is OpenSSL's in Node.js, and elsewhere
 * `@noble/*` and WebCrypto (`crypto/package.json`, `imports`). All give the same bytes and the same verdicts
 * (`crypto/test/algorithms.test.ts`).
 */
export interface Algorithms {
  sha256(bytes: Uint8Array): Uint8Array;
  /** HMAC-SHA256 (RFC 2104). */
  hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** HKDF-Expand with SHA-256 (RFC 5869, section 2.3). @param length at most 8,160 bytes */
  expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** AES-128-GCM (RFC 5116): 16 bytes of key, 12 of nonce. */
  readonly aes: Aead;
  /** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): 32 bytes of key, 24 of nonce. */
  readonly xchacha: Aead;
  /** Ed25519 (RFC 8032). A private key is a seed of 32 bytes; its content must not change after the first use. */
  readonly ed25519: {
    publicKey(seed: Uint8Array): Uint8Array;
    sign(seed: Uint8Array, bytes: Uint8Array): Uint8Array;
    /**
     * Verifies so that all implementations agree. Keys and signatures with a part of small order are refused, for which section 5.1.7
     * allows two equations. Never throws.
     * @param publicKey 32 bytes @param signature 64 bytes
     */
    verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean;
  };
  /** The signatures of MLS messages, whose keys `ed25519.verify` has accepted for another signature. Browsers compute them in threads. */
  readonly messages: {
    /** @param privateKey a seed, or PKCS #8; its content must not change after the first use */
    sign(privateKey: Uint8Array, message: Uint8Array): Promise<Uint8Array>;
    verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
  };
  /** @returns the public half of an X25519 key (RFC 7748) */
  exchangeKey(privateKey: Uint8Array): Uint8Array;
}

export interface Aead {
  /** @returns the ciphertext with its tag of 16 bytes at the end */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** @throws Error if key, nonce, associated data and ciphertext don't match */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}
