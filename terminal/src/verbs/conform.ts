import { conform, type Result, reach } from '@gochat/conform/suite';
import { parseTarget } from '@gochat/conform/target';
import type { GivenOptions } from '@gochat/server/options';
import { UsageError } from '@gochat/server/usage-error';
import { sanitizeText } from '@gochat/view/sanitize';
import { EXIT } from '../exit.ts';
import { type Io, note, print } from '../io.ts';

/** Checks that a server follows the protocol. */
export async function run(io: Io, [address = '']: readonly string[], given: GivenOptions): Promise<number> {
  const token = typeof given.token === 'string' ? given.token : undefined;
  const target = parseTarget(address, token);
  if (target === undefined) throw new UsageError('name the server, such as http://127.0.0.1:4040');
  try {
    await reach(target);
  } catch (error) {
    note(io, `can't connect to ${address}: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT.queued;
  }
  const showsAll = given.transcript === true;
  const results = await conform(target, (result) => show(io, result, showsAll));
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  print(io, `${results.length} checks, ${failed} failed`);
  return failed === 0 ? EXIT.done : EXIT.internal;
}

function show(io: Io, { name, failure, transcript }: Result, showsAll: boolean): void {
  print(io, `${failure === undefined ? 'ok    ' : 'FAILED'} ${name}`);
  if (failure !== undefined) print(io, `       ${sanitizeText(failure)}`);
  if (failure === undefined && !showsAll) return;
  for (const line of transcript) print(io, `       ${sanitizeText(line)}`);
}
