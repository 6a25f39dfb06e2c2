import type { Env } from '@gochat/crypto/primitives';

/** The clock and the randomness of this platform. */
export const platform: Env = {
  now: Date.now,
  random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
};
