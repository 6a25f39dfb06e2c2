import { setTimeout as after } from 'node:timers/promises';
import { CannotOpen } from '../cannot-open.ts';
import type { Clock, Engine } from '../engine.ts';
import { JetStreamCounters } from './counters.ts';
import { Health, type HealthObserver } from './health.ts';
import { spreadLeaders } from './leaders.ts';
import { LiveMessages } from './live-messages.ts';
import { isUnauthorized, Nats, type NatsOptions, type ServerInfo } from './nats.ts';
import { JetStreamLog } from './room-log.ts';
import { JetStreamState } from './room-state.ts';
import { RoomStreams } from './room-streams.ts';
import { NatsSignals } from './signals.ts';
import { checkMonitors, checkServer, checkStreams, prepareStreams } from './streams.ts';
import { JetStreamTails } from './tails.ts';

export interface JetStreamOptions extends NatsOptions {
  /** How many servers store each entry. */
  readonly replicas: number;
  /** How many streams the rooms are spread over. It can't change while the cluster holds rooms. Absent: 1. */
  readonly streams?: number;
  /** Where streams begin that are created now: a multiple of 2^40, above each position that is moved into them. */
  readonly first?: number;
  /** URLs of the servers' HTTP monitoring ports, which show whether they sync each write. */
  readonly monitors?: readonly string[];
  /** How long to wait for a cluster that is not ready yet. */
  readonly startMs?: number;
  readonly now?: Clock;
  readonly observer?: HealthObserver;
}

const START_MS = 20_000;
const START_RETRY_MS = 500;
/** When the wait for the cluster is reported. */
const REPORT_MS = 2_000;

/**
 * Opens the engine for several machines: a cluster of NATS servers with JetStream, shared by any number of nodes.
 *
 * @throws CannotOpen the cluster can't be reached, or may lose acknowledged writes; the message says how to fix it
 */
export async function openJetStream(options: JetStreamOptions): Promise<Engine> {
  const { now = Date.now, replicas, streams: count = 1, first, monitors = [], observer } = options;
  const streams = new RoomStreams(count);
  const retryAtStart = startRetries(options);
  const nats = await retryAtStart(() => Nats.connect(options));
  try {
    const found = await checkServers(options);
    if (monitors.length > 0) await checkMonitors(monitors, found);
    const spread = { replicas, streams: count, ...(first !== undefined && { first }) };
    await retryAtStart(() => prepareStreams(nats, spread, streams));
    await spreadLeaders(nats, streams);
  } catch (error) {
    await nats.close();
    throw error;
  }
  const state = new JetStreamState(nats, streams, now);
  const tails = new JetStreamTails(state, now);
  const live = new LiveMessages(nats);
  const log = new JetStreamLog({ nats, streams, now, tails, live });
  const health = new Health(nats, streams, observer);
  return {
    log,
    state,
    counters: new JetStreamCounters(nats),
    signals: new NatsSignals(nats, live),
    // JetStream deletes expired messages itself.
    sweep: async () => 0,
    writable: () => health.share,
    async close() {
      health.stop();
      log.close();
      await tails.close();
      await nats.close();
    },
  };
}

/** Connects to a cluster, for other work than a node's. @throws CannotOpen when it can't be reached */
export function connectNats(options: NatsOptions & Pick<JetStreamOptions, 'startMs'>): Promise<Nats> {
  return startRetries(options)(() => Nats.connect(options));
}

/**
 * Checks whether the streams that exist are those of a node with these options. Changes nothing.
 * @throws CannotOpen; Error when the cluster does not answer
 */
export async function checkRooms(options: JetStreamOptions): Promise<void> {
  const nats = await Nats.connect(options);
  try {
    await checkStreams(nats, { replicas: options.replicas, streams: options.streams ?? 1 });
  } finally {
    await nats.close();
  }
}

/**
 * Checks each configured server, because a cluster is only as durable as its weakest server.
 * @returns the servers that answer
 * @throws CannotOpen when one of them can't be used, or rejects the credentials
 */
export async function checkServers(
  options: NatsOptions & Pick<JetStreamOptions, 'replicas'>,
): Promise<readonly ServerInfo[]> {
  const found: ServerInfo[] = [];
  for (const server of options.servers) {
    const one = await Nats.connect({ ...options, servers: [server] }).catch((error: unknown) => {
      if (isUnauthorized(error)) throw unauthorized(error);
      return undefined;
    });
    if (one === undefined) continue;
    found.push(one.serverInfo);
    await one.close();
  }
  for (const server of found) checkServer(server, options.replicas);
  return found;
}

/** @returns a function that repeats a task while the cluster is still starting. The time limit is shared by all its calls. */
function startRetries({
  startMs = START_MS,
  servers,
  observer,
}: Pick<JetStreamOptions, 'startMs' | 'servers' | 'observer'>) {
  const began = performance.now();
  let isReported = false;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof CannotOpen) throw error;
        if (isUnauthorized(error)) throw unauthorized(error);
        const reason = `the NATS servers at ${servers.join(', ')} can't be used: ${error instanceof Error ? error.message : String(error)}`;
        const waitedMs = performance.now() - began;
        if (waitedMs > startMs) throw new CannotOpen('unusable', reason, { cause: error });
        if (waitedMs > REPORT_MS && !isReported) observer?.waiting(reason);
        isReported ||= waitedMs > REPORT_MS;
      }
      await after(START_RETRY_MS);
    }
  };
}

function unauthorized(cause: unknown): CannotOpen {
  return new CannotOpen(
    'unusable',
    'the NATS servers reject the credentials: check the user and password in --log, or the file of --log-creds',
    { cause },
  );
}
