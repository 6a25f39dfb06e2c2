import type { Down } from '@gochat/protocol/down';
import type { ErrorCode } from '@gochat/protocol/errors';
import type { Position, RequestId, RoomId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { Up, UpOf } from '@gochat/protocol/up';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { expect, test } from 'vitest';
import type { Connection } from '../src/net/connection.ts';
import { greet } from '../src/net/connection.ts';
import type { Link, LinkEnd, LinkEvents } from '../src/net/link.ts';
import { FakeClock } from './fake-clock.ts';

const id = (text: string) => text as RequestId;
const room = 'r'.repeat(22) as RoomId;
const exit = (name: string) => ({ type: 'exit', id: id(name), room }) as const;
const exited = (name: string): Down => ({ type: 'exited', id: id(name), room });
const pong = (name: string): Down => ({ type: 'pong', id: id(name) });
const live = (seq: number): Down => ({ type: 'live', room, seq: String(seq) as Position });
const welcome = {
  type: 'welcome',
  id: id('hello'),
  version: PROTOCOL_VERSION,
  nonce: 'n'.repeat(22),
  server: 'test/1',
  silenceMs: 90_000,
  now: 1_790_000_000_000,
} as const;
const refusal = (code: ErrorCode, more: Partial<Down> = {}) =>
  ({ type: 'error', code, message: `no: ${code}`, ...more }) as Down;

/** A link whose other end is the test. */
class FakeLink implements Link {
  readonly origin = 'chat.example:4040';
  readonly closed: Promise<LinkEnd>;
  readonly sent: Up[] = [];
  queuedBytes = 0;
  paused = false;
  #events: LinkEvents | undefined;
  #resolve: (end: LinkEnd) => void = () => undefined;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  start(events: LinkEvents): void {
    this.#events = events;
  }
  send(frame: Up): void {
    this.sent.push(frame);
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  close(): void {
    this.end({ reason: 'here' });
  }

  bring(frame: Down, bytes = 100): void {
    this.#events?.heard();
    this.#events?.frame(frame, bytes);
  }
  hear(): void {
    this.#events?.heard();
  }
  end(end: LinkEnd): void {
    this.#resolve(end);
  }
  ofType<T extends Up['type']>(type: T): UpOf<T>[] {
    return this.sent.filter((frame): frame is UpOf<T> => frame.type === type);
  }
}

async function talk(
  silenceMs = 90_000,
): Promise<{ link: FakeLink; clock: FakeClock; connection: Connection }> {
  const link = new FakeLink();
  const clock = new FakeClock();
  const greeting = greet(link, { clock });
  link.bring({ ...welcome, silenceMs });
  return { link, clock, connection: await greeting };
}

test('hello names the origin and the version, and what proofs need comes of it', async () => {
  const { link, connection } = await talk();
  expect(link.sent).toEqual([
    { type: 'hello', id: 'hello', version: PROTOCOL_VERSION, origin: 'chat.example:4040' },
  ]);
  expect(connection.dialled).toEqual({ origin: 'chat.example:4040', nonce: welcome.nonce });
  expect(connection.server).toBe('test/1');
});

test('a server of another version is refused, with the versions of both sides', async () => {
  for (const version of [1, 3]) {
    const link = new FakeLink();
    const greeting = greet(link, { clock: new FakeClock() });
    link.bring({ ...welcome, version });
    await expect(greeting).rejects.toMatchObject({
      name: 'RequestError',
      code: 'version',
      server: version,
      client: PROTOCOL_VERSION,
    });
    expect(await link.closed).toEqual({ reason: 'here' });
  }
});

test('a refusal of hello is a RequestError, with or without its id', async () => {
  for (const more of [{ id: id('hello') }, {}]) {
    const link = new FakeLink();
    const greeting = greet(link, { clock: new FakeClock() });
    link.bring(refusal('origin', more));
    link.end({ reason: 'peer' });
    await expect(greeting).rejects.toMatchObject({
      name: 'RequestError',
      code: 'origin',
      advice: { retry: 'no' },
    });
  }
});

test('a server that does not answer hello is given up', async () => {
  const link = new FakeLink();
  const clock = new FakeClock();
  const greeting = greet(link, { clock });
  clock.pass(LIMITS.helloMs);
  await expect(greeting).rejects.toMatchObject({ name: 'Disconnected' });
  expect(clock.timers).toBe(0);
});

test('a server that speaks of rooms before its welcome is given up', async () => {
  const link = new FakeLink();
  const greeting = greet(link, { clock: new FakeClock() });
  link.bring(live(1));
  await expect(greeting).rejects.toThrow('before welcome');
});

test('answers come to the requests they belong to, in any order', async () => {
  const { link, connection } = await talk();
  const both = Promise.all([
    connection.request(exit('a')),
    connection.request({ type: 'ping', id: id('b') }),
  ]);
  link.bring(pong('b'));
  link.bring(exited('a'));
  expect(await both).toEqual([exited('a'), pong('b')]);
});

test('an error answers its request alone, with what to do about it', async () => {
  const { link, connection } = await talk();
  const [stale, limited, fine] = [exit('a'), exit('b'), exit('c')].map((frame) => connection.request(frame));
  link.bring(refusal('stale', { id: id('a'), handshake: '7' as Position }));
  link.bring(refusal('rate-limited', { id: id('b'), retryAfterMs: 20 }));
  link.bring(exited('c'));
  await expect(stale).rejects.toMatchObject({
    code: 'stale',
    handshake: '7',
    retryAfterMs: 0,
    advice: { retry: 'new' },
  });
  await expect(limited).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 20 });
  await expect(fine).resolves.toEqual(exited('c'));
});

test('an answer of the wrong kind ends the connection; an answer to no request is ignored', async () => {
  const { link, connection } = await talk();
  link.bring(pong('nobody'));
  const asked = connection.request(exit('a'));
  link.bring(pong('a'));
  await expect(asked).rejects.toThrow('exit answered with pong');
  await expect(connection.request(exit('b'))).rejects.toMatchObject({ name: 'Disconnected' });
});

test('the same id twice in flight is the caller’s mistake, and affects no other request', async () => {
  const { link, connection } = await talk();
  const first = connection.request(exit('a'));
  await expect(connection.request(exit('a'))).rejects.toThrow('in flight already');
  link.bring(exited('a'));
  await first;
  const again = connection.request(exit('a'));
  link.bring(exited('a'));
  await again;
});

test('the number of requests in flight is limited, and the others follow in order', async () => {
  const { link, connection } = await talk();
  const names = Array.from({ length: LIMITS.requestsInFlight + 50 }, (_, n) => `x${n}`);
  const all = Promise.all(names.map((name) => connection.request(exit(name))));
  expect(link.ofType('exit')).toHaveLength(LIMITS.requestsInFlight - 1);
  for (const name of names) link.bring(exited(name));
  await all;
  expect(link.ofType('exit').map((frame) => frame.id)).toEqual(names);
});

test('a frame that answers no request goes to the listeners in order, even if it came before they listened', async () => {
  const { link, connection } = await talk();
  link.bring(live(1));
  const heard: Down[] = [];
  const stop = connection.onFrame((frame) => void heard.push(frame));
  link.bring(refusal('rate-limited', { room }));
  link.bring(live(2));
  stop();
  link.bring(live(3));
  expect(heard).toEqual([live(1), refusal('rate-limited', { room }), live(2)]);
});

test('a connection that ends takes everything in flight and waiting with it, and says why', async () => {
  const { link, connection, clock } = await talk();
  const heard: Down[] = [];
  connection.onFrame((frame) => void heard.push(frame));
  const asked = Array.from({ length: LIMITS.requestsInFlight + 1 }, (_, n) =>
    connection.request(exit(`x${n}`)),
  );
  link.bring(refusal('restarting', { retryAfterMs: 700 }));
  link.end({ reason: 'peer' });
  const end = await connection.closed;
  expect(end).toMatchObject({
    name: 'Disconnected',
    code: 'restarting',
    failure: { kind: 'server-error', error: 'restarting', detail: 'no: restarting' },
    retryAfterMs: 700,
  });
  expect(
    (await Promise.allSettled(asked)).every(
      (outcome) => outcome.status === 'rejected' && outcome.reason === end,
    ),
  ).toBe(true);
  link.bring(live(1));
  expect(heard).toEqual([refusal('restarting', { retryAfterMs: 700 })]);
  expect(clock.timers).toBe(0);
});

test.each([
  ['lost', 'lost'],
  ['peer', 'closed-by-server'],
  ['malformed', 'malformed'],
  ['overrun', 'server-overrun'],
  ['here', 'closed-here'],
] as const)('an end that is %s is reported as such', async (reason, kind) => {
  const { link, connection } = await talk();
  const cause = new Error('deeper');
  link.end({ reason, cause });
  const end = await connection.closed;
  expect(end.failure.kind).toBe(kind);
  expect(end.cause).toBe(cause);
  expect(end.retryAfterMs).toBe(0);
});

test('it pings at a third of the silence that the server allows, and lives while anything is heard', async () => {
  const { link, clock, connection } = await talk(9_000);
  for (let n = 1; n <= 10; n += 1) {
    clock.pass(3_000);
    expect(link.ofType('ping')).toHaveLength(n);
    link.hear();
  }
  clock.pass(9_000);
  await expect(connection.closed).resolves.toMatchObject({
    failure: { kind: 'silent' },
  });
});

test('absurd silences are bent to sane ones', async () => {
  const { link, clock } = await talk(0);
  clock.pass(333);
  expect(link.ofType('ping')).toHaveLength(0);
  clock.pass(1);
  expect(link.ofType('ping')).toHaveLength(1);
});

test('a long upload counts as a sign of life, a stuck one does not', async () => {
  const { link, clock, connection } = await talk(9_000);
  let ended = false;
  void connection.closed.then(() => {
    ended = true;
  });
  for (let left = 10; left > 0; left -= 1) {
    link.queuedBytes = left * 1000;
    clock.pass(3_000);
  }
  await Promise.resolve();
  expect(ended).toBe(false);
  clock.pass(9_000);
  await connection.closed;
});

test('a request that nothing comes for ends the connection', async () => {
  const { clock, connection } = await talk();
  const asked = connection.request(exit('a'));
  clock.pass(29_999);
  clock.pass(1);
  await expect(asked).rejects.toMatchObject({ failure: { kind: 'unanswered', ms: 30_000 } });
});

test('a request may wait longer while other things come, not for ever', async () => {
  const { link, clock, connection } = await talk();
  const asked = connection.request(exit('a'));
  for (let n = 0; n < 11; n += 1) {
    clock.pass(10_000);
    link.hear();
  }
  clock.pass(10_000);
  await expect(asked).rejects.toMatchObject({ failure: { kind: 'unanswered', ms: 120_000 } });
});

test('signals are dropped while much waits to be sent', async () => {
  const { link, connection } = await talk();
  const signal = { type: 'signal', room, body: 'x' } as const;
  expect(connection.signal(signal)).toBe(true);
  link.queuedBytes = 1 << 20;
  expect(connection.signal(signal)).toBe(false);
  expect(link.ofType('signal')).toHaveLength(1);
  link.queuedBytes = 0;
  connection.close();
  await connection.closed;
  expect(connection.signal(signal)).toBe(false);
});

const MEGABYTE = 1 << 20;

test('reading pauses while a listener is busy, and silence then doesn’t end the connection', async () => {
  const { link, clock, connection } = await talk(9_000);
  let go: () => void = () => undefined;
  const heard: Down[] = [];
  connection.onFrame((frame) => {
    heard.push(frame);
    return heard.length === 1
      ? new Promise<void>((resolve) => {
          go = resolve;
        })
      : undefined;
  });
  for (let n = 1; n <= 6; n += 1) link.bring(live(n), MEGABYTE);
  expect(link.paused).toBe(true);
  expect(heard).toHaveLength(1);
  clock.pass(60_000);
  go();
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect(heard).toEqual([1, 2, 3, 4, 5, 6].map(live));
  expect(link.paused).toBe(false);
  clock.pass(8_999);
  connection.close();
  await expect(connection.closed).resolves.toMatchObject({ failure: { kind: 'closed-here' } });
});

test('the server is not held back while its answer is waited for', async () => {
  const { link, connection } = await talk();
  connection.onFrame(() => new Promise(() => undefined));
  for (let n = 1; n <= 6; n += 1) link.bring(live(n), MEGABYTE);
  expect(link.paused).toBe(true);
  const asked = connection.request(exit('a'));
  expect(link.paused).toBe(false);
  for (let n = 1; n <= 6; n += 1) link.bring(live(n), MEGABYTE);
  expect(link.paused).toBe(false);
  link.bring(exited('a'));
  await asked;
  expect(link.paused).toBe(true);
});

test('a server that pours without end ends the connection', async () => {
  const { link, connection } = await talk();
  connection.onFrame(() => new Promise(() => undefined));
  void connection.request(exit('a')).catch(() => undefined);
  for (let n = 1; n <= 70; n += 1) link.bring(live(n), MEGABYTE);
  await expect(connection.closed).resolves.toMatchObject({ failure: { kind: 'client-overrun' } });
});

test('a check ends a connection from which nothing comes, and no other', async () => {
  const dead = await talk();
  dead.connection.check();
  dead.clock.pass(2999);
  expect(dead.link.ofType('ping')).toHaveLength(1);
  dead.clock.pass(1);
  expect((await dead.connection.closed).failure).toEqual({ kind: 'silent' });
  const alive = await talk();
  alive.connection.check();
  alive.link.bring(pong('ping-1'));
  alive.clock.pass(3000);
  alive.link.end({ reason: 'peer' });
  expect((await alive.connection.closed).failure).toEqual({ kind: 'closed-by-server' });
});
