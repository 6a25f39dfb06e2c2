import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startServer } from '@gochat/server/main';
import { type GivenOptions, readServeSettings } from '@gochat/server/options';
import { EXIT, exitCodeOf } from '../exit.ts';
import { type Io, note } from '../io.ts';

/** The page, next to the published bundle; the sources have none. */
const WEB = fileURLToPath(new URL('web', import.meta.url));

/** Under npm, Ctrl-C sends two signals at once: from the terminal and from npm. */
const ONE_PRESS_MS = 500;

/** Runs a server until SIGINT or SIGTERM. */
export async function run(
  io: Io,
  _args: readonly string[],
  given: GivenOptions,
  version: string,
): Promise<number> {
  try {
    const settings = readServeSettings(given, io.env, io.stdout.isTTY === true);
    // The signals are handled from the start.
    const stopped = untilStopped();
    const starting = startServer(
      existsSync(WEB) ? { ...settings, web: WEB } : settings,
      `gochat ${version}`,
      io.stdout,
    );
    const server = await Promise.race([starting, stopped]);
    // Nothing was served yet, so nothing has to be finished, and the start could hang.
    if (server === undefined) process.exit(EXIT.done);
    for (const line of server.greeting) note(io, line);
    const reload = () => void server.reload();
    // On a terminal, SIGHUP means that it was closed, and ends the program.
    if (io.stdout.isTTY !== true && (settings.tls ?? settings.acme) !== undefined)
      process.on('SIGHUP', reload);
    await stopped;
    process.off('SIGHUP', reload);
    await server.close();
    return EXIT.done;
  } catch (error) {
    note(io, `gochat: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodeOf(error);
  }
}

function untilStopped(): Promise<void> {
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
