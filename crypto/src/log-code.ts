import { digits } from './identity.ts';
import type { Room } from './room.ts';

/** Members at slightly different entries see the same code most of the time. */
const STEP = 8;

export interface LogCode {
  /** Three groups of five digits. */
  readonly code: string;
  /** The number of entries of this epoch that it covers. */
  readonly at: number;
}

/**
 * @returns the code of the log within this epoch, which is the same for all members who were shown the same entries. Undefined if entries
 * expired unread, or if the value of `at` isn't kept. @param at the last multiple of 8 if undefined
 */
export function logCode({ chain }: Room, at = chain.index - (chain.index % STEP)): LogCode | undefined {
  const value = chain.recent[chain.recent.length - 1 - (chain.index - at)];
  return value === undefined || !chain.verifiable ? undefined : { code: digits(value, 3), at };
}

/** @returns the first and the last `at` of which {@link logCode} knows the code; none if entries expired unread */
export function logCodesKept({ chain }: Room): { readonly first?: number; readonly last?: number } {
  return chain.verifiable ? { first: chain.index - chain.recent.length + 1, last: chain.index } : {};
}
