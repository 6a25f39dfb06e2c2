import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Down } from '@gochat/protocol/down';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AddressError, parseAddress } from '../../src/net/address.ts';
import { type DialOptions, dial } from '../../src/net/dial.ts';
import { DialError } from '../../src/net/dial-error.ts';
import { type Link, QUEUED_BYTES } from '../../src/net/link.ts';
import { certificate, fakeServer, received } from './fake-server.ts';

const trusted = await certificate(['localhost', '127.0.0.1']);
const LINES = { ...trusted, ALPNProtocols: ['gochat/1', 'http/1.1'] };
const WEB = { ...trusted, ALPNProtocols: ['http/1.1'] };
const pong = (id: string): Down => ({ type: 'pong', id: id as RequestId });
const ping = (id: string) => ({ type: 'ping', id: id as RequestId }) as const;

type Ways = Record<string, { scheme: string; server: Parameters<typeof fakeServer> }>;
const WAYS: Ways = {
  'tcp is lines': { scheme: 'tcp', server: ['lines'] },
  'http is lines': { scheme: 'http', server: ['lines'] },
  'ws is WebSocket': { scheme: 'ws', server: ['web'] },
  'tls is lines': { scheme: 'tls', server: ['lines', { tls: LINES }] },
  'tls without a choice of protocol is lines': { scheme: 'tls', server: ['lines', { tls: trusted }] },
  'tls where a proxy chooses HTTP is WebSocket': { scheme: 'tls', server: ['web', { tls: WEB }] },
  'https is lines where both can': { scheme: 'https', server: ['lines', { tls: LINES }] },
  'https where a proxy chooses HTTP is WebSocket': { scheme: 'https', server: ['web', { tls: WEB }] },
  'https without a choice of protocol is WebSocket': { scheme: 'https', server: ['web', { tls: trusted }] },
  'wss is WebSocket': { scheme: 'wss', server: ['web', { tls: LINES }] },
};

async function link(way: string, options: DialOptions = {}) {
  const { scheme, server } = WAYS[way]!;
  const fake = await fakeServer(...server);
  const dialled = dial(parseAddress(`${scheme}://localhost:${fake.port}`), { ca: trusted.cert, ...options });
  const made = await dialled;
  onTestFinished(() => made.close());
  return { link: made, wire: await fake.next(), port: fake.port };
}

/** Frames as they come, and the next one when it does. */
function collect(from: Link): { frames: Down[]; until(count: number): Promise<Down[]> } {
  const frames: Down[] = [];
  let check: () => void = () => undefined;
  from.start({
    heard: () => undefined,
    frame(frame) {
      frames.push(frame);
      check();
    },
  });
  const until = (count: number) =>
    new Promise<Down[]>((resolve) => {
      check = () => frames.length >= count && resolve(frames);
      check();
    });
  return { frames, until };
}

describe.each(Object.keys(WAYS))('%s', (way) => {
  test('frames go both ways, in order', async () => {
    const { link: here, wire, port } = await link(way);
    expect(here.origin).toBe(`localhost:${port}`);
    const got = collect(here);
    here.send(ping('a'));
    here.send(ping('b'));
    expect(await received(wire, 1)).toEqual(ping('b'));
    for (const id of ['a', 'b']) wire.send(JSON.stringify(pong(id)));
    expect(await got.until(2)).toEqual([pong('a'), pong('b')]);
  });

  test('frames that come before anybody takes them wait', async () => {
    const { link: here, wire } = await link(way);
    wire.send(JSON.stringify(pong('early')));
    here.send(ping('a'));
    await received(wire);
    expect(await collect(here).until(1)).toEqual([pong('early')]);
  });

  test('closing it here sends what was sent, and brings nothing more', async () => {
    const { link: here, wire } = await link(way);
    const got = collect(here);
    here.send(ping('last'));
    here.close();
    wire.send(JSON.stringify(pong('late')));
    expect(await here.closed).toEqual({ reason: 'here' });
    expect(await received(wire)).toEqual(ping('last'));
    expect(got.frames).toEqual([]);
    here.send(ping('after'));
    here.close();
  });

  test('it ends when the server ends it', async () => {
    const { link: here, wire } = await link(way);
    collect(here);
    wire.end();
    expect(await here.closed).toEqual({ reason: 'peer' });
  });

  test('it ends when the server is gone', async () => {
    const { link: here, wire } = await link(way);
    collect(here);
    wire.socket.destroy();
    expect(['lost', 'peer']).toContain((await here.closed).reason);
  });

  test.each(['{"type":"pong"}', '{"type":"hello"}', 'no JSON', '{"type":"later"}'])(
    '%s ends it',
    async (text) => {
      const { link: here, wire } = await link(way);
      const got = collect(here);
      wire.send(JSON.stringify(pong('good')));
      wire.send(text);
      wire.send(JSON.stringify(pong('behind')));
      expect(await here.closed).toMatchObject({ reason: 'malformed' });
      expect(got.frames).toEqual([pong('good')]);
    },
  );

  test('a frame larger than any ends it', async () => {
    const { link: here, wire } = await link(way);
    collect(here);
    wire.send(`{"type":"page","x":"${'x'.repeat(5 << 20)}"}`);
    expect(await here.closed).toMatchObject({ reason: 'malformed' });
  });

  test('a server that takes nothing is left', async () => {
    const { link: here, wire } = await link(way);
    collect(here);
    here.send(ping('a'));
    await received(wire);
    wire.socket.pause();
    const signal = { type: 'signal', room: 'r'.repeat(22) as RoomId, body: 'x'.repeat(2 << 20) } as const;
    let sent = 0;
    for (; sent < 100 && here.queuedBytes <= QUEUED_BYTES - signal.body.length - 100; sent += 1)
      here.send(signal);
    here.send(signal);
    here.send(signal);
    expect(sent).toBeLessThan(100);
    expect(await here.closed).toMatchObject({ reason: 'overrun' });
  });

  test('what comes while it is paused waits', async () => {
    const { link: here, wire } = await link(way);
    const got = collect(here);
    wire.send(JSON.stringify(pong('a')));
    await got.until(1);
    here.pause();
    wire.send(JSON.stringify(pong('b')));
    here.send(ping('x'));
    await received(wire);
    expect(got.frames).toHaveLength(1);
    here.resume();
    expect(await got.until(2)).toEqual([pong('a'), pong('b')]);
  });
});

test('a broken connection is distinguished from one that was closed', async () => {
  const { link: here, wire } = await link('tcp is lines');
  collect(here);
  wire.socket.resetAndDestroy();
  expect(await here.closed).toMatchObject({ reason: 'lost', cause: { code: 'ECONNRESET' } });
});

describe('an unencrypted address is not dialled', () => {
  test.each(['tcp://chat.example', 'ws://chat.example', 'http://10.0.0.1:4040'])('%s', async (text) => {
    const dialled = dial(parseAddress(text));
    await expect(dialled).rejects.toThrow(AddressError);
    await expect(dialled).rejects.toMatchObject({ data: { reason: 'address-unencrypted' } });
  });

  test('unless that is allowed', async () => {
    const never = dial(parseAddress('tcp://host.invalid'), { insecure: true });
    await expect(never).rejects.toThrow(DialError);
  });
});

describe('an unreachable server is reported with the reason', () => {
  const reach = async (scheme: string, port: number, options: DialOptions = {}, host = 'localhost') =>
    dial(parseAddress(`${scheme}://${host}:${port}`), options).then(
      () => 'reached',
      (error: Error) => `${error.name}: ${error.message}`,
    );

  /** A server that takes connections and does this with them. */
  async function raw(accept: (socket: import('node:net').Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      accept(socket);
    });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  test('nothing listens', async () => {
    const { server, port } = await fakeServer('lines');
    server.close();
    await once(server, 'close');
    expect(await reach('tcp', port)).toBe('DialError: refused ECONNREFUSED');
  });

  test('there is no such host', async () => {
    expect(await reach('tls', 4040, {}, 'host.invalid')).toMatch(/^DialError: (no-host|name-lookup)/);
  });

  test('the certificate is self-signed', async () => {
    const { port } = await fakeServer('lines', { tls: LINES });
    expect(await reach('tls', port)).toMatch('DialError: certificate-self-signed');
    expect(await reach('wss', port)).toMatch('DialError: certificate-self-signed');
    expect(await reach('tls', port, { ca: (await certificate()).cert })).toMatch('DialError: certificate-');
  });

  test('the certificate is another host’s', async () => {
    const other = await certificate(['chat.example']);
    const { port } = await fakeServer('lines', { tls: other });
    expect(await reach('tls', port, { ca: other.cert })).toMatch('certificate-other-host');
  });

  test('addresses of numbers are in certificates too', async () => {
    const { port } = await fakeServer('lines', { tls: LINES });
    const { host } = { host: '127.0.0.1' };
    const outcome = await reach('tls', port, { ca: trusted.cert }, host);
    // `localhost` may be IPv6 alone here.
    expect(outcome).toMatch(/^reached$|ECONNREFUSED/);
  });

  test('it speaks no TLS', async () => {
    const port = await raw((socket) => void socket.end('SSH-2.0-x\r\n'));
    expect(await reach('tls', port)).toMatch('DialError: ');
  });

  test('it is another web server', async () => {
    const port = await raw((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    });
    expect(await reach('ws', port)).toBe('DialError: http 404');
  });

  test('it hangs up', async () => {
    const port = await raw((socket) => void socket.once('data', () => socket.destroy()));
    expect(await reach('ws', port)).toMatch('DialError: ');
    expect(await reach('tls', port)).toMatch('DialError: ');
  });

  test('it says nothing', async () => {
    const port = await raw(() => undefined);
    for (const scheme of ['tls', 'ws', 'wss']) {
      expect(await reach(scheme, port, { withinMs: 50 })).toBe('DialError: timeout 50');
    }
  });

  test('it is given up', async () => {
    const port = await raw(() => undefined);
    const stop = new AbortController();
    const reached = reach('ws', port, { signal: stop.signal });
    stop.abort();
    expect(await reached).toBe('DialError: given-up');
    expect(await reach('ws', port, { signal: stop.signal })).toBe('DialError: given-up');
  });
});
