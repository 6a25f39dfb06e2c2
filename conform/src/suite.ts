import { Bench, type Check } from './bench.ts';
import { connectionChecks } from './checks/connections.ts';
import { fileChecks } from './checks/files.ts';
import { inviteChecks } from './checks/invites.ts';
import { orderChecks } from './checks/orders.ts';
import { roomChecks } from './checks/rooms.ts';
import { ruleChecks } from './checks/rules.ts';
import { strictChecks } from './checks/strictness.ts';
import type { Target } from './target.ts';
import { open } from './wire.ts';

/** Every check, in the order in which they run. */
export const CHECKS: readonly Check[] = [
  ...connectionChecks,
  ...strictChecks,
  ...roomChecks,
  ...orderChecks,
  ...ruleChecks,
  ...inviteChecks,
  ...fileChecks,
];

export interface Result {
  readonly name: string;
  /** Why it failed; undefined if the server passed. */
  readonly failure?: string;
  /** The frames of the check: `→` to the server and `←` from it, each with the letter of its connection. */
  readonly transcript: readonly string[];
}

/** @throws Error, with the system's words, if no connection to the server can be opened: each check would fail for that reason */
export async function reach(target: Target): Promise<void> {
  const ignored = () => undefined;
  const wire = await open(target, 'lines', { text: ignored, closed: ignored, failed: ignored });
  wire.end();
}

/**
 * Checks a server, one check after another. Each uses connections and rooms of its own.
 * @param report called after each check
 */
export async function conform(
  target: Target,
  report: (result: Result) => void,
  checks: readonly Check[] = CHECKS,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const { name, run } of checks) {
    const bench = new Bench(target);
    const failure = await run(bench).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    bench.end();
    const result = { name, transcript: bench.transcript, ...(failure !== undefined && { failure }) };
    results.push(result);
    report(result);
  }
  return results;
}
