import { examine } from '@gochat/server/doctor';
import type { Health } from '@gochat/server/finding';
import { type GivenOptions, readServeSettings } from '@gochat/server/options';
import { EXIT } from '../exit.ts';
import { type Io, print } from '../io.ts';

const MARKS: Readonly<Record<Health, string>> = { good: 'ok  ', look: 'look', bad: 'BAD ' };

/** Checks what a server with these options needs. */
export async function run(
  io: Io,
  _args: readonly string[],
  given: GivenOptions,
  version: string,
): Promise<number> {
  const settings = readServeSettings(given, io.env, io.stdout.isTTY === true);
  const findings = await examine(settings, {
    now: Date.now(),
    nodeVersion: process.version,
    software: `gochat ${version}`,
  });
  for (const { what, health, text } of findings) print(io, `${MARKS[health]} ${what.padEnd(8)} ${text}`);
  return findings.some(({ health }) => health === 'bad') ? EXIT.internal : EXIT.done;
}
