import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { openMemory } from '../src/log/memory/open.ts';
import { startNode } from './node.ts';
import { Peer } from './peer.ts';

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

describe('health checks answer as load balancers ask', () => {
  const OK = 'HTTP/1.1 200 OK';
  /** The status line of the answer to these bytes. */
  async function answer(port: number, text: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.write(text);
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return first.toString().split('\r\n')[0] ?? '';
  }

  test.each([
    ['HAProxy without a Host header', 'OPTIONS /readyz HTTP/1.0\r\n\r\n'],
    ['HAProxy with GET', 'GET /readyz HTTP/1.0\r\n\r\n'],
    ['HAProxy with HTTP/1.1', 'GET /readyz HTTP/1.1\r\n\r\n'],
    ['HAProxy with an empty Host', 'GET /readyz HTTP/1.1\r\nHost: \r\n\r\n'],
    ['HAProxy with HEAD', 'HEAD /readyz HTTP/1.0\r\n\r\n'],
    [
      'a Kubernetes probe by IPv4',
      'GET /readyz HTTP/1.1\r\nHost: 10.244.1.7:4040\r\nUser-Agent: kube-probe/1.30\r\nAccept: */*\r\nConnection: close\r\n\r\n',
    ],
    [
      'a Kubernetes probe by IPv6',
      'GET /healthz HTTP/1.1\r\nHost: [fd00:10:244::7]:4040\r\nUser-Agent: kube-probe/1.30\r\nConnection: close\r\n\r\n',
    ],
    [
      'a load balancer of AWS',
      'GET /healthz HTTP/1.1\r\nHost: 172.31.9.4:4040\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\n\r\n',
    ],
    [
      'a load balancer of Google',
      'GET /healthz HTTP/1.1\r\nHost: 10.128.0.9\r\nUser-Agent: GoogleHC/1.0\r\nConnection: Keep-alive\r\n\r\n',
    ],
    [
      'a load balancer of Azure',
      'GET /readyz HTTP/1.1\r\nHost: 10.0.0.4:4040\r\nUser-Agent: Load Balancer Agent\r\n\r\n',
    ],
    ['an address with a zone as Host', 'GET /readyz HTTP/1.1\r\nHost: [fe80::1%25eth0]:4040\r\n\r\n'],
    ['an unknown name as Host', 'GET /readyz HTTP/1.1\r\nHost: node-1.internal:4040\r\n\r\n'],
    ['the name of an upstream with an underscore', 'GET /readyz HTTP/1.1\r\nHost: chat_nodes\r\n\r\n'],
    ['a Host that is no name', 'GET /readyz HTTP/1.1\r\nHost: @\r\n\r\n'],
    ['a whole address', 'GET http://10.0.0.4:4040/readyz HTTP/1.1\r\nHost: 10.0.0.4:4040\r\n\r\n'],
    ['a query', 'GET /healthz?full=1 HTTP/1.1\r\nHost: 10.0.0.4\r\n\r\n'],
    ['an Origin', 'GET /healthz HTTP/1.1\r\nHost: 10.0.0.4\r\nOrigin: null\r\n\r\n'],
    [
      'an offer of HTTP/2',
      'GET /readyz HTTP/1.1\r\nHost: 10.0.0.4\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n',
    ],
    ['forwarded headers', 'GET /readyz HTTP/1.1\r\nHost: 10.0.0.4\r\nX-Forwarded-For: unknown\r\n\r\n'],
  ])('%s', async (_, text) => {
    const node = await startNode();
    expect([await answer(node.port, text)]).toEqual([OK]);
  });

  test('other pages still need a name of this server', async () => {
    const node = await startNode();
    for (const target of ['/', '/ws', '/nothing', '/healthz/', '//readyz', '/READYZ'])
      for (const head of ['HTTP/1.0\r\n', 'HTTP/1.1\r\n', 'HTTP/1.1\r\nHost: 10.0.0.4\r\n'])
        expect([target, head, await answer(node.port, `GET ${target} ${head}\r\n`)]).toEqual([
          target,
          head,
          'HTTP/1.1 421 Misdirected Request',
        ]);
  });

  test('a node that accepts no writes is not ready, however it is asked', async () => {
    const engine = openMemory();
    const node = await startNode({ engine: { ...engine, writable: () => 0 } });
    for (const [head, status] of [
      ['GET /readyz HTTP/1.0\r\n', 503],
      ['OPTIONS /readyz HTTP/1.0\r\n', 503],
      ['GET /readyz HTTP/1.1\r\nHost: [::1]:80\r\n', 503],
      ['GET /healthz HTTP/1.0\r\n', 200],
    ] as const)
      expect([head, await answer(node.port, `${head}\r\n`)]).toEqual([
        head,
        expect.stringContaining(` ${status} `),
      ]);
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
      ws.on('open', () =>
        ws.send(`{"type":"hello","id":"h","version":${PROTOCOL_VERSION},"origin":"localhost"}`),
      );
      ws.on('message', (data) => resolve(data.toString()));
    });
  const behind = await startNode({ forwarded: { proxies: 1 }, limits });
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

test('clients whose address is unknown never share a limit, and the operator is warned once', async () => {
  const limits = { connectionsPerAddress: 1, exemptsLoopback: false };
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  const node = await startNode({ forwarded: { proxies: 1 }, limits, logger });
  const welcomed = (headers: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const ws = new WebSocket(`ws://127.0.0.1:${node.port}/ws`, { headers });
      ws.on('open', () =>
        ws.send(`{"type":"hello","id":"h","version":${PROTOCOL_VERSION},"origin":"localhost"}`),
      );
      ws.on('message', (data) => resolve(data.toString().slice(0, 16)));
    });
  for (const headers of [{}, {}, { 'X-Forwarded-For': 'unknown' }, { 'X-Forwarded-For': '1.2.3.4, _hidden' }])
    expect([headers, await welcomed(headers)]).toEqual([headers, '{"type":"welcome']);
  // A proxy for TCP names no client either.
  for (let i = 0; i < 2; i++) expect((await Peer.greet(node.port)).of('welcome')).toHaveLength(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('--proxy-header');
});
