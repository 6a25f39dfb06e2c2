import { connect } from '@gochat/client/internal/net/connect';
import type { Connection } from '@gochat/client/internal/net/connection';
import { DialError } from '@gochat/client/internal/net/dial-error';
import { WAIT_MS } from '../waits.ts';

/** The network of one device, which can be gone. */
export class Network {
  readonly #connections = new Set<Connection>();
  #isGone = false;

  /** @throws DialError while the network is gone */
  async connect(address: string): Promise<Connection> {
    if (this.#isGone) throw new DialError({ kind: 'no-route' });
    const connection = await connect(address, { withinMs: WAIT_MS });
    this.#connections.add(connection);
    return connection;
  }

  /** Ends all connections, and makes no new ones until {@link comesBack}. */
  goes(): void {
    this.#isGone = true;
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  comesBack(): void {
    this.#isGone = false;
  }
}
