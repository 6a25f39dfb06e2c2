/** How far two clocks may be apart without a mark. */
const TOLERANCE_MS = 5 * 60_000;
/** How far times may run backwards without a mark: the clocks of servers that share a room differ, and clocks are set. */
const STEP_MS = 5_000;

/** What contradicts the server's time of an entry, in milliseconds. */
export interface TimeMark {
  /** How much later the server's time is than the sender's clock, but for what that clock was always off. Negative: earlier. */
  readonly offMs?: number;
  /** How far the server's time is in the future by this device's clock. */
  readonly aheadMs?: number;
  /** How much earlier the server's time is than that of the entry before. */
  readonly backMs?: number;
}

/** @param before the server's time of the entry before. @param clock of this device as {@link judgeSender} returns it */
export function judgeOrder(at: number, before: number, now: number, clock: number | undefined): TimeMark {
  const aheadMs = at - now - (clock ?? 0);
  const backMs = before - at;
  return {
    ...(aheadMs > TOLERANCE_MS && { aheadMs }),
    ...(backMs > STEP_MS && { backMs }),
  };
}

/**
 * Compares the server's time of a message with the sender's clock at sealing.
 * @param clock how much the server's times were ahead of that clock from the first message on; undefined at the first, and 0 since the clock was right once
 * @param now by this device's clock
 */
export function judgeSender(
  at: number,
  sealedAt: number,
  clock: number | undefined,
  now: number,
): { readonly mark: TimeMark; readonly clock: number } {
  const offMs = at - sealedAt;
  if (near(offMs, 0)) return { mark: {}, clock: 0 };
  const usual = clock ?? offMs;
  // Of the first message, this device's own clock may tell that it is the sender's clock that is wrong.
  const accepted = clock === undefined ? near(at, now) : near(offMs, clock);
  return { mark: accepted ? {} : { offMs: offMs - (clock ?? 0) }, clock: usual };
}

function near(one: number, other: number): boolean {
  return Math.abs(one - other) <= TOLERANCE_MS;
}
