import { DEFAULT_REPLICAS, DEFAULT_STREAMS } from './cluster-settings.ts';
import { SERVER_LIMITS } from './limits.ts';

export interface ServeOption {
  /** The flag, such as `--tls-cert`. The key of its value is then `tlsCert`. */
  readonly flag: string;
  /** The placeholder of its value in the help; absent for a switch. */
  readonly value?: string;
  readonly env: string;
  /** The default, as the help shows it. */
  readonly default?: string;
  readonly repeats?: true;
  readonly meaning: string;
}

export const CREATORS = ['open', 'token', 'members'] as const;
export type Creators = (typeof CREATORS)[number];

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every option of `gochat serve`. A flag overrides its environment variable. */
export const SERVE_OPTIONS = [
  {
    flag: '--port',
    value: 'PORT',
    env: 'GOCHAT_PORT',
    default: '4040',
    meaning: 'the port for all protocols; 0: any free port; 443 with --domain',
  },
  {
    flag: '--host',
    value: 'ADDRESS',
    env: 'GOCHAT_HOST',
    default: '127.0.0.1',
    meaning: 'the address to listen on; all addresses (::) with --domain',
  },
  {
    flag: '--data',
    value: 'FOLDER',
    env: 'GOCHAT_DATA',
    default: '~/.local/share/gochat/server',
    meaning: 'the folder where rooms are stored',
  },
  {
    flag: '--log',
    value: 'nats://HOST:PORT,…',
    env: 'GOCHAT_LOG',
    default: 'the data folder',
    meaning: 'store rooms in a NATS cluster (2.12 or later), shared by any number of nodes',
  },
  {
    flag: '--log-replicas',
    value: 'N',
    env: 'GOCHAT_LOG_REPLICAS',
    default: String(DEFAULT_REPLICAS),
    meaning: 'how many NATS servers store each message',
  },
  {
    flag: '--log-streams',
    value: 'N',
    env: 'GOCHAT_LOG_STREAMS',
    default: String(DEFAULT_STREAMS),
    meaning:
      'how many streams rooms are spread over, as chosen with the first node: each has one NATS server as its leader',
  },
  {
    flag: '--log-creds',
    value: 'FILE',
    env: 'GOCHAT_LOG_CREDS',
    meaning:
      'NATS credentials file; put a user and password into the address instead, preferably in the variable',
  },
  {
    flag: '--log-ca',
    value: 'FILE',
    env: 'GOCHAT_LOG_CA',
    meaning: 'CA certificate of the NATS servers (PEM); turns TLS on, as does tls:// instead of nats://',
  },
  {
    flag: '--log-cert',
    value: 'FILE',
    env: 'GOCHAT_LOG_CERT',
    meaning: 'client certificate for NATS (PEM)',
  },
  {
    flag: '--log-key',
    value: 'FILE',
    env: 'GOCHAT_LOG_KEY',
    meaning: 'private key of the client certificate (PEM)',
  },
  {
    flag: '--log-monitors',
    value: 'http://HOST:PORT,…',
    env: 'GOCHAT_LOG_MONITORS',
    meaning: 'HTTP monitoring ports of the NATS servers, to check at the start that they sync each write',
  },
  {
    flag: '--nodes',
    value: 'N',
    env: 'GOCHAT_NODES',
    default: '1',
    meaning:
      'how many processes serve the port, each on a core of its own; needs --log. Each has its own --metrics port, counted up',
  },
  {
    flag: '--domain',
    value: 'NAME',
    env: 'GOCHAT_DOMAIN',
    meaning:
      'get and renew a certificate for this name (ACME); the name must point to this server, on port 443',
  },
  {
    flag: '--acme-email',
    value: 'ADDRESS',
    env: 'GOCHAT_ACME_EMAIL',
    meaning: 'where the certificate authority may send mail',
  },
  {
    flag: '--acme-directory',
    value: 'URL',
    env: 'GOCHAT_ACME_DIRECTORY',
    default: "Let's Encrypt",
    meaning: 'ACME directory of another certificate authority; using --domain, you agree to its terms',
  },
  {
    flag: '--tls-cert',
    value: 'FILE',
    env: 'GOCHAT_TLS_CERT',
    meaning: 'certificate chain (PEM); the server answers to its names',
  },
  {
    flag: '--tls-key',
    value: 'FILE',
    env: 'GOCHAT_TLS_KEY',
    meaning: 'private key of the certificate (PEM)',
  },
  { flag: '--insecure', env: 'GOCHAT_INSECURE', meaning: 'serve other machines without TLS' },
  {
    flag: '--behind-proxy',
    env: 'GOCHAT_BEHIND_PROXY',
    meaning: 'a proxy terminates TLS and names the client in X-Forwarded-For; needs --name',
  },
  {
    flag: '--proxy-header',
    value: 'NAME',
    env: 'GOCHAT_PROXY_HEADER',
    default: 'X-Forwarded-For, else Forwarded, else X-Real-IP',
    meaning: "the proxy's header with the client's address, such as CF-Connecting-IP",
  },
  {
    flag: '--proxies',
    value: 'N',
    env: 'GOCHAT_PROXIES',
    default: '1',
    meaning: 'how many proxies a request passes; limits count the address that the outermost one saw',
  },
  {
    flag: '--onion',
    env: 'GOCHAT_ONION',
    meaning:
      'a Tor onion service leads here: limits hold for each connection from this machine; needs --name',
  },
  {
    flag: '--name',
    value: 'HOST[:PORT]',
    env: 'GOCHAT_NAME',
    repeats: true,
    meaning: 'another name that clients dial; may be repeated (in the variable: separate with commas)',
  },
  {
    flag: '--retain',
    value: 'DURATION',
    env: 'GOCHAT_RETAIN',
    default: 'forever',
    meaning: 'how long messages are stored, such as 12h, 30d or 8w',
  },
  {
    flag: '--room-bytes',
    value: 'SIZE',
    env: 'GOCHAT_ROOM_BYTES',
    default: 'no limit',
    meaning: 'the most that one room may store, such as 200M; beyond it, its oldest messages are deleted',
  },
  {
    flag: '--total-bytes',
    value: 'SIZE',
    env: 'GOCHAT_TOTAL_BYTES',
    default: 'no limit',
    meaning:
      'the most that all rooms may store, such as 20G; beyond it, the oldest messages of the largest rooms are deleted',
  },
  {
    flag: '--files',
    value: 'none|FOLDER|s3://…',
    env: 'GOCHAT_FILES',
    default: 'files in the data folder; none with --log',
    meaning:
      'where files and pictures are stored. Nodes of a cluster can share a folder of the network, or a bucket: s3://KEY:SECRET@HOST/BUCKET, preferably in the variable',
  },
  {
    flag: '--file-bytes',
    value: 'SIZE',
    env: 'GOCHAT_FILE_BYTES',
    default: '100Mi',
    meaning: 'the largest file, such as 500M',
  },
  {
    flag: '--file-room-bytes',
    value: 'SIZE',
    env: 'GOCHAT_FILE_ROOM_BYTES',
    default: '2Gi',
    meaning: 'the most that the files of one room may take; beyond it, its oldest files are deleted',
  },
  {
    flag: '--file-total-bytes',
    value: 'SIZE',
    env: 'GOCHAT_FILE_TOTAL_BYTES',
    default: '20Gi',
    meaning: 'the most that the files of all rooms may take; beyond it, new files are refused',
  },
  {
    flag: '--file-address-bytes',
    value: 'SIZE',
    env: 'GOCHAT_FILE_ADDRESS_BYTES',
    default: '1Gi',
    meaning: 'the most that one address may store in an hour (loopback is exempt without --onion)',
  },
  {
    flag: '--file-keep',
    value: 'DURATION',
    env: 'GOCHAT_FILE_KEEP',
    default: 'that of --retain, else 365d',
    meaning: 'how long files are stored, such as 30d',
  },
  {
    flag: '--invite-lifetime',
    value: 'DURATION',
    env: 'GOCHAT_INVITE_LIFETIME',
    default: '366d',
    meaning: 'the longest lifetime of an invite, such as 12h, 7d or 4w',
  },
  {
    flag: '--max-connections',
    value: 'N',
    env: 'GOCHAT_MAX_CONNECTIONS',
    default: String(SERVER_LIMITS.connections),
    meaning: 'the maximum number of connections',
  },
  {
    flag: '--max-per-address',
    value: 'N',
    env: 'GOCHAT_MAX_PER_ADDRESS',
    default: String(SERVER_LIMITS.connectionsPerAddress),
    meaning: 'the maximum number of connections from one address (loopback is exempt without --onion)',
  },
  {
    flag: '--unfinished-bytes',
    value: 'SIZE',
    env: 'GOCHAT_UNFINISHED_BYTES',
    default: '64M',
    meaning: 'the memory for frames that have begun to arrive, such as 200M',
  },
  {
    flag: '--create',
    value: CREATORS.join('|'),
    env: 'GOCHAT_CREATE',
    default: 'open',
    meaning:
      'who may create rooms: everyone, those with the token in the data folder, or also members of a room',
  },
  {
    flag: '--rooms-per-hour',
    value: 'N',
    env: 'GOCHAT_ROOMS_PER_HOUR',
    default: String(SERVER_LIMITS.createsPerHour),
    meaning: 'how many rooms one address may create per hour (loopback is exempt without --onion)',
  },
  {
    flag: '--metrics',
    value: 'HOST:PORT',
    env: 'GOCHAT_METRICS',
    default: 'off',
    meaning: 'address of /metrics, /healthz and /readyz; keep it private',
  },
  {
    flag: '--log-format',
    value: 'pretty|json',
    env: 'GOCHAT_LOG_FORMAT',
    default: 'pretty on a terminal',
    meaning: 'log format; if given, each message is logged even when the output is not a terminal',
  },
  {
    flag: '--log-level',
    value: LOG_LEVELS.join('|'),
    env: 'GOCHAT_LOG_LEVEL',
    default: 'info',
    meaning: 'log level; addresses of clients are logged only at debug',
  },
] as const satisfies readonly ServeOption[];

/** @param key such as `tlsCert` */
export function optionOf(key: string): ServeOption {
  const found = SERVE_OPTIONS.find(({ flag }) => keyOf(flag) === key);
  if (found === undefined) throw new Error(`no option ${key}`);
  return found;
}

/** `--tls-cert` becomes `tlsCert`. */
export function keyOf(flag: string): string {
  return flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
