import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, open, rm, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { FolderFiles } from '../files/folder.ts';
import { STORE } from '../log/lmdb/trees.ts';
import { readCertificate } from '../net/certificate.ts';
import { type ClusterSettings, clusterOptions } from './cluster-settings.ts';
import { requestLoad } from './control-request.ts';
import { checkCreators } from './create-token.ts';
import { checkAuthority, checkDns, checkReach, NETWORK, type Network } from './domain-checks.ts';
import type { Finding, Result } from './finding.ts';
import { SERVER_LIMITS } from './limits.ts';
import type { ServeSettings } from './options.ts';

/** The machine as the checks see it. `now` is in milliseconds since 1970. */
export interface Circumstances {
  readonly now: number;
  readonly nodeVersion: string;
  readonly software: string;
  readonly network?: Network;
}

const LEAST_NODE = [20, 19] as const;
const SYNCS = 20;
const SLOW_SYNC_MS = 20;
/** The share of its core at which a server's answers get noticeably later. */
const BUSY = 0.85;
const LOW_SPACE_BYTES = 1024 ** 3;
const DAY_MS = 86_400_000;
const RENEW_DAYS = 14;
/** A clock that shows an earlier time was never set. */
const RELEASED = Date.UTC(2026, 10, 1);
/** Files that the process needs in addition to one per connection. */
const SPARE_FILES = 100;

/** Checks everything that a server with these settings needs. It writes only a probe file, which it deletes. */
export async function examine(settings: ServeSettings, circumstances: Circumstances): Promise<Finding[]> {
  const checks: readonly Check[] = [
    ['version', () => checkVersion(circumstances)],
    ['port', () => checkPort(settings)],
    ...tlsChecks(settings, circumstances),
    ...roomChecks(settings),
    ['store', () => checkStore(settings)],
    ['clock', () => checkClock(settings, circumstances.now)],
    ['create', () => checkCreators(settings.create, settings.data, settings.cluster !== undefined)],
    ['files', () => checkFiles(settings)],
  ];
  const findings: Finding[] = [];
  // One after the other: two of them listen at the same port.
  for (const [what, check] of checks) {
    try {
      const [health, text] = await check();
      findings.push({ what, health, text });
    } catch (error) {
      findings.push({ what, health: 'bad', text: error instanceof Error ? error.message : String(error) });
    }
  }
  return findings;
}

type Check = readonly [what: string, check: () => Promise<Result> | Result];

function tlsChecks(settings: ServeSettings, { now, network = NETWORK }: Circumstances): readonly Check[] {
  const { acme, data } = settings;
  if (acme === undefined) return [['tls', () => checkTls(settings, now)]];
  return [
    ['tls', () => checkAuthority(acme, data, now)],
    ['dns', () => checkDns(acme, network)],
    ['reach', () => checkReach(acme, settings, network)],
  ];
}

function roomChecks(settings: ServeSettings): readonly Check[] {
  const { cluster } = settings;
  if (cluster !== undefined) return [['log', () => checkCluster(cluster)]];
  return [
    ['data', () => checkData(settings)],
    ['disk', () => checkDisk(settings)],
    ['load', () => checkLoad(settings)],
  ];
}

async function checkCluster(cluster: ClusterSettings): Promise<Result> {
  const { checkRooms, checkServers } = await import('../log/jetstream/open.ts');
  const { checkMonitors } = await import('../log/jetstream/streams.ts');
  const options = await clusterOptions(cluster);
  const found = await checkServers(options);
  const { servers, monitors, replicas } = cluster;
  if (found.length === 0) return ['bad', `no answer from ${servers.join(', ')}`];
  if (monitors.length > 0) await checkMonitors(monitors, found);
  await checkRooms(options);
  const text = `${found.length} of ${servers.length} NATS servers answer (${found.map(({ version }) => version).join(', ')})`;
  if (found.length < servers.length) return ['look', `${text}: start the others`];
  if (replicas < 3)
    return [
      'look',
      `${text}; with ${replicas} ${replicas === 1 ? 'replica' : 'replicas'} the cluster stops when one server fails: use --log-replicas 3`,
    ];
  return monitors.length === 0
    ? ['look', `${text}; can't check whether they sync each write: use --log-monitors`]
    : ['good', `${text}; they sync each write`];
}

function checkVersion({ nodeVersion, software }: Circumstances): Result {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return enough
    ? ['good', `${software} on Node.js ${nodeVersion}`]
    : ['bad', `Node.js ${nodeVersion} is too old: install ${LEAST_NODE.join('.')} or newer`];
}

async function checkPort({ host, port, tls }: ServeSettings): Promise<Result> {
  const code = await bindCode(host, port);
  if (code === undefined) return ['good', `${host}:${port} is free`];
  if (code !== 'EADDRINUSE') return ['bad', `can't listen on ${host}:${port}: ${code}`];
  const at = `${tls === undefined ? 'http' : 'https'}://localhost:${port}`;
  if (tls !== undefined) return ['look', `${host}:${port} is in use, maybe by this server`];
  const answer = await fetch(`${at}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
  if (answer?.status === 200) return ['good', `a server answers at ${at} and accepts writes`];
  if (answer?.status === 503) return ['bad', `the server at ${at} does not accept writes: see its log`];
  return ['bad', `${host}:${port} is in use by another program: stop it, or choose another port with --port`];
}

/** @returns the system's error code; undefined when the port is free */
function bindCode(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

async function checkTls({ tls, behindProxy, insecure }: ServeSettings, now: number): Promise<Result> {
  if (tls === undefined) {
    if (behindProxy) return ['good', 'the proxy terminates TLS'];
    return insecure
      ? [
          'look',
          'no TLS: browsers on other machines can not chat, because they allow Web Crypto only over HTTPS',
        ]
      : ['good', 'no TLS, but only this machine can connect'];
  }
  const certificate = new X509Certificate((await readCertificate(tls)).cert);
  const days = Math.floor((Date.parse(certificate.validTo) - now) / DAY_MS);
  const names = certificate.subjectAltName ?? certificate.subject;
  if (Date.parse(certificate.validFrom) > now)
    return ['bad', `the certificate is not valid before ${certificate.validFrom}: check the clock`];
  if (days < 0) return ['bad', `the certificate expired on ${certificate.validTo}: renew it`];
  if (days < RENEW_DAYS)
    return ['look', `the certificate expires in ${days} days: renew it, then send SIGHUP to the server`];
  return ['good', `${names}; expires in ${days} days`];
}

async function checkData({ data }: ServeSettings): Promise<Result> {
  const store = join(data, STORE);
  if (!existsSync(store)) return ['good', `no rooms in ${data} yet`];
  const { size, mode } = await stat(store);
  if ((mode & 0o077) !== 0) return ['look', `other users can read ${store}: run chmod 600 ${store}`];
  return ['good', `${store}, ${megabytes(size)} MB`];
}

async function checkDisk({ data }: ServeSettings): Promise<Result> {
  const folder = nearest(data);
  const { bavail, bsize } = await statfs(folder);
  const space = bavail * bsize;
  const syncMs = await timeSyncs(folder);
  const text = `${megabytes(space)} MB free, ${syncMs.toFixed(1)} ms to sync a write`;
  if (space < LOW_SPACE_BYTES) return ['look', `${text}: when the disk is full, the server refuses posts`];
  if (syncMs > SLOW_SYNC_MS) return ['look', `${text}: slow disk, and every message waits for it`];
  return ['good', text];
}

/** More files than this are not counted. */
const MOST_COUNTED = 5_000;

/** Where files are stored. */
async function checkStore({ files, bucket, limits }: ServeSettings): Promise<Result> {
  if (bucket !== undefined) {
    const { S3Files } = await import('../files/s3.ts');
    await new S3Files(bucket).check();
    return ['good', `the bucket ${bucket.endpoint} answers`];
  }
  if (files === undefined) return ['good', 'files and pictures are not stored'];
  const folder = nearest(files);
  const probe = await mkdtemp(join(folder, '.probe-'));
  await rm(probe, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const space = bavail * bsize;
  const { count, bytes } = existsSync(files) ? await countFiles(files) : { count: 0, bytes: 0 };
  const most = limits?.fileTotalBytes ?? SERVER_LIMITS.fileTotalBytes;
  const isMany = count > MOST_COUNTED;
  const text = `${isMany ? 'more than ' : ''}${Math.min(count, MOST_COUNTED)} files in ${files}; ${megabytes(space)} MB free`;
  if (isMany || space + bytes >= most) return ['good', text];
  return [
    'look',
    `${text}, but files may take ${megabytes(most)} MB: lower --file-total-bytes, or choose another disk with --files`,
  ];
}

async function countFiles(folder: string): Promise<{ readonly count: number; readonly bytes: number }> {
  const store = await FolderFiles.open({ folder });
  const counted = { count: 0, bytes: 0 };
  const add = ({ bytes }: { readonly bytes: number }) => {
    counted.count += 1;
    counted.bytes += bytes;
  };
  for await (const file of store.walk(undefined, add)) {
    add(file);
    if (counted.count > MOST_COUNTED) break;
  }
  return counted;
}

/** A server runs on one core, however many the machine has. */
async function checkLoad({ data }: ServeSettings): Promise<Result> {
  const busy = existsSync(data) ? await requestLoad(data) : undefined;
  if (busy === undefined) return ['good', 'no server answers in this data folder'];
  const text = `${Math.round(100 * busy)} % of one core, in the last two seconds`;
  if (busy < BUSY) return ['good', text];
  return [
    'look',
    `${text}: the server can hardly do more, and other cores don't help it. Spread its rooms over several processes: see "One machine with many cores" in docs/cluster.md`,
  ];
}

/** The folder, or its nearest parent that exists. */
function nearest(folder: string): string {
  const path = resolve(folder);
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

/** @returns the median in milliseconds */
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

async function checkClock({ data }: ServeSettings, now: number): Promise<Result> {
  const shown = new Date(now).toISOString();
  if (now < RELEASED) return ['bad', `${shown}: the clock was never set`];
  const store = join(data, STORE);
  if (existsSync(store) && (await stat(store)).mtimeMs > now + DAY_MS)
    return ['look', `${shown}, but the rooms were written later than that: the clock was set back`];
  return ['good', shown];
}

function checkFiles({ limits }: ServeSettings): Result {
  const wanted = (limits?.connections ?? SERVER_LIMITS.connections) + SPARE_FILES;
  // Node.js raises the soft limit to the hard limit. Only Linux shows it.
  const line = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const allowed = /^Max open files\s+(\d+)/m.exec(line)?.[1];
  if (allowed === undefined) return ['good', `the connections need ${wanted} open files: check ulimit -n`];
  return Number(allowed) >= wanted
    ? ['good', `${allowed} open files are allowed`]
    : [
        'look',
        `${allowed} open files are allowed, but ${wanted} are needed: raise ulimit -n, or lower --max-connections`,
      ];
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
