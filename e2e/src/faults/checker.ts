/** A message as one client shows it: its id and its position in the log. */
export interface Sight {
  readonly id: string;
  readonly seq: number;
}

/** What one client says at the end. */
export interface Account {
  readonly who: string;
  /** The position at which it came in: what stands behind it, it must show. */
  readonly since: number;
  /** In the order in which it shows them. */
  readonly sights: readonly Sight[];
  /** Who is in, by device, and the room's code: the same for everybody who is in the same room. */
  readonly membership: string;
}

/** A compare-and-swap that was acknowledged. */
export interface Swap {
  readonly room: string;
  /** What it was swapped from. */
  readonly after: string;
  /** Tells the swaps apart; a repeat of the same one is no second winner. */
  readonly id: string;
  /** The position that it was acknowledged at. */
  readonly seq: string;
}

/** All that was recorded while faults went on. */
export interface Records {
  /** Ids of messages that somebody was told are kept. */
  readonly acknowledged: ReadonlySet<string>;
  readonly accounts: readonly Account[];
  readonly swaps: readonly Swap[];
  /** What stands in the log of the room that was swapped in, at the end: the positions of all swaps, and of the first handshake. */
  readonly swapped: readonly string[];
}

export interface Verdict {
  readonly acked: number;
  /** Acknowledged messages that a client which was in then doesn't show. */
  readonly lost: number;
  /** Messages that a client shows twice, or that stand at two positions. */
  readonly doubled: number;
  /** Places at which a client's order isn't that of the log, or at which two clients show different messages. */
  readonly disordered: number;
  /** Positions from which two different swaps were acknowledged. */
  readonly doubleWinners: number;
  readonly swaps: number;
  /** Acknowledged swaps that don't stand in the log, or not right behind what they were swapped from. */
  readonly lostSwaps: number;
  /** Clients whose idea of who is in differs from the first one's. */
  readonly diverged: number;
}

/** Holds what clients show against what was acknowledged. */
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

/** Whether nothing went wrong, and there was something that could have. */
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
    // Shown by nobody, it is lost to everybody, wherever it stood.
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
