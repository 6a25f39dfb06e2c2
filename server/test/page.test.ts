import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Assets, loadAssets } from '../src/net/assets.ts';
import { UsageError } from '../src/operate/usage-error.ts';
import { startNode } from './node.ts';

const SCRIPT = 'export const greeting = "hello"; '.repeat(200);
const PIXEL = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

let folder: string;
let assets: Assets;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gochat-page-'));
  const files = {
    'index.html': '<!doctype html><title>GoChat</title>',
    'service-worker.js': 'self.skipWaiting();',
    'assets/main-0123456789.js': SCRIPT,
    'assets/icon-0123456789.png': PIXEL,
    'assets/main.js.map': '{}',
    '.hidden': 'secret',
  };
  mkdirSync(join(folder, 'assets'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  assets = await loadAssets(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  { method = 'GET', agent }: { readonly method?: string; readonly agent?: Agent } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path, method, headers, agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

const MAIN = '/assets/main-0123456789.js';

describe('the page', () => {
  test('is served at / and revalidated each time', async () => {
    const { port } = await startNode({ assets });
    const { status, headers, body } = await get(port, '/?source=pwa');
    expect({ status, body: body.toString() }).toEqual({
      status: 200,
      body: '<!doctype html><title>GoChat</title>',
    });
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
    expect((await get(port, '/service-worker.js')).headers['cache-control']).toBe('no-cache');
    expect((await get(port, '/healthz')).body.toString()).toBe('ok\n');
  });

  test('may load only resources of this server, and may not insert text as markup', async () => {
    const { port } = await startNode({ assets });
    for (const path of ['/', MAIN, '/service-worker.js', '/nothing', '/healthz']) {
      const { headers } = await get(port, path);
      const policy = String(headers['content-security-policy']).split('; ');
      expect(policy).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "img-src 'self' blob:",
        'media-src blob:',
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        'trusted-types gochat',
      ]);
      expect(headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': expect.stringContaining('microphone=(self)'),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
    }
  });

  test('is served only under the names of the server', async () => {
    const { port } = await startNode({ assets });
    for (const path of ['/', MAIN])
      expect((await get(port, path, { Host: 'evil.example' })).status).toBe(421);
  });

  test('can only be requested with GET and HEAD', async () => {
    const { port } = await startNode({ assets });
    for (const path of ['/', MAIN]) {
      const { status, headers } = await get(port, path, {}, { method: 'POST' });
      expect([status, headers.allow, headers.connection]).toEqual([405, 'GET, HEAD', 'close']);
    }
  });
});

describe('a file of the page', () => {
  test('is cached forever if its name contains a hash of its content', async () => {
    const { port } = await startNode({ assets });
    const { headers, body } = await get(port, MAIN);
    expect(body.toString()).toBe(SCRIPT);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    });
    expect((await get(port, '/assets/icon-0123456789.png')).headers['content-type']).toBe('image/png');
  });

  test.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=1.0, gzip;q=0.5', 'br'],
    ['gzip', 'gzip'],
    ['GZIP, br;q=0', 'gzip'],
    ['*', 'br'],
    ['*;q=0', undefined],
    ['deflate', undefined],
    ['identity', undefined],
    ['', undefined],
  ])('is sent with %j as %s', async (accepted, coding) => {
    const { port } = await startNode({ assets });
    const { headers, body } = await get(port, MAIN, { 'Accept-Encoding': accepted });
    expect(headers['content-encoding']).toBe(coding);
    expect(headers['content-length']).toBe(String(body.length));
    const open = { br: brotliDecompressSync, gzip: gunzipSync }[coding ?? ''] ?? ((bytes: Buffer) => bytes);
    expect(open(body).toString()).toBe(SCRIPT);
    if (coding !== undefined) expect(body.length).toBeLessThan(SCRIPT.length / 4);
  });

  test('is not compressed twice', async () => {
    const { port } = await startNode({ assets });
    const { headers, body } = await get(port, '/assets/icon-0123456789.png', { 'Accept-Encoding': 'br' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(body).toEqual(PIXEL);
  });

  test('is not sent again to a client that has it', async () => {
    const { port } = await startNode({ assets });
    const coded = { 'Accept-Encoding': 'br' };
    const tag = String((await get(port, MAIN, coded)).headers.etag);
    expect(tag).toMatch(/^"[\w-]{16}-br"$/);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const { status, headers, body } = await get(port, MAIN, { ...coded, 'If-None-Match': known });
      expect([known, status, body.length]).toEqual([known, 304, 0]);
      expect(headers).toMatchObject({ etag: tag, 'x-content-type-options': 'nosniff' });
    }
    expect((await get(port, MAIN, { ...coded, 'If-None-Match': '"other"' })).status).toBe(200);
    const page = String((await get(port, '/')).headers.etag);
    expect(page).not.toBe(tag);
    expect((await get(port, '/', { 'If-None-Match': page })).status).toBe(304);
  });

  test('is described by HEAD without being sent', async () => {
    const { port } = await startNode({ assets });
    const { status, headers, body } = await get(port, MAIN, {}, { method: 'HEAD' });
    expect([status, headers['content-length'], body.length]).toEqual([200, String(SCRIPT.length), 0]);
  });

  test.each([
    '/index.html',
    '/.hidden',
    '/assets',
    '/assets/',
    '/assets/main.js.map',
    '/assets/../service-worker.js',
    '/assets/%2e%2e/service-worker.js',
    '/../../../../etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/assets//main-0123456789.js',
    '//assets/main-0123456789.js',
    '/assets\\main-0123456789.js',
    `${MAIN}%00`,
    '/constructor',
    'http://127.0.0.1/nowhere',
  ])('that does not exist is not found: %s', async (path) => {
    const { port } = await startNode({ assets });
    expect((await get(port, path)).status).toBe(404);
  });
});

test('a target may begin with an origin, as a proxy may send it (RFC 9112, section 3.2.2)', async () => {
  const { port } = await startNode({ assets });
  expect((await get(port, 'http://127.0.0.1/')).status).toBe(200);
});

test('a folder without a web client is refused', async () => {
  await expect(loadAssets(join(folder, 'assets'))).rejects.toThrow(UsageError);
  await expect(loadAssets(join(folder, 'nowhere'))).rejects.toThrow(UsageError);
});

describe('a connection', () => {
  test('is reused for the whole page, then closed in time', async () => {
    let now = 0;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { port } = await startNode({ assets, now: () => now, limits: { httpMs: 30_000 } });
    const sockets = new Set<unknown>();
    agent.on('free', (socket) => sockets.add(socket));
    const { headers } = await get(port, '/', {}, { agent });
    expect(headers).toMatchObject({ connection: 'keep-alive', 'keep-alive': 'timeout=5' });
    await get(port, MAIN, {}, { agent });
    expect(sockets.size).toBe(1);
    agent.destroy();

    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const got = text(socket);
    await once(socket, 'readable');
    now = 30_001;
    // The server closes an idle connection.
    expect(await got).toContain('200 OK');
  });

  test('is closed after its response when half of its time is over', async () => {
    let now = 0;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { port } = await startNode({ assets, now: () => now, limits: { httpMs: 30_000 } });
    expect((await get(port, '/', {}, { agent })).headers.connection).toBe('keep-alive');
    now = 15_001;
    expect((await get(port, MAIN, {}, { agent })).headers.connection).toBe('close');
    agent.destroy();
  });
});
