import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A connection that a client asked the proxy for. */
export interface Asked {
  /** As the client wrote it: a name that the proxy resolves, or an address. */
  readonly host: string;
  readonly port: number;
  readonly kind: 'name' | 'address';
  /** Absent when the client offered none. */
  readonly user: string | undefined;
  readonly at: number;
}

const [VERSION, NONE, PASSWORD] = [5, 0, 2];
const [SUCCEEDED, HOST_UNREACHABLE] = [0, 4];
const NAME = 3;
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 4, 4: 16 };

/** A SOCKS5 proxy (RFC 1928, 1929) on 127.0.0.1 that leads every name and address to a port of this machine. */
export class SocksProxy {
  readonly asked: Asked[] = [];
  /** The ports from which it connected, to recognise its connections. */
  readonly ports = new Set<number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #portOf: (host: string, port: number) => number | undefined;

  private constructor(portOf: (host: string, port: number) => number | undefined) {
    this.#portOf = portOf;
    this.#server = createServer((socket) => {
      this.#keep(socket);
      this.#serve(socket).catch(() => socket.destroy());
    });
  }

  /** @param portOf the local port where a host is; undefined: it can't be reached */
  static async open(
    portOf: (host: string, port: number) => number | undefined,
    port = 0,
  ): Promise<SocksProxy> {
    const proxy = new SocksProxy(portOf);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `socks5://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #serve(socket: Socket): Promise<void> {
    const [version, methods = 0] = await read(socket, 2);
    const offered = await read(socket, methods);
    if (version !== VERSION) throw new Error('not SOCKS5');
    let user: string | undefined;
    if (offered.includes(PASSWORD)) {
      socket.write(Uint8Array.of(VERSION, PASSWORD));
      const [, length = 0] = await read(socket, 2);
      user = String(await read(socket, length));
      await read(socket, (await read(socket, 1))[0] ?? 0);
      socket.write(Uint8Array.of(1, SUCCEEDED));
    } else {
      socket.write(Uint8Array.of(VERSION, NONE));
    }
    const [, , , type = 0] = await read(socket, 4);
    const bytes = await read(
      socket,
      type === NAME ? ((await read(socket, 1))[0] ?? 0) : (ADDRESS_BYTES[type] ?? 0),
    );
    const port = (await read(socket, 2)).readUInt16BE();
    const host = type === NAME ? String(bytes) : bytes.join('.');
    this.asked.push({ host, port, kind: type === NAME ? 'name' : 'address', user, at: Date.now() });
    const to = this.#portOf(host, port);
    if (to === undefined) {
      socket.end(Uint8Array.of(VERSION, HOST_UNREACHABLE, 0, 1, 0, 0, 0, 0, 0, 0));
      return;
    }
    const target = connect(to, '127.0.0.1');
    this.#keep(target);
    await once(target, 'connect');
    this.ports.add(target.localPort ?? 0);
    socket.write(Uint8Array.of(VERSION, SUCCEEDED, 0, 1, 127, 0, 0, 1, 0, 0));
    socket.pipe(target).pipe(socket);
    socket.on('close', () => target.destroy());
    target.on('close', () => socket.destroy());
  }
}

/** The next bytes of a socket. */
async function read(socket: Socket, count: number): Promise<Buffer> {
  if (count === 0) return Buffer.alloc(0);
  for (;;) {
    const chunk = socket.read(count) as Buffer | null;
    if (chunk !== null) return chunk;
    if (socket.readableEnded || socket.destroyed) throw new Error('the client has gone');
    await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
}
