import type { LogEntry } from './log-entry.ts';
import { equalBytes, sha256, transcript, uint64, utf8 } from './primitives.ts';

const WINDOW = 256;
const CLAIM_BYTES = 16;

/** How many entries of an epoch a member had read, and the chain value after them. */
export interface Claim {
  readonly index: number;
  /** 16 bytes. */
  readonly value: Uint8Array;
}

/**
 * A hash over every raw entry of an epoch, in order, with its position and time. A member that claims a different value at the same
 * index was shown a different log. The chain is seeded with an exported secret, so the server can't compute it.
 */
export interface Chain {
  readonly index: number;
  readonly value: Uint8Array;
  /** The last 256 claimed values, oldest first; the last one belongs to `index`. */
  readonly recent: readonly Uint8Array[];
  /** The claim at the end of the previous epoch; undefined if this member joined in this epoch or could not verify that one. */
  readonly previous: Claim | undefined;
  /** False if entries of this epoch expired before this device read them. */
  readonly verifiable: boolean;
}

export function startChain(secret: Uint8Array, previous: Claim | undefined): Chain {
  return { index: 0, value: secret, recent: [cut(secret)], previous, verifiable: true };
}

/** @param body of the entry, decoded */
export function advanceChain(
  chain: Chain,
  { seq, at, kind }: Pick<LogEntry, 'seq' | 'at' | 'kind'>,
  body: Uint8Array,
): Chain {
  const entry = [uint64(BigInt(seq)), uint64(BigInt(at)), utf8(kind), body];
  const value = sha256(transcript('gochat/chain/2', chain.value, ...entry));
  return { ...chain, index: chain.index + 1, value, recent: [...chain.recent, cut(value)].slice(-WINDOW) };
}

export function claimOf(chain: Chain): Claim | undefined {
  return chain.verifiable ? { index: chain.index, value: cut(chain.value) } : undefined;
}

/**
 * `ahead`: the other member has read more entries of this epoch than this device. `too-old`: the claim is older than the values kept.
 * `unknown`: entries had expired.
 */
export type Comparison = 'same' | 'differs' | 'ahead' | 'too-old' | 'unknown';

export function compareClaim(chain: Chain, claim: Claim): Comparison {
  if (!chain.verifiable) return 'unknown';
  if (claim.index > chain.index) return 'ahead';
  const own = chain.recent[chain.recent.length - 1 - (chain.index - claim.index)];
  if (own === undefined) return 'too-old';
  return equalBytes(own, claim.value) ? 'same' : 'differs';
}

export function comparePrevious(chain: Chain, claim: Claim): Comparison {
  const own = chain.previous;
  if (own === undefined) return 'unknown';
  if (claim.index !== own.index) return 'differs';
  return equalBytes(own.value, claim.value) ? 'same' : 'differs';
}

/** Marks the chain as unverifiable until the next epoch, because entries of this epoch expired unread. */
export function breakChain(chain: Chain): Chain {
  return { ...chain, verifiable: false };
}

function cut(value: Uint8Array): Uint8Array {
  return value.slice(0, CLAIM_BYTES);
}
