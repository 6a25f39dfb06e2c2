import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startServer } from '@gochat/server/main';
import { type GivenOptions, readServeSettings } from '@gochat/server/options';
import { EXIT, exitCodeOf } from '../exit.ts';
import { type Io, note } from '../io.ts';

/** Lies beside the published bundle; the sources have none. */
const WEB = fileURLToPath(new URL('web', import.meta.url));

/** Ctrl-C under npm comes twice at once, from the terminal and from npm. */
const ONE_PRESS_MS = 500;

/** Runs a server until it is told to stop. */
export async function run(
  io: Io,
  _args: readonly string[],
  given: GivenOptions,
  version: string,
): Promise<number> {
  try {
    const settings = readServeSettings(given, io.env, io.stdout.isTTY === true);
    // Whoever reads the greeting may stop the server at once.
    const told = toldToStop();
    const starting = startServer(
      existsSync(WEB) ? { ...settings, web: WEB } : settings,
      `gochat ${version}`,
      io.stdout,
    );
    const server = await Promise.race([starting, told]);
    // Nobody was served yet: there is nothing to finish, and what is being waited for may never come.
    if (server === undefined) process.exit(EXIT.done);
    for (const line of server.greeting) note(io, line);
    const reload = () => void server.reload();
    // On a terminal that is closed the signal means the end, as for any program.
    if (io.stdout.isTTY !== true && (settings.tls ?? settings.acme) !== undefined)
      process.on('SIGHUP', reload);
    await told;
    process.off('SIGHUP', reload);
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
