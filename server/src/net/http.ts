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
import { type WebSocket, WebSocketServer } from 'ws';
import type { ServerLimits } from '../operate/limits.ts';
import { type Address, addressOf } from './address.ts';
import { answerAsset } from './asset-answer.ts';
import type { Assets } from './assets.ts';
import { CHAT_POLICY, LANDING_PAGE, LANDING_POLICY, securityHeaders } from './landing.ts';
import type { ServedNames } from './served-names.ts';
import type { Deadline, TimerWheel } from './timer-wheel.ts';

export interface WebOptions {
  readonly names: ServedNames;
  readonly limits: ServerLimits;
  readonly wheel: TimerWheel;
  readonly now: () => number;
  /** Whether the last hop of X-Forwarded-For is whom to count. */
  readonly behindProxy: boolean;
  /** The chat's page; without it a landing page says how to chat from a terminal. */
  readonly assets?: Assets;
  /** Whether the port speaks TLS too: then pages are handed out over it alone. */
  readonly secured: boolean;
  /** Whether writes are taken. */
  readonly ready: () => boolean;
  /** Takes an upgraded connection. */
  readonly connected: (ws: WebSocket, socket: Duplex, address: Address) => void;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const OK: Answer = { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' };

const PAGES: Readonly<Record<string, Answer>> = {
  '/': { status: 200, type: 'text/html; charset=utf-8', body: LANDING_PAGE },
  '/healthz': OK,
  '/readyz': OK,
  '/ws': { status: 426, headers: { Upgrade: 'websocket' } },
};

/** How long a connection stays for the next file of a page, and how many it may ask for. */
const KEEP_ALIVE_MS = 5_000;
const REQUESTS_PER_CONNECTION = 100;

/** The port's HTTP: a page, the health check, and the way to `/ws`. It has no port of its own; sockets are handed to it. */
export class WebDoor {
  readonly #options: WebOptions;
  readonly #http: Server;
  readonly #upgrades: WebSocketServer;
  readonly #security: Readonly<Record<string, string>>;
  /** Until when each connection may last. */
  readonly #sockets = new Map<Socket, number>();

  constructor(options: WebOptions) {
    this.#options = options;
    this.#security = securityHeaders(options.assets === undefined ? LANDING_POLICY : CHAT_POLICY);
    const settings = { maxHeaderSize: 8 * 1024, keepAliveTimeout: KEEP_ALIVE_MS };
    this.#http = createServer(settings, (request, response) => this.#answer(request, response));
    this.#http.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: Math.max(...Object.values(LIMITS.frameBytes)),
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#http.on('clientError', (_error, socket) => refuse(socket, 400, this.#security));
  }

  /** Takes a socket that has been told to speak HTTP. It ends in time, unless it is upgraded. */
  take(socket: Socket): void {
    const until = this.#options.now() + this.#options.limits.httpMs;
    const deadline: Deadline = {
      due: () => (this.#sockets.has(socket) ? until : Number.POSITIVE_INFINITY),
      expire: () => socket.destroy(),
    };
    this.#sockets.set(socket, until);
    this.#options.wheel.watch(deadline);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#options.wheel.forget(deadline);
    });
    this.#http.emit('connection', socket);
  }

  close(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(this.#security)) response.setHeader(name, value);
    // What asks late on its connection finds the time for an answer on the next.
    if (this.#remainingMs(request.socket) < this.#options.limits.httpMs / 2) response.shouldKeepAlive = false;
    const elsewhere = this.#elsewhere(request);
    if (elsewhere !== undefined) {
      response.shouldKeepAlive = false;
      response
        .writeHead(308, { Location: elsewhere, 'Cache-Control': 'no-store', 'Content-Length': 0 })
        .end();
      return;
    }
    const asset = this.#options.assets?.get(pathOf(request));
    if (asset !== undefined && isRead(request) && this.#served(request)) {
      const { status, headers, body } = answerAsset(asset, request.headers);
      response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
      return;
    }
    const { status, type, body, headers } = this.#judge(request, asset !== undefined);
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

  /** Where a page that was asked for in clear text is to be had: whoever stands between could put another in its place. */
  #elsewhere(request: IncomingMessage): string | undefined {
    if (!this.#options.secured || 'encrypted' in request.socket || !this.#served(request)) return undefined;
    const path = pathOf(request);
    return PAGES[path] === OK ? undefined : `https://${request.headers.host}${path}`;
  }

  #remainingMs(socket: Socket): number {
    return (this.#sockets.get(socket) ?? 0) - this.#options.now();
  }

  #judge(request: IncomingMessage, known: boolean): Answer {
    if (!this.#served(request)) return { status: 421 };
    const path = pathOf(request);
    const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
    if (page === undefined && !known) return { status: 404 };
    if (page === undefined || !isRead(request)) return { status: 405, headers: { Allow: 'GET, HEAD' } };
    return path === '/readyz' && !this.#options.ready() ? { status: 503 } : page;
  }

  #served(request: IncomingMessage): boolean {
    const host = request.headers.host;
    return host !== undefined && this.#options.names.serves(host);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#upgradeRefusal(request);
    if (refusal !== undefined) {
      refuse(socket, refusal, this.#security);
      return;
    }
    const address = this.#address(request);
    this.#upgrades.handleUpgrade(request, socket, head, (ws) => {
      this.#sockets.delete(request.socket);
      this.#options.connected(ws, socket, address);
    });
  }

  #upgradeRefusal(request: IncomingMessage): number | undefined {
    if (!this.#served(request)) return 421;
    if (pathOf(request) !== '/ws') return 404;
    return sameOrigin(request) ? undefined : 403;
  }

  #address(request: IncomingMessage): Address {
    const header = this.#options.behindProxy ? request.headers['x-forwarded-for'] : undefined;
    const hops = typeof header === 'string' ? header.split(',') : (header ?? []);
    return addressOf(hops.at(-1) ?? request.socket.remoteAddress);
  }
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}

/** Browsers always send an Origin with an upgrade; other programs need not. */
function sameOrigin({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return true;
  if (!URL.canParse(headers.origin)) return false;
  const { protocol, host } = new URL(headers.origin);
  // Of other schemes an address with our port may be no address at all.
  return /^https?:$/.test(protocol) && new URL(`${protocol}//${headers.host}`).host === host;
}

function refuse(socket: Duplex, status: number, security: Readonly<Record<string, string>>): void {
  if (socket.destroyed || !socket.writable) return;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n`;
  const lines = Object.entries(security).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`${head}${lines.join('')}\r\n`, () => socket.destroy());
}
