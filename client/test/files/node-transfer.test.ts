import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NodeTransfer } from '../../src/files/node-transfer.ts';

/** Asks a server that answers a request's first bytes in its own way. */
async function asks(answer: (socket: Socket) => void): Promise<unknown> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transfer = new NodeTransfer({});
  onTestFinished(() => {
    transfer.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const request = { method: 'GET', path: '/files/x/0', authorization: 'x' } as const;
  return transfer.ask(`tcp://127.0.0.1:${port}`, undefined, request);
}

test('a server that switches protocols is said to answer wrongly', async () => {
  const answer = (socket: Socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n');
  await expect(asks(answer)).rejects.toMatchObject({ failure: { kind: 'malformed' } });
});

test.each([
  ['bytes that never end an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx'],
  ['an answer that is always to come', 'HTTP/1.1 102 Processing\r\n\r\n'],
])('a request fails after two minutes of %s', async (_what, sent) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const asked = asks((socket) => socket.write(sent, () => vi.advanceTimersByTime(2 * 60_000)));
  await expect(asked).rejects.toMatchObject({ failure: { kind: 'timeout', ms: 120_000 } });
});
