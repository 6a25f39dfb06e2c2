import { parseUrl } from '@gochat/protocol/parse-url';

/** The server to check. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** `origin` of `hello`. */
  readonly origin: string;
  /** The token that the server requires to create rooms. */
  readonly token?: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'ws:': 80,
  'https:': 443,
  'wss:': 443,
  'tcp:': 4040,
  'tls:': 4040,
};
const WITH_TLS = ['https:', 'wss:', 'tls:'];

/** @returns undefined if the text is no address of a server: `SCHEME://HOST[:PORT]`, as `--server` takes it */
export function parseTarget(text: string, token?: string): Target | undefined {
  const url = parseUrl(text);
  if (url === undefined) return undefined;
  const { protocol, host, hostname, port } = url;
  const defaultPort = DEFAULT_PORTS[protocol];
  if (defaultPort === undefined || hostname === '') return undefined;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? defaultPort : Number(port),
    tls: WITH_TLS.includes(protocol),
    origin: (port === '' && defaultPort === 4040 ? `${host}:4040` : host).toLowerCase(),
    ...(token !== undefined && { token }),
  };
}
