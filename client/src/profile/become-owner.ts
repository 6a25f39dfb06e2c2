import { routeOf, type WantedRoute } from '../net/route.ts';
import type { Clock } from '../schedule/clock.ts';
import { type Environment, openEnvironment } from '../store/environment.ts';
import { LmdbStore } from '../store/lmdb.ts';
import { migrate } from '../store/schema.ts';
import { type Door, sweepDoors } from './door.ts';
import type { Handler, Host } from './host.ts';
import { fence, holderKey, isHolder, ROUTE_CALL, readRoute } from './owner-record.ts';
import { Fenced, type Owner } from './roles.ts';

export { openEnvironment };

interface Claimed {
  readonly environment: Environment;
  readonly token: string;
  readonly route: WantedRoute;
}

/** Opens the profile for this process, which is recorded as its owner, and ends the writes of a former one. */
export async function becomeOwner(
  { environment, token, route: wanted }: Claimed,
  host: Host,
  door: Door,
  clock: Clock,
): Promise<Owner> {
  let lose: () => void = () => undefined;
  const lost = new Promise<void>((resolve) => {
    lose = resolve;
  });
  const refusal = () => {
    lose();
    return new Fenced();
  };
  const store = new LmdbStore(environment, { key: holderKey(token), refusal });
  let released: Promise<void> | undefined;
  const releaseNow = async () => {
    try {
      await store.close();
      // Before the socket: a process that finds it closed opens the database.
      await environment.close();
    } finally {
      await door.close();
      host.dismiss();
    }
  };
  const release = () => {
    released ??= releaseNow();
    return released;
  };
  try {
    const route = routeOf(wanted, readRoute(environment));
    fence(environment, token, route);
    migrate(environment, () => {
      if (!isHolder(environment, token)) throw refusal();
    });
    await sweepDoors(environment.dir, clock.now());
    const serve = (handler: Handler) =>
      host.serve(async (method, ...rest) =>
        method === ROUTE_CALL ? (route ?? null) : handler(method, ...rest),
      );
    return { role: 'owner', store, lost, route, serve, release };
  } catch (error) {
    await release();
    throw error;
  }
}
