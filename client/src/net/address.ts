import { LIMITS } from '@gochat/protocol/limits';
import { parseUrl } from '@gochat/protocol/parse-url';
import type { ErrorData } from '../api/error-data.ts';

type AddressData = Extract<
  ErrorData,
  { reason: 'address-invalid' | 'address-unencrypted' | 'address-onion' | 'proxy-invalid' }
>;

/** The text is not a server's address, or the server must not be dialled. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  readonly data: AddressData;
  constructor(data: AddressData) {
    super(data.reason === 'address-invalid' ? `${data.reason} ${data.why}` : data.reason);
    this.data = data;
  }
}

/** Lines of JSON (`tcp`, `tls`), WebSocket (`ws`, `wss`), or either of them (`http`, `https`, as in invite links). */
export type Scheme = 'tcp' | 'tls' | 'ws' | 'wss' | 'http' | 'https';

/** A server's address. */
export interface Address {
  /** The canonical form: equal for equal addresses. */
  readonly href: string;
  readonly scheme: Scheme;
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port` as dialled, in lower case. Proofs are bound to it. */
  readonly origin: string;
  /** Whether the connection is encrypted and authenticated (TLS). */
  readonly secure: boolean;
}

/** Web schemes have the web's default ports, since browsers leave these out of links. */
const DEFAULT_PORTS: Readonly<Record<Scheme, number>> = {
  tcp: 4040,
  tls: 4040,
  ws: 80,
  wss: 443,
  http: 80,
  https: 443,
};
const SECURE: ReadonlySet<Scheme> = new Set(['tls', 'wss', 'https']);

const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]]*\]|[^:/?#[\]@]*)(?::([0-9]*))?(\/[^?#]*)?([?#].*)?$/i;

/** @throws AddressError */
export function parseAddress(text: string): Address {
  const [, name, host, port, path = '/', rest] = SHAPE.exec(text.trim()) ?? [];
  if (name === undefined || host === undefined) throw invalid(text.includes('://') ? 'form' : 'no-scheme');
  const scheme = schemeOf(name);
  const endpoint = path === '/ws' && (scheme === 'ws' || scheme === 'wss');
  if ((path !== '/' && !endpoint) || rest !== undefined) {
    throw invalid('path');
  }
  const hostname = normalHost(host);
  const number = port === undefined || port === '' ? DEFAULT_PORTS[scheme] : Number(port);
  if (number < 1 || number > 65_535) throw invalid('port', port);
  const origin = `${hostname}:${number}`;
  if (origin.length > LIMITS.originChars) throw invalid('too-long');
  return {
    href: `${scheme}://${origin}`,
    scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: number,
    origin,
    secure: SECURE.has(scheme),
  };
}

/** @returns the form that invite links contain. @throws AddressError */
export function linkAddress(server: string): string {
  const { secure, origin } = parseAddress(server);
  return `${secure ? 'https' : 'http'}://${origin}`;
}

/** Whether traffic to it stays on this machine. */
export function isLoopback({ host }: Pick<Address, 'host'>): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true;
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host) || /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(host);
}

/** Whether it is the name of a Tor onion service, which only a proxy can reach (RFC 7686). */
export function isOnion({ host }: Pick<Address, 'host'>): boolean {
  return host.endsWith('.onion');
}

function invalid(why: Extract<AddressData, { why: unknown }>['why'], value?: string): AddressError {
  return new AddressError({ reason: 'address-invalid', why, ...(value !== undefined && { value }) });
}

function schemeOf(name: string): Scheme {
  const scheme = name.toLowerCase();
  if (Object.hasOwn(DEFAULT_PORTS, scheme)) return scheme as Scheme;
  throw invalid('scheme', scheme);
}

/** The host as the URL standard normalises it: lower case, punycode, compressed IPv6 in brackets. */
function normalHost(host: string): string {
  const url = `http://${host}`;
  const hostname = parseUrl(url)?.hostname ?? '';
  if (/^[a-z0-9.:[\]_-]+$/.test(hostname)) return hostname;
  throw host === '' ? invalid('no-host') : invalid('host', host);
}
