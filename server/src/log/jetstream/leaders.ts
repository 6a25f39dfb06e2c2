import type { StreamInfo } from '@nats-io/jetstream';
import { Unavailable } from '../log.ts';
import { EngineRefusal, type Nats } from './nats.ts';
import type { RoomStreams } from './room-streams.ts';

/** A server that could lead a stream, because it has all that the stream stores. */
type Servers = readonly [leader: string, ...others: string[]];

/**
 * Spreads the leaders of the logs over the servers that store them: the server that leads a stream has most of its work. NATS
 * chooses leaders by chance, and a server that was restarted leads none. Changes nothing while a server is down or lagging. A
 * stream whose leader moves accepts no writes for a moment: they are tried again.
 */
export async function spreadLeaders(nats: Nats, streams: RoomStreams): Promise<void> {
  if (streams.pairs.length === 1) return;
  try {
    const ready = new Map<string, Servers>();
    for (const log of streams.logs) {
      const servers = serversOf(await nats.stream(log));
      if (servers === undefined) return;
      ready.set(log, servers);
    }
    for (const [log, server] of betterLeaders(ready)) await nats.moveLeader(log, server);
  } catch (error) {
    // The cluster works as it is. The next node that starts tries again.
    if (!(error instanceof Unavailable || error instanceof EngineRefusal)) throw error;
  }
}

/** @returns undefined when the stream has no leader, or a replica that is down or lagging */
function serversOf(info: StreamInfo | undefined): Servers | undefined {
  const { leader, replicas = [] } = info?.cluster ?? {};
  if (!leader || replicas.some(({ current, offline }) => !current || offline === true)) return undefined;
  return [leader, ...replicas.map(({ name }) => name)];
}

/**
 * Chooses other leaders, so that no server leads two streams more than another one that could lead one of them.
 * @returns the streams whose leader should move, each with its new leader
 */
export function betterLeaders(streams: ReadonlyMap<string, Servers>): Map<string, string> {
  const leaders = new Map([...streams].map(([stream, [leader]]) => [stream, leader]));
  const led = new Map<string, number>();
  const count = (server: string) => led.get(server) ?? 0;
  for (const leader of leaders.values()) led.set(leader, count(leader) + 1);
  // Each move brings two servers closer together, so this ends.
  for (let isMoved = true; isMoved; ) {
    isMoved = false;
    for (const [stream, servers] of streams) {
      const leader = leaders.get(stream) ?? servers[0];
      const least = servers.reduce((a, b) => (count(b) < count(a) ? b : a));
      if (count(leader) - count(least) < 2) continue;
      leaders.set(stream, least);
      led.set(leader, count(leader) - 1);
      led.set(least, count(least) + 1);
      isMoved = true;
    }
  }
  return new Map([...leaders].filter(([stream, leader]) => streams.get(stream)?.[0] !== leader));
}
