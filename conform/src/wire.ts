import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { LineDecoder } from '@gochat/protocol/codec';
import { WebSocket } from 'ws';
import type { Target } from './target.ts';

/** How frames are carried. */
export type Over = 'lines' | 'WebSocket';

/** A transport: texts of frames in both directions. */
export interface Wire {
  /** Sends the text of one frame. */
  send(text: string): void;
  /** Sends bytes as they are; over WebSocket as a binary message. */
  write(bytes: Uint8Array): void;
  end(): void;
}

/** What a transport reports. */
export interface WireEvents {
  readonly text: (text: string) => void;
  /** @param code the close code of a WebSocket */
  readonly closed: (code?: number) => void;
  /** The bytes are no lines. */
  readonly failed: (error: Error) => void;
}

/** @throws Error if the server isn't reached */
export function open(target: Target, over: Over, events: WireEvents): Promise<Wire> {
  return over === 'lines' ? openLines(target, events) : openWebSocket(target, events);
}

function openLines({ host, port, tls }: Target, events: WireEvents): Promise<Wire> {
  const decoder = new LineDecoder();
  return new Promise((resolve, reject) => {
    const ready = () =>
      resolve({
        send: (text) => socket.write(`${text}\n`),
        write: (bytes) => socket.write(bytes),
        end: () => socket.destroy(),
      });
    const options = { host, port, servername: host, ALPNProtocols: ['gochat/1'] };
    const socket: Socket = tls ? connectTls(options, ready) : connect({ host, port, noDelay: true }, ready);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of decoder.push(chunk)) events.text(line);
      } catch (error) {
        events.failed(error as Error);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => events.closed());
  });
}

function openWebSocket({ host, port, tls }: Target, events: WireEvents): Promise<Wire> {
  const name = host.includes(':') ? `[${host}]` : host;
  const socket = new WebSocket(`${tls ? 'wss' : 'ws'}://${name}:${port}/ws`, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.on('open', () =>
      resolve({
        send: (text) => socket.send(text),
        write: (bytes) => socket.send(bytes),
        end: () => socket.terminate(),
      }),
    );
    socket.on('message', (data) => events.text(data.toString()));
    socket.on('error', reject);
    socket.on('close', (code) => events.closed(code));
  });
}
