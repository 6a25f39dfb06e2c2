import { readFile } from 'node:fs/promises';
import { parseUrl } from '@gochat/protocol/parse-url';
import type { JetStreamOptions } from '../log/jetstream/open.ts';
import { MOST_STREAMS } from '../log/jetstream/room-streams.ts';
import { UsageError } from './usage-error.ts';

/** The NATS cluster that stores the rooms, as the options name it. */
export interface ClusterSettings {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** These four are paths of files. */
  readonly credentials?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Whether to use TLS even if no certificate file is given. */
  readonly secured: boolean;
  readonly replicas: number;
  /** How many streams the rooms are spread over. */
  readonly streams: number;
  /** URLs of the NATS servers' HTTP monitoring ports. */
  readonly monitors: readonly string[];
}

export const DEFAULT_REPLICAS = 3;
export const DEFAULT_STREAMS = 1;
const MAX_REPLICAS = 5;
const NATS_PORT = 4222;

/**
 * Parses `nats://[user:password@]host[:port],…`. Each part may have the scheme.
 * @throws UsageError, whose message never contains the password
 */
export function readServers(
  flag: string,
  text: string,
): Pick<ClusterSettings, 'servers' | 'user' | 'password' | 'secured'> {
  const wrong = () =>
    new UsageError(
      `${flag} must be one or more NATS addresses, separated by commas, such as nats://a:4222,b:4222,c:4222 (percent-encode special characters of a password)`,
    );
  const [, scheme = 'nats', rest = ''] = /^(?:(nats|tls):\/\/)?(.+)$/.exec(text) ?? [];
  const parts = rest.split(',').map((part) => part.trim().replace(/^(nats|tls):\/\//, ''));
  const urls = parts.map((part) => {
    const url = parseUrl(`nats://${part}`);
    if (url === undefined) throw wrong();
    return url;
  });
  if (
    urls.some((url) => url.hostname === '' || url.search !== '' || url.hash !== '' || url.pathname.length > 1)
  )
    throw wrong();
  const decoded = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw wrong();
    }
  };
  const named = urls.find((url) => url.username !== '');
  return {
    servers: urls.map((url) => `${url.hostname}:${url.port || NATS_PORT}`),
    secured: scheme === 'tls',
    ...(named === undefined ? {} : { user: decoded(named.username) }),
    ...(named === undefined || named.password === '' ? {} : { password: decoded(named.password) }),
  };
}

/** @throws UsageError */
export function readReplicas(flag: string, text: string | undefined): number {
  if (text === undefined) return DEFAULT_REPLICAS;
  const replicas = Number(text);
  if (/^[0-9]$/.test(text) && replicas >= 1 && replicas <= MAX_REPLICAS) return replicas;
  throw new UsageError(`${flag} must be a number from 1 to ${MAX_REPLICAS}, not ${text}`);
}

/** @throws UsageError */
export function readStreams(flag: string, text: string | undefined): number {
  if (text === undefined) return DEFAULT_STREAMS;
  const streams = Number(text);
  if (/^[0-9]{1,2}$/.test(text) && streams >= 1 && streams <= MOST_STREAMS) return streams;
  throw new UsageError(`${flag} must be a number from 1 to ${MOST_STREAMS}, not ${text}`);
}

/** @throws UsageError */
export function readMonitors(flag: string, text: string | undefined): readonly string[] {
  const urls = text?.split(',').map((url) => url.trim()) ?? [];
  for (const url of urls) {
    if (!/^https?:\/\/./.test(url) || parseUrl(url) === undefined)
      throw new UsageError(`${flag} must be one or more URLs, separated by commas, such as http://a:8222`);
    if (new URL(url).username !== '' || new URL(url).password !== '')
      throw new UsageError(
        `${flag} must not contain a user or password: NATS monitoring does not support them`,
      );
  }
  return urls;
}

/** Reads the files that the settings name. @throws UsageError when one can't be read */
export async function clusterOptions(settings: ClusterSettings): Promise<JetStreamOptions> {
  const { servers, user, password, credentials, ca, cert, key, secured, replicas, streams, monitors } =
    settings;
  const texts = {
    ...(ca === undefined ? {} : { ca: await readText('--log-ca', ca) }),
    ...(cert === undefined ? {} : { cert: await readText('--log-cert', cert) }),
    ...(key === undefined ? {} : { key: await readText('--log-key', key) }),
  };
  const usesTls = secured || Object.keys(texts).length > 0;
  return {
    servers,
    replicas,
    streams,
    monitors,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(credentials === undefined ? {} : { credentials: await readText('--log-creds', credentials) }),
    ...(usesTls ? { tls: texts } : {}),
  };
}

async function readText(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`can't read ${file} (${flag}): ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    });
  }
}
