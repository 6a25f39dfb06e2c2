import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesBelow } from '@gochat/e2e/internal/files-below';
import { paddedBytes } from '@gochat/protocol/file-chunks';
import { formatFilePass } from '@gochat/protocol/file-pass';
import { LIMITS } from '@gochat/protocol/limits';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StoreFull } from '../../src/files/file-store.ts';
import { FolderFiles } from '../../src/files/folder.ts';
import { openMemory } from '../../src/log/memory/open.ts';
import type { ServerLimits } from '../../src/operate/limits.ts';
import { Metrics } from '../../src/operate/metrics.ts';
import { KeyPair, newRoomId } from '../keys.ts';
import { commit, type Founded, found } from '../member.ts';
import { startNode } from '../node.ts';
import type { Peer } from '../peer.ts';
import { ask, FileMember, newDiscard, newFile, newFileId } from './file-peer.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3600_000;

async function newStore(): Promise<{ readonly store: FolderFiles; readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'gochat-files-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, store: await FolderFiles.open({ folder, spareBytes: 0 }) };
}

interface Started extends Founded {
  readonly port: number;
  readonly peer: Peer;
  readonly member: FileMember;
  readonly metrics: Metrics;
  /** Moves the server's clock. */
  later(ms: number): void;
}

/** A server that stores files, with a room. */
async function start(limits: Partial<ServerLimits> = {}, store?: FolderFiles): Promise<Started> {
  let ahead = 0;
  const metrics = new Metrics();
  const files = store ?? (await newStore()).store;
  const now = () => Date.now() + ahead;
  const node = await startNode({ files, metrics, limits, now, engine: openMemory() });
  const peer = await node.peer();
  const founded = await found(peer);
  const member = new FileMember(node.port, founded.room, founded.access);
  await counted(member);
  return {
    ...founded,
    port: node.port,
    peer,
    member,
    metrics,
    later: (ms) => {
      ahead += ms;
    },
  };
}

/** Until the server has counted its files, it stores none. */
async function counted(member: FileMember): Promise<void> {
  const probe = newFile(1);
  await until(async () => (await member.put(probe, 0)).json?.error !== 'unavailable');
  await member.drop(probe);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a file', () => {
  test('is stored in chunks, in any order, and read by another member', async () => {
    const { member, peer, room, access, port } = await start();
    const file = newFile(2.5 * MIB);
    expect(file.chunks).toHaveLength(3);
    for (const chunk of [2, 0, 1]) expect((await member.put(file, chunk)).status).toBe(201);
    const next = await commit(peer, room, { after: access.at, by: access });
    const other = new FileMember(port, room, next);
    for (const [chunk, bytes] of file.chunks.entries()) {
      const got = await other.get(file, chunk);
      expect(got.status).toBe(200);
      expect(got.body.equals(bytes)).toBe(true);
      expect(got.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-length': String(bytes.length),
      });
      expect(got.headers['content-security-policy']).toBeDefined();
      const head = await other.get(file, chunk, 'HEAD');
      expect([head.status, head.headers['content-length'], head.body.length]).toEqual([
        200,
        String(bytes.length),
        0,
      ]);
    }
  });

  test('says which of its chunks are there', async () => {
    const { member } = await start();
    const file = newFile(3 * MIB);
    expect((await member.state(file)).json?.error).toBe('not-found');
    await member.put(file, 1);
    expect((await member.state(file)).json).toEqual({ chunks: 4, have: [1] });
    await member.put(file, 0);
    expect((await member.state(file)).json).toEqual({ chunks: 4, have: [0, 1] });
    expect((await member.get(file, 2)).status).toBe(404);
  });

  test('keeps the first bytes of a chunk, and says so', async () => {
    const { member } = await start();
    const file = newFile(100);
    expect((await member.put(file, 0)).status).toBe(201);
    const other = { ...newFile(100), id: file.id };
    expect((await member.put(other, 0)).status).toBe(200);
    expect((await member.get(file, 0)).body.equals(file.chunks[0] as Buffer)).toBe(true);
  });

  test('keeps its first length', async () => {
    const { member } = await start();
    const file = newFile(100);
    await member.put(file, 0);
    const longer = { ...newFile(2 * MIB), id: file.id };
    expect(await member.put(longer, 1)).toMatchObject({ status: 409, json: { error: 'other-length' } });
  });

  test('is kept no longer than the rules of its room keep messages, as of when it was begun', async () => {
    const { folder, store } = await newStore();
    const { member, peer, room, access, admin, later } = await start({}, store);
    const kept = newFile(100);
    await member.put(kept, 0);
    const rules = { retainMs: 10 * 60_000 };
    const next = await commit(peer, room, { after: access.at, by: access, order: { keys: admin, rules } });
    member.access = next;
    const [brief, briefer] = [newFile(100, { keepMs: HOUR_MS }), newFile(100, { keepMs: 60_000 })];
    for (const file of [brief, briefer]) expect((await member.put(file, 0)).status).toBe(201);
    const read = () =>
      Promise.all([kept, brief, briefer].map(async (file) => (await member.get(file, 0)).status));
    expect(await read()).toEqual([200, 200, 200]);
    later(60_000);
    expect(await read()).toEqual([200, 200, 404]);
    later(9 * 60_000);
    expect(await read()).toEqual([200, 404, 404]);
    // The next server's first sweep deletes them from the disk.
    const on = async (file: typeof kept) => {
      const disk = await filesBelow(folder);
      return disk.some((bytes) => file.chunks.some((chunk) => bytes.equals(chunk)));
    };
    expect([await on(kept), await on(brief)]).toEqual([true, true]);
    const again = await startNode({ files: store, now: () => Date.now() + 10 * 60_000 });
    await until(async () => !(await on(brief)) && !(await on(briefer)));
    expect(await on(kept)).toBe(true);
    await again.close();
  });

  test('is deleted with the secret of its author, and only with that', async () => {
    const { member } = await start();
    const file = newFile(100);
    await member.put(file, 0);
    const wrong = { ...file, discard: newDiscard() };
    expect(await member.drop(wrong)).toMatchObject({ status: 403, json: { error: 'refused' } });
    const none = member.pass('drop', file.id);
    expect(await member.ask('DELETE', file.id, none)).toMatchObject({
      status: 403,
      json: { error: 'refused' },
    });
    const hash = member.pass('drop', file.id, { discard: file.discard.hash });
    expect((await member.ask('DELETE', file.id, hash)).status).toBe(403);
    expect((await member.get(file, 0)).status).toBe(200);
    expect((await member.drop(file)).status).toBe(204);
    expect((await member.get(file, 0)).status).toBe(404);
    expect((await member.drop(file)).status).toBe(204);
  });

  test('is deleted by an admin without the secret, but not by who claims to be one', async () => {
    const { member, admin } = await start();
    const file = newFile(100);
    await member.put(file, 0);
    const stranger = new KeyPair();
    const claimed = member.pass('drop', file.id, { key: stranger.public }, stranger);
    expect(await member.ask('DELETE', file.id, claimed)).toMatchObject({
      status: 403,
      json: { error: 'refused' },
    });
    const read = member.pass('get', file.id, { key: admin.public }, admin);
    expect((await member.ask('GET', `${file.id}/0`, read)).status).toBe(403);
    const ordered = member.pass('drop', file.id, { key: admin.public }, admin);
    expect((await member.ask('DELETE', file.id, ordered)).status).toBe(204);
    expect((await member.get(file, 0)).status).toBe(404);
  });

  test('is kept as long as its pass says, and no longer than the server keeps files', async () => {
    const { member, later } = await start({ fileKeepMs: 10 * HOUR_MS });
    const [short, long] = [newFile(100, { keepMs: HOUR_MS }), newFile(100, { keepMs: 99 * HOUR_MS })];
    for (const file of [short, long]) expect((await member.put(file, 0)).status).toBe(201);
    later(HOUR_MS - 60_000);
    const pass = (id: typeof short.id, ms: number) => member.pass('get', id, { until: Date.now() + ms });
    expect((await member.ask('GET', `${short.id}/0`, pass(short.id, HOUR_MS + 1000))).status).toBe(200);
    later(60_000);
    expect((await member.ask('GET', `${short.id}/0`, pass(short.id, 1.5 * HOUR_MS))).status).toBe(404);
    expect((await member.ask('GET', `${long.id}/0`, pass(long.id, 1.5 * HOUR_MS))).status).toBe(200);
    later(9 * HOUR_MS);
    expect((await member.ask('GET', `${long.id}/0`, pass(long.id, 10.5 * HOUR_MS))).status).toBe(404);
  });
});

describe('a pass', () => {
  test('is needed, readable and valid', async () => {
    const { member, port } = await start();
    const file = newFile(100);
    await member.put(file, 0);
    const get = (pass: string | undefined) =>
      ask(port, {
        method: 'GET',
        path: `/files/${file.id}/0`,
        headers: pass === undefined ? {} : { Authorization: pass },
      });
    for (const pass of [
      undefined,
      '',
      'Bearer abc',
      'GoChat',
      `${formatFilePass(member.pass('get', file.id))} x`,
    ])
      expect(await get(pass)).toMatchObject({
        status: 401,
        json: { error: 'pass' },
        headers: { 'www-authenticate': 'GoChat' },
      });
    const good = member.pass('get', file.id);
    expect((await get(formatFilePass(good))).status).toBe(200);
    const refused = { status: 403, json: { error: 'refused' } };
    // Of another verb, file, and key.
    expect(await get(formatFilePass(member.pass('put', file.id)))).toMatchObject(refused);
    expect(await get(formatFilePass(member.pass('get', newFileId())))).toMatchObject(refused);
    expect(await get(formatFilePass(member.pass('get', file.id, {}, new KeyPair())))).toMatchObject(refused);
    expect(await get(formatFilePass({ ...good, until: good.until - 1 }))).toMatchObject(refused);
    expect(await get(formatFilePass(member.pass('get', file.id, { key: '12345' as never })))).toMatchObject(
      refused,
    );
  });

  test('that does not store names no size', async () => {
    const { member } = await start();
    const file = newFile(100);
    await member.put(file, 0);
    const { secret } = file.discard;
    const get = member.pass('get', file.id, { bytes: file.bytes });
    const drop = member.pass('drop', file.id, { bytes: 1, discard: secret });
    const malformed = { status: 400, json: { error: 'malformed' } };
    expect(await member.ask('GET', `${file.id}/0`, get)).toMatchObject(malformed);
    expect(await member.ask('GET', file.id, get)).toMatchObject(malformed);
    expect(await member.ask('DELETE', file.id, drop)).toMatchObject(malformed);
    expect((await member.get(file, 0)).status).toBe(200);
  });

  test('is refused for another room, host name or time', async () => {
    const { member, port, peer } = await start();
    const file = newFile(100);
    await member.put(file, 0);
    const get = (more: Parameters<FileMember['pass']>[2]) =>
      member.ask('GET', `${file.id}/0`, member.pass('get', file.id, more));
    expect(await get({ room: newRoomId() })).toMatchObject({ status: 403, json: { error: 'no-room' } });
    expect(await get({ origin: 'evil.example' })).toMatchObject({ status: 403, json: { error: 'origin' } });
    expect(await get({ until: Date.now() - 1 })).toMatchObject({ status: 403, json: { error: 'expired' } });
    const late = Date.now() + LIMITS.filePassMs + 60_000;
    expect(await get({ until: late })).toMatchObject({ status: 403, json: { error: 'expired' } });
    // A member of another room names its own room: the file isn't there.
    const { room, access } = await found(peer);
    expect((await new FileMember(port, room, access).get(file, 0)).status).toBe(404);
  });

  test('of a key that a removal has retired is refused at the next request, though it was valid before', async () => {
    const { member, peer, room, access, admin, port } = await start();
    const file = newFile(3 * MIB);
    const [putPass, getPass] = [member.putPass(file), member.pass('get', file.id)];
    expect((await member.put(file, 0, { pass: putPass })).status).toBe(201);
    expect((await member.ask('GET', `${file.id}/0`, getPass)).status).toBe(200);
    const next = await commit(peer, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    const retired = { status: 403, json: { error: 'retired' } };
    expect(await member.ask('GET', `${file.id}/0`, getPass)).toMatchObject(retired);
    expect(await member.put(file, 1, { pass: putPass })).toMatchObject(retired);
    expect(await member.state(file)).toMatchObject(retired);
    expect(await member.drop(file)).toMatchObject(retired);
    // The author who is still a member signs with the new key, and goes on.
    const still = new FileMember(port, room, next);
    expect((await still.put(file, 1)).status).toBe(201);
    expect((await still.state(file)).json).toEqual({ chunks: 4, have: [0, 1] });
  });

  test('of a room that was closed is refused', async () => {
    const { member, peer, room, access, admin } = await start();
    const file = newFile(100);
    await member.put(file, 0);
    await commit(peer, room, { after: access.at, by: access, order: { keys: admin, close: true } });
    expect(await member.get(file, 0)).toMatchObject({ status: 403, json: { error: 'closed' } });
  });
});

describe('a request', () => {
  test('that is wrong gets what is wrong with it', async () => {
    const { member, port } = await start({ fileBytes: 5 * MIB });
    const file = newFile(100);
    const put = (more: object, body = file.chunks[0]) =>
      member.ask('PUT', `${file.id}/0`, member.pass('put', file.id, { bytes: file.bytes, ...more }), {
        body: body as Buffer,
      });
    const malformed = { status: 400, json: { error: 'malformed' } };
    expect(await put({ bytes: 0 })).toMatchObject(malformed);
    expect(await put({ bytes: file.bytes + 1 })).toMatchObject(malformed);
    expect(await put({}, Buffer.alloc(100))).toMatchObject(malformed);
    expect(await put({ discard: file.discard.secret })).toMatchObject(malformed);
    expect(await member.put(file, 1, { body: Buffer.alloc(100) })).toMatchObject(malformed);
    expect(await put({ bytes: paddedBytes(6 * MIB) })).toMatchObject({
      status: 413,
      json: { error: 'too-large' },
    });
    const huge = Buffer.alloc(LIMITS.chunkBytes + 1);
    expect(await put({}, huge)).toMatchObject({ status: 413, json: { error: 'too-large' } });
    const chunked = await new Promise((resolve) => {
      const sent = request({ port, path: `/files/${file.id}/0`, method: 'PUT' }, (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', () => undefined);
      sent.write('abc');
    });
    expect(chunked).toBe(411);
    const at = async (method: string, path: string) => {
      const { status, headers } = await member.ask(method, path, undefined);
      return [status, headers.allow];
    };
    expect(await at('PUT', file.id)).toEqual([405, 'GET, HEAD, DELETE']);
    expect(await at('DELETE', `${file.id}/0`)).toEqual([405, 'GET, HEAD, PUT']);
    expect(await at('OPTIONS', `${file.id}/0`)).toEqual([405, 'GET, HEAD, PUT']);
    for (const path of ['', 'abc', `${file.id}/x`, `${file.id}/00`, `${file.id}/0/0`, '..', `${file.id}/-1`])
      expect((await member.ask('GET', path, undefined)).status).toBe(404);
    // Nothing of all that was stored.
    expect((await member.state(file)).status).toBe(404);
  });

  test('of a page of another site, or under another host name, is refused', async () => {
    const { member, port } = await start();
    const file = newFile(100);
    await member.put(file, 0);
    const get = (headers: Record<string, string>) =>
      member.ask('GET', `${file.id}/0`, member.pass('get', file.id), { headers });
    expect((await get({ Origin: 'http://evil.example' })).status).toBe(403);
    expect((await get({ Host: 'evil.example' })).status).toBe(421);
    const own = await get({ Origin: `http://127.0.0.1:${port}` });
    expect(own.status).toBe(200);
    expect(Object.keys(own.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('that waits until its body is asked for is asked only if the body is stored', async () => {
    const { member } = await start();
    const file = newFile(MIB);
    const stored = await member.put(file, 0, { expects: true });
    expect([stored.status, stored.continued]).toEqual([201, true]);
    const there = await member.put(file, 0, { expects: true });
    expect([there.status, there.continued]).toEqual([200, false]);
    const refused = await member.put(file, 1, { expects: true, pass: member.pass('get', file.id) });
    expect([refused.status, refused.continued, refused.headers.connection]).toEqual([403, false, 'close']);
  });

  test('leaves the connection open for more than a hundred others, also when a body was refused', async () => {
    const { member, access } = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const sockets = new Set<unknown>();
    agent.on('free', (socket) => sockets.add(socket));
    const file = newFile(100);
    const get = member.pass('get', file.id);
    await member.put(file, 0, { agent });
    const retired = member.pass('put', file.id, { bytes: file.bytes, key: access.at }, new KeyPair());
    expect((await member.put(file, 0, { agent, pass: retired })).status).toBe(403);
    for (let i = 0; i < 120; i++)
      expect((await member.ask('GET', `${file.id}/0`, get, { agent })).status).toBe(200);
    expect(sockets.size).toBeLessThanOrEqual(1);
  });
});

/** Resolves also when the connection ends with an error, as `once` would not. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

describe('a connection without a valid pass', () => {
  const junk = 'GET /files/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

  test('ends in its time, whatever it asks', async () => {
    const { port } = await start({ httpMs: 300 });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    // Each answer is followed by the next request.
    socket.on('data', () => setTimeout(() => socket.write(junk), 20));
    socket.write(junk);
    await closed(socket);
  });

  test('ends after a hundred refusals', async () => {
    const { port } = await start({ httpMs: 600_000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const headers: unknown[] = [];
    for (let i = 0; i < 100; i++)
      headers.push((await ask(port, { method: 'GET', path: '/files/x', agent })).headers.connection);
    expect(headers.map((header) => header === 'close')).toEqual(headers.map((_, i) => i === 99));
  });

  test('ends at once when it sends more requests than may wait', async () => {
    const { port, metrics } = await start({ httpMs: 600_000 });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(junk.repeat(20_000));
    await closed(socket);
    const refused = /gochat_file_refusals_total\{code="not-found"\} (\d+)/.exec(await metrics.text());
    expect(Number(refused?.[1] ?? 0)).toBeLessThan(1000);
  });
});

describe('a slow connection', () => {
  test('that sends a chunk too slowly is cut, and nothing of it is stored', async () => {
    const { member, port, metrics } = await start({ transferMs: 200, httpMs: 60_000 });
    const file = newFile(MIB);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const ended = once(socket, 'close');
    const head = `PUT /files/${file.id}/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${file.chunks[0]?.length}\r\n`;
    socket.write(`${head}Authorization: ${formatFilePass(member.putPass(file))}\r\n\r\nabc`);
    await ended;
    expect((await member.state(file)).json?.have).toEqual([]);
    expect(await metrics.text()).toContain('gochat_file_refusals_total{code="slow"} 1');
  });

  test('that does not read a chunk is cut', async () => {
    const { member, port, metrics } = await start({ transferMs: 200, httpMs: 60_000, transfers: 2 });
    const file = newFile(64 * MIB);
    for (let chunk = 0; chunk < 2; chunk++) await member.put(file, chunk);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const pass = formatFilePass(member.pass('get', file.id));
    const asked = `GET /files/${file.id}/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${pass}\r\n\r\n`;
    socket.pause();
    // More than the buffers of both sides hold.
    socket.write(asked.repeat(40));
    await until(async () => (await metrics.text()).includes('gochat_file_refusals_total{code="slow"} 1'));
    // None of the requests on the connection that was cut is under way any more.
    await until(async () => {
      const both = await Promise.all([0, 1].map((chunk) => member.get(file, chunk)));
      return both.every(({ status }) => status === 200);
    });
    socket.destroy();
  });

  test('that is fast enough may take longer than other requests', async () => {
    const { member, port } = await start({ httpMs: 200 });
    const file = newFile(MIB);
    const body = file.chunks[0] as Buffer;
    const socket = connect(port, '127.0.0.1');
    const head = `PUT /files/${file.id}/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n`;
    socket.write(`${head}Authorization: ${formatFilePass(member.putPass(file))}\r\n\r\n`);
    socket.write(body.subarray(0, body.length / 2));
    // It begins later than the transfer, and ends for its time alone.
    const other = connect(port, '127.0.0.1');
    other.write('GET / HTTP/1.1\r\n');
    await once(other, 'close');
    socket.write(body.subarray(body.length / 2));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 201 /);
    socket.destroy();
  });
});

describe('a store that fails in the middle of a body', () => {
  async function failing(): Promise<FolderFiles> {
    const { store } = await newStore();
    const put = store.put.bind(store);
    return Object.assign(store, {
      put: ((file, chunk, take) =>
        put(file, chunk, async () => {
          const { bytes, parts } = await take();
          return { bytes, parts: bytes > MIB / 2 ? firstOf(parts) : parts };
        })) satisfies FolderFiles['put'],
    });
  }

  async function* firstOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      yield part;
      throw new StoreFull('the disk is full');
    }
  }

  test.each([false, true])(
    'is answered so, and the connection goes on (asked first: %s)',
    async (expects) => {
      const { member } = await start({}, await failing());
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => agent.destroy());
      const file = newFile(MIB);
      const full = { status: 507, json: { error: 'full' }, headers: { connection: 'keep-alive' } };
      expect(await member.put(file, 0, { agent, expects })).toMatchObject(full);
      expect((await member.state(file)).json?.have).toEqual([]);
      expect((await member.put(newFile(100), 0, { agent })).status).toBe(201);
    },
  );
});

describe('a limit', () => {
  test('of bytes an address and hour is kept, with the time to wait', async () => {
    const { member } = await start({ fileAddressBytes: 2.5 * MIB, exemptsLoopback: false });
    const file = newFile(4 * MIB);
    const statuses: (number | undefined)[] = [];
    for (let chunk = 0; chunk < 3; chunk++) statuses.push((await member.put(file, chunk)).status);
    expect(statuses).toEqual([201, 201, 429]);
    const refused = await member.put(file, 2);
    expect(refused.json?.error).toBe('rate-limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3000);
    expect((await member.get(file, 0)).status).toBe(200);
  });

  test('of a room makes its oldest files go, and no file of another room', async () => {
    const { member, peer, port } = await start({ fileRoomBytes: 5 * MIB, fileBytes: 4 * MIB });
    const { room, access } = await found(peer);
    const [other, kept] = [new FileMember(port, room, access), newFile(2 * MIB)];
    for (let chunk = 0; chunk < 3; chunk++) await other.put(kept, chunk);
    const files = Array.from({ length: 8 }, () => newFile(MIB - 100));
    for (const file of files) {
      expect((await member.put(file, 0)).status).toBe(201);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const there = await Promise.all(files.map(async (file) => (await member.get(file, 0)).status));
    expect(there).toEqual([404, 404, 404, 404, 200, 200, 200, 200]);
    expect((await other.get(kept, 0)).status).toBe(200);
  });

  test('of all files refuses new ones, and deletes none', async () => {
    const { member } = await start({ fileTotalBytes: 3 * MIB, fileRoomBytes: 3 * MIB });
    const [first, second] = [newFile(2 * MIB), newFile(2 * MIB)];
    for (let chunk = 0; chunk < 3; chunk++) expect((await member.put(first, chunk)).status).toBe(201);
    const refused = await member.put(second, 0);
    expect(refused).toMatchObject({ status: 507, json: { error: 'full' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await member.state(second)).status).toBe(404);
    expect((await member.get(first, 0)).status).toBe(200);
    expect((await member.drop(first)).status).toBe(204);
    expect((await member.put(second, 0)).status).toBe(201);
  });

  test('of chunks under way at the same time is kept by address', async () => {
    const { member, port } = await start({ transfersPerAddress: 2, exemptsLoopback: false });
    const files = [newFile(MIB), newFile(MIB)];
    const sockets = files.map((file) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      const head = `PUT /files/${file.id}/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${file.chunks[0]?.length}\r\n`;
      socket.write(
        `${head}Expect: 100-continue\r\nAuthorization: ${formatFilePass(member.putPass(file))}\r\n\r\n`,
      );
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'data')));
    expect(await member.put(newFile(100), 0)).toMatchObject({ status: 429, json: { error: 'rate-limited' } });
    for (const socket of sockets) socket.destroy();
    await until(async () => (await member.put(newFile(100), 0)).status === 201);
  });

  test('survives a restart: what is stored is counted', async () => {
    const { store } = await newStore();
    const limits = { fileTotalBytes: 3 * MIB, fileRoomBytes: 3 * MIB };
    const first = await start(limits, store);
    const file = newFile(2 * MIB);
    for (let chunk = 0; chunk < 3; chunk++) await first.member.put(file, chunk);
    const second = await start(limits, store);
    expect((await second.member.put(newFile(2 * MIB), 0)).status).toBe(507);
    const text = await second.metrics.text();
    expect(text).toContain('gochat_files 1\n');
    expect(Number(/gochat_file_bytes (\d+)/.exec(text)?.[1])).toBeGreaterThan(2 * MIB);
  });
});

test('a server without files says so: nothing in welcome, 404 for each request', async () => {
  const node = await startNode();
  const peer = await node.peer();
  expect(peer.of('welcome')[0]?.files).toBeUndefined();
  expect((await ask(node.port, { method: 'GET', path: `/files/${newFileId()}` })).status).toBe(404);
});

test('welcome says what the server takes', async () => {
  const { peer } = await start({ fileBytes: 7 * MIB, fileKeepMs: HOUR_MS });
  expect(peer.of('welcome')[0]?.files).toEqual({ bytes: 7 * MIB, keepMs: HOUR_MS });
});
