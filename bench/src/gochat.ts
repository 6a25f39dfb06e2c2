import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Line } from '@gochat/e2e/line';
import { freePort } from '@gochat/e2e/ports';
import { RawMember, text } from '@gochat/e2e/raw-member';
import type { RoomId } from '@gochat/protocol/fields';
import { generate } from 'selfsigned';
import { Child, GENERATOR_CORE } from './child.ts';
import type { EnteringConnection, Running, System } from './system.ts';

const GOCHAT = fileURLToPath(new URL('../../terminal/bin/gochat.js', import.meta.url));
const CERT = 'cert.pem';
const KEY = 'key.pem';
const TLS_LOAD = [
  ...['taskset', '-c', String(GENERATOR_CORE), process.execPath, '--import', 'tsx'],
  fileURLToPath(new URL('./tls-load.ts', import.meta.url)),
];
const POSTS_PER_CONNECTION = 2_500;

/** The name that the generator gives to a sender's rooms. */
export function roomName(number: number): RoomId {
  return `room${String(number).padStart(17, '0')}A` as RoomId;
}

export interface GochatOptions {
  /** Over WebSocket. */
  readonly web?: boolean;
  /** Over TLS. */
  readonly tls?: boolean;
  /** The number of rooms, one for each sender; absent: one room for all. */
  readonly roomsPerSender?: number;
  readonly senders?: number;
  /** The number of messages in the room that each connection reads when it enters. */
  readonly backlog?: number;
  /** Flags of Node.js, to profile the server. */
  readonly node?: readonly string[];
}

/** `gochat serve` on its disk store as it is shipped; every connection proves that it may enter. */
export function gochat(options: GochatOptions = {}): System {
  const protocol = options.web === true ? 'gochat-ws' : 'gochat';
  const name = options.tls === true ? `${protocol}-tls` : protocol;
  return { name, protocol, start: (home) => startGochat(home, options) };
}

async function serveGochat(home: string, port: number, options: GochatOptions): Promise<Child> {
  const tls = options.tls === true ? ['--tls-cert', join(home, CERT), '--tls-key', join(home, KEY)] : [];
  const serve = ['serve', '--port', String(port), '--data', join(home, 'data'), ...tls];
  const child = new Child([process.execPath, ...(options.node ?? []), GOCHAT, ...serve], {
    cwd: home,
    env: { HOME: home, NODE_OPTIONS: '' },
  });
  await child.opens(port);
  return child;
}

async function startGochat(home: string, options: GochatOptions): Promise<Running> {
  const port = await freePort();
  if (options.tls === true) await writeCertificate(home);
  let child = await serveGochat(home, port, options);
  const member = new RawMember(port);
  const shared = text(16) as RoomId;
  const perSender = options.roomsPerSender ?? 0;
  const rooms =
    perSender === 0
      ? [shared]
      : Array.from({ length: perSender * (options.senders ?? 1) }, (_, i) => roomName(i));
  const { line } = await Line.open(port);
  await line.sayAll(rooms.map((room) => member.create(room)));
  line.close();
  await fill(port, member, shared, options.backlog ?? 0);
  if (options.backlog !== undefined) {
    // As after a restart: nothing of it is in memory.
    await child.stop();
    child = await serveGochat(home, port, options);
  }
  const since = options.backlog === undefined ? '1' : '0';
  const roomsOf = ({ sender }: EnteringConnection) =>
    perSender === 0 || sender === undefined
      ? [shared]
      : rooms.slice(sender * perSender, (sender + 1) * perSender);
  return {
    pids: child.pids,
    port,
    ...(options.tls === true && { generator: TLS_LOAD }),
    settings: { room: shared, base: '1', ...(options.tls === true && { ca: join(home, CERT) }) },
    enter: (connection) => roomsOf(connection).map((room) => member.enter(room, connection.nonce, since)),
    stop: () => child.stop(),
  };
}

/** A self-signed certificate for the loopback address. */
async function writeCertificate(home: string): Promise<void> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  await writeFile(join(home, CERT), cert);
  await writeFile(join(home, KEY), key);
}

/** By as many connections as the limit on posts of each asks for. */
async function fill(port: number, member: RawMember, room: RoomId, messages: number): Promise<void> {
  for (let posted = 0; posted < messages; posted += POSTS_PER_CONNECTION) {
    const { line, nonce } = await Line.open(port);
    line.say(member.enter(room, nonce, '1'));
    await line.next('entered');
    const posts = Array.from({ length: Math.min(POSTS_PER_CONNECTION, messages - posted) }, () =>
      JSON.stringify({ type: 'post', id: text(16), room, base: '1', body: text(300) }),
    );
    await line.sayAll(posts);
    line.close();
  }
}
