import type { Nats } from './nats.ts';
import type { RoomStreams } from './room-streams.ts';

/** Is notified about the state of the cluster. */
export interface HealthObserver {
  /** The cluster can't be used yet; the engine keeps trying to open it. */
  waiting(reason: string): void;
  /** The cluster accepts no more writes, or none of the rooms in one stream. */
  failed(reason: string): void;
  /** Writes are accepted again that were not. */
  recovered(afterMs: number): void;
}

const PROBE_MS = 1_000;
/** Every node asks, so many nodes must not ask for many streams each second. */
const PROBES_AT_ONCE = 4;

/** Checks whether each log's stream has a leader that answers: every second, or in turn if there are many. */
export class Health {
  readonly #nats: Nats;
  readonly #streams: readonly string[];
  readonly #observer: HealthObserver | undefined;
  readonly #timer: NodeJS.Timeout;
  /** The streams that accept no writes, each with the time since then. */
  readonly #failedAt = new Map<string, number>();
  #next = 0;
  #stopped = false;

  constructor(nats: Nats, { logs }: RoomStreams, observer: HealthObserver | undefined) {
    this.#nats = nats;
    this.#streams = logs;
    this.#observer = observer;
    this.#timer = setInterval(() => this.#probeSome(), PROBE_MS);
    this.#timer.unref();
  }

  /** The share of the streams that accept writes, from 0 to 1. */
  get share(): number {
    if (!this.#nats.connected || this.#stopped) return 0;
    return 1 - this.#failedAt.size / this.#streams.length;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #probeSome(): void {
    for (let i = 0; i < Math.min(PROBES_AT_ONCE, this.#streams.length); i += 1) {
      void this.#probe(this.#streams[this.#next] ?? '');
      this.#next = (this.#next + 1) % this.#streams.length;
    }
  }

  async #probe(stream: string): Promise<void> {
    const reason = await this.#failure(stream);
    if (this.#stopped) return;
    const failedAt = this.#failedAt.get(stream);
    if (reason !== undefined && failedAt === undefined) {
      this.#failedAt.set(stream, performance.now());
      this.#observer?.failed(reason);
    } else if (reason === undefined && failedAt !== undefined) {
      this.#failedAt.delete(stream);
      this.#observer?.recovered(performance.now() - failedAt);
    }
  }

  /** @returns why writes are not accepted; undefined: they are. Never rejects. */
  async #failure(stream: string): Promise<string | undefined> {
    try {
      const info = await this.#nats.stream(stream);
      if (info === undefined) return `the stream ${stream} does not exist`;
      // A server that has lost contact with the others still answers.
      if (info.cluster !== undefined && !info.cluster.leader) return `the stream ${stream} has no leader`;
      return undefined;
    } catch (error) {
      return `the stream ${stream}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
