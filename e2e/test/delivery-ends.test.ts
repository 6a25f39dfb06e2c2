import { join } from 'node:path';
import type { Position } from '@gochat/protocol/fields';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { Meddler } from '../src/servers/meddler.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let meddler: Meddler;

beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  meddler = new Meddler(server.port);
});

afterEach(async () => {
  await meddler.close();
  await server.stop();
  await home.remove();
});

test('when the server ends the delivery of a room but not the connection, the client enters the room again', async () => {
  const url = await meddler.listen();
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const ben = await Someone.open('ben', join(home.path, 'ben'));
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link.replace(server.url.replace('tcp:', 'http:'), url.replace('tcp:', 'http:')));
  await ana.delivered(room, [await ana.says(room, 'before')]);
  await ben.hears(room, 'before');
  // As a node does whose log goes away while it brings somebody the backlog.
  let [ended, entered] = [0, 0];
  let isEnded = false;
  meddler.meddling = {
    up: (frame) => {
      if (frame.type !== 'enter') return [frame];
      entered += 1;
      isEnded = false;
      return [frame];
    },
    down: (frame) => {
      if (frame.type === 'live' && ended < 2) {
        ended += 1;
        isEnded = true;
        const message = 'the log did not answer';
        return [{ type: 'error', room: frame.room, code: 'unavailable', message, retryAfterMs: 50 }];
      }
      return isEnded && ['entry', 'live', 'signal'].includes(frame.type) ? [] : [frame];
    },
  };
  meddler.cut();
  await ben.until(async () => ended > 0, 'the delivery has ended');
  await ana.delivered(room, [await ana.says(room, 'after')]);
  await ben.hears(room, 'after');
  await ben.delivered(room, [await ben.says(room, 'and back')]);
  expect({ ended, entered }).toEqual({ ended: 2, entered: 3 });
  expect(await ben.warnings(room)).toEqual([]);
  await Promise.all([ana.close(), ben.close()]);
});

test('a client asks again when the server has missed a handshake, for a message and for a change of the room', async () => {
  const url = await meddler.listen();
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const { room } = await ana.hosts(url);
  await ana.delivered(room, [await ana.says(room, 'before')]);
  // As a node does that hears only a leader who was cut off: what it knows lies in front of what the client names.
  const answered = new Map<string, number>();
  const refused = new Map<string, 'stale' | 'conflict'>();
  let connections = 0;
  meddler.meddling = {
    up: (frame) => {
      if (frame.type === 'hello') connections += 1;
      if (frame.type !== 'post' && frame.type !== 'handshake') return [frame];
      const times = (answered.get(frame.type) ?? 0) + 1;
      answered.set(frame.type, times);
      if (times > 2) return [frame];
      // Its pong becomes the answer.
      refused.set(frame.id, frame.type === 'post' ? 'stale' : 'conflict');
      return [{ type: 'ping', id: frame.id }];
    },
    down: (frame) => {
      const code = frame.type === 'pong' ? refused.get(frame.id) : undefined;
      if (frame.type !== 'pong' || code === undefined) return [frame];
      refused.delete(frame.id);
      return [{ type: 'error', id: frame.id, code, message: 'behind', handshake: '0' as Position }];
    },
  };
  await ana.delivered(room, [await ana.says(room, 'after')]);
  await ana.invites(room);
  expect(Object.fromEntries(answered)).toEqual({ post: 3, handshake: 3 });
  // Over the connection that it had.
  expect(connections).toBe(0);
  expect(await ana.warnings(room)).toEqual([]);
  await ana.close();
});

test('a server that seems restored from a backup, and then is not, is reported and used again', async () => {
  const url = await meddler.listen();
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const { room } = await ana.hosts(url);
  await ana.delivered(room, [await ana.says(room, 'before')]);
  let isBehind = true;
  meddler.meddling = {
    down: (frame) =>
      frame.type === 'entered' && isBehind ? [{ ...frame, handshake: '0' as Position }] : [frame],
  };
  meddler.cut();
  const problem = async () => (await ana.profile.call('sync', { room, waitMs: 5_000 })).problem?.data.reason;
  await ana.until(async () => (await problem()) === 'keys-unknown', 'ana is notified');
  const id = await ana.says(room, 'after').catch(() => undefined);
  isBehind = false;
  await ana.until(async () => (await problem()) === undefined, 'ana is in again');
  await ana.delivered(room, [id ?? (await ana.says(room, 'after'))]);
  expect(await ana.read(room)).toEqual(['ana: before', 'ana: after']);
  expect(await ana.warnings(room)).toEqual([]);
  await ana.close();
});

test('a device that is live is not up to date before it has what came a moment ago', async () => {
  const url = await meddler.listen();
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const ben = await Someone.open('ben', join(home.path, 'ben'));
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link.replace(server.url.replace('tcp:', 'http:'), url.replace('tcp:', 'http:')));
  await ana.delivered(room, [await ana.says(room, 'before')]);
  await ben.hears(room, 'before');
  // What the server writes to ben is on its way until he asks whether there is more.
  let asks = () => {};
  const asked = new Promise<void>((resolve) => {
    asks = resolve;
  });
  meddler.meddling = {
    up: (frame) => {
      if (frame.type === 'read') asks();
      return [frame];
    },
    down: (frame) => (frame.type === 'entry' ? asked.then(() => [frame]) : [frame]),
  };
  await ana.delivered(room, [await ana.says(room, 'after')]);
  await ben.syncs(room);
  expect(await ben.read(room)).toEqual(['ana: before', 'ana: after']);
  await Promise.all([ana.close(), ben.close()]);
});
