import { setTimeout as after } from 'node:timers/promises';
import { CannotOpen } from '../cannot-open.ts';
import type { Clock, Engine } from '../engine.ts';
import { LOG_STREAM } from './layout.ts';
import { isRefused, Nats, type NatsOptions, type ServerFacts } from './nats.ts';
import { JetStreamLog } from './room-log.ts';
import { JetStreamState } from './room-state.ts';
import { JetStreamCounters, NatsSignals } from './signals-and-counters.ts';
import { checkMonitors, checkServer, prepareStreams } from './streams.ts';
import { JetStreamTails } from './tails.ts';

export interface JetStreamOptions extends NatsOptions {
  /** How many servers keep each entry. */
  readonly replicas: number;
  /** The addresses of the servers' monitoring pages, where it can be read whether they sync each write. */
  readonly monitors?: readonly string[];
  /** How long a cluster that isn't there yet is waited for. */
  readonly startMs?: number;
  readonly now?: Clock;
  readonly news?: EngineNews;
}

/** Who is told what becomes of the cluster. */
export interface EngineNews {
  /** It isn't there yet. */
  waits(why: string): void;
  /** It takes no writes any more. */
  fails(why: string): void;
  /** It does again. */
  recovers(afterMs: number): void;
}

const START_MS = 20_000;
const START_RETRY_MS = 500;
/** Waiting is told of after so long. */
const TELL_MS = 2_000;
const PROBE_MS = 1_000;

/**
 * The engine past one machine: a cluster of NATS servers with JetStream, shared by any number of nodes.
 *
 * @throws CannotOpen the cluster can't be reached, or can't keep what it acknowledges; the message says what mends it
 */
export async function openJetStream(options: JetStreamOptions): Promise<Engine> {
  const { now = Date.now, replicas, monitors = [], news } = options;
  const inTime = patientAtStart(options);
  const nats = await inTime(() => Nats.connect(options));
  try {
    const found = await checkServers(options);
    if (monitors.length > 0) await checkMonitors(monitors, found);
    await inTime(() => prepareStreams(nats, replicas));
  } catch (error) {
    await nats.close();
    throw error;
  }
  const state = new JetStreamState(nats, now);
  const tails = new JetStreamTails(state, now);
  const log = new JetStreamLog(nats, now, tails);
  const health = new Health(nats, news);
  return {
    log,
    state,
    counts: new JetStreamCounters(nats),
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
 * @throws CannotOpen when one that is there is none to keep rooms on, or refuses us
 */
export async function checkServers(
  options: NatsOptions & Pick<JetStreamOptions, 'replicas'>,
): Promise<readonly ServerFacts[]> {
  const found: ServerFacts[] = [];
  for (const server of options.servers) {
    const one = await Nats.connect({ ...options, servers: [server] }).catch((error: unknown) => {
      if (isRefused(error)) throw refused(error);
      return undefined;
    });
    if (one === undefined) continue;
    found.push(one.facts);
    await one.close();
  }
  for (const facts of found) checkServer(facts, options.replicas);
  return found;
}

/** Repeats what a cluster that is only starting can't do yet. */
function patientAtStart({ startMs = START_MS, servers, news }: JetStreamOptions) {
  const began = performance.now();
  let isTold = false;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof CannotOpen) throw error;
        if (isRefused(error)) throw refused(error);
        const words = `the NATS servers at ${servers.join(', ')} can't be used: ${error instanceof Error ? error.message : String(error)}`;
        const waitedMs = performance.now() - began;
        if (waitedMs > startMs) throw new CannotOpen('unusable', words, { cause: error });
        if (waitedMs > TELL_MS && !isTold) news?.waits(words);
        isTold ||= waitedMs > TELL_MS;
      }
      await after(START_RETRY_MS);
    }
  };
}

function refused(cause: unknown): CannotOpen {
  return new CannotOpen(
    'unusable',
    'the NATS servers refuse us: check the user and password in --log, or the file of --log-creds',
    { cause },
  );
}

/** Whether the log's stream has a leader that answers us. */
class Health {
  readonly #nats: Nats;
  readonly #news: EngineNews | undefined;
  readonly #timer: NodeJS.Timeout;
  #failedAt: number | undefined;
  #stopped = false;

  constructor(nats: Nats, news: EngineNews | undefined) {
    this.#nats = nats;
    this.#news = news;
    this.#timer = setInterval(() => void this.#probe(), PROBE_MS);
    this.#timer.unref();
  }

  get good(): boolean {
    return this.#failedAt === undefined && this.#nats.connected && !this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #probe(): Promise<void> {
    const why = await this.#why();
    if (this.#stopped) return;
    if (why !== undefined && this.#failedAt === undefined) {
      this.#failedAt = performance.now();
      this.#news?.fails(why);
    } else if (why === undefined && this.#failedAt !== undefined) {
      const afterMs = performance.now() - this.#failedAt;
      this.#failedAt = undefined;
      this.#news?.recovers(afterMs);
    }
  }

  /** @returns why nothing is taken, if so; never rejects */
  async #why(): Promise<string | undefined> {
    try {
      const info = await this.#nats.stream(LOG_STREAM);
      if (info === undefined) return `there is no stream ${LOG_STREAM}`;
      // One that is left alone answers all the same.
      if (info.cluster !== undefined && !info.cluster.leader) return `no server leads ${LOG_STREAM}`;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
