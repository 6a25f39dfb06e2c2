import pino from 'pino';
import { onTestFinished } from 'vitest';
import { openMemory } from '../src/log/memory/open.ts';
import type { ServerLimits } from '../src/operate/limits.ts';
import { type RunningServer, type ServeOptions, serve } from '../src/serve.ts';
import { type Over, Peer } from './peer.ts';

const LOOPBACK = [{ host: 'localhost' }, { host: '127.0.0.1' }, { host: '[::1]' }];

/** A server on a free port with its own memory, closed when the test ends. */
export async function startNode(
  options: Partial<Omit<ServeOptions, 'limits'>> & { readonly limits?: Partial<ServerLimits> } = {},
): Promise<RunningServer & { peer(over?: Over): Promise<Peer> }> {
  const server = await serve({
    engine: openMemory(),
    host: '127.0.0.1',
    port: 0,
    names: LOOPBACK,
    logger: pino({ level: 'silent' }),
    ...options,
  });
  onTestFinished(() => server.close());
  return { ...server, peer: (over?: Over) => Peer.greet(server.port, over) };
}
