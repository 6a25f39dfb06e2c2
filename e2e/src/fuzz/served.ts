import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { Line } from '../people/line.ts';
import { ChildServer } from '../servers/child-server.ts';
import { WAIT_MS } from '../waits.ts';
import type { Target } from './targets.ts';

/** After so many cases the server must still welcome a client. */
const LOOKS_EVERY = 200;

/** A server in its own process, to which any bytes are sent. */
export interface Served {
  readonly targets: readonly Target[];
  /** Resident memory of the server, in bytes; undefined where the system doesn't report it. */
  memory(): number | undefined;
  stop(): Promise<void>;
}

/** @param web the folder of the chat's page */
export async function serveTargets(
  home: string,
  web: string,
  frames: readonly Uint8Array[],
): Promise<Served> {
  const server = await ChildServer.start(join(home, 'server'), 0, [], web);
  let cases = 0;
  const send = async (bytes: Uint8Array) => {
    await throwAt(server.port, bytes);
    cases += 1;
    if (cases % LOOKS_EVERY === 0) await welcomes(server.port);
  };
  const hello = Buffer.from(
    `{"type":"hello","id":"hello","version":${PROTOCOL_VERSION},"origin":"127.0.0.1:${server.port}"}\n`,
  );
  return {
    targets: [
      { name: 'a server: frames', corpus: frames.map((frame) => Buffer.concat([hello, frame])), check: send },
      { name: 'a server: HTTP', corpus: requests(server.port), check: send },
    ],
    memory: () => residentBytes(server.pid),
    stop: () => server.stop(),
  };
}

function requests(port: number): Uint8Array[] {
  const host = `Host: 127.0.0.1:${port}\r\n`;
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;
  return [
    `GET / HTTP/1.1\r\n${host}\r\n`,
    `GET /../../etc/passwd HTTP/1.1\r\n${host}\r\n`,
    `GET /assets/%2e%2e%2f%2e%2e%2fpackage.json?x=1#y HTTP/1.1\r\n${host}Accept-Encoding: br, gzip;q=0\r\n\r\n`,
    `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
    `GET /ws HTTP/1.1\r\n${host}Origin: http://127.0.0.1:${port}\r\n${upgrade}\r\n\u0081\u0085`,
    `GET / HTTP/1.1\r\n${host}Range: bytes=0-99999999999\r\nIf-None-Match: "x"\r\n\r\n`,
  ].map((text) => Buffer.from(text, 'latin1'));
}

/** Sends bytes and an end, and waits until the server has ended too. @throws Error when it never does */
async function throwAt(port: number, bytes: Uint8Array): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const timer = setTimeout(() => socket.destroy(new Error('the server does not end')), WAIT_MS);
  let failed: Error | undefined;
  socket.on('error', (error) => {
    failed = error;
  });
  socket.resume();
  socket.end(bytes);
  await once(socket, 'close');
  clearTimeout(timer);
  // A reset is an answer; a refused connection is not.
  if (failed !== undefined && !('code' in failed && failed.code !== 'ECONNREFUSED')) throw failed;
}

async function welcomes(port: number): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('nobody is welcomed any more')), WAIT_MS).unref();
  });
  const { line } = await Promise.race([Line.open(port), late]);
  line.close();
}

function residentBytes(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [, kilobytes = ''] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
