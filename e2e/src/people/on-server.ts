import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from './people.ts';

/** The server and the people of one test. */
export interface PeopleOnServer {
  readonly url: string;
  /** Opens the profile of this name. */
  person(name: string): Promise<Someone>;
  /** Closes a person's profile before the test ends. */
  closes(who: Someone): Promise<void>;
}

/** Gives each test of a file a server of its own, and ends it with everybody on it. */
export function onServer(): PeopleOnServer {
  let home: Awaited<ReturnType<typeof temporary>>;
  let server: TestServer;
  const people = new Set<Someone>();

  beforeEach(async () => {
    home = await temporary();
    server = await startServer(join(home.path, 'server'));
  });

  afterEach(async () => {
    await Promise.all([...people].map((who) => who.close()));
    people.clear();
    await server.stop();
    await home.remove();
  });

  return {
    get url() {
      return server.url;
    },
    person: async (name) => {
      const someone = await Someone.open(name, join(home.path, name));
      people.add(someone);
      return someone;
    },
    closes: async (who) => {
      people.delete(who);
      await who.close();
    },
  };
}
