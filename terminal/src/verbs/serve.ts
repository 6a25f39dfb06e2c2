import { startServer } from '@gochat/server/main';
import type { GivenOptions } from '@gochat/server/options';
import { readServeSettings, SERVE_OPTIONS, type ServeOption } from '@gochat/server/options';
import type { Command } from 'commander';
import { EXIT, exitCodeOf } from '../exit.ts';
import { type Io, note } from '../io.ts';

/** Ctrl-C under npm comes twice at once, from the terminal and from npm. */
const ONE_PRESS_MS = 500;

export function describeServe(command: Command): void {
  for (const option of SERVE_OPTIONS as readonly ServeOption[]) {
    const flags = option.value === undefined ? option.flag : `${option.flag} <${option.value}>`;
    const notes = [option.default === undefined ? [] : `default ${option.default}`, `or ${option.env}`]
      .flat()
      .join('; ');
    const meaning = `${option.meaning} (${notes})`;
    if (option.repeats === true)
      command.option(flags, meaning, (value: string, all: string[] = []) => [...all, value]);
    else command.option(flags, meaning);
  }
}

/** Runs a server until it is told to stop. */
export async function serve(io: Io, given: GivenOptions, version: string): Promise<number> {
  try {
    const settings = readServeSettings(given, io.env, io.stdout.isTTY === true);
    const server = await startServer(settings, `gochat ${version}`, io.stdout);
    for (const line of server.greeting) note(io, line);
    await toldToStop();
    await server.close();
    return EXIT.done;
  } catch (error) {
    note(io, `gochat: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodeOf(error);
  }
}

function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const stop = () => {
      if (first === undefined) {
        first = Date.now();
        resolve();
      } else if (Date.now() - first > ONE_PRESS_MS) process.exit(EXIT.internal);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
