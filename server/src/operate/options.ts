import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Quotas } from '../log/lmdb/quotas.ts';
import type { AcmeSettings } from '../net/acme.ts';
import { isLoopbackHost } from '../net/own-names.ts';
import { parseName, type ServedName } from '../net/served-names.ts';
import {
  type ClusterSettings,
  DEFAULT_REPLICAS,
  readMonitors,
  readReplicas,
  readServers,
} from './cluster-settings.ts';
import { SERVER_LIMITS, type ServerLimits } from './limits.ts';
import { UsageError } from './usage-error.ts';

export interface ServeSettings {
  readonly port: number;
  readonly host: string;
  /** The folder that holds the rooms, or what else this node keeps. */
  readonly data: string;
  /** Holds the rooms instead, for this node and others. */
  readonly cluster?: ClusterSettings;
  /** PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** A certificate that the server gets by itself. */
  readonly acme?: AcmeSettings;
  readonly insecure: boolean;
  readonly behindProxy: boolean;
  readonly names: readonly ServedName[];
  readonly retainSec?: number;
  /** How many bytes of messages are kept. */
  readonly quotas: Quotas;
  /** Who may make rooms: anybody, or who names the token in the data folder. */
  readonly create: Creators;
  /** Other than what it is shipped with. */
  readonly limits?: Partial<ServerLimits>;
  /** Where an operator's programs ask for figures; nowhere, if absent. */
  readonly operator?: { readonly host: string; readonly port: number };
  readonly logFormat: 'pretty' | 'json';
  readonly logLevel: LogLevel;
  /** Whether the operator is shown a line for each message. */
  readonly showsMessages: boolean;
  /** The folder of the chat's page, as it was built. */
  readonly web?: string;
}

export interface ServeOption {
  /** As it stands on the command line, `--tls-cert`; the key of its value is `tlsCert`. */
  readonly flag: string;
  /** What stands for its value in the help; absent for a switch. */
  readonly value?: string;
  readonly env: string;
  /** As the help says it. */
  readonly default?: string;
  readonly repeats?: true;
  readonly meaning: string;
}

const CREATORS = ['open', 'token'] as const;
export type Creators = (typeof CREATORS)[number];

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every option of `gochat serve`; a flag counts before its variable. */
export const SERVE_OPTIONS = [
  {
    flag: '--port',
    value: 'PORT',
    env: 'GOCHAT_PORT',
    default: '4040',
    meaning: 'the one port for everything; 0 takes any that is free; 443 with --domain',
  },
  {
    flag: '--host',
    value: 'ADDRESS',
    env: 'GOCHAT_HOST',
    default: '127.0.0.1',
    meaning: 'the address to listen on; every one (::) with --domain',
  },
  {
    flag: '--data',
    value: 'FOLDER',
    env: 'GOCHAT_DATA',
    default: '~/.local/share/gochat/server',
    meaning: 'where rooms are kept',
  },
  {
    flag: '--log',
    value: 'nats://HOST:PORT,…',
    env: 'GOCHAT_LOG',
    default: 'the data folder',
    meaning: 'keep rooms in a cluster of NATS servers (2.12 or later), for any number of nodes',
  },
  {
    flag: '--log-replicas',
    value: 'N',
    env: 'GOCHAT_LOG_REPLICAS',
    default: String(DEFAULT_REPLICAS),
    meaning: 'how many NATS servers keep each message',
  },
  {
    flag: '--log-creds',
    value: 'FILE',
    env: 'GOCHAT_LOG_CREDS',
    meaning: 'credentials for NATS; a user and password go into the address, best in the variable',
  },
  {
    flag: '--log-ca',
    value: 'FILE',
    env: 'GOCHAT_LOG_CA',
    meaning: 'the authority of the NATS servers (PEM); TLS is spoken then, and with tls:// for nats://',
  },
  {
    flag: '--log-cert',
    value: 'FILE',
    env: 'GOCHAT_LOG_CERT',
    meaning: 'the certificate that this node shows to NATS (PEM)',
  },
  {
    flag: '--log-key',
    value: 'FILE',
    env: 'GOCHAT_LOG_KEY',
    meaning: 'its private key (PEM)',
  },
  {
    flag: '--log-monitors',
    value: 'http://HOST:PORT,…',
    env: 'GOCHAT_LOG_MONITORS',
    meaning: 'where the NATS servers tell whether they sync each write: checked at the start',
  },
  {
    flag: '--domain',
    value: 'NAME',
    env: 'GOCHAT_DOMAIN',
    meaning: 'get a certificate for this name, and renew it (ACME); the name must lead here, on port 443',
  },
  {
    flag: '--acme-email',
    value: 'ADDRESS',
    env: 'GOCHAT_ACME_EMAIL',
    meaning: 'whom the certificate authority may write to',
  },
  {
    flag: '--acme-directory',
    value: 'URL',
    env: 'GOCHAT_ACME_DIRECTORY',
    default: "Let's Encrypt",
    meaning: 'another certificate authority; with --domain you agree to its terms',
  },
  {
    flag: '--tls-cert',
    value: 'FILE',
    env: 'GOCHAT_TLS_CERT',
    meaning: 'certificate chain (PEM); its names are served',
  },
  {
    flag: '--tls-key',
    value: 'FILE',
    env: 'GOCHAT_TLS_KEY',
    meaning: 'private key of the certificate (PEM)',
  },
  { flag: '--insecure', env: 'GOCHAT_INSECURE', meaning: 'serve beyond this machine without TLS' },
  {
    flag: '--behind-proxy',
    env: 'GOCHAT_BEHIND_PROXY',
    meaning: "a proxy does the TLS; limits count X-Forwarded-For's last address; needs --name",
  },
  {
    flag: '--name',
    value: 'HOST[:PORT]',
    env: 'GOCHAT_NAME',
    repeats: true,
    meaning: 'a further name that this server is dialled by (in the variable: commas between)',
  },
  {
    flag: '--retain',
    value: 'DURATION',
    env: 'GOCHAT_RETAIN',
    default: 'for ever',
    meaning: 'how long messages are kept, such as 12h, 30d or 8w',
  },
  {
    flag: '--room-bytes',
    value: 'SIZE',
    env: 'GOCHAT_ROOM_BYTES',
    default: 'no bound',
    meaning: 'how much of messages a room keeps, such as 200M: then the oldest go',
  },
  {
    flag: '--total-bytes',
    value: 'SIZE',
    env: 'GOCHAT_TOTAL_BYTES',
    default: 'no bound',
    meaning: 'how much all rooms keep together, such as 20G: then the oldest of the largest go',
  },
  {
    flag: '--invite-lifetime',
    value: 'DURATION',
    env: 'GOCHAT_INVITE_LIFETIME',
    default: '366d',
    meaning: 'for how long an invite may be made, such as 12h, 7d or 4w',
  },
  {
    flag: '--max-connections',
    value: 'N',
    env: 'GOCHAT_MAX_CONNECTIONS',
    default: String(SERVER_LIMITS.connections),
    meaning: 'how many connections there may be',
  },
  {
    flag: '--max-per-address',
    value: 'N',
    env: 'GOCHAT_MAX_PER_ADDRESS',
    default: String(SERVER_LIMITS.connectionsPerAddress),
    meaning: 'how many of them may come from one address (loopback excepted)',
  },
  {
    flag: '--create',
    value: CREATORS.join('|'),
    env: 'GOCHAT_CREATE',
    default: 'open',
    meaning: 'who makes rooms: anybody, or who names the token that lies in the data folder',
  },
  {
    flag: '--rooms-per-hour',
    value: 'N',
    env: 'GOCHAT_ROOMS_PER_HOUR',
    default: String(SERVER_LIMITS.createsPerHour),
    meaning: 'how many rooms one address may make an hour (loopback excepted)',
  },
  {
    flag: '--metrics',
    value: 'HOST:PORT',
    env: 'GOCHAT_METRICS',
    default: 'nowhere',
    meaning: 'where /metrics, /healthz and /readyz answer to programs of yours; not for the public',
  },
  {
    flag: '--log-format',
    value: 'pretty|json',
    env: 'GOCHAT_LOG_FORMAT',
    default: 'pretty on a terminal',
    meaning: 'how the log is written; when given, a line for each message is always shown',
  },
  {
    flag: '--log-level',
    value: LOG_LEVELS.join('|'),
    env: 'GOCHAT_LOG_LEVEL',
    default: 'info',
    meaning: 'the least that is logged; addresses of clients only at debug',
  },
] as const satisfies readonly ServeOption[];

/** Values by option: a text, several where it repeats, or true for a switch. */
export type GivenOptions = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws UsageError when a value, or what they mean together, can't be. */
export function readServeSettings(given: GivenOptions, env: Environment, onTerminal: boolean): ServeSettings {
  const text = (key: string) => textOf(key, given, env);
  const format = text('logFormat');
  const tls = readTls(text('tlsCert'), text('tlsKey'));
  const retainSec = readDuration('--retain', text('retain'));
  const operator = readOperator(text('metrics'));
  const limits = { ...readLimits(text), ...readInviteLifetime(text('inviteLifetime')) };
  const acme = readAcme(text('domain'), text('acmeDirectory'), text('acmeEmail'));
  const cluster = readCluster(text);
  const settings: ServeSettings = {
    port: readPort(text('port') ?? (acme === undefined ? '4040' : '443')),
    host: (text('host') ?? (acme === undefined ? '127.0.0.1' : '::')).toLowerCase().replace(/^\[|\]$/g, ''),
    data: readDataFolder(given, env),
    ...(cluster === undefined ? {} : { cluster }),
    ...(tls === undefined ? {} : { tls }),
    ...(acme === undefined ? {} : { acme }),
    quotas: readQuotas(text('roomBytes'), text('totalBytes')),
    create: oneOf('--create', text('create') ?? 'open', CREATORS),
    insecure: readSwitch('insecure', given, env),
    behindProxy: readSwitch('behindProxy', given, env),
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
  refuseExposed(settings);
  refuseAlone(settings);
  return settings;
}

/** The cluster that the options name, if they do. @throws UsageError */
export function readClusterSettings(given: GivenOptions, env: Environment): ClusterSettings | undefined {
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
  const [replicas, monitors] = [text('logReplicas'), text('logMonitors')];
  if (log === undefined) {
    if (
      replicas !== undefined ||
      monitors !== undefined ||
      Object.values(files).some((file) => file !== undefined)
    )
      throw new UsageError(
        '--log-replicas, --log-creds, --log-ca, --log-cert, --log-key and --log-monitors go with --log',
      );
    return undefined;
  }
  if ((files.cert === undefined) !== (files.key === undefined))
    throw new UsageError('--log-cert and --log-key go together');
  return {
    ...readServers('--log', log),
    ...(files.credentials === undefined ? {} : { credentials: files.credentials }),
    ...(files.ca === undefined ? {} : { ca: files.ca }),
    ...(files.cert === undefined ? {} : { cert: files.cert }),
    ...(files.key === undefined ? {} : { key: files.key }),
    replicas: readReplicas('--log-replicas', replicas),
    monitors: readMonitors('--log-monitors', monitors),
  };
}

/** What only a node that is alone can do. */
function refuseAlone({ cluster, quotas, acme }: ServeSettings): void {
  if (cluster === undefined) return;
  if (quotas.roomBytes !== undefined || quotas.totalBytes !== undefined)
    throw new UsageError(
      '--room-bytes and --total-bytes are for rooms in a folder: with --log, give --retain',
    );
  if (acme !== undefined)
    throw new UsageError(
      '--domain gets a certificate for one server: with --log, let the load balancer do the TLS and give --behind-proxy, or give --tls-cert and --tls-key',
    );
}

/** The folder that holds the rooms, by the flag, by the variable or as it is unless told otherwise. */
export function readDataFolder(given: GivenOptions, env: Environment): string {
  const home = env.XDG_DATA_HOME || join(homedir(), '.local', 'share');
  return textOf('data', given, env) ?? join(home, 'gochat', 'server');
}

const LIMIT_OPTIONS = {
  maxConnections: 'connections',
  maxPerAddress: 'connectionsPerAddress',
  roomsPerHour: 'createsPerHour',
} as const satisfies Readonly<Record<string, keyof ServerLimits>>;
const MOST = 1_000_000;

function readLimits(text: (key: string) => string | undefined): Partial<ServerLimits> {
  const limits: Record<string, number> = {};
  for (const [key, limit] of Object.entries(LIMIT_OPTIONS)) {
    const value = text(key);
    if (value === undefined) continue;
    const number = Number(value);
    if (!/^[0-9]+$/.test(value) || number < 1 || number > MOST)
      throw new UsageError(`${optionOf(key).flag} is a number from 1 to ${MOST}, not ${value}`);
    limits[limit] = number;
  }
  return limits;
}

const SIZE_UNITS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const LEAST_SIZE = 1e6;

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
  const [, amount = '', unit = ''] = /^([1-9][0-9]{0,11})([kMGT])$/.exec(text) ?? [];
  const bytes = Number(amount) * (SIZE_UNITS[unit] ?? 0);
  if (bytes >= LEAST_SIZE && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`${flag} is a number with k, M, G or T, from 1M on, such as 200M, not ${text}`);
}

function readInviteLifetime(text: string | undefined): Partial<ServerLimits> {
  const seconds = readDuration('--invite-lifetime', text);
  if (seconds === undefined) return {};
  const inviteLifetimeMs = seconds * 1000;
  if (inviteLifetimeMs <= SERVER_LIMITS.inviteLifetimeMs) return { inviteLifetimeMs };
  throw new UsageError(`--invite-lifetime is at most 366d, not ${text}`);
}

function readOperator(text: string | undefined): ServeSettings['operator'] {
  if (text === undefined) return undefined;
  const [, host = '', port = ''] = /^(.+):([0-9]+)$/.exec(text) ?? [];
  if (host === '' || Number(port) > 65_535)
    throw new UsageError(`--metrics is HOST:PORT, such as 127.0.0.1:9464, not ${text}`);
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

function readAcme(
  domain: string | undefined,
  directory: string | undefined,
  email: string | undefined,
): AcmeSettings | undefined {
  if (domain === undefined) {
    if (directory !== undefined || email !== undefined)
      throw new UsageError('--acme-directory and --acme-email go with --domain');
    return undefined;
  }
  const name = parseName(domain);
  if (name === undefined || name.port !== undefined || /^[[*]|^[0-9.]+$/.test(name.host))
    throw new UsageError(`--domain is a name such as chat.example.org, not ${domain}`);
  if (directory !== undefined && !(URL.canParse(directory) && directory.startsWith('https://')))
    throw new UsageError(`--acme-directory is an address that begins with https://, not ${directory}`);
  if (email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(email))
    throw new UsageError(`--acme-email is a mail address, not ${email}`);
  return {
    domain: name.host,
    directory: directory ?? LETS_ENCRYPT,
    ...(email === undefined ? {} : { email }),
  };
}

function refuseExposed({ host, tls, acme, insecure, behindProxy, names }: ServeSettings): void {
  if (acme !== undefined && (tls !== undefined || behindProxy || insecure))
    throw new UsageError(
      '--domain gets the certificate: leave --tls-cert, --behind-proxy and --insecure out',
    );
  if (behindProxy && names.length === 0)
    throw new UsageError('--behind-proxy needs --name: the host that clients dial');
  if (tls !== undefined || acme !== undefined || insecure || behindProxy || isLoopbackHost(host)) return;
  throw new UsageError(
    `${host} can be reached from other machines: give --domain, or --tls-cert and --tls-key, or --behind-proxy, or --insecure`,
  );
}

function optionOf(key: string): ServeOption {
  const found = SERVE_OPTIONS.find(({ flag }) => keyOf(flag) === key);
  if (found === undefined) throw new Error(`no option ${key}`);
  return found;
}

/** `--tls-cert` as `tlsCert`. */
export function keyOf(flag: string): string {
  return flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function textOf(key: string, given: GivenOptions, env: Environment): string | undefined {
  const { flag, env: variable } = optionOf(key);
  const value = given[key] ?? (env[variable] || undefined);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw new UsageError(`${flag} needs a value`);
  return value;
}

function readSwitch(key: string, given: GivenOptions, env: Environment): boolean {
  const { env: variable } = optionOf(key);
  if (given[key] !== undefined) return given[key] !== false;
  const value = env[variable] ?? '';
  if (['', '0', 'false', 'no'].includes(value.toLowerCase())) return false;
  if (['1', 'true', 'yes'].includes(value.toLowerCase())) return true;
  throw new UsageError(`${variable} is 1 or 0, not ${value}`);
}

function readNames(given: GivenOptions, env: Environment): ServedName[] {
  const value = given.name ?? env.GOCHAT_NAME?.split(',').filter((name) => name.trim() !== '') ?? [];
  const texts = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
  return texts.map((text) => {
    const name = parseName(text.trim());
    if (name === undefined) throw new UsageError(`--name is HOST or HOST:PORT, not ${text}`);
    return name;
  });
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^[0-9]+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port is a number from 0 to 65535, not ${text}`);
}

function readTls(cert: string | undefined, key: string | undefined): ServeSettings['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new UsageError('--tls-cert and --tls-key go together');
  return { cert, key };
}

const UNIT_SEC: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 7 * 86_400 };
const MAX_RETAIN_SEC = 100 * 365 * 86_400;

function readDuration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount = '', unit = ''] = /^([1-9][0-9]{0,9})([smhdw])$/.exec(text) ?? [];
  const seconds = Number(amount) * (UNIT_SEC[unit] ?? 0);
  if (seconds > 0 && seconds <= MAX_RETAIN_SEC) return seconds;
  throw new UsageError(`${flag} is a number with s, m, h, d or w, such as 30d, not ${text}`);
}

function oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new UsageError(`${flag} is one of ${allowed.join(', ')}, not ${text}`);
  return found;
}
