import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import type { Engine } from './log/engine.ts';
import { openLmdb } from './log/lmdb/open.ts';
import { STORE } from './log/lmdb/trees.ts';
import type { AcmeSettings, AutoCertificate } from './net/acme.ts';
import { loadAssets } from './net/assets.ts';
import type { Certificate } from './net/listen.ts';
import { ownNames } from './net/own-names.ts';
import { hostText, type ServedName } from './net/served-names.ts';
import { clusterOptions } from './operate/cluster-settings.ts';
import { readCreateToken, TOKEN_FILE } from './operate/create-token.ts';
import { Metrics } from './operate/metrics.ts';
import { type Output, openOperatorLog } from './operate/operator-log.ts';
import type { ServeSettings } from './operate/options.ts';
import { orUsage, UsageError } from './operate/usage-error.ts';
import { keepYoungHeapSmall } from './operate/young-heap.ts';
import { type RunningServer, serve } from './serve.ts';

/** Over how long a node that leaves sends its clients to the others. */
const LEAVE_MS = 5_000;

export interface StartedServer extends RunningServer {
  /** How it is dialled from this machine or, where that isn't possible, from others. */
  readonly url: string;
  /** What to tell whoever started it. */
  readonly greeting: readonly string[];
  /** Reads the certificate's files again, or looks whether a new one is due; what can't be had changes nothing, and is logged. */
  reload(): Promise<void>;
}

/**
 * Starts a server as `gochat serve` does: on disk, with the operator's log.
 * @throws UsageError when the settings can't be met: a port in use, a folder or certificate that can't be read.
 */
export async function startServer(
  settings: ServeSettings,
  software: string,
  out: Output,
): Promise<StartedServer> {
  keepYoungHeapSmall();
  const certificate = settings.tls === undefined ? undefined : await readCertificate(settings.tls);
  const { logger, view } = openOperatorLog({
    format: settings.logFormat,
    level: settings.logLevel,
    showsMessages: settings.showsMessages,
    out,
  });
  const names = ownNames({
    host: settings.host,
    names: settings.acme === undefined ? settings.names : [...settings.names, { host: settings.acme.domain }],
    insecure: settings.insecure,
    ...(certificate === undefined ? {} : { certificate: new X509Certificate(certificate.cert) }),
  });
  const assets = settings.web === undefined ? undefined : await loadAssets(settings.web);
  const metrics = new Metrics();
  const engine = await orUsage(openEngine(settings, metrics, logger));
  const { host, port, behindProxy, retainSec, limits, operator, acme } = settings;
  try {
    const shared = settings.cluster !== undefined;
    const createToken =
      settings.create === 'token' ? await readCreateToken(settings.data, shared) : undefined;
    const running = await serve({
      engine,
      host,
      port,
      names,
      logger,
      software,
      behindProxy,
      metrics,
      ...(acme === undefined ? {} : { secured: true }),
      limits: { ...(shared ? { leaveMs: LEAVE_MS } : {}), ...limits },
      ...(operator === undefined ? {} : { operator }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(assets === undefined ? {} : { assets }),
      ...(view === undefined ? {} : { view }),
      ...(createToken === undefined ? {} : { createToken }),
      ...(retainSec === undefined ? {} : { retainSec }),
    });
    const url = urlOf(settings, names, running.port);
    const automatic = acme && (await startAutomatic(acme, settings.data, running, logger));
    const reload = async () => {
      await automatic?.look();
      if (settings.tls === undefined) return;
      try {
        running.renew(await readCertificate(settings.tls));
        logger.info('the certificate was read again');
      } catch (error) {
        logger.error({ err: error }, 'the certificate could not be read again; the former one stays');
      }
    };
    const close = async () => {
      automatic?.stop();
      await running.close();
    };
    return { ...running, url, greeting: greetingOf(settings, url, running), reload, close };
  } catch (error) {
    await engine.close();
    throw portError(error, settings);
  }
}

async function openEngine(
  { cluster, data, quotas }: ServeSettings,
  metrics: Metrics,
  logger: Logger,
): Promise<Engine> {
  const committed = (changes: number) => metrics.committed(changes);
  if (cluster === undefined) return openLmdb({ folder: data, quotas, committed });
  // Few servers need it.
  const { openJetStream } = await import('./log/jetstream/open.ts');
  return openJetStream({
    ...(await clusterOptions(cluster)),
    news: {
      waits: (why) => logger.info(why),
      fails: (why) => logger.warn({ why }, 'the log takes no writes'),
      recovers: (afterMs) => logger.info({ afterMs: Math.round(afterMs) }, 'the log takes writes again'),
    },
  });
}

/** Uses the certificate that is kept, and gets one or a newer one behind the start: the port must be open for that. */
async function startAutomatic(
  acme: AcmeSettings,
  data: string,
  running: RunningServer,
  logger: Logger,
): Promise<AutoCertificate> {
  // Few servers need it, and it is large.
  const { AutoCertificate } = await import('./net/acme.ts');
  const automatic = new AutoCertificate({
    ...acme,
    folder: join(data, 'acme'),
    logger,
    prove: (certificate) => running.prove(certificate),
    use: (certificate) => running.renew(certificate),
  });
  await automatic.resume();
  void automatic.look();
  return automatic;
}

/** @throws UsageError when the files can not be read, or are no certificate and its key. */
export async function readCertificate(files: {
  readonly cert: string;
  readonly key: string;
}): Promise<Certificate> {
  const [cert, key] = await Promise.all([readPem('--tls-cert', files.cert), readPem('--tls-key', files.key)]);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new UsageError(
      `${files.cert} and ${files.key} are not a certificate and its key: ${reasonOf(cause)}`,
      { cause },
    );
  }
  return { cert, key };
}

async function readPem(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${flag} ${file} can't be read: ${reasonOf(cause)}`, { cause });
  }
}

const PORT_ERRORS: Readonly<Record<string, (host: string, port: number, flag: string) => string>> = {
  EADDRINUSE: (host, port, flag) =>
    `port ${port} on ${host} is in use; stop what uses it, or choose another with ${flag}`,
  EACCES: (host, port, flag) =>
    `port ${port} on ${host} needs more rights than this user has; choose another with ${flag}`,
  EADDRNOTAVAIL: (host) => `${host} is not an address of this machine`,
  ENOTFOUND: (host) => `${host} is not an address of this machine`,
  EAI_AGAIN: (host) => `${host} could not be looked up`,
};

function portError(error: unknown, { host, port, operator }: ServeSettings): unknown {
  const explain = error instanceof Error && 'code' in error ? PORT_ERRORS[String(error.code)] : undefined;
  if (explain === undefined) return error;
  // Which of the two doors it was, the system's error says.
  const isOperators =
    operator !== undefined &&
    operator.port !== port &&
    'port' in Object(error) &&
    Object(error).port === operator.port;
  const told = isOperators
    ? explain(operator.host, operator.port, '--metrics')
    : explain(host, port, '--port');
  return new UsageError(told, { cause: error });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
}

function urlOf(
  { tls, acme, behindProxy }: ServeSettings,
  names: readonly ServedName[],
  port: number,
): string {
  const name = names.find(({ host }) => !host.startsWith('*')) ?? { host: 'localhost' };
  const scheme = tls !== undefined || acme !== undefined || behindProxy ? 'https' : 'http';
  // Behind a proxy our own port is not the one that is dialled.
  const dialled = name.port ?? (behindProxy ? undefined : port);
  return new URL(`${scheme}://${hostText(name.host)}${dialled === undefined ? '' : `:${dialled}`}`).origin;
}

function greetingOf(
  { host, data, cluster, web, operator, create }: ServeSettings,
  url: string,
  { port, operatorPort }: RunningServer,
): string[] {
  const command = url === 'http://localhost:4040' ? 'npx gochat' : `npx gochat --server ${url}`;
  return [
    `GoChat listens at ${url} (${hostText(host)}:${port}).`,
    `It keeps rooms, which it can't read, in ${cluster === undefined ? data : `NATS at ${cluster.servers.join(', ')}`}.`,
    ...(cluster !== undefined && existsSync(join(data, STORE))
      ? [
          `The rooms in ${data} are not served. Unless it is done already: gochat move --from ${data} --to nats://…`,
        ]
      : []),
    ...(create === 'token'
      ? [`Rooms are made only by those who name the token in ${join(data, TOKEN_FILE)}.`]
      : []),
    web === undefined
      ? `To chat, in another terminal: ${command}`
      : `To chat: open ${url} in a browser, or in another terminal: ${command}`,
    ...(operator === undefined
      ? []
      : [`It tells figures at http://${hostText(operator.host)}:${operatorPort}/metrics.`]),
  ];
}
