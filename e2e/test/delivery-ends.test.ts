import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Meddler } from '../src/meddler.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people.ts';

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

test('when the server ends the delivery of a room for now, and not the connection, the client enters it again', async () => {
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
  expect(await ben.troubles(room)).toEqual([]);
  await Promise.all([ana.close(), ben.close()]);
});
