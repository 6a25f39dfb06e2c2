import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

const HOST = '127.0.0.1';
const LOOK_MS = 500;
const ANSWER_MS = 1_000;
/** So many looks in a row must fail before a node counts as down. */
const FAILS = 2;

interface Backend {
  readonly port: number;
  fails: number;
  /** How many connections it has had. */
  had: number;
}

/**
 * A proxy in front of the nodes, as an operator's load balancer does (deploy/cluster/haproxy.cfg): gives each connection to the next
 * node that is ready. Those of a node that isn't any more it leaves to the node.
 */
export class Balancer {
  readonly #server = createServer((from) => void this.#pass(from));
  readonly #backends: readonly Backend[];
  readonly #timer: NodeJS.Timeout;
  readonly #clients = new Set<Socket>();
  #next = 0;

  constructor(ports: readonly number[]) {
    this.#backends = ports.map((port) => ({ port, fails: 0, had: 0 }));
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  async listen(): Promise<number> {
    this.#server.listen(0, HOST);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the balancer has no port');
    return address.port;
  }

  /** How many connections each node has been given. */
  get shares(): readonly number[] {
    return this.#backends.map(({ had }) => had);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const client of this.#clients) client.destroy();
    await closed;
  }

  async #pass(from: Socket): Promise<void> {
    this.#clients.add(from);
    from.on('error', () => undefined);
    from.once('close', () => this.#clients.delete(from));
    // A node that refuses is passed over; one that is down too.
    for (let tries = 0; tries < this.#backends.length; tries += 1) {
      const backend = this.#backends[this.#next++ % this.#backends.length] as Backend;
      if (backend.fails >= FAILS) continue;
      const to = await dial(backend.port);
      if (to === undefined) continue;
      backend.had += 1;
      to.once('close', () => from.end());
      to.on('error', () => from.destroy());
      from.once('close', () => to.end());
      if (from.destroyed) to.destroy();
      from.pipe(to);
      to.pipe(from);
      return;
    }
    from.destroy();
  }

  async #look(): Promise<void> {
    await Promise.all(
      this.#backends.map(async (backend) => {
        const ready = await isReady(backend.port);
        backend.fails = ready ? 0 : backend.fails + 1;
      }),
    );
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://${HOST}:${port}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}

async function dial(port: number): Promise<Socket | undefined> {
  const socket = createConnection({ host: HOST, port, noDelay: true });
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    return undefined;
  }
}
