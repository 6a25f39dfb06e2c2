import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NatsCluster } from '@gochat/e2e/nats-cluster';
import { neededNatsServer } from '@gochat/e2e/nats-server';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CannotOpen } from '../../src/log/cannot-open.ts';
import { type JetStreamOptions, openJetStream } from '../../src/log/jetstream.ts';
import { LOG_STREAM, logSubjects, STATE_STREAM } from '../../src/log/jetstream-layout.ts';
import { Nats } from '../../src/log/nats.ts';
import { bodies, collect, makeRoom, newId, positions, readAll, say } from './room.ts';

const binary = await neededNatsServer('what JetStream must be like to keep rooms');

test('a server that is too old is refused, with what to do', async () => {
  const info = {
    server_id: 'x',
    proto: 1,
    version: '2.9.10',
    max_payload: 8_388_608,
    headers: true,
    jetstream: true,
  };
  const old = createServer((socket) => {
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on('data', (data) => {
      if (data.includes('PING')) socket.write('PONG\r\n');
    });
    socket.on('error', () => undefined);
  });
  onTestFinished(() => void old.close());
  old.listen(0, '127.0.0.1');
  await once(old, 'listening');
  const { port } = old.address() as { port: number };
  const opening = openJetStream({ servers: [`127.0.0.1:${port}`], replicas: 3 });
  await expect(opening).rejects.toThrow(/is version 2\.9\.10.*install 2\.12\.0 or later/);
});

test('servers that are not there are said to be not there', async () => {
  const opening = openJetStream({ servers: ['127.0.0.1:1'], replicas: 3, startMs: 100 });
  await expect(opening).rejects.toThrow(CannotOpen);
  await expect(opening).rejects.toThrow(/the NATS servers can't be used/);
});

describe.skipIf(binary === undefined)('a server', () => {
  async function cluster(
    size: number,
    extra = '',
    change = (config: string) => config,
  ): Promise<NatsCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'gochat-jetstream-'));
    const started = await NatsCluster.start({ binary: binary ?? '', folder, size, extra, change });
    onTestFinished(async () => {
      await started.stop();
      rmSync(folder, { recursive: true });
    });
    return started;
  }

  test.each<[string, (config: string) => string, Partial<JetStreamOptions>, RegExp]>([
    ['small messages', (c) => c.replace('max_payload: 8MB', ''), {}, /takes 1048576 bytes.*max_payload: 8MB/],
    ['no JetStream', (c) => c.replace(/^jetstream.*$/m, ''), {}, /has no JetStream.*store_dir/],
    ['no room for replicas', (c) => c, { replicas: 3 }, /with 3 replicas.*--log-replicas/],
  ])('with %s is refused, with the line that mends it', async (_, change, options, message) => {
    const { addresses: servers } = await cluster(1, '', change);
    await expect(openJetStream({ servers, replicas: 1, startMs: 1_000, ...options })).rejects.toThrow(
      message,
    );
  });

  test('that acknowledges before it has synced is refused, where it tells', async () => {
    const lazy = await cluster(1, '', (config) =>
      config.replace('sync_interval: always', 'sync_interval: 2m'),
    );
    const options = { servers: lazy.addresses, replicas: 1 };
    const monitors = lazy.servers.map(({ monitor }) => monitor);
    await expect(openJetStream({ ...options, monitors })).rejects.toThrow(/sync_interval: always/);
    await expect(openJetStream({ ...options, monitors: ['http://127.0.0.1:1'] })).rejects.toThrow(
      /can't be read/,
    );
    await (await openJetStream(options)).close();
    const eager = await cluster(1);
    const told = { monitors: eager.servers.map(({ monitor }) => monitor), replicas: 1 };
    await (await openJetStream({ servers: eager.addresses, ...told })).close();
  });

  test('wants the name and password that it wants, which no error repeats', async () => {
    const secret = 'not-to-be-told';
    const extra = `authorization { user: chat, password: "${secret}" }`;
    const { addresses: servers } = await cluster(1, extra);
    const opening = openJetStream({
      servers,
      replicas: 1,
      user: 'chat',
      password: 'wrong-one',
    });
    await expect(opening).rejects.toThrow(/refuse us.*--log-creds/);
    await expect(opening).rejects.not.toThrow(/wrong-one/);
    await (await openJetStream({ servers, replicas: 1, user: 'chat', password: secret })).close();
  });

  test('gets the settings of this version, and keeps what is not ours from us', async () => {
    const { addresses: servers } = await cluster(1);
    await (await openJetStream({ servers, replicas: 1 })).close();
    const nats = await Nats.connect({ servers });
    onTestFinished(() => nats.close());
    await nats.configure({ name: LOG_STREAM, subjects: ['gochat.log.*.*'], duplicate_window: 1e9 });
    await (await openJetStream({ servers, replicas: 1 })).close();
    expect((await nats.stream(LOG_STREAM))?.config).toMatchObject({
      duplicate_window: 120e9,
      storage: 'file',
      allow_atomic: true,
      republish: { src: 'gochat.log.*.*' },
    });
    await nats.configure({ name: STATE_STREAM, metadata: { gochat_layout: '2' } });
    await expect(openJetStream({ servers, replicas: 1 })).rejects.toThrow(/by a later version of gochat/);
    const { addresses: others } = await cluster(1);
    const stranger = await Nats.connect({ servers: others });
    onTestFinished(() => stranger.close());
    await stranger.configure({ name: LOG_STREAM, subjects: ['gochat.log.*.*'] });
    await expect(openJetStream({ servers: others, replicas: 1 })).rejects.toThrow(/is not gochat's/);
  });
});

describe.skipIf(binary === undefined)('what has had its time', () => {
  let folder: string;
  let cluster: NatsCluster;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gochat-jetstream-'));
    cluster = await NatsCluster.start({ binary: binary ?? '', folder, size: 1 });
  });
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  test('is erased by the engine, and still is told of', async () => {
    const { addresses: servers } = cluster;
    const [a, b] = [
      await openJetStream({ servers, replicas: 1 }),
      await openJetStream({ servers, replicas: 1 }),
    ];
    const nats = await Nats.connect({ servers });
    onTestFinished(async () => {
      for (const one of [a, b, nats]) await one.close();
    });
    const room = newId();
    const base = await makeRoom(a.log, room);
    const kept = await say(a.log, room, base, 'kept');
    const brief = await say(a.log, room, base, 'brief', 2);
    const long = await say(a.log, room, base, 'long', 600);
    const last = await say(a.log, room, base, 'brief too', 2);
    const quiet = newId();
    const only = await say(a.log, quiet, await makeRoom(a.log, quiet), 'brief', 2);
    const stored = async (of: string) =>
      [...(await nats.subjects(LOG_STREAM, logSubjects(of))).values()].reduce((sum, count) => sum + count, 0);
    while ((await stored(room)) > 3 || (await stored(quiet)) > 1);
    expect(bodies(await readAll(b.log, room))).toEqual(['founded', 'kept', 'long']);
    expect((await b.log.read(room, kept, 10)).floor).toBe(brief);
    expect((await b.log.read(room, long, 10)).entries).toEqual([]);
    // The room's end is known, although nothing stands there, and nobody is turned away for having read up to it.
    expect((await b.log.head(quiet))?.pos).toBe(only);
    expect(await b.log.read(quiet, 0, 10)).toMatchObject({ entries: [{ kind: 'handshake' }], floor: only });
    const head = await b.log.head(room);
    expect(Math.max(head?.pos ?? 0, head?.given ?? 0)).toBeGreaterThanOrEqual(long);
    const follower = collect(b.log, room, brief);
    const next = await say(a.log, room, base, 'next');
    expect(next).toBeGreaterThan(last);
    await follower.until(next);
    expect(positions(follower.entries)).toEqual([long, next]);
    expect((await b.log.read(room, long, 10)).floor).toBe(last);
    follower.follower.stop();
  });
});
