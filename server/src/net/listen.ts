import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { ServerLimits } from '../operate/limits.ts';
import type { Certificate } from './certificate.ts';
import type { Deadline, TimerWheel } from './timer-wheel.ts';

/** Called with each connection once its first byte has shown its protocol. */
export interface ProtocolHandlers {
  /** Newline-delimited JSON. @param first the bytes that were read already */
  line(socket: Socket, first: Buffer): void;
  http(socket: Socket): void;
}

export interface ListenOptions {
  readonly protocols: ProtocolHandlers;
  readonly timers: TimerWheel;
  readonly limits: ServerLimits;
  readonly now: () => number;
  readonly certificate?: Certificate;
  /** Whether the port speaks TLS. The certificate may come later, by {@link Listener.renew}. */
  readonly secured: boolean;
  /** Called when a connection could not be accepted, for example because there are no file descriptors left. */
  readonly acceptFailed: (error: Error) => void;
}

const TLS_HANDSHAKE = 0x16;
const BRACE = 0x7b;
/** The ALPN protocol of a certificate authority's challenge (RFC 8737, section 3). */
const ACME_ALPN = 'acme-tls/1';
/** Connections whose protocol isn't known yet, in addition to the limit of open ones. */
const SPARE_CONNECTIONS = 1000;

/** Serves all protocols on one port. The first byte of a connection shows its protocol, and so does the first byte inside TLS. */
export class Listener {
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  #challenge: TlsServer | undefined;
  readonly #options: ListenOptions;
  /** Sockets whose first byte has not arrived. */
  readonly #silent = new Set<Socket>();
  #closed = false;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) =>
      this.#peek(socket, (first) => this.#route(socket, first)),
    );
    this.#server.maxConnections = options.limits.connections + SPARE_CONNECTIONS;
    this.#tls = options.secured ? this.#createTls(options.certificate) : undefined;
  }

  /** @returns the port. @throws the system's error when it can't be opened */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        this.#server.on('error', this.#options.acceptFailed);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Answers the challenges of a certificate authority with this certificate; undefined: answers none. */
  answerChallenge(certificate: Certificate | undefined): void {
    this.#challenge = certificate && createChallenge(certificate);
  }

  /** New connections get this certificate. Does nothing if the port doesn't speak TLS. */
  renew(certificate: Certificate): void {
    this.#tls?.setSecureContext(secureOptions(certificate));
  }

  /** Accepts no more connections, and closes those that have sent nothing. */
  close(): void {
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#silent) socket.destroy();
  }

  /** Without a certificate, TLS handshakes fail until {@link renew} brings one. */
  #createTls(certificate: Certificate | undefined): TlsServer {
    const server = createTlsServer({
      ...(certificate === undefined ? {} : secureOptions(certificate)),
      ALPNProtocols: ['gochat/1', 'http/1.1'],
      handshakeTimeout: this.#options.limits.helloMs,
    });
    server.on('secureConnection', (socket) =>
      this.#peek(socket, (first) => this.#routeSecure(socket, first)),
    );
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }

  #peek(socket: Socket, route: (first: Buffer) => void): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const until = this.#options.now() + this.#options.limits.helloMs;
    const deadline: Deadline = { due: () => until, expire: () => socket.destroy() };
    const drop = () => socket.destroy();
    const ended = () => {
      this.#silent.delete(socket);
      this.#options.timers.forget(deadline);
      socket.off('error', drop);
      socket.off('close', ended);
    };
    this.#silent.add(socket);
    this.#options.timers.watch(deadline);
    socket.on('error', drop);
    socket.on('close', ended);
    socket.once('data', (first: Buffer) => {
      ended();
      route(first);
    });
  }

  #route(socket: Socket, first: Buffer): void {
    if (first[0] === BRACE) this.#options.protocols.line(socket, first);
    else if (first[0] !== TLS_HANDSHAKE) this.#toHttp(socket, first);
    else {
      const tls = first.includes(ACME_ALPN) ? (this.#challenge ?? this.#tls) : this.#tls;
      if (tls === undefined) {
        socket.destroy();
        return;
      }
      socket.pause();
      socket.unshift(first);
      tls.emit('connection', socket);
    }
  }

  #routeSecure(socket: TLSSocket, first: Buffer): void {
    if (first[0] === BRACE) this.#options.protocols.line(socket, first);
    else if (first[0] === TLS_HANDSHAKE || socket.alpnProtocol === 'gochat/1') socket.destroy();
    else this.#toHttp(socket, first);
  }

  #toHttp(socket: Socket, first: Buffer): void {
    socket.pause();
    socket.unshift(first);
    this.#options.protocols.http(socket);
    socket.resume();
  }
}

/** The TLS handshake alone answers the challenge, so the connection is closed after it. */
function createChallenge({ cert, key }: Certificate): TlsServer {
  const server = createTlsServer({ ...secureOptions({ cert, key }), ALPNProtocols: [ACME_ALPN] });
  server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()).end());
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

function secureOptions({ cert, key }: Certificate) {
  return { cert, key, minVersion: 'TLSv1.2' } as const;
}
