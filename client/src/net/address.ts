import { LIMITS } from '@gochat/protocol/limits';

/** The text is no address of a server, or one that must not be dialled; the message says what to write instead. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

/** Lines of JSON (`tcp`, `tls`), WebSocket (`ws`, `wss`), or whichever fits, as invite links have it (`http`, `https`). */
export type Scheme = 'tcp' | 'tls' | 'ws' | 'wss' | 'http' | 'https';

/** Where a server is. */
export interface Address {
  /** The one way to write it: equal for equal addresses. */
  readonly href: string;
  readonly scheme: Scheme;
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port` as it is dialled, in lower case, which proofs are bound to. */
  readonly origin: string;
  /** Whether nobody on the way can read along or interfere. */
  readonly secure: boolean;
}

/** Web addresses have the ports of the web, since browsers leave them out of links. */
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
const EXAMPLE = 'write it like tcp://127.0.0.1:4040 or https://chat.example.org';

/** @throws AddressError */
export function parseAddress(text: string): Address {
  const [, name, host, port, path = '/', rest] = SHAPE.exec(text.trim()) ?? [];
  if (name === undefined || host === undefined) throw new AddressError(complaint(text));
  const scheme = schemeOf(name);
  const endpoint = path === '/ws' && (scheme === 'ws' || scheme === 'wss');
  if ((path !== '/' && !endpoint) || rest !== undefined) {
    throw new AddressError(`a server’s address ends behind its port: ${EXAMPLE}`);
  }
  const hostname = normalHost(host);
  const number = port === undefined || port === '' ? DEFAULT_PORTS[scheme] : Number(port);
  if (number < 1 || number > 65_535) throw new AddressError(`${port} is no port: one of 1 to 65535 is`);
  const origin = `${hostname}:${number}`;
  if (origin.length > LIMITS.originChars) throw new AddressError('the host’s name is too long');
  return {
    href: `${scheme}://${origin}`,
    scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: number,
    origin,
    secure: SECURE.has(scheme),
  };
}

/** @returns the form that stands in invite links. @throws AddressError */
export function linkAddress(server: string): string {
  const { secure, origin } = parseAddress(server);
  return `${secure ? 'https' : 'http'}://${origin}`;
}

/** Whether what is sent there stays in this machine. */
export function isLoopback({ host }: Pick<Address, 'host'>): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true;
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host) || /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(host);
}

function complaint(text: string): string {
  if (text.includes('://')) return `this is no server’s address: ${EXAMPLE}`;
  return `a server’s address begins with its scheme: ${EXAMPLE}`;
}

function schemeOf(name: string): Scheme {
  const scheme = name.toLowerCase();
  if (Object.hasOwn(DEFAULT_PORTS, scheme)) return scheme as Scheme;
  throw new AddressError(`${scheme}:// is not among ${Object.keys(DEFAULT_PORTS).join(', ')}`);
}

/** As the URL standard has it: lower case, names of other scripts as punycode, IPv6 shortened in brackets. */
function normalHost(host: string): string {
  const url = `http://${host}`;
  const hostname = URL.canParse(url) ? new URL(url).hostname : '';
  if (/^[a-z0-9.:[\]_-]+$/.test(hostname)) return hostname;
  throw new AddressError(
    host === '' ? `the host is missing: ${EXAMPLE}` : `“${host}” is no host: ${EXAMPLE}`,
  );
}
