import { setTimeout as after } from 'node:timers/promises';
import { Unavailable } from '../log.ts';
import { EngineAway, EngineRefusal } from './nats.ts';

/** How long a request goes on trying. Engines elect a leader 4 to 9 s after the last one fell silent. */
export const RETRY_MS = 15_000;
/** The same while there is no connection to any engine: another one takes us at once, if there is one. */
const AWAY_MS = 3_000;

const FIRST_WAIT_MS = 4;
const LONGEST_WAIT_MS = 250;

/**
 * Repeats what the engine couldn't do just now: it didn't answer, had no leader, or had another checked publish of the room in
 * flight. `work` hands back what is an answer, and throws what is none.
 *
 * @param end by `performance.now()`
 * @throws Unavailable when patience has run out
 */
export async function retry<Result>(
  work: () => Promise<Result>,
  end = performance.now() + RETRY_MS,
): Promise<Result> {
  let cause: unknown;
  let awaySince: number | undefined;
  for (let tries = 0; performance.now() < end; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Unavailable || error instanceof EngineRefusal)) throw error;
      cause = error;
      awaySince = error instanceof EngineAway ? (awaySince ?? performance.now()) : undefined;
      if (awaySince !== undefined && performance.now() - awaySince > AWAY_MS) break;
    }
    // Full jitter, so that nodes which want the same room don't meet again.
    await after(1 + Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10)));
  }
  throw new Unavailable('the engine has no answer', { cause });
}
