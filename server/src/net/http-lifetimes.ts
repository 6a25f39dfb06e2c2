import type { Socket } from 'node:net';
import type { ServerLimits } from '../operate/limits.ts';
import type { Deadline, TimerWheel } from './timer-wheel.ts';

interface Lifetime {
  /** When the connection must end, in milliseconds since 1970, unless it is held. */
  until: number;
  /** By how many. */
  held: number;
  requests: number;
}

/** How long each HTTP connection may last, and how many requests it has made. */
export class HttpLifetimes {
  readonly #limits: Pick<ServerLimits, 'httpMs'>;
  readonly #timers: TimerWheel;
  readonly #now: () => number;
  readonly #sockets = new Map<Socket, Lifetime>();

  constructor(limits: Pick<ServerLimits, 'httpMs'>, timers: TimerWheel, now: () => number) {
    this.#limits = limits;
    this.#timers = timers;
    this.#now = now;
  }

  /** The socket is closed after {@link ServerLimits.httpMs}. */
  begin(socket: Socket): void {
    const lifetime: Lifetime = { until: this.#now() + this.#limits.httpMs, held: 0, requests: 0 };
    const deadline: Deadline = {
      due: () => {
        if (!this.#sockets.has(socket)) return Number.POSITIVE_INFINITY;
        return lifetime.held > 0 ? this.#now() + this.#limits.httpMs : lifetime.until;
      },
      expire: () => socket.destroy(),
    };
    this.#sockets.set(socket, lifetime);
    this.#timers.watch(deadline);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#timers.forget(deadline);
    });
  }

  /** The connection became a WebSocket. */
  forget(socket: Socket): void {
    this.#sockets.delete(socket);
  }

  /** The socket stays as long as something else watches it. Its time begins again, now and then. @returns a function that ends this */
  hold(socket: Socket): () => void {
    const lifetime = this.#sockets.get(socket);
    if (lifetime === undefined) return () => undefined;
    lifetime.held += 1;
    lifetime.until = this.#now() + this.#limits.httpMs;
    return () => {
      lifetime.held -= 1;
      lifetime.until = this.#now() + this.#limits.httpMs;
    };
  }

  /** Counts a request. @returns whether further requests should come on another connection */
  isLate(socket: Socket, requests: number): boolean {
    const lifetime = this.#sockets.get(socket);
    if (lifetime === undefined) return true;
    lifetime.requests += 1;
    return lifetime.requests >= requests || lifetime.until - this.#now() < this.#limits.httpMs / 2;
  }

  close(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}
