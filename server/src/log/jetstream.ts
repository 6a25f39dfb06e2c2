import { setTimeout as after } from 'node:timers/promises';
import { CannotOpen } from './cannot-open.ts';
import type { Clock, Engine } from './engine.ts';
import { JetStreamCounts, NatsSignals } from './jetstream-between.ts';
import { LOG_STREAM } from './jetstream-layout.ts';
import { JetStreamLog } from './jetstream-log.ts';
import { JetStreamState } from './jetstream-state.ts';
import { checkMonitor, checkServer, prepareStreams } from './jetstream-streams.ts';
import { JetStreamTails } from './jetstream-tails.ts';
import { isRefused, Nats, type NatsOptions, type ServerFacts } from './nats.ts';

export interface JetStreamOptions extends NatsOptions {
  /** How many servers keep each entry. */
  readonly replicas: number;
  /** The addresses of the servers' monitoring pages, where it can be read whether they sync each write. */
  readonly monitors?: readonly string[];
  /** How long a cluster that isn't there yet is waited for. */
  readonly startMs?: number;
  readonly now?: Clock;
}

const START_MS = 20_000;
const START_RETRY_MS = 500;
const PROBE_MS = 1_000;

/**
 * The engine past one machine: a cluster of NATS servers with JetStream, shared by any number of nodes.
 *
 * @throws CannotOpen the cluster can't be reached, or can't keep what it acknowledges; the message says what mends it
 */
export async function openJetStream(options: JetStreamOptions): Promise<Engine> {
  const { now = Date.now, replicas, monitors = [], startMs = START_MS } = options;
  const end = performance.now() + startMs;
  const nats = await inTime(end, () => Nats.connect(options));
  try {
    await checkServers(options);
    await Promise.all(monitors.map(checkMonitor));
    await inTime(end, () => prepareStreams(nats, replicas));
  } catch (error) {
    await nats.close();
    throw error;
  }
  const state = new JetStreamState(nats, now);
  const tails = new JetStreamTails(state, now);
  const log = new JetStreamLog(nats, now, tails);
  const health = new Health(nats);
  return {
    log,
    state,
    counts: new JetStreamCounts(nats),
    signals: new NatsSignals(nats),
    // What has expired, the engine erases by itself.
    sweep: async () => 0,
    writable: () => health.good,
    async close() {
      health.stop();
      log.close();
      await tails.close();
      await nats.close();
    },
  };
}

/**
 * Looks at each server that was named: a cluster is as durable as its weakest.
 * @returns which of them are there
 * @throws CannotOpen when one that is there is none to keep rooms on
 */
export async function checkServers(options: NatsOptions): Promise<readonly ServerFacts[]> {
  const found: ServerFacts[] = [];
  for (const server of options.servers) {
    const one = await Nats.connect({ ...options, servers: [server] }).catch(() => undefined);
    if (one === undefined) continue;
    found.push(one.facts);
    await one.close();
  }
  for (const facts of found) checkServer(facts);
  return found;
}

async function inTime<Result>(end: number, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CannotOpen) throw error;
      if (isRefused(error))
        throw new CannotOpen(
          'unusable',
          'the NATS servers refuse us: check the user and password in --log, or the file of --log-creds',
          { cause: error },
        );
      if (performance.now() > end) {
        const words = error instanceof Error ? error.message : String(error);
        throw new CannotOpen('unusable', `the NATS servers can't be used: ${words}`, { cause: error });
      }
    }
    await after(START_RETRY_MS);
  }
}

/** Whether the log's stream has a leader that answers us. */
class Health {
  readonly #nats: Nats;
  readonly #timer: NodeJS.Timeout;
  #answers = true;
  #stopped = false;

  constructor(nats: Nats) {
    this.#nats = nats;
    this.#timer = setInterval(() => void this.#probe(), PROBE_MS);
    this.#timer.unref();
  }

  get good(): boolean {
    return this.#answers && this.#nats.connected && !this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #probe(): Promise<void> {
    try {
      this.#answers = (await this.#nats.stream(LOG_STREAM)) !== undefined;
    } catch {
      this.#answers = false;
    }
  }
}
