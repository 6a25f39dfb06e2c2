import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@gochat/client/internal/net/connect';
import type { Connection } from '@gochat/client/internal/net/connection';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Someone, temporary } from '../src/people/people.ts';
import { NatsCluster } from '../src/servers/nats-cluster.ts';
import { neededNatsServer } from '../src/servers/nats-server.ts';
import { freePort } from '../src/servers/ports.ts';
import { buildGochat, GochatProcess } from '../src/terminal/gochat-process.ts';
import { findTool, needed } from '../src/tool.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/cluster', import.meta.url));
const LOG_STREAM = 'GOCHAT_LOG';
const SECRET = 'of-a-test-only';
const CROWD = 60;

const nats = await neededNatsServer('deploy/cluster with three NATS servers');
const haproxy = needed(await findTool('haproxy', ['haproxy']), 'deploy/cluster with HAProxy');

/** The files of deploy/cluster as they are shipped, but for addresses, ports and paths: those of this machine. */
describe.skipIf(nats === undefined || haproxy === undefined)('deploy/cluster', () => {
  let home: Awaited<ReturnType<typeof temporary>>;
  let engines: NatsCluster;
  let nodes: GochatProcess[];
  let balancer: ChildProcess;
  let url: string;
  let ca: string;
  let people: Someone[];
  let room: string;
  const crowd: { readonly connection: Connection; endedAt?: number; code?: string | undefined }[] = [];

  beforeAll(async () => {
    buildGochat();
    home = await temporary();
    engines = await NatsCluster.start({
      binary: nats ?? '',
      folder: join(home.path, 'nats'),
      change: shipped,
    });
    nodes = [0, 1, 2].map(
      (i) =>
        new GochatProcess(['serve', '--port', '0', '--behind-proxy', '--name', 'localhost'], {
          cwd: home.path,
          env: {
            GOCHAT_DATA: join(home.path, `node ${i}`),
            GOCHAT_LOG: `nats://gochat:${SECRET}@${engines.addresses.join(',')}`,
            GOCHAT_LOG_MONITORS: engines.servers.map(({ monitor }) => monitor).join(','),
          },
        }),
    );
    for (const node of nodes) await node.shows('To chat');
    await startBalancer(nodes.map((node) => /\(127\.0\.0\.1:(\d+)\)/.exec(node.all)?.[1] ?? ''));
    people = await Promise.all(
      ['ana', 'ben', 'cai'].map((name) => Someone.open(name, join(home.path, name), { ca })),
    );
    const [ana, ...others] = people as [Someone, ...Someone[]];
    const hosted = await ana.hosts(url);
    ({ room } = hosted);
    for (const other of others) await other.joins(hosted.link);
    await Promise.all(
      Array.from({ length: CROWD }, async () => {
        const one: (typeof crowd)[number] = { connection: await connect(url, { ca }) };
        crowd.push(one);
        void one.connection.closed.then(({ code }) =>
          Object.assign(one, { endedAt: performance.now(), code }),
        );
      }),
    );
  });

  afterAll(async () => {
    for (const { connection } of crowd) connection.close();
    await Promise.all((people ?? []).map((one) => one.close()));
    balancer?.kill('SIGKILL');
    await Promise.all((nodes ?? []).map((node) => node.stop('SIGKILL')));
    await engines?.stop();
    await home.remove();
  });

  /** deploy/cluster/nats.conf with what the environment and the ports of this server are. */
  function shipped(config: string): string {
    const own = (pattern: RegExp) => pattern.exec(config)?.[1] ?? '';
    const routes = own(/routes: \[(.*)\]/).replaceAll('nats://', `nats://route:${SECRET}@`);
    process.env.NATS_PASSWORD = SECRET;
    process.env.NATS_ROUTES = JSON.stringify(routes.split(', '));
    return readFileSync(join(DEPLOY, 'nats.conf'), 'utf8')
      .replace('$NATS_NAME', own(/server_name: (.*)/))
      .replace('port: 4222', `listen: ${own(/^listen: (.*)$/m)}`)
      .replace('http_port: 8222', `http: ${own(/^http: (.*)$/m)}`)
      .replace('store_dir: /data', `store_dir: ${own(/store_dir: ("[^"]*")/)}`)
      .replace('port: 6222', `listen: ${own(/cluster .*listen: ("[^"]*")/)}`);
  }

  async function startBalancer(ports: readonly string[]): Promise<void> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    ca = cert;
    const folder = join(home.path, 'haproxy');
    mkdirSync(folder);
    writeFileSync(join(folder, 'chat.pem'), `${cert}\n${key}`);
    const port = await freePort();
    url = `https://localhost:${port}`;
    const config = readFileSync(join(DEPLOY, 'haproxy.cfg'), 'utf8')
      .replace('maxconn 20000', 'maxconn 200')
      .replace('bind :443', `bind 127.0.0.1:${port}`)
      .replace('/etc/haproxy/chat.pem', join(folder, 'chat.pem'))
      .replace('Host chat.example.org', 'Host localhost')
      .replace(/node-(\d):4040/g, (_, i: string) => `127.0.0.1:${ports[Number(i) - 1]}`);
    writeFileSync(join(folder, 'haproxy.cfg'), config);
    balancer = spawn(haproxy ?? '', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'pipe' });
    let told = '';
    for (const stream of [balancer.stdout, balancer.stderr])
      stream?.on('data', (chunk: Buffer) => {
        told += chunk.toString();
      });
    for (;;) {
      if (balancer.exitCode !== null) throw new Error(`HAProxy ended: ${told}`);
      const first = await connect(url, { ca }).catch(() => undefined);
      first?.close();
      if (first !== undefined) return;
    }
  }

  async function talks(text: string): Promise<void> {
    for (const one of people) await one.delivered(room, [await one.says(room, `${one.name}: ${text}`)]);
    for (const one of people) for (const { name } of people) await one.hears(room, `${name}: ${text}`);
  }

  test('people on different nodes talk over its TLS', async () => {
    await talks('hello');
  });

  test('killing the leading NATS server ends no connection', async () => {
    const leader = await engines.leaderOf(LOG_STREAM);
    await leader?.kill();
    await talks('without it');
    leader?.start();
    await engines.ready();
    expect(crowd.filter(({ endedAt }) => endedAt !== undefined)).toEqual([]);
  });

  test('a node that stops sends its clients to other nodes, spread over some seconds', async () => {
    const [leaving] = nodes as [GochatProcess];
    const { code } = await leaving.stop('SIGTERM');
    expect(code, leaving.all).toBe(0);
    await talks('without that node');
    const ended = crowd.filter(({ endedAt }) => endedAt !== undefined);
    expect(ended.length).toBeGreaterThan(CROWD / 6);
    expect(ended.length).toBeLessThan(CROWD / 2);
    expect(new Set(ended.map(({ code: why }) => why))).toEqual(new Set(['restarting']));
    const times = ended.map(({ endedAt = 0 }) => endedAt).sort((a, b) => a - b);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_000);
  });

  test('no warning was shown, and no node logged the password', async () => {
    for (const one of people) expect(await one.warnings(room)).toEqual([]);
    for (const node of nodes) expect(node.all).not.toContain(SECRET);
  });
});
