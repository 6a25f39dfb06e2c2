import { concatBytes, equalBytes, sha256, utf8 } from './primitives.ts';

const WINDOW = 256;
const CLAIM_BYTES = 16;

/** How far somebody had read in an epoch, and the hash of all that they had read. */
export interface Claim {
  readonly index: number;
  /** 16 bytes. */
  readonly value: Uint8Array;
}

/**
 * A hash over every raw entry of an epoch, in order: who claims another value at the same index has been shown another log.
 * Starts from an exported secret, so that the server can't compute it.
 */
export interface Chain {
  readonly index: number;
  readonly value: Uint8Array;
  /** The last claims, oldest first; the newest is of `index`. */
  readonly recent: readonly Uint8Array[];
  /** Where the epoch before ended, unless this member joined in between. */
  readonly previous: Claim | undefined;
  /** False when entries of this epoch had expired before they were read. */
  readonly verifiable: boolean;
}

export function startChain(secret: Uint8Array, previous: Claim | undefined): Chain {
  return { index: 0, value: secret, recent: [cut(secret)], previous, verifiable: true };
}

export function advanceChain(chain: Chain, kind: 'message' | 'handshake', body: Uint8Array): Chain {
  const value = sha256(concatBytes(chain.value, utf8(`${kind}\n`), body));
  return { ...chain, index: chain.index + 1, value, recent: [...chain.recent, cut(value)].slice(-WINDOW) };
}

export function claimOf(chain: Chain): Claim | undefined {
  return chain.verifiable ? { index: chain.index, value: cut(chain.value) } : undefined;
}

/** `ahead`: the other one has read more entries of this epoch than there were. `unknown`: too long ago to say, or a part had expired. */
export type Comparison = 'same' | 'differs' | 'ahead' | 'unknown';

export function compareClaim(chain: Chain, claim: Claim): Comparison {
  if (!chain.verifiable) return 'unknown';
  if (claim.index > chain.index) return 'ahead';
  const own = chain.recent[chain.recent.length - 1 - (chain.index - claim.index)];
  if (own === undefined) return 'unknown';
  return equalBytes(own, claim.value) ? 'same' : 'differs';
}

export function comparePrevious(chain: Chain, claim: Claim): Comparison {
  const own = chain.previous;
  if (own === undefined) return 'unknown';
  if (claim.index !== own.index) return 'differs';
  return equalBytes(own.value, claim.value) ? 'same' : 'differs';
}

/** Entries of this epoch are gone unread: nothing can be said any more until the next one. */
export function breakChain(chain: Chain): Chain {
  return { ...chain, verifiable: false };
}

function cut(value: Uint8Array): Uint8Array {
  return value.slice(0, CLAIM_BYTES);
}
