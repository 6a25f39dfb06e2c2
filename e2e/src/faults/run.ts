import { temporary } from '../people/people.ts';
import type { RunOptions } from '../run-options.ts';
import { seeded } from '../seeded.ts';
import { isSound, judge, type Verdict } from './checker.ts';
import { type Crowd, type Load, pause } from './crowd.ts';
import { DISK_FAULTS, FAULTS, LONG_FAULTS } from './kinds.ts';
import { Stage } from './stage.ts';

export interface FaultOptions extends Omit<RunOptions, 'only' | 'seconds'> {
  /** How long the run lasts: so many seconds, or until so many faults have been injected. */
  readonly length: { readonly seconds: number } | { readonly faults: number };
  /** Only these kinds; all of them if absent or empty. */
  readonly only?: readonly string[];
  print(line: string): void;
}

export interface FaultReport extends Verdict {
  readonly seed: number;
  /** How often the effect of each kind was seen. */
  readonly faults: Readonly<Record<string, number>>;
  /** Warnings that members were shown and that no fault explains. */
  readonly warnings: readonly string[];
  /** Kinds that a run of this length injects, and whose effect was never seen. */
  readonly unseen: readonly string[];
  /** The error that ended the run early. */
  readonly broke?: string;
}

/** The servers and members that faults are injected into. */
export interface Scene {
  readonly crowd: Crowd;
  /** From 0 to 1. */
  readonly random: () => number;
  close(): Promise<void>;
}

/** Injects a fault, and reverts it where it doesn't end on its own. @returns how often its effect was seen */
export type Fault<S extends Scene> = (scene: S) => Promise<number>;

export interface Play<S extends Scene> {
  /** @param home an empty folder. @param random a number from 0 to 1: all choices follow from it */
  open(home: string, random: () => number, load: Load): Promise<S>;
  readonly faults: Readonly<Record<string, Fault<S>>>;
  /** Faults that take half a minute, for long runs only. */
  readonly longFaults?: Readonly<Record<string, Fault<S>>>;
  /** Correct warnings that members may be shown after a fault, by its kind. */
  readonly shows?: Readonly<Record<string, RegExp>>;
  /** The kinds that this machine can't inject, and why. */
  leftOut(scene: S): { readonly kinds: ReadonlySet<string>; readonly why: string } | undefined;
}

/** A run of at least so many seconds injects each kind once, however long that takes, and one long fault per such span. */
const ROUND_SECONDS = 60;
const FULL_LOAD: Load = { perSecond: 3, swapEveryMs: 15 };
/** For runs of so many faults: the faults are the subject, and most of the processor's time is that of the messages between them. */
const LIGHT_LOAD: Load = { perSecond: 1, swapEveryMs: 60 };
const NEWCOMERS = ['dan', 'eva'];
/** Between two faults. */
const CALM_MS = 300;

/** Faults on one server. */
export function runFaults(options: FaultOptions): Promise<FaultReport> {
  return playFaults(options, {
    open: (home, random, load) => Stage.open(home, random, load),
    faults: FAULTS,
    longFaults: LONG_FAULTS,
    shows: { repeat: /"warning":"repeated"/ },
    leftOut: ({ disk }) =>
      disk === undefined
        ? { kinds: DISK_FAULTS, why: 'only root can mount a separate disk for them' }
        : undefined,
  });
}

/** Injects random faults, one after the other, until the run is over; then asks every member what it shows. */
export async function playFaults<S extends Scene>(
  { length, seed, only = [], print }: FaultOptions,
  play: Play<S>,
): Promise<FaultReport> {
  const random = seeded(seed);
  const home = await temporary();
  const scene = await play.open(home.path, random, 'faults' in length ? LIGHT_LOAD : FULL_LOAD);
  const faults: Record<string, number> = {};
  const out = play.leftOut(scene);
  if (out !== undefined) print(`left out, since ${out.why}: ${[...out.kinds].join(', ')}`);
  const wanted = (all: Readonly<Record<string, Fault<S>>> = {}) =>
    Object.entries(all).filter(
      ([kind]) => (only.length === 0 || only.includes(kind)) && out?.kinds.has(kind) !== true,
    );
  try {
    let broke: string | undefined;
    try {
      const kinds = { short: wanted(play.faults), long: wanted(play.longFaults) };
      if (kinds.short.length + kinds.long.length === 0) throw new Error('no fault is left to inject');
      await doFaults(scene, length, kinds, (kind, seen) => {
        faults[kind] = (faults[kind] ?? 0) + seen;
        print(`${kind}: ${seen === 0 ? 'injected, no effect seen' : `effect seen ${seen} times`}`);
      });
    } catch (error) {
      broke = error instanceof Error ? error.message : String(error);
      print(broke);
    }
    const { crowd } = scene;
    const { accounts, warnings: shown, swapped } = await crowd.accounts();
    const due = Object.entries(play.shows ?? {}).filter(([kind]) => (faults[kind] ?? 0) > 0);
    const warnings = shown.filter((warning) => !due.some(([, words]) => words.test(warning)));
    const { acknowledged, racers } = crowd;
    const verdict = judge({ acknowledged, accounts, swaps: racers.swaps, swapped });
    const unseen = Object.keys(faults).filter((kind) => isLong(length) && faults[kind] === 0);
    return { seed, faults, unseen, ...verdict, warnings, ...(broke !== undefined && { broke }) };
  } finally {
    await scene.close();
    await home.remove();
  }
}

/** Whether nothing went wrong, no member was shown an unexplained warning, and the faults took effect. */
export function isPassed(report: FaultReport): boolean {
  const { faults, unseen, warnings, broke } = report;
  const seen = Object.values(faults).some((count) => count > 0);
  return isSound(report) && seen && unseen.length + warnings.length === 0 && broke === undefined;
}

function isLong(length: FaultOptions['length']): boolean {
  return 'seconds' in length && length.seconds >= ROUND_SECONDS;
}

type Named<S extends Scene> = readonly [kind: string, fault: Fault<S>];

async function doFaults<S extends Scene>(
  scene: S,
  length: FaultOptions['length'],
  { short, long }: { readonly short: readonly Named<S>[]; readonly long: readonly Named<S>[] },
  seen: (kind: string, count: number) => void,
): Promise<void> {
  const begun = Date.now();
  let injected = 0;
  /** 0 at the start, 1 at the end of the run. */
  const progress = () =>
    'faults' in length ? injected / length.faults : (Date.now() - begun) / (length.seconds * 1_000);
  const arrivals = NEWCOMERS.map((name, i) => ({ name, at: (i + 1) / 3 }));
  // Each kind once, in an order that follows from the seed, then again. As many long ones as leave time for the others.
  const longOnes = 'seconds' in length ? Math.floor(length.seconds / ROUND_SECONDS) : 0;
  const first = shuffled(long, scene.random).slice(0, longOnes);
  const again = short.length > 0 ? short : long;
  let order = shuffled([...short, ...first], scene.random);
  let isWhole = !isLong(length);
  while (progress() < 1 || !isWhole) {
    const next = order.pop();
    if (next === undefined) {
      isWhole = true;
      order = shuffled(again, scene.random);
      continue;
    }
    const [kind, fault] = next;
    seen(kind, await fault(scene));
    injected += 1;
    await scene.crowd.recovers();
    await pause(CALM_MS * scene.random());
    for (const { name } of arrivals.filter(({ at }) => at <= progress()).slice(0, 1)) {
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
