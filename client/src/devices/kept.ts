import type { Kept } from '@gochat/crypto/content';

/** @returns the entries in slices, each of which fits into one message beside an identity and its certificate */
export function slices(kept: readonly Kept[]): readonly (readonly Kept[])[] {
  return kept.length === 0 ? [] : [kept];
}
