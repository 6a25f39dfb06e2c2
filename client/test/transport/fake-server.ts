import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { LineDecoder } from '@gochat/protocol/codec';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

/** The server's end of one link. */
export interface Wire {
  readonly got: string[];
  readonly socket: Socket;
  send(text: string): void;
  end(): void;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export async function certificate(names: readonly string[] = ['localhost']): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    extensions: [
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          /^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name },
        ),
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

type Speaks = 'lines' | 'web';

/** A server of this test's own, on loopback, that hands over each link. */
export async function fakeServer(
  speaks: Speaks,
  options: { readonly tls?: Certificate & { readonly ALPNProtocols?: string[] } } = {},
): Promise<{ port: number; next(): Promise<Wire>; server: Server }> {
  const wires: Wire[] = [];
  const wanted: ((wire: Wire) => void)[] = [];
  const take = (wire: Wire) => {
    const want = wanted.shift();
    if (want) want(wire);
    else wires.push(wire);
  };
  const accept = speaks === 'lines' ? (socket: Socket) => take(lineWire(socket)) : webDoor(take);
  const { tls } = options;
  const server = tls ? createTls(tls, accept) : createServer(accept);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    next: () =>
      new Promise((resolve) => {
        const wire = wires.shift();
        if (wire) resolve(wire);
        else wanted.push(resolve);
      }),
  };
}

function lineWire(socket: Socket): Wire {
  const got: string[] = [];
  const lines = new LineDecoder(() => 8 << 20);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    for (const line of lines.push(chunk)) got.push(line);
    socket.emit('line');
  });
  return { got, socket, send: (text) => void socket.write(`${text}\n`), end: () => socket.end() };
}

function webDoor(take: (wire: Wire) => void): (socket: Socket) => void {
  const http = createHttp((_request, response) => response.writeHead(418).end());
  const upgrades = new WebSocketServer({ noServer: true, path: '/ws' });
  http.on('upgrade', (request, socket, head) => {
    if (!upgrades.shouldHandle(request)) socket.destroy();
    else upgrades.handleUpgrade(request, socket, head, (ws) => take(webWire(ws, socket as Socket)));
  });
  return (socket) => void http.emit('connection', socket);
}

function webWire(ws: WebSocket, socket: Socket): Wire {
  const got: string[] = [];
  ws.on('error', () => undefined);
  ws.on('message', (data) => {
    got.push(data.toString());
    socket.emit('line');
  });
  return { got, socket, send: (text) => ws.send(text), end: () => ws.close() };
}

/** @returns the wire's n-th frame from the client, when it is there. */
export async function received(wire: Wire, n = 0): Promise<unknown> {
  while (wire.got.length <= n) await once(wire.socket, 'line');
  return JSON.parse(wire.got[n] ?? '');
}
