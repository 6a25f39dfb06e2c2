import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@gochat/client/internal/net/connect';
import type { Connection } from '@gochat/client/internal/net/connection';
import { backupFolder } from '@gochat/server/backup';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Someone, temporary } from '../src/people/people.ts';
import { NatsCluster } from '../src/servers/nats-cluster.ts';
import { neededNatsServer } from '../src/servers/nats-server.ts';
import { freePort } from '../src/servers/ports.ts';
import { buildFilter } from '../src/servers/system-call-filter.ts';
import { buildGochat, GochatProcess } from '../src/terminal/gochat-process.ts';
import { findTool, needed } from '../src/tool.ts';
import { WAIT_MS } from '../src/waits.ts';

const SHIPPED = fileURLToPath(new URL('../../deploy', import.meta.url));
const DEPLOY = join(SHIPPED, 'cluster');
const LOG_STREAM = 'GOCHAT_LOG';
const SECRET = 'of-a-test-only';
const CROWD = 60;

const nats = await neededNatsServer('deploy/cluster with three NATS servers');
const nginx = needed(await findTool('nginx', ['nginx-light']), 'deploy/nginx.conf');
const caddy = needed(await findTool('caddy', ['caddy']), 'deploy/Caddyfile');
const systemd = needed(await findTool('systemd-analyze', ['systemd']), 'deploy/gochat.service');
const compiler = needed(await findTool('cc', ['gcc', 'libc6-dev']), 'deploy/gochat.service under its filter');
const compose = needed(await findTool('docker-compose', ['docker-compose']), 'deploy/cluster/compose.yaml');
const kubectl = needed(await findTool('kubectl', ['kubernetes-client']), 'deploy/cluster/kubernetes.yaml');
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
        const one: (typeof crowd)[number] = { connection: await connect(url, { ca, withinMs: WAIT_MS }) };
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
    let output = '';
    for (const stream of [balancer.stdout, balancer.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    for (;;) {
      if (balancer.exitCode !== null) throw new Error(`HAProxy ended: ${output}`);
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

const read = (file: string) => readFileSync(join(SHIPPED, file), 'utf8');

/** A folder that is removed when the test ends. */
async function folder(): Promise<string> {
  const { path, remove } = await temporary();
  onTestFinished(remove);
  return path;
}

/** A certificate for localhost, in files. */
async function certified(path: string): Promise<{ ca: string; cert: string; key: string }> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const [cert, key] = [join(path, 'cert.pem'), join(path, 'key.pem')];
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.private);
  return { ca: made.cert, cert, key };
}

/** A server for a proxy on this machine. @returns its port */
async function behindProxy(path: string, log: 'debug' | 'info' = 'info') {
  buildGochat();
  const node = new GochatProcess(
    [
      'serve',
      '--port',
      '0',
      '--behind-proxy',
      '--name',
      'localhost',
      '--log-level',
      log,
      '--log-format',
      'json',
    ],
    { cwd: path, env: { GOCHAT_DATA: join(path, 'rooms') } },
  );
  onTestFinished(async () => void (await node.stop('SIGTERM')));
  await node.shows('To chat');
  return { node, port: /\(127\.0\.0\.1:(\d+)\)/.exec(node.all)?.[1] ?? '' };
}

/** Runs a proxy until the test ends, and waits until a client reaches the server through it. */
async function proxied(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  url: string,
  ca: () => string,
) {
  const proxy = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...env } });
  onTestFinished(() => void proxy.kill('SIGKILL'));
  let said = '';
  for (const stream of [proxy.stdout, proxy.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  for (;;) {
    if (proxy.exitCode !== null) throw new Error(`${command} ended: ${said}`);
    const connection = await Promise.resolve()
      .then(() => connect(url, { ca: ca() }))
      .catch(() => undefined);
    if (connection === undefined) continue;
    connection.close();
    return;
  }
}

test.skipIf(nginx === undefined)(
  'deploy/nginx.conf forwards chats, with the address of each client',
  async () => {
    const path = await folder();
    const { ca, cert, key } = await certified(path);
    const { node, port } = await behindProxy(path, 'debug');
    const own = await freePort();
    const site = read('nginx.conf')
      .replace('listen 443 ssl', `listen 127.0.0.1:${own} ssl`)
      .replace('server_name chat.example.org', 'server_name localhost')
      .replace('/etc/letsencrypt/live/chat.example.org/fullchain.pem', cert)
      .replace('/etc/letsencrypt/live/chat.example.org/privkey.pem', key)
      .replace('127.0.0.1:4040', `127.0.0.1:${port}`);
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${join(path, name)};`)
      .join(' ');
    const config = join(path, 'nginx.conf');
    writeFileSync(
      config,
      `daemon off; pid ${join(path, 'pid')}; error_log stderr; events {} http { access_log off; ${folders}\n${site}\n}`,
    );
    await proxied(nginx ?? '', ['-p', path, '-c', config], {}, `wss://localhost:${own}`, () => ca);
    await node.shows('"address":"127.0.0.1"');
  },
);

test.skipIf(caddy === undefined)('deploy/Caddyfile forwards chats', async () => {
  const path = await folder();
  const { port } = await behindProxy(path);
  const own = await freePort();
  // Its own authority in place of a public one, which must not get into the machine's trusted ones.
  const config = `{\nadmin off\nskip_install_trust\nauto_https disable_redirects\n}\n${read('Caddyfile')
    .replace('chat.example.org {', `https://localhost:${own} {\nbind 127.0.0.1\ntls internal`)
    .replace('127.0.0.1:4040', `127.0.0.1:${port}`)}`;
  writeFileSync(join(path, 'Caddyfile'), config);
  const root = join(path, 'caddy/pki/authorities/local/root.crt');
  await proxied(
    caddy ?? '',
    ['run', '--adapter', 'caddyfile', '--config', join(path, 'Caddyfile')],
    { XDG_DATA_HOME: path, XDG_CONFIG_HOME: path },
    `wss://localhost:${own}`,
    () => readFileSync(root, 'utf8'),
  );
});

describe.skipIf(systemd === undefined || compiler === undefined)('deploy/gochat.service', () => {
  const unit = read('gochat.service');
  const callNumber = {
    x64: { pkeys: [329, 330, 331], reboot: 169 },
    arm64: { pkeys: [288, 289, 290], reboot: 142 },
  };

  /** Runs a server as the unit does, until the test ends. @returns what it printed once it has said `text`, or ended, and its end */
  async function runUnit(path: string, text: string, args: readonly string[], more: NodeJS.ProcessEnv) {
    buildGochat();
    const filter = buildFilter(unit, compiler ?? '', path);
    const env = Object.fromEntries(
      [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const gochat = [process.execPath, join(SHIPPED, '../terminal/bin/gochat.js'), 'serve'];
    const server = spawn(filter, [...gochat, '--port', '0', '--host', '127.0.0.1', ...args], {
      env: { PATH: process.env.PATH, ...env, GOCHAT_DATA: join(path, 'rooms'), ...more },
      stdio: 'pipe',
    });
    onTestFinished(() => void server.kill('SIGKILL'));
    let said = '';
    let greeted = () => {};
    const greeting = new Promise<void>((resolve) => {
      greeted = resolve;
    });
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(text)) greeted();
      });
    const closed = once(server, 'close');
    await Promise.race([greeting, closed]);
    return { server, closed, said: () => said };
  }

  test('runs a server, and its backups, under its own filter of system calls', async () => {
    const path = await folder();
    const { server, closed, said } = await runUnit(path, 'Metrics: ', [], {
      GOCHAT_METRICS: '127.0.0.1:0',
    });
    expect(await backupFolder(join(path, 'rooms'), join(path, 'copy'))).toBe(0);
    server.kill('SIGTERM');
    expect([await closed, said()]).toEqual([[0, null], expect.stringContaining('To chat')]);
  });

  test.skipIf(nats === undefined)('runs several nodes under its own filter of system calls', async () => {
    const path = await folder();
    const engine = await NatsCluster.start({ binary: nats ?? '', folder: join(path, 'nats'), size: 1 });
    onTestFinished(() => engine.stop());
    const { server, closed, said } = await runUnit(path, '2 nodes serve', ['--nodes', '2'], {
      GOCHAT_METRICS: '127.0.0.1:0',
      GOCHAT_LOG: engine.url,
      GOCHAT_LOG_REPLICAS: '1',
    });
    server.kill('SIGTERM');
    expect([await closed, said()]).toEqual([[0, null], expect.stringContaining('2 nodes serve')]);
  });

  test('allows memory protection keys, which Node.js uses where the processor has them, and no reboot', async () => {
    const path = await folder();
    const filter = buildFilter(unit, compiler ?? '', path);
    const numbers = callNumber[process.arch as keyof typeof callNumber];
    for (const call of numbers.pkeys)
      expect([call, spawnSync(filter, ['--call', String(call)]).signal]).toEqual([call, null]);
    expect(spawnSync(filter, ['--call', String(numbers.reboot)]).signal).toBe('SIGSYS');
  });
});

test.skipIf(systemd === undefined).each(['gochat.service', 'cluster/nats-one-machine.service'])(
  'deploy/%s is a valid unit',
  async (file) => {
    const path = await folder();
    const name = basename(file);
    writeFileSync(join(path, name), read(file));
    const { status, stderr } = spawnSync(systemd ?? '', ['verify', join(path, name)], { encoding: 'utf8' });
    expect([status, stderr.split('\n').filter((line) => line.includes(name))]).toEqual([0, []]);
  },
);

test('the health check of deploy/Dockerfile follows a server with its variables', async () => {
  buildGochat();
  const path = await folder();
  const file = read('Dockerfile').replaceAll('\\\n', ' ');
  const variables = Object.fromEntries(
    (/^ENV (GOCHAT_.*)$/m.exec(file)?.[1] ?? '')
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]),
  );
  const [command = '', ...args] = JSON.parse(
    /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(file)?.[1] ?? '[]',
  ) as string[];
  const [, ...entry] = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(file)?.[1] ?? '[]') as string[];
  const metrics = `127.0.0.1:${await freePort()}`;
  const server = new GochatProcess([...entry, '--port', '0', '--insecure'], {
    cwd: path,
    env: { ...variables, GOCHAT_HOST: '127.0.0.1', GOCHAT_DATA: join(path, 'data'), GOCHAT_METRICS: metrics },
  });
  const check = async () => {
    const own = args.map((arg) => arg.replace(variables.GOCHAT_METRICS ?? '', metrics));
    const [code] = (await once(spawn(command, own, { stdio: 'ignore' }), 'close')) as [number];
    return code;
  };
  await server.shows('Metrics: ');
  expect(await check()).toBe(0);
  await server.stop('SIGTERM');
  expect(await check()).toBe(1);
});

test.skipIf(compose === undefined)('deploy/cluster/compose.yaml is valid', async () => {
  const path = await folder();
  // Debian's Compose is older than the member `name`.
  writeFileSync(join(path, 'compose.yaml'), read('cluster/compose.yaml').replace(/^name: gochat$/m, ''));
  const { status, stderr } = spawnSync(
    compose ?? '',
    ['-f', join(path, 'compose.yaml'), 'config', '--quiet'],
    {
      encoding: 'utf8',
      env: { ...process.env, NATS_PASSWORD: SECRET },
    },
  );
  expect([status, stderr]).toEqual([0, '']);
});

test.skipIf(kubectl === undefined)('deploy/cluster/kubernetes.yaml is a list of named objects', async () => {
  const path = await folder();
  writeFileSync(join(path, 'kubernetes.yaml'), read('cluster/kubernetes.yaml'));
  writeFileSync(join(path, 'kustomization.yaml'), 'resources: [kubernetes.yaml]\n');
  const { status, stdout, stderr } = spawnSync(kubectl ?? '', ['kustomize', path], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const kinds = [...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind).sort();
  expect(kinds).toEqual([
    'Deployment',
    'Ingress',
    'PodDisruptionBudget',
    'PodDisruptionBudget',
    'Service',
    'Service',
    'StatefulSet',
  ]);
});
