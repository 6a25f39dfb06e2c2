import { setTimeout as delay } from 'node:timers/promises';
import { Unavailable } from '../log.ts';
import { EngineRefusal, EngineUnreachable } from './nats.ts';

/** How long a request is retried. NATS servers elect a new leader 4 to 9 s after the last one stopped answering. */
export const RETRY_MS = 15_000;
/** How long it is retried without any connection. If another server is running, connecting to it takes less. */
const UNREACHABLE_MS = 3_000;

const FIRST_WAIT_MS = 4;
const LONGEST_WAIT_MS = 250;

/**
 * Repeats a task while it throws {@link Unavailable} or {@link EngineRefusal}: the engine did not answer, had no leader, or had
 * another checked publish of the room in flight. Other errors are thrown.
 *
 * @param end when to give up, as `performance.now()` counts
 * @throws Unavailable when the time is over
 */
export async function retry<Result>(
  work: () => Promise<Result>,
  end = performance.now() + RETRY_MS,
): Promise<Result> {
  let cause: unknown;
  let unreachableSince: number | undefined;
  for (let tries = 0; performance.now() < end; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Unavailable || error instanceof EngineRefusal)) throw error;
      cause = error;
      unreachableSince =
        error instanceof EngineUnreachable ? (unreachableSince ?? performance.now()) : undefined;
      if (unreachableSince !== undefined && performance.now() - unreachableSince > UNREACHABLE_MS) break;
    }
    // Full jitter, so that nodes that write to the same room don't collide again.
    await delay(1 + Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10)));
  }
  throw new Unavailable('the engine did not answer in time', { cause });
}
