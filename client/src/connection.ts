// Placeholder of the transport's author to be replaced: enough to run the chat logic.
import { createConnection } from 'node:net';
import { encodeFrame, LineDecoder, parseDown } from '@gochat/protocol/codec';
import type { Down, DownOf } from '@gochat/protocol/down';
import { adviceOf, type ErrorCode } from '@gochat/protocol/errors';
import type { Position } from '@gochat/protocol/fields';
import type { Dialled } from '@gochat/protocol/signed';
import type { Up } from '@gochat/protocol/up';
import { parseAddress } from './transport/address.ts';

export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  readonly retryAfterMs: number;
  readonly handshake: Position | undefined;
  constructor(frame: DownOf<'error'>) {
    super(frame.message);
    this.code = frame.code;
    const advice = adviceOf(frame.code);
    this.retryAfterMs = advice.retry === 'same' ? (frame.retryAfterMs ?? advice.retryAfterMs) : 0;
    this.handshake = frame.handshake;
  }
}
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
}
interface Replies {
  hello: 'welcome';
  create: 'ack';
  enter: 'entered';
  post: 'ack';
  handshake: 'ack';
  invitation: 'groupinfo';
  join: 'ack';
  refresh: 'ack';
  fetch: 'groupinfo';
  read: 'page';
  exit: 'exited';
  ping: 'pong';
}
export type Request = Exclude<Up, { type: 'signal' }>;
export type Reply<R extends Request> = DownOf<Replies[R['type']]>;
export interface Connection {
  readonly dialled: Dialled;
  readonly closed: Promise<Error>;
  request<R extends Request>(frame: R): Promise<Reply<R>>;
  send(frame: Up): void;
  onFrame(listener: (frame: Down) => void): () => void;
  close(): void;
}
export async function connect(
  address: string,
  _options: { ca?: string | undefined; insecure?: boolean | undefined },
): Promise<Connection> {
  const { host, port, origin } = parseAddress(address);
  const socket = createConnection({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const waiting = new Map<string, { resolve: (f: Down) => void; reject: (e: Error) => void }>();
  const listeners = new Set<(frame: Down) => void>();
  const early: Down[] = [];
  let end: (e: Error) => void = () => undefined;
  const closed = new Promise<Error>((resolve) => {
    end = resolve;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const w of waiting.values()) w.reject(new Disconnected('lost'));
    waiting.clear();
    end(new Disconnected('closed'));
  });
  const decoder = new LineDecoder(() => 8 * 1024 * 1024);
  socket.on('data', (chunk) => {
    for (const line of decoder.push(chunk)) {
      const frame = parseDown(line);
      const id = 'id' in frame ? frame.id : undefined;
      const w = id === undefined ? undefined : waiting.get(id);
      if (w !== undefined && id !== undefined) {
        waiting.delete(id);
        if (frame.type === 'error') w.reject(new RequestError(frame));
        else w.resolve(frame);
      } else if (listeners.size === 0) early.push(frame);
      else for (const l of listeners) l(frame);
    }
  });
  const request = (frame: Request) =>
    new Promise<Down>((resolve, reject) => {
      if (socket.destroyed) return reject(new Disconnected('closed'));
      waiting.set(frame.id, { resolve, reject });
      socket.write(`${encodeFrame(frame)}\n`);
    });
  const welcome = (await request({
    type: 'hello',
    id: 'h' as never,
    version: 1,
    origin,
  })) as DownOf<'welcome'>;
  const timer = setInterval(
    () => void request({ type: 'ping', id: 'p' as never }).catch(() => undefined),
    welcome.silenceMs / 3,
  );
  timer.unref();
  return {
    dialled: { origin, nonce: welcome.nonce },
    closed,
    request: request as Connection['request'],
    send: (frame) => void socket.write(`${encodeFrame(frame)}\n`),
    onFrame: (l) => {
      listeners.add(l);
      for (const f of early.splice(0)) l(f);
      return () => void listeners.delete(l);
    },
    close: () => {
      clearInterval(timer);
      socket.destroy();
    },
  };
}
