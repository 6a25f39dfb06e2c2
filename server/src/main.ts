import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { FileStore } from './files/file-store.ts';
import { FolderFiles } from './files/folder.ts';
import type { S3Settings } from './files/s3.ts';
import type { Engine } from './log/engine.ts';
import { openLmdb } from './log/lmdb/open.ts';
import { STORE } from './log/lmdb/trees.ts';
import type { AcmeSettings, AutoCertificate } from './net/acme.ts';
import { loadAssets } from './net/assets.ts';
import { readCertificate } from './net/certificate.ts';
import type { ForwardedSettings } from './net/forwarded-address.ts';
import { ownNames } from './net/own-names.ts';
import { hostText, isOnion, type ServedName } from './net/served-names.ts';
import { backupCommand } from './operate/backup-command.ts';
import { clusterOptions } from './operate/cluster-settings.ts';
import { ControlSocket } from './operate/control-socket.ts';
import { readCreateToken, TOKEN_FILE } from './operate/create-token.ts';
import { loadCommand } from './operate/load-command.ts';
import { Metrics } from './operate/metrics.ts';
import { type Output, openOperatorLog } from './operate/operator-log.ts';
import type { ServeSettings } from './operate/options.ts';
import { orUsage, UsageError } from './operate/usage-error.ts';
import { keepYoungHeapSmall } from './operate/young-heap.ts';
import { type RunningServer, serve } from './serve.ts';

/** How long a node of a cluster takes to disconnect its clients when it stops. */
const LEAVE_MS = 5_000;

/** Chunks on their way to a bucket are in memory, up to 1 MiB each. */
const BUCKET_TRANSFERS = 128;

export interface StartedServer extends RunningServer {
  /** The address for clients on this machine, or for others if this machine can't use it. */
  readonly url: string;
  /** Lines to show to the operator. */
  readonly greeting: readonly string[];
  /**
   * Reads the certificate's files again, or renews an automatic certificate if it is due. On failure it logs why and keeps the loaded one.
   * Logs a line in any case, also if there is nothing to reload. Never rejects.
   */
  reload(): Promise<void>;
}

/**
 * Starts a server as `gochat serve` does.
 * @throws UsageError when the settings don't work here: for example, a port is in use or a certificate can't be read
 */
export async function startServer(
  settings: ServeSettings,
  software: string,
  out: Output,
): Promise<StartedServer> {
  keepYoungHeapSmall();
  const certificate = settings.tls === undefined ? undefined : await readCertificate(settings.tls);
  const { logger, observer } = openOperatorLog({
    format: settings.logFormat,
    level: settings.logLevel,
    showsMessages: settings.showsMessages,
    out,
    ...(settings.node === undefined ? {} : { node: settings.node }),
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
  const { host, port, forwarded, onion, retainSec, limits, operator, acme } = settings;
  try {
    const files = await openFiles(settings);
    const shared = settings.cluster !== undefined;
    const createToken = settings.create === 'open' ? undefined : await readCreateToken(settings.data, shared);
    const running = await serve({
      engine,
      ...(files === undefined ? {} : { files }),
      host,
      port,
      names,
      logger,
      software,
      ...(forwarded === undefined ? {} : { forwarded }),
      onion,
      metrics,
      ...(acme === undefined ? {} : { secured: true }),
      limits: {
        ...(shared ? { leaveMs: LEAVE_MS } : {}),
        ...(settings.bucket === undefined ? {} : { transfers: BUCKET_TRANSFERS }),
        ...limits,
      },
      ...(operator === undefined ? {} : { operator }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(assets === undefined ? {} : { assets }),
      ...(observer === undefined ? {} : { observer }),
      ...(createToken === undefined ? {} : { createToken }),
      membersCreate: settings.create === 'members',
      ...(retainSec === undefined ? {} : { retainSec }),
      hasQuotas: Object.keys(settings.quotas).length > 0,
    });
    const url = urlOf(settings, names, running.port);
    const automatic = acme && (await startAutomatic(acme, settings.data, running, logger));
    const control = await openControl(settings, engine, logger);
    const reload = async () => {
      if (automatic !== undefined) {
        logger.info('checking whether the certificate is due for renewal');
        return automatic.check();
      }
      if (settings.tls === undefined)
        return logger.info(
          'nothing to reload: this server has no certificate, and other settings need a restart',
        );
      try {
        running.renew(await readCertificate(settings.tls));
        logger.info('reloaded the certificate');
      } catch (error) {
        logger.error({ err: error }, 'could not reload the certificate; keeping the loaded one');
      }
    };
    const close = async () => {
      automatic?.stop();
      await Promise.all([control?.close(), running.close()]);
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
  // Loaded only when needed.
  const { openJetStream } = await import('./log/jetstream/open.ts');
  return openJetStream({
    ...(await clusterOptions(cluster)),
    observer: {
      waiting: (reason) => logger.info(reason),
      failed: (reason) => logger.warn({ reason }, 'the log does not accept writes'),
      recovered: (afterMs) => logger.info({ afterMs: Math.round(afterMs) }, 'the log accepts writes again'),
    },
  });
}

/** @returns undefined when none are stored. @throws UsageError when the folder or the bucket can't be used */
async function openFiles({ files: folder, bucket }: ServeSettings): Promise<FileStore | undefined> {
  if (bucket !== undefined) return openBucket(bucket);
  if (folder === undefined) return undefined;
  try {
    return await FolderFiles.open({ folder });
  } catch (cause) {
    throw new UsageError(
      `can't store files in ${folder}: ${reason(cause)}; choose another folder with --files, or --files none`,
      { cause },
    );
  }
}

async function openBucket(bucket: S3Settings): Promise<FileStore> {
  // Loaded only when needed.
  const { S3Files } = await import('./files/s3.ts');
  const store = new S3Files(bucket);
  try {
    await store.check();
    return store;
  } catch (cause) {
    throw new UsageError(`can't store files at ${bucket.endpoint} (--files): ${reason(cause)}`, { cause });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The server also works without it. @returns undefined when it can't be opened, or the rooms are not in the data folder */
async function openControl(
  { data }: ServeSettings,
  { backup }: Engine,
  logger: Logger,
): Promise<ControlSocket | undefined> {
  if (backup === undefined) return undefined;
  try {
    const commands = new Map([
      ['/backup', await backupCommand(data, backup)],
      ['/load', loadCommand],
    ]);
    return await ControlSocket.open(data, commands);
  } catch (error) {
    logger.warn(
      { err: error },
      'could not open the control socket: until the next start, gochat backup is refused while the server runs',
    );
    return undefined;
  }
}

/** Uses the stored certificate. Then gets or renews one without waiting: that needs the open port. */
async function startAutomatic(
  acme: AcmeSettings,
  data: string,
  running: RunningServer,
  logger: Logger,
): Promise<AutoCertificate> {
  // Large, and loaded only when needed.
  const { AutoCertificate } = await import('./net/acme.ts');
  const automatic = new AutoCertificate({
    ...acme,
    folder: join(data, 'acme'),
    logger,
    answerChallenge: (certificate) => running.answerChallenge(certificate),
    use: (certificate) => running.renew(certificate),
  });
  await automatic.resume();
  void automatic.check();
  return automatic;
}

const PORT_ERRORS: Readonly<Record<string, (host: string, port: number, flag: string) => string>> = {
  EADDRINUSE: (host, port, flag) =>
    `port ${port} on ${host} is in use: stop the process that uses it, or choose another port with ${flag}`,
  EACCES: (host, port, flag) =>
    `no permission to bind port ${port} on ${host}: choose another port with ${flag}`,
  EADDRNOTAVAIL: (host) => `${host} is not an address of this machine`,
  ENOTFOUND: (host) => `${host} is not an address of this machine`,
  EAI_AGAIN: (host) => `can't resolve ${host}`,
};

function portError(error: unknown, { host, port, operator }: ServeSettings): unknown {
  const explain = error instanceof Error && 'code' in error ? PORT_ERRORS[String(error.code)] : undefined;
  if (explain === undefined) return error;
  // The error names the port, so it shows which of the two failed.
  const isOperator =
    operator !== undefined &&
    operator.port !== port &&
    'port' in Object(error) &&
    Object(error).port === operator.port;
  const message = isOperator
    ? explain(operator.host, operator.port, '--metrics')
    : explain(host, port, '--port');
  return new UsageError(message, { cause: error });
}

function urlOf(
  { tls, acme, behindProxy }: ServeSettings,
  names: readonly ServedName[],
  port: number,
): string {
  const name = names.find(({ host }) => !host.startsWith('*')) ?? { host: 'localhost' };
  // Tor encrypts the connections to an onion service.
  const scheme =
    tls !== undefined || acme !== undefined || (behindProxy && !isOnion(name)) ? 'https' : 'http';
  // Clients dial the port of the proxy or of the onion service, not ours.
  const dialled = name.port ?? (behindProxy || isOnion(name) ? undefined : port);
  return new URL(`${scheme}://${hostText(name.host)}${dialled === undefined ? '' : `:${dialled}`}`).origin;
}

/** Where files are stored, if that is not the data folder. */
function filesText({ files, bucket, data, cluster }: ServeSettings): readonly string[] {
  if (bucket !== undefined) return [`Files (encrypted): ${bucket.endpoint}/${bucket.prefix}`];
  if (files === undefined)
    return cluster === undefined
      ? ['Files and pictures are not stored.']
      : ['Files and pictures are not stored: name a folder or a bucket that all nodes share with --files.'];
  return cluster === undefined && files.startsWith(join(data, '/')) ? [] : [`Files (encrypted): ${files}`];
}

function greetingOf(settings: ServeSettings, url: string, { port, operatorPort }: RunningServer): string[] {
  const { host, data, cluster, web, operator, create, forwarded, onion, nodes } = settings;
  const proxy = isOnion({ host: new URL(url).hostname }) ? ' --proxy socks5://127.0.0.1:9050' : '';
  const command = url === 'http://localhost:4040' ? 'npx gochat' : `npx gochat --server ${url}${proxy}`;
  return [
    `GoChat listens at ${url} (${hostText(host)}:${port}).`,
    `Data (encrypted): ${cluster === undefined ? data : `NATS at ${cluster.servers.join(', ')}`}`,
    ...(cluster !== undefined && existsSync(join(data, STORE))
      ? [
          `The rooms in ${data} are not served. To move them, unless you already have: gochat move --from ${data} --to nats://…`,
        ]
      : []),
    ...filesText(settings),
    ...(forwarded === undefined ? [] : [`Limits by address use ${forwardedText(forwarded)}.`]),
    ...(onion ? ['Limits by address hold for each connection from this machine, as from Tor.'] : []),
    ...createText(create, join(data, TOKEN_FILE)),
    web === undefined
      ? `To chat, in another terminal: ${command}`
      : `To chat: open ${url} in a browser, or in another terminal: ${command}`,
    ...(operator === undefined
      ? []
      : [
          `Metrics: http://${hostText(operator.host)}:${operatorPort}/metrics${nodes > 1 ? ' of the first node' : ''}`,
        ]),
  ];
}

/** Which address limits use, for the operator. */
function forwardedText({ header, proxies }: ForwardedSettings): string {
  const place = proxies === 1 ? 'the last address' : `address ${proxies} from the end`;
  return header === undefined
    ? `${place} of X-Forwarded-For, or of Forwarded or X-Real-IP when that is absent (--proxy-header)`
    : `${place} of the header ${header}`;
}

function createText(create: ServeSettings['create'], file: string): string[] {
  if (create === 'open') return [];
  const members = create === 'members' ? ', or that one is a member of another one' : '';
  return [`Creating a room requires the token in ${file}${members}.`];
}
