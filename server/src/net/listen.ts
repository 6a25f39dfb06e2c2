import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { ServerLimits } from '../operate/limits.ts';
import type { Deadline, TimerWheel } from './timer-wheel.ts';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Who takes a connection, once its first bytes have told what it is. */
export interface Doors {
  /** Newline-delimited JSON; `first` was read already. */
  line(socket: Socket, first: Buffer): void;
  http(socket: Socket): void;
}

export interface ListenOptions {
  readonly doors: Doors;
  readonly wheel: TimerWheel;
  readonly limits: ServerLimits;
  readonly now: () => number;
  readonly certificate?: Certificate;
  /** Whether TLS is spoken; a certificate may come later than the port opens. */
  readonly secured: boolean;
  /** A connection could not be accepted, for want of file descriptors say; others may be. */
  readonly failed: (error: Error) => void;
}

const TLS_HANDSHAKE = 0x16;
const BRACE = 0x7b;
/** What a certificate authority asks for that wants a proof that the domain leads here (RFC 8737, section 3). */
const ACME_ALPN = 'acme-tls/1';
/** Connections that are still to say what they are, over those that sessions may have. */
const SPARE_CONNECTIONS = 1000;

/** The one port: what a connection speaks is told by its first byte, in the clear and once more inside TLS. */
export class Listener {
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  #proof: TlsServer | undefined;
  readonly #options: ListenOptions;
  /** Sockets whose first byte has not come. */
  readonly #mute = new Set<Socket>();
  #closed = false;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) =>
      this.#peek(socket, (first) => this.#route(socket, first)),
    );
    this.#server.maxConnections = options.limits.connections + SPARE_CONNECTIONS;
    this.#tls = options.secured ? this.#createTls(options.certificate) : undefined;
  }

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        this.#server.on('error', this.#options.failed);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Shows this certificate to who asks for a proof that the domain leads here; to nobody, if undefined. */
  prove(certificate: Certificate | undefined): void {
    this.#proof = certificate && createProof(certificate);
  }

  /** Connections from now on get this certificate; those that stand keep theirs. Only where TLS is spoken. */
  renew(certificate: Certificate): void {
    this.#tls?.setSecureContext(securing(certificate));
  }

  /** Accepts no more; connections that have said nothing are dropped. */
  close(): void {
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#mute) socket.destroy();
  }

  /** Without a certificate no handshake succeeds until there is one. */
  #createTls(certificate: Certificate | undefined): TlsServer {
    const server = createTlsServer({
      ...(certificate === undefined ? {} : securing(certificate)),
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
      this.#mute.delete(socket);
      this.#options.wheel.forget(deadline);
      socket.off('error', drop);
      socket.off('close', ended);
    };
    this.#mute.add(socket);
    this.#options.wheel.watch(deadline);
    socket.on('error', drop);
    socket.on('close', ended);
    socket.once('data', (first: Buffer) => {
      ended();
      route(first);
    });
  }

  #route(socket: Socket, first: Buffer): void {
    if (first[0] === BRACE) this.#options.doors.line(socket, first);
    else if (first[0] !== TLS_HANDSHAKE) this.#toHttp(socket, first);
    else {
      const tls = first.includes(ACME_ALPN) ? (this.#proof ?? this.#tls) : this.#tls;
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
    if (first[0] === BRACE) this.#options.doors.line(socket, first);
    else if (first[0] === TLS_HANDSHAKE || socket.alpnProtocol === 'gochat/1') socket.destroy();
    else this.#toHttp(socket, first);
  }

  #toHttp(socket: Socket, first: Buffer): void {
    socket.pause();
    socket.unshift(first);
    this.#options.doors.http(socket);
    socket.resume();
  }
}

/** It proves by its handshake alone: whoever asked has seen all then. */
function createProof({ cert, key }: Certificate): TlsServer {
  const server = createTlsServer({ ...securing({ cert, key }), ALPNProtocols: [ACME_ALPN] });
  server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()).end());
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

function securing({ cert, key }: Certificate) {
  return { cert, key, minVersion: 'TLSv1.2' } as const;
}
