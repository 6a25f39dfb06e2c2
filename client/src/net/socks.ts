import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import type { Address } from './address.ts';

/**
 * Asks the proxy at the other end of a socket to connect to an address, by its name: the proxy resolves it. The socket then leads there.
 * @param circuit user name and password; Tor uses a circuit for each. Absent: none are offered.
 * @throws an error with the proxy's reason
 */
export async function connectThrough(
  socket: Socket,
  { host, port }: Pick<Address, 'host' | 'port'>,
  circuit: string | undefined,
): Promise<void> {
  await SocksClient.createConnection({
    proxy: {
      host: socket.remoteAddress ?? '',
      port: socket.remotePort ?? 0,
      type: 5,
      ...(circuit !== undefined && { userId: circuit, password: circuit }),
    },
    command: 'connect',
    destination: { host, port },
    existing_socket: socket,
  });
}
