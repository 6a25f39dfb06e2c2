import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NatsCluster } from '@gochat/e2e/nats-cluster';
import { neededNatsServer } from '@gochat/e2e/nats-server';
import { connect, type Msg } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CannotOpen } from '../../src/log/cannot-open.ts';
import { FIRST_SEQUENCE, TAIL_KEY } from '../../src/log/jetstream/layout.ts';
import { LiveMessages } from '../../src/log/jetstream/live-messages.ts';
import { EngineRefusal, Nats } from '../../src/log/jetstream/nats.ts';
import {
  checkRooms,
  checkServers,
  type JetStreamOptions,
  openJetStream,
} from '../../src/log/jetstream/open.ts';
import { JetStreamLog } from '../../src/log/jetstream/room-log.ts';
import { JetStreamState } from '../../src/log/jetstream/room-state.ts';
import { COUNT_STREAM, RoomStreams } from '../../src/log/jetstream/room-streams.ts';
import { JetStreamTails } from '../../src/log/jetstream/tails.ts';
import { Unavailable } from '../../src/log/log.ts';
import { appended, bodies, collect, handshakeOf, makeRoom, newId, positions, readAll, say } from './room.ts';

const binary = await neededNatsServer('what JetStream must be like to keep rooms');
const streams = new RoomStreams();
const [{ log: LOG_STREAM, state: STATE_STREAM }] = streams.pairs;

test('a server that is too old is refused with the fix', async () => {
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
  await expect(opening).rejects.toThrow(/has version 2\.9\.10.*install 2\.12\.0 or later/);
});

test('unreachable servers are reported', async () => {
  const reasons: string[] = [];
  const observer = {
    waiting: (reason: string) => reasons.push(reason),
    failed: () => undefined,
    recovered: () => undefined,
  };
  const opening = openJetStream({ servers: ['127.0.0.1:1'], replicas: 3, startMs: 3_000, observer });
  await expect(opening).rejects.toThrow(CannotOpen);
  await expect(opening).rejects.toThrow(/the NATS servers at 127\.0\.0\.1:1 can't be used/);
  // In time, and once.
  expect(reasons).toEqual([expect.stringMatching(/127\.0\.0\.1:1/)]);
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
    [
      'small messages',
      (c) => c.replace('max_payload: 8MB', ''),
      {},
      /accepts messages up to 1048576 bytes.*max_payload: 8MB/,
    ],
    ['no JetStream', (c) => c.replace(/^jetstream.*$/m, ''), {}, /has JetStream disabled.*store_dir/],
    ['no cluster', (c) => c, { replicas: 3 }, /is not part of a cluster.*3 replicas.*--log-replicas 1/],
  ])('with %s is refused with the fix', async (_, change, options, message) => {
    const { addresses: servers } = await cluster(1, '', change);
    await expect(openJetStream({ servers, replicas: 1, startMs: 1_000, ...options })).rejects.toThrow(
      message,
    );
  });

  test('that acknowledges writes before it syncs them is refused if a monitoring port shows it', async () => {
    const lazy = await cluster(1, '', (config) =>
      config.replace('sync_interval: always', 'sync_interval: 2m'),
    );
    const options = { servers: lazy.addresses, replicas: 1 };
    const monitors = lazy.servers.map(({ monitor }) => monitor);
    await expect(openJetStream({ ...options, monitors })).rejects.toThrow(/sync_interval: always/);
    await expect(openJetStream({ ...options, monitors: ['http://127.0.0.1:1'] })).rejects.toThrow(
      /can't read/,
    );
    await (await openJetStream(options)).close();
    const eager = await cluster(1);
    const syncing = { monitors: eager.servers.map(({ monitor }) => monitor), replicas: 1 };
    await (await openJetStream({ servers: eager.addresses, ...syncing })).close();
  });

  test('whose sync setting can not be read is refused, and one that is down is not', async () => {
    const three = await cluster(3);
    const servers = three.addresses;
    const monitors = three.servers.map(({ monitor }) => monitor);
    await expect(openJetStream({ servers, monitors: monitors.slice(1), replicas: 3 })).rejects.toThrow(
      `can't check whether the NATS server at ${servers[0]} syncs each write`,
    );
    await (await openJetStream({ servers, monitors, replicas: 3 })).close();
    // A node must start while one of three servers is down.
    await three.servers[2]?.kill();
    await (await openJetStream({ servers, monitors, replicas: 3 })).close();
  });

  test('requires its user and password, which no error contains', async () => {
    const secret = 'not-to-be-shown';
    const extra = `authorization { user: chat, password: "${secret}" }`;
    // Each server announces the others.
    const { addresses: servers } = await cluster(3, extra);
    const opening = openJetStream({ servers, replicas: 3, user: 'chat', password: 'wrong-one' });
    await expect(opening).rejects.toThrow(/reject the credentials.*--log-creds/);
    await expect(opening).rejects.not.toThrow(/wrong-one/);
    const looking = checkServers({ servers, replicas: 3, user: 'chat', password: 'wrong-one' });
    await expect(looking).rejects.toThrow(/reject the credentials/);
    await (await openJetStream({ servers, replicas: 3, user: 'chat', password: secret })).close();
  });

  test('that is down makes only a bounded number of writes wait', async () => {
    const one = await cluster(1);
    const { log, close } = await openJetStream({ servers: one.addresses, replicas: 1 });
    const room = newId();
    const base = await makeRoom(log, room);
    await one.servers[0]?.kill();
    const body = Buffer.alloc(64 * 1024);
    let refused = 0;
    const posts = Array.from({ length: 1_100 }, async () => {
      const error = await log.append(room, { id: newId(), base, body }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(Unavailable);
      if (String(error).includes('too many writes are waiting')) refused += 1;
    });
    await Promise.all(posts);
    expect(refused).toBeGreaterThan(50);
    expect(refused).toBeLessThan(200);
    await close();
  });

  test('keeps its number of replicas, whatever a later node is configured with', async () => {
    const { addresses: servers } = await cluster(3);
    await (await openJetStream({ servers, replicas: 3 })).close();
    await expect(openJetStream({ servers, replicas: 1 })).rejects.toThrow(
      /has 3 replicas, but this node expects 1: use --log-replicas 3, or .*nats stream edit GOCHAT_LOG --replicas 1/,
    );
    const nats = await Nats.connect({ servers });
    onTestFinished(() => nats.close());
    for (const name of [LOG_STREAM, STATE_STREAM, COUNT_STREAM])
      expect((await nats.stream(name))?.config.num_replicas).toBe(3);
  });

  test('keeps its number of log streams, each led by another server', async () => {
    const three = await cluster(3);
    const { addresses: servers } = three;
    const spread = await openJetStream({ servers, replicas: 3, streams: 3 });
    onTestFinished(() => spread.close());
    const nats = await Nats.connect({ servers });
    onTestFinished(() => nats.close());
    const { logs, pairs } = new RoomStreams(3);
    const leaders = async () =>
      Promise.all(
        // While a leader is elected, nobody answers.
        logs.map(async (log) => (await nats.stream(log).catch(() => undefined))?.cluster?.leader ?? 'none'),
      );
    const areSpread = async () => [...new Set(await leaders())].filter((one) => one !== 'none').length === 3;
    // Another server may win the election that NATS was asked to let one win: then the next node to start asks again.
    const spreads = async () => {
      if (!(await areSpread())) await (await openJetStream({ servers, replicas: 3, streams: 3 })).close();
      return areSpread();
    };
    await expect.poll(spreads).toBe(true);
    // However the leaders came together, the next node to start spreads them.
    const [first = ''] = await leaders();
    const areTogether = async () => {
      const led = await leaders();
      for (const [i, log] of logs.entries()) if (led[i] !== first) await nats.moveLeader(log, first);
      return led.every((leader) => leader === first);
    };
    await expect.poll(areTogether).toBe(true);
    await expect.poll(spreads).toBe(true);

    const rooms = Array.from({ length: 30 }, newId);
    for (const room of rooms) {
      await makeRoom(spread.log, room);
      await spread.state.put(room, 'key', Buffer.from('value'));
    }
    let found = 0;
    for (const { log, state } of pairs) {
      const stored = [await nats.subjects(log, 'gochat.>'), await nats.subjects(state, 'gochat.>')];
      expect(stored[0]?.size).toBeGreaterThan(0);
      expect(stored[1]?.size).toBe(stored[0]?.size);
      found += stored[0]?.size ?? 0;
    }
    expect(found).toBe(rooms.length);

    for (const streams of [1, 2, 4])
      await expect(openJetStream({ servers, replicas: 3, streams })).rejects.toThrow(
        `the rooms are spread over 3 log streams, but this node expects ${streams}: use --log-streams 3, or move the rooms out and in again (gochat move)`,
      );
    expect(await nats.stream('GOCHAT_LOG_4')).toBeUndefined();
  });

  test('with one log stream is not used with more', async () => {
    const { addresses: servers } = await cluster(1);
    await (await openJetStream({ servers, replicas: 1 })).close();
    await expect(openJetStream({ servers, replicas: 1, streams: 4 })).rejects.toThrow(
      'the rooms are spread over 1 log stream, but this node expects 4: use --log-streams 1, or move the rooms out and in again (gochat move)',
    );
    // As `gochat doctor` does, which creates nothing.
    await checkRooms({ servers, replicas: 1 });
    await expect(checkRooms({ servers, replicas: 1, streams: 4 })).rejects.toThrow('use --log-streams 1');
    const nats = await Nats.connect({ servers });
    onTestFinished(() => nats.close());
    // Versions of gochat that know one stream only have the layout 1, and refuse others.
    expect((await nats.stream(LOG_STREAM))?.config.metadata?.gochat_layout).toBe('1');
    const two = await cluster(1);
    await checkRooms({ servers: two.addresses, replicas: 1, streams: 2 });
    const other = await Nats.connect({ servers: two.addresses });
    onTestFinished(() => other.close());
    expect(await other.stream(LOG_STREAM)).toBeUndefined();
    await (await openJetStream({ servers: two.addresses, replicas: 1, streams: 2 })).close();
    expect((await other.stream(LOG_STREAM))?.config.metadata?.gochat_layout).toBe('2');
  });

  test('that leads another stream now is asked for the rooms of that stream only', async () => {
    const { addresses: servers } = await cluster(1);
    const { log, close } = await openJetStream({ servers, replicas: 1, streams: 2 });
    const raw = await connect({ servers });
    onTestFinished(async () => {
      await close();
      await raw.close();
    });
    const two = new RoomStreams(2);
    const followed = new Map<string, string>();
    while (followed.size < 2) {
      const room = newId();
      if (followed.has(two.logOf(room))) continue;
      followed.set(two.logOf(room), room);
      await collect(log, room, 0).until(await makeRoom(log, room));
    }
    const reads = new Map(two.logs.map((name) => [name, 0]));
    let changed: () => void = () => undefined;
    for (const name of two.logs)
      raw.subscribe(`$JS.API.STREAM.MSG.GET.${name}`, {
        callback: () => {
          reads.set(name, (reads.get(name) ?? 0) + 1);
          changed();
        },
      });
    await raw.flush();
    const [quiet = '', elected = ''] = two.logs;
    for (let i = 1; i <= 5; i += 1) {
      raw.publish(`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${elected}`);
      while ((reads.get(elected) ?? 0) < i)
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
    }
    // Followers also read by turns every ten seconds.
    expect(reads.get(quiet)).toBeLessThan(5);
  });

  test('gets the settings of this version, and streams of other programs are refused', async () => {
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
    await nats.configure({ name: STATE_STREAM, metadata: { gochat_layout: '4' } });
    await expect(openJetStream({ servers, replicas: 1 })).rejects.toThrow(
      /a later version of gochat created/,
    );
    const { addresses: others } = await cluster(1);
    const stranger = await Nats.connect({ servers: others });
    onTestFinished(() => stranger.close());
    await stranger.configure({ name: LOG_STREAM, subjects: ['gochat.log.*.*'] });
    await expect(openJetStream({ servers: others, replicas: 1 })).rejects.toThrow(
      /does not belong to gochat/,
    );
  });
});

describe.skipIf(binary === undefined)('an expired message', () => {
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

  test('is deleted by the engine, and the floor still shows it', async () => {
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
      [...(await nats.subjects(LOG_STREAM, streams.allEntries(of))).values()].reduce(
        (sum, count) => sum + count,
        0,
      );
    await expect.poll(async () => [await stored(room), await stored(quiet)]).toEqual([3, 1]);
    expect(bodies(await readAll(b.log, room))).toEqual(['founded', 'kept', 'long']);
    expect((await b.log.read(room, kept, 10)).floor).toBeGreaterThanOrEqual(brief);
    expect((await b.log.read(room, long, 10)).entries).toEqual([]);
    // The room's end is known although its last entry is gone, and a client that has read up to it is not refused.
    expect((await b.log.head(quiet))?.pos).toBe(only);
    expect(await b.log.read(quiet, 0, 10)).toMatchObject({ entries: [{ kind: 'handshake' }], floor: only });
    const head = await b.log.head(room);
    expect(Math.max(head?.pos ?? 0, head?.issued ?? 0)).toBeGreaterThanOrEqual(long);
    const follower = collect(b.log, room, brief);
    const next = await say(a.log, room, base, 'next');
    expect(next).toBeGreaterThan(last);
    await follower.until(next);
    expect(positions(follower.entries)).toEqual([long, next]);
    expect((await b.log.read(room, long, 10)).floor).toBe(last);
    follower.follower.stop();
  });

  test('moves the floor if it was the last message, even if its node crashed first', async () => {
    const { addresses: servers } = cluster;
    const [followed, asked] = [
      await openJetStream({ servers, replicas: 1 }),
      await openJetStream({ servers, replicas: 1 }),
    ];
    const nats = await Nats.connect({ servers });
    // A node that crashes can't store anything.
    const dying = await Nats.connect({ servers });
    const tails = new JetStreamTails(new JetStreamState(dying, streams, Date.now), Date.now);
    const log = new JetStreamLog({
      nats: dying,
      streams,
      now: Date.now,
      tails,
      live: new LiveMessages(dying),
    });
    onTestFinished(async () => {
      log.close();
      for (const one of [followed, asked, nats]) await one.close();
    });
    const room = newId();
    const base = await makeRoom(log, room);
    const kept = await say(log, room, base, 'kept');
    const follower = collect(followed.log, room, 0);
    const brief = await say(log, room, base, 'brief', 2);
    await dying.close();
    await follower.until(brief);
    const messages = async () =>
      (await nats.subjects(LOG_STREAM, streams.allEntries(room))).get(streams.entries(room, 'message'));
    await expect.poll(messages).toBe(1);
    expect(await asked.log.head(room)).toMatchObject({ pos: brief, handshake: base });
    expect(await asked.log.read(room, kept, 10)).toMatchObject({ entries: [], floor: brief });
    expect(await asked.log.read(room, brief, 10)).toMatchObject({ entries: [], floor: 0 });
    // Another node that has not used the room before.
    const joined = appended(await asked.log.handshake(room, base, handshakeOf('joined'))).pos;
    const page = await followed.log.read(room, kept, 10);
    expect([positions(page.entries), page.floor]).toEqual([[joined], brief]);
    follower.follower.stop();
  });

  test('moves the floor to the latest position that a node has seen, but not in a deleted room', async () => {
    const { addresses: servers } = cluster;
    const nats = await Nats.connect({ servers });
    const state = new JetStreamState(nats, streams, Date.now);
    const [early, late] = [new JetStreamTails(state, Date.now), new JetStreamTails(state, Date.now)];
    onTestFinished(() => nats.close());
    const room = newId();
    late.seen(room, 7, Date.now());
    await expect.poll(() => state.get(room, TAIL_KEY)).toBeDefined();
    early.seen(room, 5, Date.now() + 60_000);
    await early.close();
    expect(await late.read(room)).toBe(7);

    const [a, b] = [
      await openJetStream({ servers, replicas: 1 }),
      await openJetStream({ servers, replicas: 1 }),
    ];
    const dropped = newId();
    const gone = collect(a.log, dropped, 0);
    await say(a.log, dropped, await makeRoom(a.log, dropped), 'brief', 60);
    await b.log.drop(dropped);
    await gone.follower.done;
    for (const one of [a, b]) await one.close();
    expect([...(await nats.subjects(STATE_STREAM, streams.allValues(dropped))).keys()]).toEqual([]);
  });
});

describe.skipIf(binary === undefined)('an answer', () => {
  let folder: string;
  let cluster: NatsCluster;
  let nats: Nats;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gochat-jetstream-'));
    cluster = await NatsCluster.start({ binary: binary ?? '', folder, size: 1 });
    nats = await Nats.connect({ servers: cluster.addresses });
  });
  afterAll(async () => {
    await nats.close();
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  test('ends before a part that was lost on the network', async () => {
    const engine = await openJetStream({ servers: cluster.addresses, replicas: 1 });
    const raw = await connect({ servers: cluster.addresses });
    onTestFinished(async () => {
      await raw.close();
      await engine.close();
    });
    const room = newId();
    const base = await makeRoom(engine.log, room);
    for (let i = 0; i < 4; i++) await say(engine.log, room, base, `${i}`);
    const whole = await nats.page(LOG_STREAM, streams.allEntries(room), FIRST_SEQUENCE, 10, 1_000_000);
    expect(whole).toHaveLength(5);
    const answers: Msg[] = [];
    const query = JSON.stringify({ seq: FIRST_SEQUENCE, next_by_subj: streams.allEntries(room), batch: 10 });
    for await (const answer of await raw.requestMany(`$JS.API.DIRECT.GET.${LOG_STREAM}`, query, {
      strategy: 'sentinel',
    }))
      answers.push(answer);
    // A proxy server that drops one part of the answer.
    let lost = 0;
    raw.subscribe('$JS.API.DIRECT.GET.LOSSY', {
      callback: (_, asked) => {
        for (const [i, { data, headers = undefined }] of answers.entries())
          if (i !== lost) asked.respond(data, headers && { headers });
      },
    });
    await raw.flush();
    const page = () => nats.page('LOSSY', 'x', 1, 10, 1_000_000);
    await expect(page()).rejects.toThrow(Unavailable);
    for (lost = 1; lost <= 4; lost++) expect(await page()).toEqual(whole.slice(0, lost));
    // The end mark.
    expect(await page()).toEqual(whole);
    lost = -1;
    expect(await page()).toEqual(whole);
  });

  test('that there is nothing new is cheap, however large the last entry is', async () => {
    const engine = await openJetStream({ servers: cluster.addresses, replicas: 1 });
    onTestFinished(() => engine.close());
    const sent = async () => Number((await cluster.servers[0]?.ask('/varz'))?.out_bytes);
    const room = newId();
    const state = Buffer.alloc(1024 * 1024);
    const base = appended(await engine.log.handshake(room, 0, handshakeOf('large', { state }))).pos;
    const before = await sent();
    for (let i = 0; i < 20; i++) expect((await engine.log.read(room, base, 10)).entries).toEqual([]);
    expect((await sent()) - before).toBeLessThan(3 * state.length);
    // A new entry is still found.
    const pos = await say(engine.log, room, base, 'new');
    expect(positions((await engine.log.read(room, base, 10)).entries)).toEqual([pos]);
    expect((await engine.log.read(room, pos, 10)).entries).toEqual([]);
  });

  test('to stale posts does not delay other posts', async () => {
    const { log, close } = await openJetStream({ servers: cluster.addresses, replicas: 1 });
    onTestFinished(close);
    const room = newId();
    const first = await makeRoom(log, room);
    const base = appended(await log.handshake(room, first, handshakeOf('second'))).pos;
    let answered = 0;
    const late = Array.from({ length: 400 }, async () => {
      const outcome = await log.append(room, { id: newId(), base: first, body: Buffer.of() });
      expect('stale' in outcome && outcome.stale).toBeGreaterThanOrEqual(base);
      answered += 1;
    });
    await say(log, room, base, 'in time');
    const next = appended(await log.handshake(room, base, handshakeOf('third'))).pos;
    expect(answered).toBeLessThan(200);
    await Promise.all(late);
    expect(bodies(await readAll(log, room))).toEqual(['founded', 'second', 'in time', 'third']);
    expect(await log.append(room, { id: newId(), base, body: Buffer.of() })).toEqual({ stale: next });
  });

  test('that a stream is missing says nothing about a room', async () => {
    await expect(nats.last('NOT_THERE', 'gochat.log.x.m')).rejects.toThrow(EngineRefusal);
    expect(await nats.stream('NOT_THERE')).toBeUndefined();
  });
});
