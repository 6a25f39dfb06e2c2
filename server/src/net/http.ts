import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LIMITS } from '@gochat/protocol/limits';
import { parseUrl } from '@gochat/protocol/parse-url';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ServerLimits } from '../operate/limits.ts';
import { type Address, addressOf, isUnknown } from './address.ts';
import { answerAsset } from './asset-answer.ts';
import type { Assets } from './assets.ts';
import { type ForwardedSettings, forwardedAddress } from './forwarded-address.ts';
import { HttpLifetimes } from './http-lifetimes.ts';
import { CHAT_POLICY, LANDING_PAGE, LANDING_POLICY, securityHeaders } from './landing.ts';
import { isLoopbackHost } from './own-names.ts';
import { parseName, type ServedNames } from './served-names.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** What the answer to a request on files means for its connection. */
export interface FileTurn {
  /** The request has a valid pass: whoever answers it watches the connection until then. */
  passed(): void;
  /** The request is refused. @returns whether further requests should come on another connection */
  refused(): boolean;
}

/** Answers the requests whose path begins with {@link FILES}. */
export interface FileRequests {
  /** Never rejects. */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    from: Address,
    turn: FileTurn,
  ): Promise<void>;
}

export interface HttpOptions {
  readonly names: ServedNames;
  readonly limits: ServerLimits;
  readonly timers: TimerWheel;
  readonly now: () => number;
  /** How proxies name the client's address; absent: clients connect directly. */
  readonly forwarded?: ForwardedSettings;
  /** Called when no header names the client's address readably. */
  readonly addressUnknown: () => void;
  /** The files of the web client; absent: a landing page that explains how to chat from a terminal. */
  readonly assets?: Assets;
  /** Whether the port also speaks TLS: then pages are served over TLS only. */
  readonly secured: boolean;
  /** Whether the node accepts writes. */
  readonly ready: () => boolean;
  /** Absent: no files are stored. */
  readonly files?: FileRequests;
  /** The address by which limits count a connection. */
  readonly counted: (from: Address, socket: Duplex) => Address;
  /** Called with each WebSocket connection. */
  readonly connected: (ws: WebSocket, socket: Duplex, address: Address) => void;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const OK: Answer = { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' };

/** Load balancers and probes ask for them by address, without a Host header, and by GET, HEAD or OPTIONS. The answer is the same for all. */
const HEALTH_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

const PAGES: Readonly<Record<string, Answer>> = {
  '/': { status: 200, type: 'text/html; charset=utf-8', body: LANDING_PAGE },
  '/ws': { status: 426, headers: { Upgrade: 'websocket' } },
};

/**
 * An invite link in which a program has changed `#` to `%23`: the browser sent its secret here. The page says so, and doesn't join:
 * the answer doesn't hold the secret.
 */
const CHANGED_LINK = /^\/%(?:25)*23/i;
const EXPOSED = '/#/join/%23';

/**
 * For a year, browsers use HTTPS for this host name on every port (RFC 6797). Not for its subdomains, on which the operator may run other
 * services.
 */
const HTTPS_ONLY = { 'Strict-Transport-Security': 'max-age=31536000' } as const;

const FILES = '/files/';

/** How long an idle connection stays open, and how many requests it may make, other than those on files that are not refused. */
const KEEP_ALIVE_MS = 5_000;
const REQUESTS_PER_CONNECTION = 100;
/** How many requests on files may wait for those before them. Clients send the next one once they have the answer. */
const WAITING_PER_CONNECTION = 100;

/** Serves HTTP on sockets that the listener passes to it: pages, health checks, and WebSocket upgrades at `/ws`. */
export class HttpEndpoint {
  readonly #options: HttpOptions;
  readonly #http: Server;
  readonly #upgrades: WebSocketServer;
  readonly #security: Readonly<Record<string, string>>;
  readonly #lifetimes: HttpLifetimes;
  /** The last request on files of each connection, and how many have no answer yet. */
  readonly #fileTurns = new WeakMap<Socket, { last: Promise<void>; waiting: number }>();

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#lifetimes = new HttpLifetimes(options.limits, options.timers, options.now);
    this.#security = securityHeaders(options.assets === undefined ? LANDING_POLICY : CHAT_POLICY);
    const settings = { maxHeaderSize: 8 * 1024, keepAliveTimeout: KEEP_ALIVE_MS, requireHostHeader: false };
    this.#http = createServer(settings, (request, response) => this.#answer(request, response));
    // Otherwise Node.js would ask for the body of each request before it is judged.
    this.#http.on('checkContinue', (request, response) => this.#answer(request, response));
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: Math.max(...Object.values(LIMITS.frameBytes)),
      maxFragments: LIMITS.webSocketParts,
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#http.on('clientError', (_error, socket) => refuse(socket, 400, this.#security));
  }

  /** Serves a socket. Unless it is upgraded, or moves files, it is closed after {@link ServerLimits.httpMs}. */
  take(socket: Socket): void {
    this.#lifetimes.begin(socket);
    this.#http.emit('connection', socket);
  }

  close(): void {
    this.#lifetimes.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // What was read together with the request that ended the connection.
    if (request.socket.destroyed) return;
    for (const [name, value] of Object.entries(this.#headersOf(request))) response.setHeader(name, value);
    if (this.#isForFiles(request)) {
      this.#answerFile(request, response);
      return;
    }
    // Late in a connection's lifetime, later requests should use a new connection.
    if (this.#lifetimes.isLate(request.socket, REQUESTS_PER_CONNECTION)) response.shouldKeepAlive = false;
    if (CHANGED_LINK.test(pathOf(request)) && this.#options.assets !== undefined && this.#served(request)) {
      response.writeHead(302, { Location: EXPOSED, 'Cache-Control': 'no-store', 'Content-Length': 0 }).end();
      return;
    }
    const redirect = this.#redirectOf(request);
    if (redirect !== undefined) {
      response.shouldKeepAlive = false;
      response.writeHead(308, { Location: redirect, 'Cache-Control': 'no-store', 'Content-Length': 0 }).end();
      return;
    }
    const asset = this.#options.assets?.get(pathOf(request));
    if (asset !== undefined && isRead(request) && this.#served(request)) {
      answerAsset(asset, request.headers).then(
        ({ status, headers, body }) =>
          response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body),
        // Without memory to compress it.
        () => response.destroy(),
      );
      return;
    }
    const { status, type, body, headers } = this.#respond(request, asset !== undefined);
    const text = body ?? `${status} ${STATUS_CODES[status] ?? ''}\n`;
    if (status >= 400) response.shouldKeepAlive = false;
    response.writeHead(status, {
      'Cache-Control': 'no-store',
      'Content-Type': type ?? 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  #isForFiles(request: IncomingMessage): boolean {
    return (
      this.#options.files !== undefined &&
      pathOf(request).startsWith(FILES) &&
      this.#redirectOf(request) === undefined &&
      this.#served(request) &&
      sameOrigin(request)
    );
  }

  /** A connection that moves files is watched by who moves them. Without a valid pass, it ends in its time. */
  #answerFile(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const turns = this.#fileTurns.get(socket) ?? { last: Promise.resolve(), waiting: 0 };
    this.#fileTurns.set(socket, turns);
    if (turns.waiting >= WAITING_PER_CONNECTION) {
      socket.destroy();
      return;
    }
    const from = this.#options.counted(this.#address(request), socket);
    const turn: FileTurn = {
      passed: () => response.once('close', this.#lifetimes.hold(socket)),
      refused: () => this.#lifetimes.isLate(socket, REQUESTS_PER_CONNECTION),
    };
    const answer = async () => {
      if (!socket.destroyed)
        await this.#options.files?.answer(request, response, pathOf(request), from, turn);
    };
    turns.waiting += 1;
    // One after the other: a client could send many requests at once, and Node.js says of no other but the first that the peer is gone.
    turns.last = turns.last
      .then(answer)
      // Whatever fails ends this connection, never the server.
      .catch(() => void socket.destroy())
      .then(() => {
        turns.waiting -= 1;
      });
  }

  /** The headers of every answer. Without TLS, HTTPS_ONLY would be ignored; on localhost it would disable other servers of this machine. */
  #headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
    const isOverTls = 'encrypted' in request.socket;
    const host = parseName(request.headers.host ?? '')?.host ?? '';
    const isPublic = this.#served(request) && !isLoopbackHost(host) && !host.endsWith('.localhost');
    return isOverTls && isPublic ? { ...this.#security, ...HTTPS_ONLY } : this.#security;
  }

  /** The HTTPS address of a page that was requested without TLS: someone on the network could have replaced the page. */
  #redirectOf(request: IncomingMessage): string | undefined {
    if (!this.#options.secured || 'encrypted' in request.socket || !this.#served(request)) return undefined;
    const path = pathOf(request);
    return HEALTH_PATHS.has(path) ? undefined : `https://${request.headers.host}${path}`;
  }

  #respond(request: IncomingMessage, known: boolean): Answer {
    const path = pathOf(request);
    if (HEALTH_PATHS.has(path)) return this.#health(request, path);
    if (!this.#served(request)) return { status: 421 };
    // Otherwise it would have been answered before.
    if (path.startsWith(FILES) && this.#options.files !== undefined) return { status: 403 };
    const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
    if (page === undefined && !known) return { status: 404 };
    if (page === undefined || !isRead(request)) return { status: 405, headers: { Allow: 'GET, HEAD' } };
    return page;
  }

  #health(request: IncomingMessage, path: string): Answer {
    if (!isRead(request) && request.method !== 'OPTIONS')
      return { status: 405, headers: { Allow: 'GET, HEAD, OPTIONS' } };
    return path === '/readyz' && !this.#options.ready() ? { status: 503 } : OK;
  }

  #served(request: IncomingMessage): boolean {
    const host = request.headers.host;
    return host !== undefined && this.#options.names.serves(host);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#upgradeRefusal(request);
    if (refusal !== undefined) {
      refuse(socket, refusal, this.#headersOf(request));
      return;
    }
    const address = this.#options.counted(this.#address(request), socket);
    this.#upgrades.handleUpgrade(request, socket, head, (ws) => {
      this.#lifetimes.forget(request.socket);
      this.#options.connected(ws, socket, address);
    });
  }

  #upgradeRefusal(request: IncomingMessage): number | undefined {
    const path = pathOf(request);
    // Some probes offer HTTP/2 by an upgrade, which may be ignored.
    if (HEALTH_PATHS.has(path)) return this.#health(request, path).status;
    if (!this.#served(request)) return 421;
    if (path !== '/ws') return 404;
    return sameOrigin(request) ? undefined : 403;
  }

  #address(request: IncomingMessage): Address {
    const { forwarded } = this.#options;
    if (forwarded === undefined) return addressOf(request.socket.remoteAddress);
    const address = forwardedAddress(request.headers, forwarded);
    if (isUnknown(address)) this.#options.addressUnknown();
    return address;
  }
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function pathOf(request: IncomingMessage): string {
  // The target may be a whole address (RFC 9112, section 3.2.2).
  return (request.url ?? '').replace(/^https?:\/\/[^/?]*/i, '').split('?')[0] ?? '';
}

/** Browsers always send an Origin with an upgrade. Other programs may omit it. */
function sameOrigin({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return true;
  const origin = parseUrl(headers.origin);
  if (origin === undefined) return false;
  const { protocol, host } = origin;
  // With another scheme, our host and port may not form a valid URL.
  return /^https?:$/.test(protocol) && new URL(`${protocol}//${headers.host}`).host === host;
}

function refuse(socket: Duplex, status: number, security: Readonly<Record<string, string>>): void {
  if (socket.destroyed || !socket.writable) return;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n`;
  const lines = Object.entries(security).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`${head}${lines.join('')}\r\n`, () => socket.destroy());
}
