import type { Socket } from 'node:net';
import { encodeFrame, parseDown } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import { LIMITS } from '@gochat/protocol/limits';
import type { Up } from '@gochat/protocol/up';
import { WebSocket } from 'ws';
import type { Address } from './address.ts';
import { FAREWELL_MS, type Link, type LinkEnd, type LinkEvents, QUEUED_BYTES } from './link.ts';
import { UpgradeRefused } from './upgrade-refused.ts';

/** Frames as text messages over WebSocket. */
export class WebLink implements Link {
  readonly origin: string;
  readonly closed: Promise<LinkEnd>;
  readonly #ws: WebSocket;
  #end: LinkEnd | undefined;

  private constructor(ws: WebSocket, origin: string) {
    this.origin = origin;
    this.#ws = ws;
    ws.on('error', (cause) => {
      this.#end ??= { reason: isWebSocketFault(cause) ? 'malformed' : 'lost', cause };
    });
    this.closed = new Promise((resolve) => {
      // 1006: the connection broke without a closing frame.
      ws.once('close', (code) => resolve(this.#end ?? { reason: code === 1006 ? 'lost' : 'peer' }));
    });
  }

  /**
   * @param socket connected, and encrypted where the address says so.
   * @throws UpgradeRefused, or the socket's error.
   */
  static open(socket: Socket, { origin, secure }: Address): Promise<WebLink> {
    const ws = new WebSocket(`${secure ? 'wss' : 'ws'}://${origin}/ws`, {
      createConnection: () => socket,
      perMessageDeflate: false,
      maxPayload: Math.max(...Object.values(LIMITS.frameBytes)),
    });
    return new Promise((resolve, reject) => {
      // This listener stays: a late error would end the process.
      ws.on('error', reject);
      ws.once('unexpected-response', (_request, response) => {
        reject(new UpgradeRefused(response.statusCode));
        socket.destroy();
      });
      ws.once('open', () => {
        // Frames wait in the socket until `start`.
        ws.pause();
        resolve(new WebLink(ws, origin));
      });
    });
  }

  start(events: LinkEvents): void {
    const heard = () => events.heard();
    this.#ws.on('ping', heard);
    this.#ws.on('pong', heard);
    this.#ws.on('message', (data, isBinary) => {
      if (this.#end !== undefined) return;
      events.heard();
      const text = data.toString();
      let frame: Down;
      try {
        if (isBinary) throw new Error('a binary message');
        frame = parseDown(text);
      } catch (cause) {
        this.#end = { reason: 'malformed', cause };
        this.#ws.terminate();
        return;
      }
      events.frame(frame, text.length);
    });
    this.#ws.resume();
  }

  send(frame: Up): void {
    if (this.#end !== undefined || this.#ws.readyState !== WebSocket.OPEN) return;
    const text = encodeFrame(frame);
    if (this.queuedBytes + text.length <= QUEUED_BYTES) this.#ws.send(text);
    else {
      this.#end = { reason: 'overrun' };
      this.#ws.terminate();
    }
  }

  get queuedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.#end = { reason: 'here' };
    this.#ws.resume();
    this.#ws.close(1000);
    const farewell = setTimeout(() => this.#ws.terminate(), FAREWELL_MS);
    this.#ws.once('close', () => clearTimeout(farewell));
  }
}

/** Errors with the library's own codes are about the peer's bytes; a socket's errors have the system's codes. */
function isWebSocketFault(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('WS_ERR_');
}
