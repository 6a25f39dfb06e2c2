import { temporary } from '../people/people.ts';
import type { RunOptions } from '../run-options.ts';
import { seeded } from '../seeded.ts';
import { isSound, judge, type Verdict } from './checker.ts';
import { type Crowd, pause } from './crowd.ts';
import { DISK_FAULTS, FAULTS, LONG_FAULTS } from './kinds.ts';
import { Stage } from './stage.ts';

export interface FaultOptions extends Omit<RunOptions, 'only'> {
  /** Only these kinds; every one where it is absent or empty. */
  readonly only?: readonly string[];
  tell(line: string): void;
}

export interface FaultReport extends Verdict {
  readonly seed: number;
  /** How often each was seen to happen. */
  readonly faults: Readonly<Record<string, number>>;
  /** What members were shown as wrong, though it doesn't come of what was done. */
  readonly warnings: readonly string[];
  /** Kinds that a run of this length had to play, and that were never seen to happen. */
  readonly unseen: readonly string[];
  /** What ended the run before its time. */
  readonly broke?: string;
}

/** What faults are done to. */
export interface Scene {
  readonly crowd: Crowd;
  /** From 0 to 1. */
  readonly random: () => number;
  close(): Promise<void>;
}

/** Does something bad, undoes it where it doesn't end by itself, and says how often it was seen to happen. */
export type Fault<S extends Scene> = (scene: S) => Promise<number>;

export interface Play<S extends Scene> {
  /** @param home an empty folder. @param random from 0 to 1: what is done follows from it */
  open(home: string, random: () => number): Promise<S>;
  readonly faults: Readonly<Record<string, Fault<S>>>;
  /** Those that take half a minute, for long runs only. */
  readonly longFaults?: Readonly<Record<string, Fault<S>>>;
  /** What members may be shown as wrong after a fault, by its kind: they are right. */
  readonly shows?: Readonly<Record<string, RegExp>>;
  /** Those that this machine can't have, and why. */
  leftOut(scene: S): { readonly kinds: ReadonlySet<string>; readonly why: string } | undefined;
}

/** A run of so many seconds plays each kind once, however long that takes; in each such span there is time for one that takes half a minute. */
const ROUND_SECONDS = 60;
const NEWCOMERS = ['dan', 'eva'];
/** Between two faults. */
const CALM_MS = 300;

/** Faults on one server. */
export function runFaults(options: FaultOptions): Promise<FaultReport> {
  return playFaults(options, {
    open: (home, random) => Stage.open(home, random),
    faults: FAULTS,
    longFaults: LONG_FAULTS,
    shows: { repeat: /"warning":"repeated"/ },
    leftOut: ({ disk }) =>
      disk === undefined
        ? { kinds: DISK_FAULTS, why: 'only root can mount a disk of its own for them' }
        : undefined,
  });
}

/** Faults at random, one after the other, until the time is over; then everybody is asked what they have. */
export async function playFaults<S extends Scene>(
  { seconds, seed, only = [], tell }: FaultOptions,
  play: Play<S>,
): Promise<FaultReport> {
  const random = seeded(seed);
  const home = await temporary();
  const scene = await play.open(home.path, random);
  const faults: Record<string, number> = {};
  const out = play.leftOut(scene);
  if (out !== undefined) tell(`left out, since ${out.why}: ${[...out.kinds].join(', ')}`);
  const wanted = (all: Readonly<Record<string, Fault<S>>> = {}) =>
    Object.entries(all).filter(
      ([kind]) => (only.length === 0 || only.includes(kind)) && out?.kinds.has(kind) !== true,
    );
  try {
    let broke: string | undefined;
    try {
      const kinds = { short: wanted(play.faults), long: wanted(play.longFaults) };
      if (kinds.short.length + kinds.long.length === 0) throw new Error('nothing is left that could be done');
      await doFaults(scene, seconds, kinds, (kind, seen) => {
        faults[kind] = (faults[kind] ?? 0) + seen;
        tell(`${kind}: ${seen === 0 ? 'tried, and not seen to happen' : `seen ${seen}`}`);
      });
    } catch (error) {
      broke = error instanceof Error ? error.message : String(error);
      tell(broke);
    }
    const { crowd } = scene;
    const { accounts, warnings: shown, swapped } = await crowd.accounts();
    const due = Object.entries(play.shows ?? {}).filter(([kind]) => (faults[kind] ?? 0) > 0);
    const warnings = shown.filter((warning) => !due.some(([, words]) => words.test(warning)));
    const { acknowledged, racers } = crowd;
    const verdict = judge({ acknowledged, accounts, swaps: racers.swaps, swapped });
    const unseen = Object.keys(faults).filter((kind) => seconds >= ROUND_SECONDS && faults[kind] === 0);
    return { seed, faults, unseen, ...verdict, warnings, ...(broke !== undefined && { broke }) };
  } finally {
    await scene.close();
    await home.remove();
  }
}

/** Nothing went wrong, nobody was told that anything did, and what was to be done was done. */
export function isPassed(report: FaultReport): boolean {
  const { faults, unseen, warnings, broke } = report;
  const seen = Object.values(faults).some((count) => count > 0);
  return isSound(report) && seen && unseen.length + warnings.length === 0 && broke === undefined;
}

type Named<S extends Scene> = readonly [kind: string, fault: Fault<S>];

async function doFaults<S extends Scene>(
  scene: S,
  seconds: number,
  { short, long }: { readonly short: readonly Named<S>[]; readonly long: readonly Named<S>[] },
  seen: (kind: string, count: number) => void,
): Promise<void> {
  const begun = Date.now();
  const end = begun + seconds * 1_000;
  const arrivals = NEWCOMERS.map((name, i) => ({ name, at: begun + ((i + 1) * seconds * 1_000) / 3 }));
  // Each kind once, in an order of the seed's, then again. As many of the long ones as leave time for the others.
  const first = shuffled(long, scene.random).slice(0, Math.floor(seconds / ROUND_SECONDS));
  const again = short.length > 0 ? short : long;
  let order = shuffled([...short, ...first], scene.random);
  let isWhole = seconds < ROUND_SECONDS;
  while (Date.now() < end || !isWhole) {
    const next = order.pop();
    if (next === undefined) {
      isWhole = true;
      order = shuffled(again, scene.random);
      continue;
    }
    const [kind, fault] = next;
    seen(kind, await fault(scene));
    await scene.crowd.recovers();
    await pause(CALM_MS * scene.random());
    for (const { name } of arrivals.filter(({ at }) => at <= Date.now()).slice(0, 1)) {
      arrivals.shift();
      await scene.crowd.comes(name);
    }
  }
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
