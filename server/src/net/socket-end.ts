import type { Duplex } from 'node:stream';
import type { EndOfTick } from './end-of-tick.ts';

const corked = new WeakSet<Duplex>();

/** Holds what is written to a socket back until the turn ends, so that it leaves in one system call. */
export function corkTurn(socket: Duplex, turn: EndOfTick): void {
  if (corked.has(socket)) return;
  corked.add(socket);
  socket.cork();
  turn.atClose(() => {
    corked.delete(socket);
    socket.uncork();
  });
}

/** Resolves when the socket takes more, or has ended. */
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
