import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { startServer, type TestServer, temporary } from '../people/people.ts';
import { runGochat } from './gochat-command.ts';
import type { Ended } from './gochat-process.ts';

/** The server of one test, and commands of people on it. */
export interface CommandsOnServer {
  readonly url: string;
  /** Runs a command with the profile of a person. */
  as(name: string, args: readonly string[], input?: string): Promise<Ended>;
  stops(): Promise<void>;
  /** The same server again, after it was stopped. */
  starts(): Promise<void>;
}

/** Gives each test of a file a server of its own. */
export function commandsOnServer(): CommandsOnServer {
  let home: Awaited<ReturnType<typeof temporary>>;
  let server: TestServer;
  const starts = async (port = 0) => {
    server = await startServer(join(home.path, 'server'), port);
  };

  beforeEach(async () => {
    home = await temporary();
    await starts();
  });

  afterEach(async () => {
    await server.stop();
    await home.remove();
  });

  return {
    get url() {
      return server.url;
    },
    as: (name, args, input = '') =>
      runGochat([...args, '--profile', join(home.path, name)], { HOME: home.path }, input),
    stops: () => server.stop(),
    starts: () => starts(server.port),
  };
}
