import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';
/** Above 10080, which browsers and `fetch` refuse to connect to (Fetch, "port blocking"). */
const LEAST = 10_240;
const USUAL_EPHEMERAL = 32_768;
/** Consecutive ports belong to one process: others, which look for ports at the same time, take none of them before they are used. */
const BLOCK = 16;
const PROCESSES = 16;
/** The ports found last, on which nothing may listen yet. */
const given: number[] = [];
const GIVEN = 128;

/**
 * Finds ports of 127.0.0.1 on which nothing listens, for servers that are killed and restarted. The ports are below those that the
 * system gives to connections, so that no connection takes a port while its server is down. None is among the last 128 found.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = ownBlock() + Math.floor(Math.random() * BLOCK);
    if (!given.includes(port) && (await isFree(port))) found.add(port);
  }
  given.push(...found);
  given.splice(0, given.length - GIVEN);
  return [...found];
}

/** @returns the first of so many consecutive ports, at most 16, found as {@link freePorts} does */
export async function consecutivePorts(count: number): Promise<number> {
  for (;;) {
    const first = ownBlock();
    const all = Array.from({ length: count }, (_, i) => isFree(first + i));
    if ((await Promise.all(all)).every(Boolean)) return first;
  }
}

/** @returns the first port of one of this process's blocks */
function ownBlock(): number {
  const own = Number(process.env.VITEST_POOL_ID ?? process.pid) % PROCESSES;
  const rounds = Math.floor((firstEphemeral() - LEAST) / (BLOCK * PROCESSES));
  return LEAST + BLOCK * (PROCESSES * Math.floor(Math.random() * rounds) + own);
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
