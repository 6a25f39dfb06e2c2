import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startServer } from '@gochat/server/main';
import { nodesOf, obeyOrders, ownSettings, reportStarted } from '@gochat/server/nodes';
import { LogOutput } from '@gochat/server/operator-log';
import { type GivenOptions, readServeSettings } from '@gochat/server/options';
import { EXIT, exitCodeOf } from '../exit.ts';
import { type Io, note } from '../io.ts';

/** The page, next to the published bundle; the sources have none. */
const WEB = fileURLToPath(new URL('web', import.meta.url));

/** Under npm, Ctrl-C sends two signals at once: from the terminal and from npm. */
const ONE_PRESS_MS = 500;

/** Runs a server until SIGINT or SIGTERM; on a terminal, also until SIGHUP. */
export async function run(
  io: Io,
  _args: readonly string[],
  given: GivenOptions,
  version: string,
): Promise<number> {
  // The signals are handled from the start, and until the process ends: by default most of them end it at once.
  const signals = new ServerSignals(io);
  const log = io.stdout === process.stdout ? new LogOutput(process.stdout.fd) : undefined;
  try {
    const settings = ownSettings(readServeSettings(given, io.env, io.stdout.isTTY === true));
    const nodes = nodesOf(settings, log ?? io.stdout, (pids) =>
      note(io, `${pids.length} nodes serve this port: processes ${pids.join(', ')}.`),
    );
    if (nodes !== undefined) {
      signals.started(nodes);
      void signals.stopped.then(() => nodes.stop());
      return await nodes.run();
    }
    const starting = startServer(
      existsSync(WEB) ? { ...settings, web: WEB } : settings,
      `gochat ${version}`,
      log ?? io.stdout,
    );
    const server = await Promise.race([starting, signals.stopped]);
    // Nothing was served yet, so nothing has to be finished, and the start could hang.
    if (server === undefined) process.exit(EXIT.done);
    // All nodes would say the same.
    if ((settings.node ?? 1) === 1) for (const line of server.greeting) note(io, line);
    signals.started(server);
    reportStarted();
    await signals.stopped;
    await server.close();
    return EXIT.done;
  } catch (error) {
    note(io, `gochat: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodeOf(error);
  } finally {
    await log?.flush();
  }
}

type Reloads = { reload(): unknown };

/** What the signals to a server do, and the orders to one of several nodes. */
class ServerSignals {
  /** Resolves at the first signal that ends the server. A second one ends the process. */
  readonly stopped: Promise<void>;
  readonly #io: Io;
  #server: Reloads | undefined;
  #reloadsOnStart = false;
  #stoppedAt: number | undefined;

  constructor(io: Io) {
    this.#io = io;
    this.stopped = new Promise((resolve) => {
      const stop = () => {
        if (this.#stoppedAt === undefined) {
          this.#stoppedAt = Date.now();
          resolve();
        } else if (Date.now() - this.#stoppedAt > ONE_PRESS_MS) process.exit(EXIT.internal);
      };
      // A service manager or a terminal may have signalled all processes: an order is no second signal.
      obeyOrders((order) => {
        if (order === 'reload') this.#reload();
        else if (this.#stoppedAt === undefined) stop();
      });
      process.on('SIGINT', stop);
      process.on('SIGTERM', stop);
      // On a terminal, SIGHUP means that it was closed. nohup and service managers give a process no terminal.
      const onTerminal = [io.stdin, io.stdout, io.stderr].some(({ isTTY }) => isTTY === true);
      process.on('SIGHUP', onTerminal ? stop : () => this.#reload());
    });
    // By default SIGUSR2 ends the process.
    for (const signal of ['SIGUSR1', 'SIGUSR2'])
      process.on(signal, () => note(io, `gochat: ${signal} has no meaning for a server`));
  }

  started(server: Reloads): void {
    this.#server = server;
    if (this.#reloadsOnStart) void server.reload();
  }

  #reload(): void {
    if (this.#stoppedAt !== undefined) return;
    if (this.#server !== undefined) return void this.#server.reload();
    // The files may have been read already, before they changed.
    this.#reloadsOnStart = true;
    note(this.#io, 'gochat: the server is still starting; it reloads what it can once it listens');
  }
}
