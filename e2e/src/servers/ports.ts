import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';
const LEAST = 10_000;
const USUAL_EPHEMERAL = 32_768;

/**
 * Finds ports of 127.0.0.1 on which nothing listens, for servers that are killed and restarted. The ports are below those that the
 * system gives to connections, so that no connection takes a port while its server is down.
 */
export async function freePorts(count: number): Promise<number[]> {
  const end = firstEphemeral();
  const found = new Set<number>();
  while (found.size < count) {
    const port = LEAST + Math.floor(Math.random() * (end - LEAST));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** @returns the first of so many consecutive ports, found as {@link freePorts} does */
export async function consecutivePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const others = Array.from({ length: count - 1 }, (_, i) => isFree(first + 1 + i));
    if ((await Promise.all(others)).every(Boolean)) return first;
  }
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

function firstEphemeral(): number {
  try {
    const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
    return first !== undefined && first > LEAST ? first : USUAL_EPHEMERAL;
  } catch {
    return USUAL_EPHEMERAL;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
