/** A message as one client shows it: its id and its position in the log. */
export interface Sight {
  readonly id: string;
  readonly seq: number;
}

/** What one client shows at the end. */
export interface Account {
  readonly who: string;
  /** The position at which it joined; it must show all later messages. */
  readonly since: number;
  /** In the order in which it shows them. */
  readonly sights: readonly Sight[];
  /** The members' devices and the room's code: the same for all members of a room. */
  readonly membership: string;
}

/** An acknowledged compare-and-swap. */
export interface Swap {
  readonly room: string;
  /** What it was swapped from. */
  readonly after: string;
  /** Identifies the swap; a repeat of the same swap is no second winner. */
  readonly id: string;
  /** The position that it was acknowledged at. */
  readonly seq: string;
}

/** All that was recorded during the faults. */
export interface Records {
  /** Ids of acknowledged messages. */
  readonly acknowledged: ReadonlySet<string>;
  readonly accounts: readonly Account[];
  readonly swaps: readonly Swap[];
  /** The positions of all handshakes in the racers' room at the end. */
  readonly swapped: readonly string[];
}

export interface Verdict {
  readonly acked: number;
  /** Acknowledged messages that a client doesn't show though it was a member. */
  readonly lost: number;
  /** Messages that a client shows twice, or that have two positions. */
  readonly doubled: number;
  /** Positions where a client's order differs from the log, or where two clients show different messages. */
  readonly disordered: number;
  /** Positions from which two different swaps were acknowledged. */
  readonly doubleWinners: number;
  readonly swaps: number;
  /** Acknowledged swaps that aren't in the log, or don't directly follow the handshake that they replace. */
  readonly lostSwaps: number;
  /** Clients whose member list differs from the first client's. */
  readonly diverged: number;
}

/** Compares what clients show with what was acknowledged. */
export function judge({ acknowledged, accounts, swaps, swapped }: Records): Verdict {
  return {
    acked: acknowledged.size,
    lost: countLost(acknowledged, accounts),
    doubled: countDoubled(accounts),
    disordered: countDisordered(accounts),
    doubleWinners: countDoubleWinners(swaps),
    swaps: swaps.length,
    lostSwaps: countLostSwaps(swaps, swapped),
    diverged: accounts.filter((one) => one.membership !== accounts[0]?.membership).length,
  };
}

/** Whether nothing went wrong, and at least one message and one swap were acknowledged. */
export function isSound(verdict: Verdict): boolean {
  const { acked, lost, doubled, disordered, doubleWinners, swaps, lostSwaps, diverged } = verdict;
  const wrong = lost + doubled + disordered + doubleWinners + lostSwaps + diverged;
  return acked > 0 && swaps > 0 && wrong === 0;
}

function countLost(acknowledged: ReadonlySet<string>, accounts: readonly Account[]): number {
  const positions = new Map<string, number>();
  for (const { sights } of accounts) for (const { id, seq } of sights) positions.set(id, seq);
  const shown = accounts.map(({ since, sights }) => ({ since, ids: new Set(sights.map(({ id }) => id)) }));
  let lost = 0;
  for (const id of acknowledged) {
    const at = positions.get(id);
    // A message that no client shows is lost.
    if (at === undefined || shown.some(({ since, ids }) => at > since && !ids.has(id))) lost += 1;
  }
  return lost;
}

function countDoubled(accounts: readonly Account[]): number {
  const doubled = new Set<string>();
  const positions = new Map<string, number>();
  for (const { sights } of accounts) {
    const seen = new Set<string>();
    for (const { id, seq } of sights) {
      if (seen.has(id) || (positions.get(id) ?? seq) !== seq) doubled.add(id);
      seen.add(id);
      positions.set(id, seq);
    }
  }
  return doubled.size;
}

function countDisordered(accounts: readonly Account[]): number {
  const log = new Map<number, string>();
  let disordered = 0;
  for (const { sights } of accounts) {
    let last = 0;
    for (const { id, seq } of sights) {
      if (seq < last || (log.get(seq) ?? id) !== id) disordered += 1;
      last = Math.max(last, seq);
      log.set(seq, id);
    }
  }
  return disordered;
}

function countDoubleWinners(swaps: readonly Swap[]): number {
  const winners = new Map<string, Set<string>>();
  for (const { room, after, id } of swaps) {
    const key = `${room} ${after}`;
    winners.set(key, (winners.get(key) ?? new Set()).add(id));
  }
  return [...winners.values()].filter((ids) => ids.size > 1).length;
}

function countLostSwaps(swaps: readonly Swap[], swapped: readonly string[]): number {
  const before = new Map(swapped.map((seq, i) => [seq, swapped[i - 1]]));
  return swaps.filter(({ after, seq }) => before.get(seq) !== after).length;
}
