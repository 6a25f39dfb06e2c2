import type { RoomState } from './room-state.ts';

/** How much later than by its sender's clock a message may count as posted. */
const CLOCKS_MS = 5 * 60_000;

/**
 * When a message disappears. The sender's clock bounds the server's time, which nobody signs: no server, and nobody who shares the message,
 * can make it last longer than `expire` and five minutes.
 * @param state of the epoch in which it was posted. @param at when, by the server's clock. @param sealedAt its `t`; both in milliseconds since 1970
 * @returns milliseconds since 1970; undefined: never
 */
export function expiresAt(
  state: Pick<RoomState, 'expire'> | 'newer',
  at: number,
  sealedAt: number,
): number | undefined {
  if (state === 'newer' || state.expire === undefined) return undefined;
  return Math.min(at, sealedAt + CLOCKS_MS) + state.expire * 1000;
}

/** As {@link expiresAt}, as a member of an object that has none where the message stays. */
export function expiryOf(...of: Parameters<typeof expiresAt>): { readonly expires?: number } {
  const expires = expiresAt(...of);
  return expires === undefined ? {} : { expires };
}
