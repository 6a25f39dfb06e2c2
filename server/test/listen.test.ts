import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeFrame } from '@gochat/protocol/codec';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { generate } from 'selfsigned';
import { describe, expect, test } from 'vitest';
import { newId, opened } from './keys.ts';
import { follow, found, post, postFrame } from './member.ts';
import { startNode } from './node.ts';
import { type Over, Peer } from './peer.ts';

async function certificate() {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
  return { cert, key };
}

/** Everything that the server sends in reply to these bytes, until it closes the connection. */
function exchange(to: number | Socket, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : to;
    socket.write(bytes);
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });
}

describe('the first byte', () => {
  test.each<Over>(['line', 'web', 'tls', 'wss'])('%s works on the same port', async (over) => {
    const node = await startNode({ certificate: await certificate() });
    const peer = await node.peer(over);
    const { room, access } = await found(peer);
    await follow(peer, room, access);
    await post(peer, room, access.at, `over ${over}`);
    const entry = await peer.next((frame) => frame.type === 'entry' && frame.kind === 'message');
    expect('body' in entry && opened(entry.body)).toBe(`over ${over}`);
  });

  test('with TLS, pages are redirected to HTTPS and only health checks are served without TLS', async () => {
    const node = await startNode({ certificate: await certificate() });
    const asked = (path: string, host = `localhost:${node.port}`) =>
      exchange(node.port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const moved = await asked('/');
    expect(moved).toMatch(/^HTTP\/1\.1 308 /);
    expect(moved).toContain(`Location: https://localhost:${node.port}/\r\n`);
    expect(moved.split('\r\n\r\n')[1]).toBe('');
    expect(await asked('/', 'evil.example')).toMatch(/^HTTP\/1\.1 421 /);
    expect(await asked('/healthz')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('over TLS, answers to a host name of the server tell browsers to use HTTPS only', async () => {
    const names = [{ host: 'chat.example' }, { host: 'localhost' }, { host: '127.0.0.1' }];
    const node = await startNode({ certificate: await certificate(), names });
    const strict = (answer: string) =>
      /^Strict-Transport-Security: ([^\r]*)\r?$/m.exec(answer.split('\r\n\r\n')[0] ?? '')?.[1];
    const asked = async (host: string, path = '/', more = '') =>
      exchange(
        connectTls({
          port: node.port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          ALPNProtocols: ['http/1.1'],
        }),
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`,
      );
    for (const path of ['/', '/none', '/healthz', '/ws']) {
      expect(strict(await asked('chat.example', path))).toBe('max-age=31536000');
      expect(strict(await asked(`CHAT.example:${node.port}`, path))).toBe('max-age=31536000');
    }
    const upgrade = 'Connection: upgrade\r\nUpgrade: websocket\r\n';
    expect(strict(await asked('chat.example', '/none', upgrade))).toBe('max-age=31536000');
    // A name that others use, and names that every server of the machine has.
    for (const host of ['evil.example', 'localhost', `localhost:${node.port}`, '127.0.0.1'])
      expect(strict(await asked(host))).toBeUndefined();
    const plain = await exchange(
      node.port,
      'GET / HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n',
    );
    expect(plain).toMatch(/^HTTP\/1\.1 308 /);
    expect(strict(plain)).toBeUndefined();
  });

  test('behind a proxy, which terminates TLS, the proxy adds that header', async () => {
    const node = await startNode({ names: [{ host: 'chat.example' }], forwarded: { proxies: 1 } });
    const answer = await exchange(
      node.port,
      'GET / HTTP/1.1\r\nHost: chat.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toContain('Strict-Transport-Security');
  });

  test('garbage gets an HTTP error and is disconnected', async () => {
    const node = await startNode();
    expect(await exchange(node.port, 'garbage\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange(node.port, Uint8Array.of(0, 1, 2, 3))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('TLS without a certificate is disconnected', async () => {
    const node = await startNode();
    expect(await exchange(node.port, Uint8Array.of(0x16, 3, 1, 0, 1))).toBe('');
  });

  test('TLS inside TLS, and HTTP after gochat/1 was negotiated, are disconnected', async () => {
    const node = await startNode({ certificate: await certificate() });
    for (const [bytes, protocols] of [
      [Uint8Array.of(0x16, 3, 1, 0, 1), ['http/1.1']],
      ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', ['gochat/1']],
    ] as const) {
      const got = await new Promise<string>((resolve) => {
        let text = '';
        const options = {
          port: node.port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          ALPNProtocols: [...protocols],
        };
        const socket = connectTls(options, () => socket.write(bytes));
        socket.on('data', (chunk) => {
          text += chunk.toString();
        });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve(text));
      });
      expect(got).toBe('');
    }
  });

  test('a connection that sends nothing is closed, with and without TLS', async () => {
    const node = await startNode({ certificate: await certificate(), limits: { helloMs: 60 } });
    expect(await exchange(node.port, '')).toBe('');
    const socket = connectTls({ port: node.port, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve) => socket.on('close', resolve));
    const handshakeOnly = await exchange(node.port, Uint8Array.of(0x16));
    expect(handshakeOnly).toBe('');
  });

  test('an HTTP request that never completes is closed', async () => {
    const node = await startNode({ limits: { httpMs: 60 } });
    expect(await exchange(node.port, 'GET / HTTP/1.1\r\nHost: localhost\r\nX-More: ')).toBe('');
  });
});

describe('frames on a stream', () => {
  test('may be split anywhere and arrive many at once', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const { room, access } = await found(peer);
    await follow(peer, room, access);
    const posts = ['one', 'zwei', 'drei'].map((text) => postFrame(room, access.at, text));
    const text = posts.map((frame) => `${encodeFrame(frame)}\n`).join('\r\n');
    for (const character of text.slice(0, 200)) {
      peer.rawBytes(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.rawBytes(text.slice(200));
    await Promise.all(posts.map(({ id }) => peer.next((frame) => frame.type === 'ack' && frame.id === id)));
    await peer.next(
      (frame) => frame.type === 'entry' && frame.kind === 'message' && opened(frame.body) === 'drei',
    );
    const messages = peer.of('entry').filter((entry) => entry.kind === 'message');
    expect(messages.map((entry) => opened(entry.body))).toEqual(['one', 'zwei', 'drei']);
  });

  test('are the same over both transports', async () => {
    const node = await startNode();
    const [line, web] = [await node.peer('line'), await node.peer('web')];
    const { room, access } = await found(line);
    for (const peer of [line, web]) await follow(peer, room, access);
    for (const text of ['a', 'b', 'c'.repeat(300), 'd'.repeat(70_000)])
      await post(line, room, access.at, text);
    await line.barrier();
    await web.next((frame) => frame.type === 'entry' && frame.body.length > 90_000);
    expect(web.of('entry')).toEqual(line.of('entry'));
    expect(web.of('live')).toEqual(line.of('live'));
  });
});

test('hello must arrive in time', async () => {
  const node = await startNode({ limits: { helloMs: 80 } });
  for (const over of ['line', 'web'] as const) {
    const peer = await Peer.dial(node.port, over);
    if (over === 'line') peer.rawBytes('{');
    await peer.closed;
    expect(peer.of('error')).toMatchObject([{ code: 'hello-first' }]);
  }
});

test('a silent connection is closed, one that pings is not', async () => {
  let shiftMs = 0;
  const node = await startNode({
    limits: { silenceMs: 60_000 },
    now: () => performance.now() + shiftMs,
  });
  const [mute, alive] = [await node.peer('web'), await node.peer('line')];
  let ended = false;
  void mute.closed.then(() => {
    ended = true;
  });
  while (!ended) {
    shiftMs += 20_000;
    await alive.barrier();
  }
  await alive.barrier();
  const hello = { type: 'hello', id: newId(), version: PROTOCOL_VERSION, origin: alive.origin } as const;
  expect(await alive.ask(hello)).toMatchObject({ code: 'hello-first' });
});
