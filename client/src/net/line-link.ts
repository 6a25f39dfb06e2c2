import type { Socket } from 'node:net';
import { encodeFrame, LineDecoder, parseDown } from '@gochat/protocol/codec';
import type { Up } from '@gochat/protocol/up';
import { FAREWELL_MS, type Link, type LinkEnd, type LinkEvents, QUEUED_BYTES } from './link.ts';

/** Frames as lines over TCP or TLS. */
export class LineLink implements Link {
  readonly origin: string;
  readonly closed: Promise<LinkEnd>;
  readonly #socket: Socket;
  readonly #lines = new LineDecoder();
  #end: LinkEnd | undefined;

  /** @param socket connected. */
  constructor(socket: Socket, origin: string) {
    this.origin = origin;
    this.#socket = socket;
    socket.on('error', (cause) => {
      this.#end ??= { reason: 'lost', cause };
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve(this.#end ?? { reason: 'peer' }));
    });
  }

  start(events: LinkEvents): void {
    this.#socket.on('data', (chunk: Buffer) => {
      if (this.#end !== undefined) return;
      events.heard();
      this.#take(chunk, events);
    });
  }

  send(frame: Up): void {
    if (this.#end !== undefined || !this.#socket.writable) return;
    const line = `${encodeFrame(frame)}\n`;
    if (this.queuedBytes + line.length > QUEUED_BYTES) this.#finish({ reason: 'overrun' });
    else this.#socket.write(line);
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.#end = { reason: 'here' };
    this.#socket.resume();
    this.#socket.destroySoon();
    const farewell = setTimeout(() => this.#socket.destroy(), FAREWELL_MS);
    this.#socket.once('close', () => clearTimeout(farewell));
  }

  #take(chunk: Buffer, events: LinkEvents): void {
    const lines = this.#lines.push(chunk);
    for (;;) {
      let taken: { frame: ReturnType<typeof parseDown>; bytes: number } | undefined;
      try {
        const { done, value } = lines.next();
        if (done) return;
        taken = { frame: parseDown(value), bytes: value.length };
      } catch (cause) {
        this.#finish({ reason: 'malformed', cause });
        return;
      }
      events.frame(taken.frame, taken.bytes);
      if (this.#end !== undefined) return;
    }
  }

  #finish(end: LinkEnd): void {
    this.#end ??= end;
    this.#socket.destroy();
  }
}
