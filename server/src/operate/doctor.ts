import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, open, rm, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { STORE } from '../log/lmdb/trees.ts';
import { readCertificate } from '../main.ts';
import { type ClusterSettings, clusterOptions } from './cluster-settings.ts';
import { SERVER_LIMITS } from './limits.ts';
import type { ServeSettings } from './options.ts';

export type Health = 'good' | 'look' | 'bad';

/** What was looked at, how it is, and what to do where it isn't good. */
export interface Finding {
  readonly what: string;
  readonly health: Health;
  readonly told: string;
}

/** Of the machine, what the findings are judged by. */
export interface Circumstances {
  readonly now: number;
  readonly nodeVersion: string;
  readonly software: string;
}

const LEAST_NODE = [20, 19] as const;
const SYNCS = 20;
const SLOW_SYNC_MS = 20;
const LOW_SPACE_BYTES = 1024 ** 3;
const DAY_MS = 86_400_000;
const RENEW_DAYS = 14;
/** A clock that shows less was never set. */
const RELEASED = Date.UTC(2026, 10, 1);
/** Files that aren't connections. */
const SPARE_FILES = 100;

/** Looks at all that a server with these settings needs; changes nothing but for a probe file that it removes. */
export async function examine(settings: ServeSettings, circumstances: Circumstances): Promise<Finding[]> {
  const looks: readonly Look[] = [
    ['version', () => lookAtVersion(circumstances)],
    ['port', () => lookAtPort(settings)],
    ['tls', () => lookAtTls(settings, circumstances.now)],
    ...looksAtRooms(settings),
    ['clock', () => lookAtClock(settings, circumstances.now)],
    ['files', () => lookAtFiles(settings)],
  ];
  return Promise.all(
    looks.map(async ([what, look]) => {
      try {
        const [health, told] = await look();
        return { what, health, told };
      } catch (error) {
        return { what, health: 'bad', told: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

type Told = readonly [Health, string];
type Look = readonly [what: string, look: () => Promise<Told> | Told];

function looksAtRooms(settings: ServeSettings): readonly Look[] {
  const { cluster } = settings;
  if (cluster !== undefined) return [['log', () => lookAtCluster(cluster)]];
  return [
    ['data', () => lookAtData(settings)],
    ['disk', () => lookAtDisk(settings)],
  ];
}

async function lookAtCluster(cluster: ClusterSettings): Promise<Told> {
  const { checkServers } = await import('../log/jetstream/open.ts');
  const { checkMonitors } = await import('../log/jetstream/streams.ts');
  const found = await checkServers(await clusterOptions(cluster));
  const { servers, monitors, replicas } = cluster;
  if (found.length === 0) return ['bad', `none of ${servers.join(', ')} answers`];
  if (monitors.length > 0) await checkMonitors(monitors, found);
  const told = `${found.length} of ${servers.length} NATS servers answer, ${found.map(({ version }) => version).join(', ')}`;
  if (found.length < servers.length) return ['look', `${told}: start the others`];
  if (replicas < 3)
    return ['look', `${told}; with ${replicas} replicas no server may fail: give --log-replicas 3`];
  return monitors.length === 0
    ? [
        'look',
        `${told}; whether each write is synced they tell only at their monitoring ports: give --log-monitors`,
      ]
    : ['good', `${told}; each write is synced`];
}

function lookAtVersion({ nodeVersion, software }: Circumstances): Told {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return enough
    ? ['good', `${software} on Node.js ${nodeVersion}`]
    : ['bad', `Node.js ${nodeVersion} is too old: install ${LEAST_NODE.join('.')} or newer`];
}

async function lookAtPort({ host, port, tls }: ServeSettings): Promise<Told> {
  const code = await bindCode(host, port);
  if (code === undefined) return ['good', `${host}:${port} is free`];
  if (code !== 'EADDRINUSE') return ['bad', `${host}:${port} can't be listened on: ${code}`];
  const at = `${tls === undefined ? 'http' : 'https'}://localhost:${port}`;
  if (tls !== undefined) return ['look', `${host}:${port} is in use: by this server, if it runs already`];
  const answer = await fetch(`${at}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
  if (answer?.status === 200) return ['good', `a server answers at ${at}, and takes writes`];
  if (answer?.status === 503)
    return ['bad', `a server answers at ${at}, but takes no writes: its log says why`];
  return ['bad', `${host}:${port} is in use by something else: stop it, or choose another with --port`];
}

/** @returns why it can't be listened on; undefined when it can */
function bindCode(host: string, port: number): Promise<string | undefined> {
  return new Promise((told) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => told(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => told(undefined)));
  });
}

async function lookAtTls({ tls, behindProxy, insecure }: ServeSettings, now: number): Promise<Told> {
  if (tls === undefined) {
    if (behindProxy) return ['good', 'the proxy does it'];
    return insecure
      ? ['look', 'none, beyond this machine: browsers there can not encrypt, so that nobody can chat in one']
      : ['good', 'none, for this machine alone'];
  }
  const certificate = new X509Certificate((await readCertificate(tls)).cert);
  const days = Math.floor((Date.parse(certificate.validTo) - now) / DAY_MS);
  const names = certificate.subjectAltName ?? certificate.subject;
  if (Date.parse(certificate.validFrom) > now)
    return ['bad', `the certificate begins ${certificate.validFrom}: is the clock right?`];
  if (days < 0) return ['bad', `the certificate ended ${certificate.validTo}: renew it`];
  if (days < RENEW_DAYS) return ['look', `the certificate ends in ${days} days: renew it, then send SIGHUP`];
  return ['good', `${names}, for ${days} days`];
}

async function lookAtData({ data }: ServeSettings): Promise<Told> {
  const store = join(data, STORE);
  if (!existsSync(store)) return ['good', `${data} holds no rooms yet`];
  const { size, mode } = await stat(store);
  if ((mode & 0o077) !== 0) return ['look', `${store} can be read by other users: chmod 600`];
  return ['good', `${store} has ${megabytes(size)} MB`];
}

async function lookAtDisk({ data }: ServeSettings): Promise<Told> {
  const folder = nearest(data);
  const { bavail, bsize } = await statfs(folder);
  const space = bavail * bsize;
  const syncMs = await timeSyncs(folder);
  const told = `${megabytes(space)} MB free, ${syncMs.toFixed(1)} ms for a write to be durable`;
  if (space < LOW_SPACE_BYTES) return ['look', `${told}: soon full, and posts are refused then`];
  if (syncMs > SLOW_SYNC_MS) return ['look', `${told}: slow, and every message waits for it`];
  return ['good', told];
}

/** The folder itself, or the one in which it would be made. */
function nearest(folder: string): string {
  const path = resolve(folder);
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

/** @returns the median */
async function timeSyncs(folder: string): Promise<number> {
  const probe = await mkdtemp(join(folder, '.probe-'));
  try {
    const file = await open(join(probe, 'probe'), 'w');
    const times: number[] = [];
    for (let i = 0; i < SYNCS; i++) {
      const began = performance.now();
      await file.write(Buffer.alloc(4096), 0, 4096, 0);
      await file.datasync();
      times.push(performance.now() - began);
    }
    await file.close();
    return times.sort((a, b) => a - b)[SYNCS / 2] ?? 0;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

async function lookAtClock({ data }: ServeSettings, now: number): Promise<Told> {
  const shown = new Date(now).toISOString();
  if (now < RELEASED) return ['bad', `${shown}: the clock was never set`];
  const store = join(data, STORE);
  if (existsSync(store) && (await stat(store)).mtimeMs > now + DAY_MS)
    return ['look', `${shown}, and the rooms were written later: the clock went back`];
  return ['good', shown];
}

function lookAtFiles({ limits }: ServeSettings): Told {
  const wanted = (limits?.connections ?? SERVER_LIMITS.connections) + SPARE_FILES;
  // Node.js raises the soft limit to the hard one by itself; only Linux tells it.
  const line = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const allowed = /^Max open files\s+(\d+)/m.exec(line)?.[1];
  if (allowed === undefined) return ['good', `${wanted} files are wanted for the connections: see ulimit -n`];
  return Number(allowed) >= wanted
    ? ['good', `${allowed} open files are allowed`]
    : [
        'look',
        `${allowed} open files are allowed and ${wanted} wanted: raise ulimit -n, or lower --max-connections`,
      ];
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
