import { join } from 'node:path';
import type { UpOf } from '@gochat/protocol/up';
import { expect, test } from 'vitest';
import { Someone, startServer, temporary } from '../src/people/people.ts';
import { Meddler } from '../src/servers/meddler.ts';

test('a message that waited for the server is sealed again under the same request, so that its time is not marked', async () => {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  const network = new Meddler(server.port);
  const url = (await network.listen()).replace('tcp:', 'http:');
  let waitedMs = 0;
  const env = {
    now: () => Date.now() + waitedMs,
    random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)),
  };
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const ben = await Someone.open('ben', join(home.path, 'ben'), { env });
  try {
    const { room, link } = await ana.hosts(server.url);
    await ben.joins(link.replace(/^http:\/\/[^/]+/, url));
    await ben.delivered(room, [await ben.says(room, 'first')]);
    const posts: UpOf<'post'>[] = [];
    let isLost = true;
    network.meddling = {
      up: (frame) => {
        if (frame.type === 'post') posts.push(frame);
        return frame.type === 'post' && isLost ? [] : [frame];
      },
    };
    const id = await ben.says(room, 'waited');
    await ben.until(async () => posts.length === 1, 'the message is posted');
    network.cut();
    await ben.until(async () => posts.length === 2, 'it is posted again');
    waitedMs = 3 * 60_000;
    isLost = false;
    network.cut();
    await ben.delivered(room, [id]);
    await ana.hears(room, 'waited');
    const [sealed, same, again] = posts;
    expect(same).toEqual(sealed);
    expect(again?.id).toBe(sealed?.id);
    expect(again?.body).not.toBe(sealed?.body);
    expect(await ana.read(room)).toEqual(['ben: first', 'ben: waited']);
    await ana.delivered(room, [await ana.says(room, 'thanks')]);
    await ben.hears(room, 'thanks');
    expect([await ana.warnings(room), await ben.warnings(room)]).toEqual([[], []]);
  } finally {
    await Promise.all([ana.close(), ben.close()]);
    await network.close();
    await server.stop();
    await home.remove();
  }
});
