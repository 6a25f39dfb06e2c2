import { LOG_STREAM } from './layout.ts';
import type { Nats } from './nats.ts';

/** Is notified about the state of the cluster. */
export interface HealthObserver {
  /** The cluster can't be used yet; the engine keeps trying to open it. */
  waiting(reason: string): void;
  /** The cluster accepts no more writes. */
  failed(reason: string): void;
  /** The cluster accepts writes again. */
  recovered(afterMs: number): void;
}

const PROBE_MS = 1_000;

/** Checks every second whether the log's stream has a leader that answers. */
export class Health {
  readonly #nats: Nats;
  readonly #observer: HealthObserver | undefined;
  readonly #timer: NodeJS.Timeout;
  #failedAt: number | undefined;
  #stopped = false;

  constructor(nats: Nats, observer: HealthObserver | undefined) {
    this.#nats = nats;
    this.#observer = observer;
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
    const reason = await this.#failure();
    if (this.#stopped) return;
    if (reason !== undefined && this.#failedAt === undefined) {
      this.#failedAt = performance.now();
      this.#observer?.failed(reason);
    } else if (reason === undefined && this.#failedAt !== undefined) {
      const afterMs = performance.now() - this.#failedAt;
      this.#failedAt = undefined;
      this.#observer?.recovered(afterMs);
    }
  }

  /** @returns why writes are not accepted; undefined: they are. Never rejects. */
  async #failure(): Promise<string | undefined> {
    try {
      const info = await this.#nats.stream(LOG_STREAM);
      if (info === undefined) return `the stream ${LOG_STREAM} does not exist`;
      // A server that has lost contact with the others still answers.
      if (info.cluster !== undefined && !info.cluster.leader) return `the stream ${LOG_STREAM} has no leader`;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
