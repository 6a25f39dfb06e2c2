import type { Duplex } from 'node:stream';
import type { EndOfTick } from './end-of-tick.ts';

const corked = new WeakSet<Duplex>();

/** Buffers what is written to a socket until the tick ends, so that it takes one system call. */
export function corkTick(socket: Duplex, endOfTick: EndOfTick): void {
  if (corked.has(socket)) return;
  corked.add(socket);
  socket.cork();
  endOfTick.atClose(() => {
    corked.delete(socket);
    socket.uncork();
  });
}

/** Resolves when the socket accepts more, or has closed. */
export function drained(socket: Duplex): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
