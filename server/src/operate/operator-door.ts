import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.ts';

export interface OperatorDoorOptions {
  readonly metrics: Metrics;
  /** Whether the node takes connections and its log takes writes. */
  readonly ready: () => boolean;
}

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };
/** Who asks here is a program or two of the operator's. */
const CONNECTIONS = 32;

/** `/metrics`, `/healthz` and `/readyz` on a port of their own, which isn't for the public; by any name, as probes dial addresses. */
export class OperatorDoor {
  readonly #server: Server;

  constructor({ metrics, ready }: OperatorDoorOptions) {
    this.#server = createServer(
      { maxHeaderSize: 8 * 1024, requestTimeout: 10_000 },
      ({ method, url }, response) => {
        if (method !== 'GET') response.writeHead(405, { ...TEXT, Allow: 'GET' }).end('GET only\n');
        else if (url === '/healthz') response.writeHead(200, TEXT).end('ok\n');
        else if (url === '/readyz')
          response.writeHead(ready() ? 200 : 503, TEXT).end(ready() ? 'ok\n' : 'not ready\n');
        else if (url !== '/metrics') response.writeHead(404, TEXT).end('/metrics, /healthz or /readyz\n');
        else
          metrics.text().then(
            (text) => response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text),
            () => response.writeHead(500, TEXT).end('the figures could not be read\n'),
          );
      },
    );
    this.#server.maxConnections = CONNECTIONS;
  }

  /** @returns the port. It rejects with the system's error when it can't be opened. */
  async listen(port: number, host: string): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
