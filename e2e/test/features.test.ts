import { join } from 'node:path';
import type { Down } from '@gochat/protocol/down';
import { LIMITS } from '@gochat/protocol/limits';
import type { Up } from '@gochat/protocol/up';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { Meddler } from '../src/servers/meddler.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let meddler: Meddler;
let ana: Someone;
let ben: Someone;
let room: string;
let link: string;
/** What ben's client has sent. */
let sent: Up[];

/** Ana uses the server itself, and ben a proxy that changes what the server says. */
beforeEach(async () => {
  sent = [];
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  meddler = new Meddler(server.port);
  const address = (await meddler.listen()).replace('tcp:', 'http:');
  ana = await Someone.open('ana', join(home.path, 'ana'));
  ben = await Someone.open('ben', join(home.path, 'ben'));
  const hosted = await ana.hosts(server.url);
  room = hosted.room;
  link = hosted.link.replace(/^[a-z]+:\/\/[^/]+/, address);
});

afterEach(async () => {
  await Promise.all([ana.close(), ben.close()]);
  await meddler.close();
  await server.stop();
  await home.remove();
});

/** Each frame for ben passes `change`. */
function meddle(change: (frame: Down, connection: number) => readonly object[]): void {
  meddler.meddling = {
    up: (frame) => {
      sent.push(frame);
      return [frame];
    },
    down: (frame, connection) => change(frame, connection) as readonly Down[],
  };
}

async function bothTalk(): Promise<void> {
  await ana.delivered(room, [await ana.says(room, 'hello ben')]);
  await ben.hears(room, 'hello ben');
  await ben.delivered(room, [await ben.says(room, 'hello ana')]);
  await ana.hears(room, 'hello ana');
}

/** Names of features that nobody has defined. */
const UNKNOWN = ['no-proofs', 'no-nonce', 'plain', 'entry', 'welcome', '2', '-'];
const ALL = [...UNKNOWN, ...Array.from({ length: LIMITS.features - UNKNOWN.length }, (_, n) => `x-${n}`)];

test('a client uses nothing of features that it does not know, and leaves no check out', async () => {
  meddle((frame) => [frame.type === 'welcome' ? { ...frame, features: ALL } : frame]);
  await ben.joins(link);
  await bothTalk();
  expect(sent.filter(({ type }) => type === 'hello')).not.toEqual([]);
  for (const frame of sent) expect(frame).not.toHaveProperty('features');
  for (const type of ['invitation', 'join', 'enter'] as const)
    expect(sent.filter((frame) => frame.type === type)).toContainEqual(
      expect.objectContaining({ nonce: expect.any(String), proof: expect.any(String) }),
    );
  expect(await ben.warnings(room)).toEqual([]);
  // What is said twice is shown once, with a warning, as at any server.
  meddle((frame) => (frame.type === 'entry' ? [frame, frame] : [frame]));
  await ana.delivered(room, [await ana.says(room, 'again')]);
  await ben.until(
    async () => (await ben.warnings(room)).some(({ warning }) => warning === 'repeated'),
    'ben is warned',
  );
  expect((await ben.read(room)).filter((line) => line === 'ana: again')).toHaveLength(1);
});

const novelties: Record<string, (entry: Down) => readonly object[]> = {
  'a member': (entry) => [{ ...entry, 'x-0': 1 }],
  'a frame': (entry) => [{ type: 'x-0', room }, entry],
};

test.each(Object.keys(novelties))(
  'a client that is sent %s of a feature which only the server has announced closes the connection, and reads on at the next',
  async (what) => {
    meddle((frame) => [frame.type === 'welcome' ? { ...frame, features: ALL } : frame]);
    await ben.joins(link);
    await bothTalk();
    let first: number | undefined;
    let last = -1;
    meddle((frame, connection) => {
      last = Math.max(last, connection);
      if (frame.type === 'welcome') return [{ ...frame, features: ALL }];
      if (frame.type !== 'entry' || (first !== undefined && connection > first)) return [frame];
      first = connection;
      return (novelties[what] as (typeof novelties)[string])(frame);
    });
    await ana.delivered(room, [await ana.says(room, 'something new')]);
    await ben.hears(room, 'something new');
    expect(first).toBeDefined();
    expect(last).toBeGreaterThan(first ?? last);
    expect((await ben.read(room)).filter((line) => line === 'ana: something new')).toHaveLength(1);
    expect(await ben.warnings(room)).toEqual([]);
  },
);

test('a client works at a server that offers nothing', async () => {
  meddle((frame) => {
    if (frame.type !== 'welcome') return [frame];
    const { type, id, version, nonce, server: software, silenceMs, now } = frame;
    return [{ type, id, version, nonce, server: software, silenceMs, now }];
  });
  await ben.joins(link);
  await bothTalk();
  expect(sent.filter(({ type }) => type === 'knock' || type === 'wake')).toEqual([]);
  expect(await ben.warnings(room)).toEqual([]);
});
