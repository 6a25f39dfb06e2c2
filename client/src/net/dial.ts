import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates, type TLSSocket } from 'node:tls';
import { type Clock, systemClock } from '../schedule/clock.ts';
import { type Address, AddressError, isLoopback } from './address.ts';
import { DialError } from './dial-error.ts';
import { LineLink } from './line-link.ts';
import type { Link } from './link.ts';
import { UpgradeRefused, WebLink } from './web-link.ts';

export interface DialOptions {
  /** Certificates (PEM) to trust besides the usual ones. */
  readonly ca?: string | undefined;
  /** Allows plain connections to hosts that aren't loopback. */
  readonly insecure?: boolean | undefined;
  /** For the whole way, until frames can be sent. */
  readonly withinMs?: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

const WITHIN_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
const LINES = 'gochat/1';
const WEB = 'http/1.1';

/** @throws AddressError when it must not be dialled, DialError when nobody is reached there. */
export async function dial(address: Address, options: DialOptions = {}): Promise<Link> {
  const { clock = systemClock, withinMs = WITHIN_MS, signal } = options;
  if (!address.secure && !options.insecure && !isLoopback(address)) {
    throw new AddressError(
      `${address.href} is not encrypted: use ${secured(address)}, or allow it with --insecure in a network you trust`,
    );
  }
  const socket = address.secure ? openTls(address, options.ca) : openTcp(address);
  const { promise: givenUp, end } = deadline(clock, withinMs, signal);
  try {
    return await Promise.race([linked(socket, address), givenUp]);
  } catch (error) {
    socket.destroy();
    throw error instanceof DialError ? error : new DialError(reason(error), { cause: error });
  } finally {
    end();
  }
}

async function linked(socket: Socket | TLSSocket, address: Address): Promise<Link> {
  await ready(socket, address.secure ? 'secureConnect' : 'connect');
  return speaksWeb(socket, address) ? WebLink.open(socket, address) : new LineLink(socket, address.origin);
}

function speaksWeb(socket: Socket | TLSSocket, { scheme }: Address): boolean {
  if (scheme === 'ws' || scheme === 'wss') return true;
  if (!('alpnProtocol' in socket)) return false;
  // Whoever terminates TLS without choosing a protocol is a proxy: of the web for https, of bytes for tls.
  return socket.alpnProtocol === WEB || (socket.alpnProtocol === false && scheme === 'https');
}

function openTcp({ host, port }: Address): Socket {
  return connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
}

function openTls({ scheme, host, port }: Address, ca: string | undefined): TLSSocket {
  const socket = connectTls({
    host,
    port,
    ALPNProtocols: scheme === 'wss' ? [WEB] : [LINES, WEB],
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
  });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}

function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    // It stays: an error between here and the link's own listener must not end the process.
    socket.on('error', reject);
    socket.once(event, () => resolve());
  });
}

function deadline(clock: Clock, withinMs: number, signal: AbortSignal | undefined) {
  let end: () => void = () => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(new DialError('given up'));
    const stop = clock.after(withinMs, () => reject(new DialError(`no answer within ${withinMs / 1000} s`)));
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    end = () => {
      stop();
      signal?.removeEventListener('abort', abort);
    };
  });
  return { promise, end };
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hung up',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'no answer',
  EPROTO: 'it speaks no TLS that this program knows',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted here (--ca FILE trusts it)',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate comes from an authority that is not trusted here (--ca FILE trusts it)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate comes from an authority that is not trusted here (--ca FILE trusts it)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

function reason(error: unknown): string {
  if (error instanceof UpgradeRefused) return error.message;
  if (!(error instanceof Error)) return 'an unknown failure';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Without a code it is the library's word on what the server answered.
  return Object.hasOwn(REASONS, code) ? `${REASONS[code]} (${code})` : error.message || code;
}

function secured({ scheme, origin }: Address): string {
  const schemes: Readonly<Record<string, string>> = { tcp: 'tls', ws: 'wss', http: 'https' };
  return `${schemes[scheme] ?? scheme}://${origin}`;
}
