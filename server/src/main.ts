import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { loadAssets } from './assets.ts';
import type { Certificate } from './listen.ts';
import { CannotOpen } from './log/cannot-open.ts';
import type { Engine } from './log/engine.ts';
import { openLmdb } from './log/lmdb.ts';
import { type Output, openOperatorLog } from './operator-log.ts';
import type { ServeSettings } from './options.ts';
import { ownNames } from './own-names.ts';
import { type RunningServer, serve } from './serve.ts';
import { hostText, type ServedName } from './served-names.ts';
import { UsageError } from './usage-error.ts';
import { keepYoungHeapSmall } from './young-heap.ts';

export interface StartedServer extends RunningServer {
  /** How it is dialled from this machine or, where that isn't possible, from others. */
  readonly url: string;
  /** What to tell whoever started it. */
  readonly greeting: readonly string[];
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
    names: settings.names,
    insecure: settings.insecure,
    ...(certificate === undefined ? {} : { certificate: new X509Certificate(certificate.cert) }),
  });
  const assets = settings.web === undefined ? undefined : await loadAssets(settings.web);
  const engine = await openEngine(settings.data);
  const { host, port, behindProxy, retainSec } = settings;
  try {
    const running = await serve({
      engine,
      host,
      port,
      names,
      logger,
      software,
      behindProxy,
      ...(certificate === undefined ? {} : { certificate }),
      ...(assets === undefined ? {} : { assets }),
      ...(view === undefined ? {} : { view }),
      ...(retainSec === undefined ? {} : { retainSec }),
    });
    const url = urlOf(settings, names, running.port);
    return { ...running, url, greeting: greetingOf(settings, url, running.port) };
  } catch (error) {
    await engine.close();
    throw portError(error, host, port);
  }
}

async function openEngine(folder: string): Promise<Engine> {
  try {
    return await openLmdb({ folder });
  } catch (cause) {
    if (!(cause instanceof CannotOpen)) throw cause;
    throw new UsageError(cause.message, { cause });
  }
}

async function readCertificate(files: { readonly cert: string; readonly key: string }): Promise<Certificate> {
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

const PORT_ERRORS: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `port ${port} on ${host} is in use; stop what uses it, or choose another with --port`,
  EACCES: (host, port) =>
    `port ${port} on ${host} needs more rights than this user has; choose another with --port`,
  EADDRNOTAVAIL: (host) => `${host} is not an address of this machine`,
  ENOTFOUND: (host) => `${host} is not an address of this machine`,
  EAI_AGAIN: (host) => `${host} could not be looked up`,
};

function portError(error: unknown, host: string, port: number): unknown {
  const explain = error instanceof Error && 'code' in error ? PORT_ERRORS[String(error.code)] : undefined;
  return explain === undefined ? error : new UsageError(explain(host, port), { cause: error });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
}

function urlOf({ tls, behindProxy }: ServeSettings, names: readonly ServedName[], port: number): string {
  const name = names.find(({ host }) => !host.startsWith('*')) ?? { host: 'localhost' };
  const scheme = tls !== undefined || behindProxy ? 'https' : 'http';
  // Behind a proxy our own port is not the one that is dialled.
  const dialled = name.port ?? (behindProxy ? undefined : port);
  return new URL(`${scheme}://${hostText(name.host)}${dialled === undefined ? '' : `:${dialled}`}`).origin;
}

function greetingOf({ host, data, web }: ServeSettings, url: string, port: number): string[] {
  const command = url === 'http://localhost:4040' ? 'npx gochat' : `npx gochat --server ${url}`;
  return [
    `GoChat listens at ${url} (${hostText(host)}:${port}).`,
    `It keeps rooms, which it can't read, in ${data}.`,
    web === undefined
      ? `To chat, in another terminal: ${command}`
      : `To chat: open ${url} in a browser, or in another terminal: ${command}`,
  ];
}
