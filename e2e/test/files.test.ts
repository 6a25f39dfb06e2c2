import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileOf, Someone, startServer, temporary } from '../src/people/people.ts';

/** Two people in a room, and the folder in which the server has the room's files. */
async function kitchen() {
  const home = await temporary();
  const data = join(home.path, 'server');
  const server = await startServer(data);
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const ben = await Someone.open('ben', join(home.path, 'ben'));
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  return {
    home,
    server,
    ana,
    ben,
    room,
    /** The ids of the files that the server has. */
    stored: async () => {
      const found: string[] = [];
      const entries = await readdir(join(data, 'files'), { recursive: true, withFileTypes: true });
      for (const entry of entries)
        if (entry.isDirectory() && /^[\w-]{22}$/.test(entry.name)) found.push(entry.name);
      return found.filter((id) => id !== room);
    },
    async end() {
      await Promise.all([ana.close(), ben.close()]);
      await server.stop();
      await home.remove();
    },
  };
}

test('a message with files of all sizes arrives, and each member reads the same bytes', async () => {
  const { ana, ben, room, end } = await kitchen();
  const sizes = [0, 1, 16_384, 1_048_548, 1_048_549, 3_000_000];
  const bytes = sizes.map((size) => randomBytes(size));
  const sources = bytes.map((one, i) => fileOf(`${i}.bin`, one));
  const id = await ana.queuesFiles(room, sources, 'look');
  await ana.delivered(room, [id]);
  await ben.hears(room, 'look');
  const [item] = (await ben.messages(room)).filter((message) => message.id === id);
  expect(item?.files?.map(({ name, bytes: size }) => [name, size])).toEqual(
    sizes.map((size, i) => [`${i}.bin`, size]),
  );
  for (const [i, one] of bytes.entries()) {
    expect((await ben.opens(room, id, i)).equals(one)).toBe(true);
    expect((await ana.opens(room, id, i)).equals(one)).toBe(true);
  }
  expect(await ben.profile.files.here(item?.files ?? [])).toHaveLength(sizes.length);
  await end();
});
