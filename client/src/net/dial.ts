import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates, type TLSSocket } from 'node:tls';
import { type Clock, systemClock } from '../schedule/clock.ts';
import { type Address, AddressError, isLoopback, isOnion } from './address.ts';
import type { ConnectionFailure } from './connection-failure.ts';
import { DialError } from './dial-error.ts';
import { LineLink } from './line-link.ts';
import type { Link } from './link.ts';
import type { ProxyAddress } from './proxy-address.ts';
import { UpgradeRefused } from './upgrade-refused.ts';

export interface DialOptions {
  /** Certificates (PEM) to trust in addition to the default ones. */
  readonly ca?: string | undefined;
  /** Allows plain connections to hosts that aren't loopback. */
  readonly insecure?: boolean | undefined;
  /** Every connection goes through it, and none without it. It resolves the host's name. */
  readonly proxy?: ProxyAddress | undefined;
  /** Names the circuit at the proxy: connections with different names should not be linked by the network. */
  readonly circuit?: string | undefined;
  /** The time until frames can be sent; DialError `timeout` after it. By default 10 s, and 60 s through a proxy. */
  readonly withinMs?: number;
  /** Cancels the attempt. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

const WITHIN_MS = 10_000;
/** A circuit to an onion service takes many steps. */
const WITHIN_MS_BY_PROXY = 60_000;
const KEEP_ALIVE_MS = 30_000;
const LINES = 'gochat/1';
const WEB = 'http/1.1';

/** @throws AddressError when the address must not be dialled, DialError when no server is reached. */
export function dial(address: Address, options: DialOptions = {}): Promise<Link> {
  return reach(address, options, protocolsOf(address), (socket) => linked(socket, address));
}

/**
 * Connects to a server's HTTP as {@link dial} does to its frames.
 * @returns the connected socket, encrypted where the address says so
 * @throws AddressError, DialError
 */
export function dialWeb(address: Address, options: DialOptions = {}): Promise<Socket> {
  return reach(address, options, [WEB], async (socket) => socket);
}

/** @param protocols what TLS offers. @param use is given the connected socket, within the time of the options */
async function reach<T>(
  address: Address,
  options: DialOptions,
  protocols: string[],
  use: (socket: Socket | TLSSocket) => Promise<T>,
): Promise<T> {
  const { proxy, clock = systemClock, signal } = options;
  const { withinMs = proxy === undefined ? WITHIN_MS : WITHIN_MS_BY_PROXY } = options;
  requireAllowed(address, options);
  const tls = { ca: options.ca, protocols };
  const socket = proxy === undefined && address.secure ? openTls(address, tls) : openTcp(proxy ?? address);
  const { promise: givenUp, end } = deadline(clock, withinMs, signal);
  const used = async () => {
    if (proxy !== undefined) return use(await proxied(socket, address, { ...options, proxy }, tls));
    await ready(socket, address.secure ? 'secureConnect' : 'connect');
    return use(socket);
  };
  try {
    return await Promise.race([used(), givenUp]);
  } catch (error) {
    socket.destroy();
    throw error instanceof DialError ? error : new DialError(failureOf(error), { cause: error });
  } finally {
    end();
  }
}

/** @throws AddressError when a connection would be readable for others, or would ask others for the name of an onion service */
function requireAllowed(address: Address, { proxy, insecure }: DialOptions): void {
  if (isOnion(address) && proxy === undefined)
    throw new AddressError({ reason: 'address-onion', server: address.href });
  if (address.secure || insecure) return;
  // Tor encrypts from its client to the service. Through a proxy, loopback is the proxy's.
  const isPrivate = proxy === undefined ? isLoopback(address) : isOnion(address) && isLoopback(proxy);
  if (isPrivate) return;
  throw new AddressError({
    reason: 'address-unencrypted',
    server: address.href,
    secure: secured(address),
    ...(proxy && { proxy: proxy.href }),
  });
}

async function linked(socket: Socket | TLSSocket, address: Address): Promise<Link> {
  if (!speaksWeb(socket, address)) return new LineLink(socket, address.origin);
  // Loaded only when needed.
  const { WebLink } = await import('./web-link.ts');
  return WebLink.open(socket, address);
}

/** @param socket that is connecting to the proxy. @throws DialError when the proxy, or the server through it, can't be reached */
async function proxied(
  socket: Socket,
  address: Address,
  { circuit, proxy }: Pick<DialOptions, 'circuit'> & { readonly proxy: ProxyAddress },
  tls: TlsOptions,
): Promise<Socket | TLSSocket> {
  try {
    await ready(socket, 'connect');
    // Loaded only when needed.
    const { connectThrough } = await import('./socks.ts');
    await connectThrough(socket, address, circuit);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : '';
    throw new DialError({ kind: 'system', detail: `proxy ${proxy.href}: ${detail}` }, { cause });
  }
  if (!address.secure) return socket;
  const secure = openTls(address, tls, socket);
  await ready(secure, 'secureConnect');
  return secure;
}

function speaksWeb(socket: Socket | TLSSocket, { scheme }: Address): boolean {
  if (scheme === 'ws' || scheme === 'wss') return true;
  if (!('alpnProtocol' in socket)) return false;
  // A peer that chooses no protocol is a proxy that terminates TLS: an HTTP proxy for https, a TCP proxy for tls.
  return socket.alpnProtocol === WEB || (socket.alpnProtocol === false && scheme === 'https');
}

function openTcp({ host, port }: Pick<Address, 'host' | 'port'>): Socket {
  return connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
}

/** @param through a connection to the server; absent: one is opened. */
interface TlsOptions {
  readonly ca: string | undefined;
  /** What is offered, the preferred one first. */
  readonly protocols: string[];
}

function protocolsOf({ scheme }: Address): string[] {
  return scheme === 'wss' ? [WEB] : [LINES, WEB];
}

function openTls({ host, port }: Address, { ca, protocols }: TlsOptions, through?: Socket): TLSSocket {
  const socket = connectTls({
    // With a socket too: the certificate must be for this host.
    host,
    ...(through === undefined ? { port } : { socket: through }),
    ALPNProtocols: protocols,
    minVersion: 'TLSv1.2',
    // Otherwise NODE_TLS_REJECT_UNAUTHORIZED, set for another program, would turn it off.
    rejectUnauthorized: true,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
  });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}

function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    // This listener stays: an error before the link adds its own would end the process.
    socket.on('error', reject);
    socket.once(event, () => resolve());
  });
}

function deadline(clock: Clock, withinMs: number, signal: AbortSignal | undefined) {
  let end: () => void = () => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(new DialError({ kind: 'given-up' }));
    const stop = clock.after(withinMs, () => reject(new DialError({ kind: 'timeout', ms: withinMs })));
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    end = () => {
      stop();
      signal?.removeEventListener('abort', abort);
    };
  });
  return { promise, end };
}

const FAILURES: Readonly<Record<string, ConnectionFailure['kind']>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ENOTFOUND: 'no-host',
  EAI_AGAIN: 'name-lookup',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  ETIMEDOUT: 'timeout',
  EPROTO: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-untrusted',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls',
  CERT_HAS_EXPIRED: 'certificate-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-other-host',
};

/** @param error of a socket, or of the library that uses it */
export function failureOf(error: unknown): ConnectionFailure {
  if (error instanceof UpgradeRefused) return { kind: 'http', status: error.status };
  if (!(error instanceof Error)) return { kind: 'system' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Without a code, the message is the library's description of the server's answer.
  const kind = Object.hasOwn(FAILURES, code) ? FAILURES[code] : undefined;
  return { kind: kind ?? 'system', detail: code || error.message };
}

function secured({ scheme, origin }: Address): string {
  const schemes: Readonly<Record<string, string>> = { tcp: 'tls', ws: 'wss', http: 'https' };
  return `${schemes[scheme] ?? scheme}://${origin}`;
}
