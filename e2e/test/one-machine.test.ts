import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Someone, temporary } from '../src/people/people.ts';
import { NatsCluster } from '../src/servers/nats-cluster.ts';
import { neededNatsServer } from '../src/servers/nats-server.ts';
import { consecutivePorts } from '../src/servers/ports.ts';
import { buildGochat, GochatProcess } from '../src/terminal/gochat-process.ts';
import { WAIT_MS } from '../src/waits.ts';

const CONFIG = fileURLToPath(new URL('../../deploy/cluster/nats-one-machine.conf', import.meta.url));
const SECRET = 'of-a-test-only';
const NODES = 3;
const POLL_MS = 50;

const nats = await neededNatsServer('gochat serve --nodes with a NATS server');

/** One machine as docs/cluster.md says: a NATS server with the shipped configuration, and one command. */
describe.skipIf(nats === undefined)('gochat serve --nodes', () => {
  let home: Awaited<ReturnType<typeof temporary>>;
  let engine: NatsCluster;
  let ca: string;
  let metrics: number;
  let server: GochatProcess;
  let people: Someone[];
  let room: string;

  beforeAll(async () => {
    buildGochat();
    home = await temporary();
    engine = await NatsCluster.start({
      binary: nats ?? '',
      folder: join(home.path, 'nats'),
      size: 1,
      change: shipped,
    });
    const made = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    ca = made.cert;
    writeFileSync(join(home.path, 'cert.pem'), made.cert);
    writeFileSync(join(home.path, 'key.pem'), made.private);
    metrics = await consecutivePorts(NODES);
    server = serve('--nodes', String(NODES), '--metrics', `127.0.0.1:${metrics}`, '--log-level', 'debug');
    await server.shows(`${NODES} nodes serve this port`);
    people = await Promise.all(
      ['ana', 'ben', 'cai'].map((name) => Someone.open(name, join(home.path, name), { ca })),
    );
    const [ana, ...others] = people as [Someone, ...Someone[]];
    const hosted = await ana.hosts(`https://localhost:${portOf(server)}`);
    ({ room } = hosted);
    for (const other of others) await other.joins(hosted.link);
  });

  afterAll(async () => {
    await Promise.all((people ?? []).map((one) => one.close()));
    await server?.stop('SIGKILL');
    await engine?.stop();
    await home.remove();
  });

  /** deploy/cluster/nats-one-machine.conf with the ports and the folder of this server. */
  function shipped(config: string): string {
    const own = (pattern: RegExp) => pattern.exec(config)?.[1] ?? '';
    process.env.NATS_PASSWORD = SECRET;
    return readFileSync(CONFIG, 'utf8')
      .replace('127.0.0.1:4222', own(/^listen: "(.*)"$/m))
      .replace('127.0.0.1:8222', own(/^http: "(.*)"$/m))
      .replace('/var/lib/nats', own(/store_dir: ("[^"]*")/));
  }

  function serve(...args: string[]): GochatProcess {
    const data = join(home.path, 'data');
    mkdirSync(data, { recursive: true });
    return new GochatProcess(['serve', ...(args.includes('--port') ? [] : ['--port', '0']), ...args], {
      cwd: home.path,
      env: {
        GOCHAT_DATA: data,
        GOCHAT_LOG: `nats://gochat:${SECRET}@${engine.addresses[0]}`,
        GOCHAT_LOG_REPLICAS: '1',
        GOCHAT_LOG_MONITORS: engine.servers.map(({ monitor }) => monitor).join(','),
        GOCHAT_TLS_CERT: join(home.path, 'cert.pem'),
        GOCHAT_TLS_KEY: join(home.path, 'key.pem'),
      },
    });
  }

  async function talks(text: string): Promise<void> {
    for (const one of people) await one.delivered(room, [await one.says(room, `${one.name}: ${text}`)]);
    for (const one of people) for (const { name } of people) await one.hears(room, `${name}: ${text}`);
  }

  const ready = (number: number, first = metrics) => `http://127.0.0.1:${first + number - 1}/readyz`;

  test('people whose connections are on different nodes talk, and each node has its own metrics', async () => {
    await talks('hello');
    const connected = logged(server).filter(({ msg }) => msg === 'connected');
    expect(new Set(connected.map(({ node }) => node))).toEqual(new Set([1, 2, 3]));
    for (let number = 1; number <= NODES; number += 1) expect((await fetch(ready(number))).status).toBe(200);
    expect(server.all.split('GoChat listens at').length).toBe(2);
  });

  test('SIGHUP makes every node read the certificate again', async () => {
    server.child.kill('SIGHUP');
    await server.shows('reloaded the certificate', NODES);
  });

  test('a node that is killed is started again, and its clients go on', async () => {
    process.kill(pidsOf(server)[1] ?? 0, 'SIGKILL');
    await server.shows('a node ended; starting it again');
    await talks('while a node is down');
    await until('node 2 serves again', () => answers(ready(2)));
    expect(logged(server).filter(({ msg }) => msg?.startsWith('a node ended'))).toMatchObject([
      { level: 'error', node: 2, code: null, signal: 'SIGKILL' },
    ]);
  });

  test('a node that is stopped alone is started again, and its clients go on', async () => {
    process.kill(pidsOf(server)[2] ?? 0, 'SIGTERM');
    await server.shows('a node ended; starting it again', 2);
    await talks('after a node was replaced');
    await until('node 3 serves again', () => answers(ready(3)));
    expect(
      logged(server).find(({ msg, code }) => msg?.startsWith('a node ended') && code === 0),
    ).toMatchObject({ node: 3, signal: null });
  });

  test('a port that is in use is reported once, with the exit code of a wrong setting', async () => {
    const { code, err } = await serve('--nodes', '2', '--port', portOf(server)).end();
    expect([code, err.split('is in use').length - 1]).toEqual([2, 1]);
    expect(err).toContain('--port');
  });

  test('SIGTERM stops every node, and none is started again', async () => {
    const { code, out, err } = await server.stop('SIGTERM');
    expect(code, out + err).toBe(0);
    expect(
      logged(server)
        .filter(({ msg }) => msg === 'stopping')
        .map(({ node }) => node)
        .sort(),
    ).toEqual([1, 2, 3, 3]);
    for (const pid of pidsOf(server)) expect(runs(pid)).toBe(false);
    expect(out + err).not.toContain(SECRET);
    for (const one of people) expect(await one.warnings(room)).toEqual([]);
  });

  test('a service manager may signal all processes at once', async () => {
    const other = serve('--nodes', '2');
    await other.shows('2 nodes serve this port');
    const ended = other.stop('SIGTERM');
    for (const pid of pidsOf(other)) process.kill(pid, 'SIGTERM');
    const { code, out, err } = await ended;
    expect(code, out + err).toBe(0);
    expect(out).not.toContain('starting it again');
  });

  test('no node outlives the process that started it', async () => {
    const own = await consecutivePorts(2);
    const other = serve('--nodes', '2', '--metrics', `127.0.0.1:${own}`);
    onTestFinished(async () => void (await other.stop('SIGKILL')));
    await other.shows('2 nodes serve this port');
    process.kill(other.child.pid ?? 0, 'SIGKILL');
    for (const number of [1, 2])
      await until('its nodes have ended', async () => !(await answers(ready(number, own))));
  });
});

function portOf(server: GochatProcess): string {
  return /\(127\.0\.0\.1:(\d+)\)/.exec(server.all)?.[1] ?? '';
}

/** Of the nodes that were started first, by number. */
function pidsOf(server: GochatProcess): number[] {
  return (/: processes ([\d, ]+)\./.exec(server.all)?.[1] ?? '').split(', ').map(Number);
}

interface Line {
  readonly level?: string;
  readonly msg?: string;
  readonly node?: number;
  readonly code?: number | null;
}

function logged(server: GochatProcess): Line[] {
  return server.all
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** @throws Error when it doesn't come about in time */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it never came about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
