import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { temporary } from '../people/people.ts';
import { seeded } from '../seeded.ts';
import { recordCorpus } from './corpus.ts';
import { mutated, type Roll } from './mutate.ts';
import { serveTargets } from './served.ts';
import { allTargets, type Target } from './targets.ts';

export interface ToFuzzer {
  readonly seed: number;
  readonly seconds: number;
  /** The number of cases of each target; absent: as many as the time allows. */
  readonly cases?: number;
  /** The first case of each target: after the one that made an earlier process hang or die. */
  readonly from: Readonly<Record<string, number>>;
}

export type FromFuzzer =
  /** So far, and what comes next: the process is alive. */
  | { readonly kind: 'alive'; readonly target: string; readonly at: number; readonly cases: number }
  | {
      readonly kind: 'crash';
      readonly target: string;
      readonly at: number;
      readonly error: string;
      readonly bytes: string;
    }
  | {
      readonly kind: 'done';
      readonly memory: { readonly before: number; readonly after: number } | undefined;
    };

const WEB = fileURLToPath(new URL('../../../dist/web', import.meta.url));
const SLICE_MS = 100;
const SHOWN_BYTES = 300;

/** The random numbers of one case: the same for the same seed, target and number. */
function diceOf(seed: number, target: string, at: number): Roll {
  const from = createHash('sha256').update(`${seed} ${target} ${at}`).digest().readUInt32LE();
  const random = seeded(from);
  return (n) => Math.floor(random() * n);
}

/** Runs cases of one target for {@link SLICE_MS}, at least one. @returns the number of the next case */
async function slice(
  target: Target,
  { seed, cases = Number.POSITIVE_INFINITY }: ToFuzzer,
  from: number,
  send: Send,
): Promise<number> {
  const end = performance.now() + SLICE_MS;
  let at = from;
  for (; at < cases && (at === from || performance.now() < end); at++) {
    const bytes = mutated(diceOf(seed, target.name, at), target.corpus);
    try {
      await target.check(bytes);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('base64url');
      send({ kind: 'crash', target: target.name, at, error: text, bytes: shown });
    }
  }
  return at;
}

type Send = (message: FromFuzzer) => void;

/** @returns the last message */
async function fuzz(order: ToFuzzer, send: Send): Promise<FromFuzzer> {
  const home = await temporary();
  const { frames, link } = await recordCorpus();
  const served = await serveTargets(home.path, WEB, frames);
  const targets = [...(await allTargets({ frames, link })), ...served.targets];
  const next = new Map(targets.map(({ name }) => [name, order.from[name] ?? 0]));
  const before = served.memory();
  const end = performance.now() + order.seconds * 1_000;
  const { cases = Number.POSITIVE_INFINITY } = order;
  const isOpen = ({ name }: Target) => (next.get(name) ?? 0) < cases;
  while (performance.now() < end && targets.some(isOpen)) {
    for (const target of targets.filter(isOpen)) {
      const from = next.get(target.name) ?? 0;
      send({ kind: 'alive', target: target.name, at: from, cases: 0 });
      const at = await slice(target, order, from, send);
      next.set(target.name, at);
      send({ kind: 'alive', target: target.name, at, cases: at - from });
    }
  }
  const after = served.memory();
  await served.stop();
  await home.remove();
  return {
    kind: 'done',
    memory: before === undefined || after === undefined ? undefined : { before, after },
  };
}

process.once('message', (order: ToFuzzer) => {
  const send: Send = (message) => void process.send?.(message);
  void fuzz(order, send).then((done) => process.send?.(done, () => process.disconnect()));
});
