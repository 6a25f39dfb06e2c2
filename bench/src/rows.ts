/** One line of the table: what one system did in one case, in one run. Absent figures were not measured in that case. */
export interface Row {
  /** `fanout-1000-w100`: a thousand receivers, a hundred messages outstanding; `rate-1000-20`: 20 messages a second; and so on. */
  readonly case: string;
  readonly system: string;
  readonly deliveriesPerSecond?: number;
  /** Processor seconds of the server for each million deliveries. */
  readonly cpuSecondsPerMillion?: number;
  /** From just before sending to having read it, over all receivers. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly lost?: number;
  /** Which part of the time the generator had something to do; at 1 it was the limit, and the figure is a lower bound. */
  readonly generatorLoad?: number;
  /** The part of a core that other programs used. */
  readonly otherLoad?: number;
  /** Resident memory of the server. */
  readonly kbPerConnection?: number;
  /** Acknowledged, each on disk. */
  readonly postsPerSecond?: number;
  readonly messagesPerSecond?: number;
  /** Processor seconds of the server over the whole case. */
  readonly cpuSeconds?: number;
  readonly seconds?: number;
}

/** From this load on, the generator counts as the bottleneck. */
const SATURATED = 0.95;
/** If other programs use more of a core than this, the run was disturbed. */
const DISTURBED = 0.15;

/** What a reader must know of a row. */
export function remarks(row: Row): string[] {
  return [
    ...((row.generatorLoad ?? 0) >= SATURATED ? ['generator saturated: a lower bound'] : []),
    ...((row.otherLoad ?? 0) >= DISTURBED ? [`others took ${(row.otherLoad ?? 0).toFixed(2)} cores`] : []),
    ...((row.lost ?? 0) === 0 ? [] : [`lost ${row.lost}`]),
  ];
}

/**
 * Of several rounds of one case, the one in which a delivery cost the server least: what else ran on the machine can only add to it. A
 * loss in any of them stays a loss.
 * @throws RangeError without a round
 */
export function bestOf(rounds: readonly Row[]): Row {
  const [best] = [...rounds].sort((a, b) => costOf(a) - costOf(b));
  if (best === undefined) throw new RangeError('no round was measured');
  const lost = Math.max(...rounds.map((row) => row.lost ?? 0));
  return best.lost === undefined ? best : { ...best, lost };
}

/** No deliveries, no cost: such a row is no system's best. */
function costOf({ cpuSecondsPerMillion = 0 }: Row): number {
  return cpuSecondsPerMillion > 0 ? cpuSecondsPerMillion : Number.POSITIVE_INFINITY;
}

/** One row of each case and system, in the order in which they came first. */
export function bestRows(rows: readonly Row[]): Row[] {
  const rounds = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.case} ${row.system}`;
    rounds.set(key, [...(rounds.get(key) ?? []), row]);
  }
  return [...rounds.values()].map(bestOf);
}
