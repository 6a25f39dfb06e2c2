import { temporary } from '../people.ts';
import type { RunOptions } from '../run-options.ts';
import { seeded } from '../seeded.ts';
import { isSound, judge, type Verdict } from './checker.ts';
import { DISK_FAULTS, FAULTS, type FaultKind, LONG_FAULTS } from './kinds.ts';
import { pause, Stage } from './stage.ts';

export interface FaultOptions extends Omit<RunOptions, 'only'> {
  /** Only these kinds; every one where it is absent or empty. */
  readonly only?: readonly string[];
  tell(line: string): void;
}

export interface FaultReport extends Verdict {
  readonly seed: number;
  /** How often each was seen to happen. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** What members were shown as wrong; after faults of these kinds nobody has to be shown anything. */
  readonly troubles: readonly string[];
  /** What ended the run before its time. */
  readonly broke?: string;
}

/** From here on there is time for those that take half a minute. */
const LONG_SECONDS = 60;
const NEWCOMERS = ['dan', 'eva'];
/** Between two faults. */
const CALM_MS = 300;

/** Faults at random, one after the other, until the time is over; then everybody is asked what they have. */
export async function runFaults({ seconds, seed, only = [], tell }: FaultOptions): Promise<FaultReport> {
  const random = seeded(seed);
  const home = await temporary();
  const stage = await Stage.open(home.path, random);
  const faults: Partial<Record<FaultKind, number>> = {};
  if (stage.disk === undefined)
    tell(`left out, since only root can mount a disk of its own for them: ${[...DISK_FAULTS].join(', ')}`);
  try {
    let broke: string | undefined;
    try {
      await doFaults(stage, { seconds, only }, (kind, seen) => {
        faults[kind] = (faults[kind] ?? 0) + seen;
        tell(`${kind}: ${seen === 0 ? 'tried, and not seen to happen' : `seen ${seen}`}`);
      });
    } catch (error) {
      broke = error instanceof Error ? error.message : String(error);
      tell(broke);
    }
    const { accounts, troubles } = await stage.accounts();
    const verdict = judge({ acknowledged: stage.acknowledged, accounts, swaps: stage.racers.swaps });
    return { seed, faults, ...verdict, troubles, ...(broke !== undefined && { broke }) };
  } finally {
    await stage.close();
    await home.remove();
  }
}

export function isPassed(report: FaultReport): boolean {
  return isSound(report) && report.broke === undefined;
}

async function doFaults(
  stage: Stage,
  { seconds, only }: { readonly seconds: number; readonly only: readonly string[] },
  seen: (kind: FaultKind, count: number) => void,
): Promise<void> {
  const begun = Date.now();
  const end = begun + seconds * 1_000;
  const wanted = (kind: FaultKind) => only.length === 0 || only.includes(kind);
  const kinds = (Object.keys(FAULTS) as FaultKind[]).filter(
    (kind) => wanted(kind) && (stage.disk !== undefined || !DISK_FAULTS.has(kind)),
  );
  const arrivals = NEWCOMERS.map((name, i) => ({ name, at: begun + ((i + 1) * seconds * 1_000) / 3 }));
  // Each kind once, in an order of the seed's, then again. As many of the long ones as leave time for the others.
  const long = shuffled((Object.keys(LONG_FAULTS) as FaultKind[]).filter(wanted), stage.random);
  let order = shuffled([...kinds, ...long.slice(0, Math.floor(seconds / LONG_SECONDS))], stage.random);
  while (Date.now() < end) {
    const kind = order.pop();
    if (kind === undefined) {
      order = shuffled(kinds, stage.random);
      continue;
    }
    seen(kind, await { ...FAULTS, ...LONG_FAULTS }[kind](stage));
    await stage.recovers();
    await pause(CALM_MS * stage.random());
    for (const { name } of arrivals.filter(({ at }) => at <= Date.now()).slice(0, 1)) {
      arrivals.shift();
      await stage.comes(name);
    }
  }
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
