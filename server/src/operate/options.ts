import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { parseUrl } from '@gochat/protocol/parse-url';
import type { S3Settings } from '../files/s3.ts';
import type { Quotas } from '../log/lmdb/quotas.ts';
import type { AcmeSettings } from '../net/acme.ts';
import type { ForwardedSettings } from '../net/forwarded-address.ts';
import { isLoopbackHost } from '../net/own-names.ts';
import { isOnion, parseName, type ServedName } from '../net/served-names.ts';
import {
  type ClusterSettings,
  readMonitors,
  readReplicas,
  readServers,
  readStreams,
} from './cluster-settings.ts';
import { SERVER_LIMITS, type ServerLimits } from './limits.ts';
import { CREATORS, type Creators, LOG_LEVELS, type LogLevel, optionOf } from './serve-options.ts';
import { UsageError } from './usage-error.ts';

export interface ServeSettings {
  readonly port: number;
  readonly host: string;
  /** The data folder: it holds the rooms unless `cluster` does, and other files of this node. */
  readonly data: string;
  /** The cluster that stores the rooms, for this node and others. */
  readonly cluster?: ClusterSettings;
  /** How many processes of this machine serve the port together. */
  readonly nodes: number;
  /** The number of this process among them, from 1; absent: it is the only one. */
  readonly node?: number;
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** For a certificate that the server gets and renews automatically. */
  readonly acme?: AcmeSettings;
  readonly insecure: boolean;
  readonly behindProxy: boolean;
  /** How the proxies name the client's address, if there are any. */
  readonly forwarded?: ForwardedSettings;
  /** Whether a Tor onion service leads to this server. */
  readonly onion: boolean;
  readonly names: readonly ServedName[];
  readonly retainSec?: number;
  /** How many bytes of messages are stored. */
  readonly quotas: Quotas;
  /** The folder where files are stored; absent: none are. */
  readonly files?: string;
  /** The bucket where files are stored instead. */
  readonly bucket?: S3Settings;
  /** Who may create rooms: everyone, those with the token in the data folder, or also members of a room on this server. */
  readonly create: Creators;
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<ServerLimits>;
  /** Where metrics and health checks are served; absent: nowhere. */
  readonly operator?: { readonly host: string; readonly port: number };
  readonly logFormat: 'pretty' | 'json';
  readonly logLevel: LogLevel;
  /** Whether the log has a line for each message. */
  readonly showsMessages: boolean;
  /** The folder of the built web client. */
  readonly web?: string;
}

/** Values by key: a text, several texts if the option may be repeated, or true for a switch. */
export type GivenOptions = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** Reads all options. @param onTerminal whether the output is a terminal. @throws UsageError when a value or a combination is invalid */
export function readServeSettings(
  given: GivenOptions,
  env: EnvironmentVariables,
  onTerminal: boolean,
): ServeSettings {
  const text = (key: string) => textOf(key, given, env);
  const format = text('logFormat');
  const tls = readTls(text('tlsCert'), text('tlsKey'));
  const retainSec = readDuration('--retain', text('retain'));
  const operator = readOperator(text('metrics'));
  const unfinishedBytes = readSize('--unfinished-bytes', text('unfinishedBytes'));
  const limits = {
    ...readLimits(text),
    ...readInviteLifetime(text('inviteLifetime')),
    ...readFileLimits(text, retainSec),
    ...(unfinishedBytes === undefined ? {} : { unfinishedBytes }),
  };
  const data = readDataFolder(given, env);
  const acme = readAcme(text('domain'), text('acmeDirectory'), text('acmeEmail'));
  const cluster = readCluster(text);
  const bucket = readBucket(text('files'));
  const files = bucket === undefined ? readFiles(text('files'), data, env, cluster !== undefined) : undefined;
  const behindProxy = readSwitch('behindProxy', given, env);
  const forwarded = readForwarded(behindProxy, text('proxyHeader'), text('proxies'));
  const settings: ServeSettings = {
    port: readPort(text('port') ?? (acme === undefined ? '4040' : '443')),
    host: (text('host') ?? (acme === undefined ? '127.0.0.1' : '::')).toLowerCase().replace(/^\[|\]$/g, ''),
    data,
    ...(files === undefined ? {} : { files }),
    ...(bucket === undefined ? {} : { bucket }),
    ...(cluster === undefined ? {} : { cluster }),
    nodes: readNodes(text('nodes'), cluster, operator),
    ...(tls === undefined ? {} : { tls }),
    ...(acme === undefined ? {} : { acme }),
    quotas: readQuotas(text('roomBytes'), text('totalBytes')),
    create: oneOf('--create', text('create') ?? 'open', CREATORS),
    insecure: readSwitch('insecure', given, env),
    behindProxy,
    ...(forwarded === undefined ? {} : { forwarded }),
    onion: readSwitch('onion', given, env),
    names: readNames(given, env),
    ...(retainSec === undefined ? {} : { retainSec }),
    ...(operator === undefined ? {} : { operator }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    logFormat:
      format === undefined
        ? onTerminal
          ? 'pretty'
          : 'json'
        : oneOf('--log-format', format, ['pretty', 'json']),
    logLevel: oneOf('--log-level', text('logLevel') ?? 'info', LOG_LEVELS),
    showsMessages: onTerminal || format !== undefined,
  };
  requireSecurity(settings);
  requireClusterOptions(settings);
  return settings;
}

/** @returns the cluster that the options name; undefined: none. @throws UsageError */
export function readClusterSettings(
  given: GivenOptions,
  env: EnvironmentVariables,
): ClusterSettings | undefined {
  return readCluster((key) => textOf(key, given, env));
}

function readCluster(text: (key: string) => string | undefined): ClusterSettings | undefined {
  const log = text('log');
  const files = {
    credentials: text('logCreds'),
    ca: text('logCa'),
    cert: text('logCert'),
    key: text('logKey'),
  };
  const [replicas, streams, monitors] = [text('logReplicas'), text('logStreams'), text('logMonitors')];
  if (log === undefined) {
    if (
      replicas !== undefined ||
      streams !== undefined ||
      monitors !== undefined ||
      Object.values(files).some((file) => file !== undefined)
    )
      throw new UsageError(
        '--log-replicas, --log-streams, --log-creds, --log-ca, --log-cert, --log-key and --log-monitors need --log',
      );
    return undefined;
  }
  if ((files.cert === undefined) !== (files.key === undefined))
    throw new UsageError('--log-cert and --log-key need each other');
  return {
    ...readServers('--log', log),
    ...(files.credentials === undefined ? {} : { credentials: files.credentials }),
    ...(files.ca === undefined ? {} : { ca: files.ca }),
    ...(files.cert === undefined ? {} : { cert: files.cert }),
    ...(files.key === undefined ? {} : { key: files.key }),
    replicas: readReplicas('--log-replicas', replicas),
    streams: readStreams('--log-streams', streams),
    monitors: readMonitors('--log-monitors', monitors),
  };
}

const MOST_NODES = 256;

function readNodes(
  text: string | undefined,
  cluster: ClusterSettings | undefined,
  operator: ServeSettings['operator'],
): number {
  if (text === undefined) return 1;
  const nodes = Number(text);
  if (!/^[0-9]{1,3}$/.test(text) || nodes < 1 || nodes > MOST_NODES)
    throw new UsageError(`--nodes must be a number from 1 to ${MOST_NODES}, not ${text}`);
  if (nodes > 1 && cluster === undefined)
    throw new UsageError('--nodes needs --log: one process owns a data folder, but many can share NATS');
  if (operator !== undefined && operator.port + nodes - 1 > MAX_PORT)
    throw new UsageError(
      `--metrics: each of ${nodes} nodes needs a port, and there are too few after ${operator.port}`,
    );
  return nodes;
}

/** Some options are for a single node only. @throws UsageError */
function requireClusterOptions({ cluster, quotas, acme }: ServeSettings): void {
  if (cluster === undefined) return;
  if (quotas.roomBytes !== undefined || quotas.totalBytes !== undefined)
    throw new UsageError('--room-bytes and --total-bytes do not work with --log: use --retain instead');
  if (acme !== undefined)
    throw new UsageError(
      '--domain works for a single server only: with --log, let the load balancer terminate TLS and use --behind-proxy, or use --tls-cert and --tls-key',
    );
}

/** The data folder: from the flag, else from the variable, else the default. */
export function readDataFolder(given: GivenOptions, env: EnvironmentVariables): string {
  // The XDG specification says to ignore relative paths.
  const dataHome = env.XDG_DATA_HOME ?? '';
  const folder = isAbsolute(dataHome) ? dataHome : join(homeDir(env), '.local', 'share');
  return fromHome(textOf('data', given, env) ?? join(folder, 'gochat', 'server'), env);
}

/** Shells leave `~` in quotes and after “=”. */
function fromHome(path: string, env: EnvironmentVariables): string {
  return /^~(?=\/|$)/.test(path) ? join(homeDir(env), path.slice(1)) : path;
}

/** The folder of files in the data folder. */
const FILES_FOLDER = 'files';

/** The folder of files of a server with these options. @returns undefined: it stores none */
export function readFilesFolder(given: GivenOptions, env: EnvironmentVariables): string | undefined {
  const text = textOf('files', given, env);
  if (readBucket(text) !== undefined)
    throw new UsageError('the files are in an S3 bucket: back it up with the tools of the S3 server');
  return readFiles(text, readDataFolder(given, env), env, false);
}

/**
 * Parses `s3://KEY:SECRET@HOST[:PORT]/BUCKET[/PREFIX][?region=REGION]`; `s3+http://` is without TLS.
 * @returns undefined: it names no bucket. @throws UsageError, whose message never contains the secret
 */
export function readBucket(text: string | undefined): S3Settings | undefined {
  if (text === undefined || !/^s3(\+http)?:\/\//i.test(text)) return undefined;
  const scheme = /^s3:/i.test(text) ? 'https' : 'http';
  const wrong = () =>
    new UsageError(
      '--files must be s3://KEY:SECRET@HOST/BUCKET, with ?region=REGION if the server has one (percent-encode special characters)',
    );
  const address = text.replace(/^[^:]*/, scheme);
  const url = parseUrl(address);
  if (url === undefined) throw wrong();
  const { username, password, host, pathname, searchParams, hash } = url;
  const [, name = '', ...path] = pathname.replace(/\/+$/, '').split('/');
  const others = [...searchParams.keys()].filter((key) => key !== 'region');
  if (username === '' || password === '' || name === '' || hash !== '' || others.length > 0) throw wrong();
  try {
    return {
      endpoint: `${scheme}://${host}/${name}`,
      prefix: path.length === 0 ? '' : `${decodeURIComponent(path.join('/'))}/`,
      region: searchParams.get('region') ?? 'us-east-1',
      accessKey: decodeURIComponent(username),
      secretKey: decodeURIComponent(password),
    };
  } catch {
    throw wrong();
  }
}

/** @returns undefined: none are stored */
function readFiles(
  text: string | undefined,
  data: string,
  env: EnvironmentVariables,
  hasCluster: boolean,
): string | undefined {
  // Another node would not have the files of this machine.
  if (text === undefined) return hasCluster ? undefined : join(data, FILES_FOLDER);
  if (text === 'none') return undefined;
  if (/^[a-z0-9+]+:\/\//i.test(text))
    throw new UsageError(`--files must be none, a folder or s3://…, not ${text.replace(/\/\/.*@/, '//…@')}`);
  return fromHome(text, env);
}

/** `HOME`, or what the system knows where that is empty or relative, and so would depend on the present folder. */
function homeDir({ HOME = '' }: EnvironmentVariables): string {
  return isAbsolute(HOME) ? HOME : userInfo().homedir;
}

const MAX_PORT = 65_535;

const LIMIT_OPTIONS = {
  maxConnections: 'connections',
  maxPerAddress: 'connectionsPerAddress',
  roomsPerHour: 'createsPerHour',
} as const satisfies Readonly<Record<string, keyof ServerLimits>>;
const MAX_COUNT = 1_000_000;

function readLimits(text: (key: string) => string | undefined): Partial<ServerLimits> {
  const limits: Record<string, number> = {};
  for (const [key, limit] of Object.entries(LIMIT_OPTIONS)) {
    const value = text(key);
    if (value === undefined) continue;
    const number = Number(value);
    if (!/^[0-9]+$/.test(value) || number < 1 || number > MAX_COUNT)
      throw new UsageError(`${optionOf(key).flag} must be a number from 1 to ${MAX_COUNT}, not ${value}`);
    limits[limit] = number;
  }
  return limits;
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};
const MIN_SIZE = 1e6;

function readQuotas(room: string | undefined, total: string | undefined): Quotas {
  const roomBytes = readSize('--room-bytes', room);
  const totalBytes = readSize('--total-bytes', total);
  return {
    ...(roomBytes === undefined ? {} : { roomBytes }),
    ...(totalBytes === undefined ? {} : { totalBytes }),
  };
}

function readSize(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount = '', unit = ''] = /^([1-9][0-9]{0,11})([kMGT]i?)$/.exec(text) ?? [];
  const bytes = Number(amount) * (SIZE_UNITS[unit] ?? 0);
  if (bytes >= MIN_SIZE && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`${flag} must be a number with k, M, G or T, at least 1M, such as 200M, not ${text}`);
}

/** Clients learn which of a file's chunks are there: one number for each MiB. */
const MOST_FILE_BYTES = 16 * 2 ** 30;

function readFileLimits(
  text: (key: string) => string | undefined,
  retainSec: number | undefined,
): Partial<ServerLimits> {
  const size = (key: string) => readSize(optionOf(key).flag, text(key));
  const given = size('fileBytes');
  const fileTotalBytes = size('fileTotalBytes') ?? SERVER_LIMITS.fileTotalBytes;
  const fileRoomBytes = size('fileRoomBytes') ?? Math.min(SERVER_LIMITS.fileRoomBytes, fileTotalBytes);
  const fileBytes = given ?? Math.min(SERVER_LIMITS.fileBytes, fileRoomBytes);
  if (fileBytes > MOST_FILE_BYTES) throw new UsageError('--file-bytes must be at most 16Gi');
  if (fileBytes > fileRoomBytes || fileRoomBytes > fileTotalBytes)
    throw new UsageError(
      '--file-bytes must not be more than --file-room-bytes, and that not more than --file-total-bytes',
    );
  const fileAddressBytes = size('fileAddressBytes') ?? SERVER_LIMITS.fileAddressBytes;
  const keepSec = readDuration('--file-keep', text('fileKeep')) ?? retainSec;
  const fileKeepMs = keepSec === undefined ? SERVER_LIMITS.fileKeepMs : keepSec * 1000;
  const all = { fileBytes, fileRoomBytes, fileTotalBytes, fileAddressBytes, fileKeepMs };
  const changed = Object.entries(all).filter(
    ([key, value]) => SERVER_LIMITS[key as keyof typeof all] !== value,
  );
  return Object.fromEntries(changed);
}

function readInviteLifetime(text: string | undefined): Partial<ServerLimits> {
  const seconds = readDuration('--invite-lifetime', text);
  if (seconds === undefined) return {};
  const inviteLifetimeMs = seconds * 1000;
  if (inviteLifetimeMs <= SERVER_LIMITS.inviteLifetimeMs) return { inviteLifetimeMs };
  throw new UsageError(`--invite-lifetime must be at most 366d, not ${text}`);
}

function readOperator(text: string | undefined): ServeSettings['operator'] {
  if (text === undefined) return undefined;
  const [, host = '', port = ''] = /^(.+):([0-9]+)$/.exec(text) ?? [];
  if (host === '' || Number(port) > MAX_PORT)
    throw new UsageError(`--metrics must be HOST:PORT, such as 127.0.0.1:9464, not ${text}`);
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

const MAX_PROXIES = 16;

function readForwarded(
  behindProxy: boolean,
  header: string | undefined,
  proxies = '1',
): ForwardedSettings | undefined {
  if (!behindProxy) {
    if (header !== undefined || proxies !== '1')
      throw new UsageError('--proxy-header and --proxies need --behind-proxy');
    return undefined;
  }
  if (header !== undefined && !/^[a-z0-9-]+$/i.test(header))
    throw new UsageError(`--proxy-header must be the name of a header, such as X-Real-IP, not ${header}`);
  const count = Number(proxies);
  if (!/^[0-9]+$/.test(proxies) || count < 1 || count > MAX_PROXIES)
    throw new UsageError(`--proxies must be a number from 1 to ${MAX_PROXIES}, not ${proxies}`);
  return { ...(header === undefined ? {} : { header: header.toLowerCase() }), proxies: count };
}

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

function readAcme(
  domain: string | undefined,
  directory: string | undefined,
  email: string | undefined,
): AcmeSettings | undefined {
  if (domain === undefined) {
    if (directory !== undefined || email !== undefined)
      throw new UsageError('--acme-directory and --acme-email need --domain');
    return undefined;
  }
  const name = parseName(domain);
  if (
    name === undefined ||
    name.port !== undefined ||
    /^[[*]|^[0-9.]+$|^[^.]+$|\.(?:localhost|local|internal|onion|invalid|home\.arpa)$/.test(name.host)
  )
    throw new UsageError(`--domain must be a name such as chat.example.org, not ${domain}`);
  if (directory !== undefined && !(parseUrl(directory) && directory.startsWith('https://')))
    throw new UsageError(`--acme-directory must be a URL that begins with https://, not ${directory}`);
  if (email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(email))
    throw new UsageError(`--acme-email must be a mail address, not ${email}`);
  return {
    domain: name.host,
    directory: directory ?? LETS_ENCRYPT,
    ...(email === undefined ? {} : { email }),
  };
}

/** Serving other machines requires TLS, a proxy, or explicit consent. @throws UsageError */
function requireSecurity({ host, tls, acme, insecure, behindProxy, onion, names }: ServeSettings): void {
  if (acme !== undefined && (tls !== undefined || behindProxy || insecure))
    throw new UsageError(
      '--domain gets a certificate: do not combine it with --tls-cert, --behind-proxy or --insecure',
    );
  if (behindProxy && names.length === 0)
    throw new UsageError('--behind-proxy needs --name: the host name that clients dial');
  if (onion && !names.some(isOnion))
    throw new UsageError('--onion needs --name: the name of the onion service, which ends in .onion');
  if (tls !== undefined || acme !== undefined || insecure || behindProxy || isLoopbackHost(host)) return;
  throw new UsageError(
    `other machines can reach ${host}: add --domain, or --tls-cert and --tls-key, or --behind-proxy, or --insecure`,
  );
}

function textOf(key: string, given: GivenOptions, env: EnvironmentVariables): string | undefined {
  const { flag, env: variable } = optionOf(key);
  const value = given[key] ?? (env[variable] || undefined);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw new UsageError(`${flag} needs a value`);
  return value;
}

function readSwitch(key: string, given: GivenOptions, env: EnvironmentVariables): boolean {
  const { env: variable } = optionOf(key);
  if (given[key] !== undefined) return given[key] !== false;
  const value = env[variable] ?? '';
  if (['', '0', 'false', 'no'].includes(value.toLowerCase())) return false;
  if (['1', 'true', 'yes'].includes(value.toLowerCase())) return true;
  throw new UsageError(`${variable} must be 1 or 0, not ${value}`);
}

/** Version 3: a key in base32. Names before it are subdomains. */
const ONION = /^(?:.+\.)?[a-z2-7]{56}\.onion$/;

function readNames(given: GivenOptions, env: EnvironmentVariables): ServedName[] {
  const value = given.name ?? env.GOCHAT_NAME?.split(',').filter((name) => name.trim() !== '') ?? [];
  const texts = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
  return texts.map((text) => {
    const name = parseName(text.trim());
    if (name === undefined) throw new UsageError(`--name must be HOST or HOST:PORT, not ${text}`);
    if (isOnion(name) && !ONION.test(name.host))
      throw new UsageError(`--name of an onion service must be 56 characters and .onion, not ${text}`);
    return name;
  });
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^[0-9]+$/.test(text) && port <= MAX_PORT) return port;
  throw new UsageError(`--port must be a number from 0 to 65535, not ${text}`);
}

function readTls(cert: string | undefined, key: string | undefined): ServeSettings['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new UsageError('--tls-cert and --tls-key need each other');
  return { cert, key };
}

const UNIT_SEC: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 7 * 86_400 };
const MAX_RETAIN_SEC = 100 * 365 * 86_400;

function readDuration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount = '', unit = ''] = /^([1-9][0-9]{0,9})([smhdw])$/.exec(text) ?? [];
  const seconds = Number(amount) * (UNIT_SEC[unit] ?? 0);
  if (seconds > 0 && seconds <= MAX_RETAIN_SEC) return seconds;
  throw new UsageError(`${flag} must be a number with s, m, h, d or w, such as 30d, not ${text}`);
}

function oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new UsageError(`${flag} must be one of ${allowed.join(', ')}, not ${text}`);
  return found;
}
