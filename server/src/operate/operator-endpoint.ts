import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.ts';

export interface OperatorEndpointOptions {
  readonly metrics: Metrics;
  /** Whether the node accepts connections and its log accepts writes. */
  readonly ready: () => boolean;
}

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };
/** Few clients are expected: monitoring programs of the operator. */
const MAX_CONNECTIONS = 32;

/** Serves `/metrics`, `/healthz` and `/readyz` on a separate port, which must not be public. It accepts any Host header, because probes dial IP addresses. */
export class OperatorEndpoint {
  readonly #server: Server;

  constructor({ metrics, ready }: OperatorEndpointOptions) {
    this.#server = createServer(
      { maxHeaderSize: 8 * 1024, requestTimeout: 10_000 },
      ({ method, url }, response) => {
        if (method !== 'GET') response.writeHead(405, { ...TEXT, Allow: 'GET' }).end('use GET\n');
        else if (url === '/healthz') response.writeHead(200, TEXT).end('ok\n');
        else if (url === '/readyz')
          response.writeHead(ready() ? 200 : 503, TEXT).end(ready() ? 'ok\n' : 'not ready\n');
        else if (url !== '/metrics')
          response.writeHead(404, TEXT).end('not found: use /metrics, /healthz or /readyz\n');
        else
          metrics.text().then(
            (text) => response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text),
            () => response.writeHead(500, TEXT).end('could not read the metrics\n'),
          );
      },
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @returns the port. @throws the system's error when it can't be opened */
  async listen(port: number, host: string): Promise<number> {
    // Each node of a machine has its own.
    this.#server.listen({ port, host, exclusive: true });
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
