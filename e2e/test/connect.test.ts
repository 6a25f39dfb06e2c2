import { connect } from '@gochat/client/internal/net/connect';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import { openMemory } from '@gochat/server/internal/log/memory/open';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { WAIT_MS } from '../src/waits.ts';

const made = await generate([{ name: 'commonName', value: 'localhost' }], {
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
});
const certificate = { cert: made.cert, key: made.private };

async function node(certified: boolean) {
  const server = await serve({
    engine: openMemory(),
    host: '127.0.0.1',
    port: 0,
    names: [{ host: 'localhost' }],
    logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
      .logger,
    ...(certified && { certificate }),
  });
  onTestFinished(() => server.close());
  return server;
}

const WAYS = ['tcp', 'http', 'ws', 'tls', 'https', 'wss'];
const isSecure = (scheme: string) => ['tls', 'https', 'wss'].includes(scheme);

test.each(WAYS)(
  'a client is welcomed over %s, asked, refused, and notified when the server stops',
  async (scheme) => {
    const server = await node(isSecure(scheme));
    const connection = await connect(`${scheme}://localhost:${server.port}`, {
      ca: certificate.cert,
      withinMs: WAIT_MS,
    });
    onTestFinished(() => connection.close());
    expect(connection.dialled.origin).toBe(`localhost:${server.port}`);
    const id = 'a' as RequestId;
    expect(await connection.request({ type: 'ping', id })).toEqual({ type: 'pong', id });
    const room = 'A'.repeat(22) as RoomId;
    await expect(connection.request({ type: 'fetch', id, room })).rejects.toMatchObject({
      name: 'RequestError',
      code: 'not-entered',
    });
    await server.close();
    expect(await connection.closed).toMatchObject({ name: 'Disconnected', code: 'restarting' });
  },
);

test.each(['tcp', 'ws'])(
  'a server reached under a name that is not its own refuses, over %s',
  async (scheme) => {
    const server = await node(false);
    await expect(connect(`${scheme}://127.0.0.1:${server.port}`)).rejects.toThrow(
      scheme === 'tcp' ? 'unknown host name' : 'http 421',
    );
  },
);

test('a client that closes is disconnected from the server', async () => {
  const server = await node(true);
  const connections = await Promise.all(
    ['tcp', 'ws', 'tls', 'wss'].map((scheme) =>
      connect(`${scheme}://localhost:${server.port}`, { ca: certificate.cert, withinMs: WAIT_MS }),
    ),
  );
  expect(server.connections()).toBe(4);
  for (const connection of connections) connection.close();
  await Promise.all(connections.map(({ closed }) => closed));
  const last = await connect(`tcp://localhost:${server.port}`, { withinMs: WAIT_MS });
  while (server.connections() > 1) await last.request({ type: 'ping', id: 'again' as RequestId });
  last.close();
});
