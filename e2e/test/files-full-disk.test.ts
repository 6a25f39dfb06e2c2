import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SmallDisk } from '../src/faults/small-disk.ts';
import { fileOf, Someone, startServer, temporary } from '../src/people/people.ts';

test('with a full disk nothing is queued and nothing is left, and a smaller file can be sent then', async ({
  skip,
}) => {
  const home = await temporary();
  const dir = join(home.path, 'ana');
  const disk = await SmallDisk.mount(dir);
  if (disk === undefined) return skip('only root can mount a small disk');
  const server = await startServer(join(home.path, 'server'));
  const ana = await Someone.open('ana', dir);
  const { room } = await ana.hosts(server.url);
  const files = () => readdir(join(dir, 'files')).catch(() => []);
  const grown = { name: 'grown', bytes: 1_000_000, stream: () => zeros(3) };
  await expect(ana.profile.files.prepare(room, grown)).rejects.toMatchObject({
    data: { reason: 'file-changed' },
  });
  await ana.until(async () => (await files()).length === 0, 'what was sealed is dropped');
  // The disk has 256 MB: the third file fills it.
  const kept = await ana.profile.files.prepare(room, {
    name: 'kept',
    bytes: 90_000_000,
    stream: () => zeros(90),
  });
  const more = { name: 'more', bytes: 90_000_000, stream: () => zeros(90) };
  const also = await ana.profile.files.prepare(room, more);
  await expect(ana.profile.files.prepare(room, more)).rejects.toMatchObject({
    data: { reason: 'file-space' },
  });
  expect(await ana.profile.call('waiting', { room })).toEqual([]);
  await ana.until(async () => (await files()).length === 2, 'what was sealed of the last is dropped');
  await ana.profile.files.discard(room, [kept.content, also.content]);
  await ana.until(async () => (await files()).length === 0, 'what is discarded is dropped');
  const bytes = randomBytes(1000);
  const id = await ana.queuesFiles(room, [fileOf('small', bytes)]);
  await ana.delivered(room, [id]);
  expect((await ana.opens(room, id)).equals(bytes)).toBe(true);
  await ana.close();
  await server.stop();
  disk.unmount();
  await home.remove();
});

/** @param megabytes of zeros */
async function* zeros(megabytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < megabytes; i += 1) yield new Uint8Array(1_000_000);
}
