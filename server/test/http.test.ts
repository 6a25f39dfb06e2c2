import { type IncomingHttpHeaders, request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startNode } from './node.ts';

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function get(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** The status that an upgrade is answered with; 101 when it is one. */
function upgrade(port: number, headers: Record<string, string>, path = '/ws'): Promise<number | undefined> {
  return new Promise((resolve) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    ws.on('open', () => {
      ws.close();
      resolve(101);
    });
    ws.on('unexpected-response', (_request, response) => {
      response.destroy();
      resolve(response.statusCode);
    });
    ws.on('error', () => resolve(undefined));
  });
}

describe('pages', () => {
  test('the health check answers ok', async () => {
    const node = await startNode();
    expect(await get(node.port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await get(node.port, '/healthz', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  test('the landing page explains how to join and may load nothing', async () => {
    const node = await startNode();
    const { status, headers, body } = await get(node.port, '/?from=a-link');
    expect(status).toBe(200);
    expect(body).toContain('npx gochat join');
    expect(body).not.toMatch(/<script|src=|@import|\son[a-z]+=/);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test.each([
    ['GET', '/nothing', 404],
    ['GET', '/__proto__', 404],
    ['POST', '/', 405],
    ['OPTIONS', '/', 405],
    ['DELETE', '/healthz', 405],
    ['GET', '/ws', 426],
  ])('%s %s returns %i', async (method, path, status) => {
    const node = await startNode();
    const got = await get(node.port, path, { Origin: 'http://evil.example' }, method);
    expect(got.status).toBe(status);
    expect(got.headers['content-security-policy']).toBeDefined();
    expect(got.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('a page of another origin', () => {
  test("can't connect under its own host name (DNS rebinding)", async () => {
    const node = await startNode({ names: [{ host: 'localhost' }, { host: 'chat.example', port: 443 }] });
    const hosts: [string, number][] = [
      ['evil.example', 421],
      [`evil.example:${node.port}`, 421],
      ['localhost.evil.example', 421],
      ['127.0.0.1', 421],
      ['', 421],
      ['localhost', 200],
      [`LOCALHOST:${node.port}`, 200],
      ['localhost:1', 200],
      ['chat.example', 200],
      ['chat.example:443', 200],
      ['chat.example:4040', 421],
    ];
    for (const [Host, status] of hosts) {
      expect([Host, (await get(node.port, '/', { Host })).status]).toEqual([Host, status]);
    }
    expect(await upgrade(node.port, { Host: 'evil.example' })).toBe(421);
  });

  test("can't open a WebSocket, unlike our own page and other programs", async () => {
    const node = await startNode();
    const host = `127.0.0.1:${node.port}`;
    const origins: [string, number][] = [
      // A scheme whose addresses have no port.
      ['file://', 403],
      ['data:text/html,x', 403],
      ['http://evil.example', 403],
      ['null', 403],
      ['http://127.0.0.1:1', 403],
      ['http://127.0.0.1', 403],
      [`ws://${host}`, 403],
      [`http://localhost:${node.port}`, 403],
      [`http://${host}`, 101],
      [`https://${host}`, 101],
    ];
    for (const [Origin, status] of origins) {
      expect([Origin, await upgrade(node.port, { Origin })]).toEqual([Origin, status]);
    }
    expect(await upgrade(node.port, {})).toBe(101);
    expect(await upgrade(node.port, {}, '/other')).toBe(404);
  });
});

test('the last address of X-Forwarded-For counts, but only behind a proxy', async () => {
  const limits = { connectionsPerAddress: 1, exemptsLoopback: true };
  /** The first frame that a client gets after hello. */
  const firstWords = (port: number, from: string) =>
    new Promise<string>((resolve) => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, {
        headers: { 'X-Forwarded-For': `6.6.6.6, ${from}` },
      });
      ws.on('open', () => ws.send('{"type":"hello","id":"h","version":1,"origin":"localhost"}'));
      ws.on('message', (data) => resolve(data.toString()));
    });
  const behind = await startNode({ behindProxy: true, limits });
  const answers: string[] = [];
  for (const from of ['1.2.3.4', '1.2.3.4', '1.2.3.5']) answers.push(await firstWords(behind.port, from));
  expect(answers.map((answer) => answer.slice(0, 16))).toEqual([
    '{"type":"welcome',
    '{"type":"error",',
    '{"type":"welcome',
  ]);
  const direct = await startNode({ limits });
  for (const from of ['1.2.3.4', '1.2.3.4']) {
    expect(await firstWords(direct.port, from)).toContain('welcome');
  }
});
