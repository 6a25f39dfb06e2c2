import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from '@gochat/client/internal/net/connect';
import { parseProxy } from '@gochat/client/internal/net/proxy-address';
import type { FileStore } from '@gochat/server/internal/files/file-store';
import { FolderFiles } from '@gochat/server/internal/files/folder';
import { openMemory } from '@gochat/server/internal/log/memory/open';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import { generate } from 'selfsigned';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileOf, Someone, temporary } from '../src/people/people.ts';
import { SocksProxy } from '../src/people/socks-proxy.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { WAIT_MS } from '../src/waits.ts';

const ONION = `${'a'.repeat(56)}.onion`;
const made = await generate([{ name: 'commonName', value: 'chat.example' }], {
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'chat.example' }] }],
});
const certificate = { cert: made.cert, key: made.private };

/** A server, and a port that forwards to it and notes the port of each client. */
async function watched(tls = false, files?: FileStore) {
  const server = await serve({
    ...(files && { files }),
    engine: openMemory(),
    host: '127.0.0.1',
    port: 0,
    names: [{ host: ONION }, { host: 'chat.example' }, { host: 'other.example' }, { host: '127.0.0.1' }],
    logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
      .logger,
    ...(tls && { certificate }),
  });
  const from: number[] = [];
  const front = createServer((socket) => {
    from.push(socket.remotePort ?? 0);
    const upstream = connectTcp(server.port, '127.0.0.1');
    for (const one of [socket, upstream]) one.on('error', () => one.destroy());
    socket.pipe(upstream).pipe(socket);
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  onTestFinished(async () => {
    front.close();
    await server.close();
  });
  const { port } = front.address() as AddressInfo;
  return { port, from };
}

async function proxyTo(port: number, at = 0) {
  const proxy = await SocksProxy.open((host) => (host === 'nowhere.example' ? undefined : port), at);
  onTestFinished(() => proxy.close().catch(() => undefined));
  return proxy;
}

async function folder() {
  const { path, remove } = await temporary();
  onTestFinished(remove);
  return (name: string) => join(path, name);
}

async function person(name: string, dir: string, options: Parameters<typeof Someone.open>[2]) {
  const someone = await Someone.open(name, dir, options);
  onTestFinished(() => someone.close());
  return someone;
}

/** How many connections came to the server not through the proxy. */
const direct = (from: readonly number[], proxy: SocksProxy) =>
  from.filter((port) => !proxy.ports.has(port)).length;

describe('a connection through a proxy', () => {
  test.each(['tcp', 'ws'])(
    'reaches an onion service over %s without TLS, by a name that the proxy resolves',
    async (scheme) => {
      const { port, from } = await watched();
      const proxy = await proxyTo(port);
      const options = { proxy: parseProxy(proxy.url), withinMs: WAIT_MS };
      const connection = await connect(`${scheme}://${ONION}`, options);
      onTestFinished(() => connection.close());
      expect(connection.dialled.origin).toBe(`${ONION}:${scheme === 'ws' ? 80 : 4040}`);
      expect(proxy.asked).toMatchObject([{ host: ONION, kind: 'name', user: undefined }]);
      expect([from.length, direct(from, proxy)]).toEqual([1, 0]);
    },
  );

  test.each(['tls', 'https', 'wss'])(
    'has TLS inside over %s, and the certificate is checked',
    async (scheme) => {
      const { port, from } = await watched(true);
      const proxy = await proxyTo(port);
      const options = { proxy: parseProxy(proxy.url), ca: certificate.cert, withinMs: WAIT_MS };
      const connection = await connect(`${scheme}://chat.example`, options);
      connection.close();
      await expect(connect(`${scheme}://other.example`, options)).rejects.toMatchObject({
        failure: { kind: 'certificate-other-host' },
      });
      // The proxy's own address must not take the place of the server's.
      await expect(connect(`${scheme}://127.0.0.1`, options)).rejects.toMatchObject({
        failure: { kind: 'certificate-other-host' },
      });
      await expect(connect(`${scheme}://chat.example`, { proxy: options.proxy })).rejects.toMatchObject({
        failure: { kind: 'certificate-self-signed' },
      });
      expect(proxy.asked.map(({ host, kind }) => `${kind} ${host}`)).toEqual([
        'name chat.example',
        'name other.example',
        'address 127.0.0.1',
        'name chat.example',
      ]);
      expect(direct(from, proxy)).toBe(0);
    },
  );

  test('is not made without TLS, except to an onion service through a proxy of this machine', async () => {
    const { port, from } = await watched();
    const proxy = await proxyTo(port);
    const refused = { data: { reason: 'address-unencrypted' } };
    for (const server of ['tcp://chat.example', `tcp://127.0.0.1:${port}`, `http://localhost:${port}`])
      await expect(connect(server, { proxy: parseProxy(proxy.url) })).rejects.toMatchObject(refused);
    const far = parseProxy('socks5://proxy.example:9050');
    await expect(connect(`http://${ONION}`, { proxy: far })).rejects.toMatchObject(refused);
    await expect(connect(`https://${ONION}`)).rejects.toMatchObject({ data: { reason: 'address-onion' } });
    await expect(connect(`http://${ONION}`, { insecure: true })).rejects.toMatchObject({
      data: { reason: 'address-onion' },
    });
    expect([proxy.asked.length, from.length]).toEqual([0, 0]);
    const allowed = await connect(`tcp://127.0.0.1:${port}`, {
      proxy: parseProxy(proxy.url),
      insecure: true,
    });
    allowed.close();
    expect(direct(from, proxy)).toBe(0);
  });

  test('fails when the proxy is not there, or can not reach the server', async () => {
    const { port, from } = await watched();
    const proxy = await proxyTo(port);
    const options = { proxy: parseProxy(proxy.url), insecure: true };
    await expect(connect('tcp://nowhere.example', options)).rejects.toMatchObject({
      failure: {
        kind: 'system',
        detail: expect.stringMatching(/^proxy socks5:\/\/127\.0\.0\.1:\d+: .*HostUnreachable/),
      },
    });
    await proxy.close();
    await expect(connect(`tcp://127.0.0.1:${port}`, options)).rejects.toMatchObject({
      failure: {
        kind: 'system',
        detail: expect.stringMatching(/^proxy socks5:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/),
      },
    });
    expect(from).toEqual([]);
  });
});

test('a profile keeps its proxy: nothing ever connects directly, whichever process owns it', async () => {
  const { port, from } = await watched();
  const proxy = await proxyTo(port);
  const at = await folder();
  const server = `tcp://127.0.0.1:${port}`;
  const first = await Someone.open('ana', at('ana'), { proxy: proxy.url, insecure: true });
  const { room, link } = await first.hosts(server);
  // A second process becomes the owner when the first ends.
  const second = await person('ana', at('ana'), { insecure: true });
  await first.close();
  const ben = await person('ben', at('ben'), { proxy: proxy.url, insecure: true });
  await ben.joins(link);
  await second.says(room, 'by the second');
  await second.syncs(room);
  await ben.hears(room, 'by the second');
  expect(proxy.asked.length).toBeGreaterThanOrEqual(3);
  expect([from.length, direct(from, proxy)]).toEqual([proxy.asked.length, 0]);
  // The owner keeps its proxy.
  const otherwise = { code: 'usage', data: { reason: 'owner-route' } };
  for (const options of [{ proxy: 'none' }, { proxy: 'socks5://127.0.0.1:1' }, { unlinked: true }])
    await expect(Someone.open('ana', at('ana'), options)).rejects.toMatchObject(otherwise);
  await (await Someone.open('ana', at('ana'), { proxy: proxy.url })).close();
});

test('without its proxy, a profile sends nothing until the proxy is back', async () => {
  const { port, from } = await watched();
  const proxy = await proxyTo(port);
  const at = await folder();
  const first = await Someone.open('ana', at('ana'), { proxy: proxy.url, insecure: true });
  const { room } = await first.hosts(`tcp://127.0.0.1:${port}`);
  await first.close();
  const before = from.length;
  const proxyPort = proxy.port;
  await proxy.close();
  const again = await person('ana', at('ana'), { insecure: true });
  const id = await again.says(room, 'later');
  const { waiting, problem } = await again.profile.call('sent', { room, ids: [id], waitMs: 1500 });
  expect([waiting, problem?.code]).toEqual([1, 'offline']);
  expect(from).toHaveLength(before);
  const back = await proxyTo(port, proxyPort);
  await again.delivered(room, [id]);
  expect(direct(from.slice(before), back)).toBe(0);
});

test('a proxy that is given up is given up for later commands, too', async () => {
  const { port, from } = await watched();
  const proxy = await proxyTo(port);
  const at = await folder();
  const first = await Someone.open('ana', at('ana'), { proxy: proxy.url, insecure: true });
  const { room } = await first.hosts(`tcp://127.0.0.1:${port}`);
  await first.close();
  const asked = proxy.asked.length;
  await (await Someone.open('ana', at('ana'), { proxy: 'none' })).close();
  const again = await person('ana', at('ana'), {});
  await again.syncs(room);
  expect(proxy.asked).toHaveLength(asked);
  expect(direct(from, proxy)).toBeGreaterThan(0);
});

test('unlinked rooms have a connection and a user name each, and connect when they are used', async () => {
  const { port, from } = await watched();
  const proxy = await proxyTo(port);
  const at = await folder();
  const options = { proxy: proxy.url, insecure: true, unlinked: true };
  const ana = await person('ana', at('ana'), options);
  const server = `tcp://127.0.0.1:${port}`;
  const rooms: string[] = [];
  for (const name of ['kitchen', 'attic', 'cellar']) rooms.push((await ana.hosts(server, name)).room);
  const users = proxy.asked.map(({ user }) => user ?? '');
  expect(new Set(users).size).toBe(3);
  for (const user of users) {
    expect(user).toMatch(/^[\w-]{22}$/);
    // The proxy learns no room.
    expect(rooms).not.toContain(user);
  }
  await ana.close();
  // Without the flag: the profile keeps it.
  const again = await person('ana', at('ana'), { insecure: true });
  const [kitchen = '', attic = '', cellar = ''] = rooms;
  for (const room of rooms) await again.profile.call('follow', { room });
  await again.syncs(attic);
  const later = proxy.asked.slice(users.length).map(({ user }) => user);
  // One is used, and the others wait up to two minutes. Few of them are so early.
  expect(later.length).toBeGreaterThanOrEqual(1);
  expect(new Set(later).size).toBe(later.length);
  for (const user of later) expect(users).not.toContain(user);
  const id = await again.says(kitchen, 'hello');
  await again.delivered(kitchen, [id]);
  await again.syncs(cellar);
  const all = proxy.asked.slice(users.length).map(({ user }) => user);
  expect([all.length, new Set(all).size]).toEqual([3, 3]);
  expect(direct(from, proxy)).toBe(0);
});

test('a refusal names the proxy that the profile has kept, and how to end its use', async () => {
  const at = await folder();
  const env = { HOME: at('home'), GOCHAT_PROFILE: at('ana') };
  const create = (...more: string[]) => runGochat(['new', 'kitchen', '--as', 'ana', ...more], env);
  const secure = ['--server', 'https://127.0.0.1:1', '--wait', '200ms'];
  expect((await create(...secure, '--proxy', 'socks5://127.0.0.1:9')).code).toBe(3);
  expect(await create(...secure)).toMatchObject({
    code: 3,
    err: expect.stringContaining('proxy socks5://127.0.0.1:9'),
  });
  expect(await create('--server', 'http://127.0.0.1:1')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/through the proxy socks5:\/\/127\.0\.0\.1:9.*--proxy none/),
  });
});

test('the commands take a proxy from flag and variable, and explain what is wrong', async () => {
  const { port, from } = await watched();
  const proxy = await proxyTo(port);
  const at = await folder();
  const env = { HOME: at('home'), GOCHAT_PROFILE: at('ana'), GOCHAT_SERVER: `http://${ONION}` };
  const direct = await runGochat(['new', 'kitchen', '--as', 'ana'], env);
  expect(direct).toMatchObject({ code: 2, err: expect.stringContaining('--proxy socks5://127.0.0.1:9050') });
  const wrong = await runGochat(['rooms', '--proxy', 'http://127.0.0.1:1'], env);
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('is not a proxy') });
  const alone = await runGochat(['rooms', '--unlinked'], env);
  expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('--unlinked needs --proxy') });
  expect((await runGochat(['new', 'kitchen', '--as', 'ana'], { ...env, GOCHAT_PROXY: proxy.url })).code).toBe(
    0,
  );
  expect((await runGochat(['send', 'kitchen', 'hello'], env)).code).toBe(0);
  expect(await runGochat(['tail', 'kitchen'], env)).toMatchObject({ code: 0, out: '<ana> hello\n' });
  expect(from).toHaveLength(3);
  expect(proxy.asked).toHaveLength(3);
});

test.each([
  ['an onion service', false, `http://${ONION}`],
  ['TLS', true, 'https://chat.example'],
])('files take the same way as messages, through the proxy to %s', async (_where, tls, url) => {
  const at = await folder();
  const { port, from } = await watched(tls, await FolderFiles.open({ folder: at('files') }));
  const proxy = await proxyTo(port);
  const options = { proxy: proxy.url, unlinked: true, ca: certificate.cert };
  const ana = await person('ana', at('ana'), options);
  const ben = await person('ben', at('ben'), { ...options, unlinked: false });
  const bytes = Buffer.alloc(2_000_000, 7);
  const rooms: string[] = [];
  for (const name of ['kitchen', 'cellar']) {
    const { room, link } = await ana.hosts(url, name);
    await ben.joins(link);
    const id = await ana.queuesFiles(room, [fileOf('a.bin', bytes)], 'look');
    await ana.delivered(room, [id]);
    await ben.hears(room, 'look');
    expect((await ben.opens(room, id)).equals(bytes)).toBe(true);
    rooms.push(room);
  }
  expect(direct(from, proxy)).toBe(0);
  const users = proxy.asked.map(({ user }) => user).filter((user) => user !== undefined);
  // Each room's files have the user name of its connection.
  expect(new Set(users).size).toBe(rooms.length);
  expect(users.length).toBeGreaterThan(rooms.length);
});
