import { join } from 'node:path';
import type { HistorySetting } from '@gochat/client/settings';
import { afterEach, expect, test } from 'vitest';
import { Someone, startServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server, and ana with a room that shows newcomers this much of its history. */
async function kitchen(history: HistorySetting) {
  const home = await temporary();
  ends.push(() => home.remove());
  const server = await startServer(join(home.path, 'server'));
  ends.push(() => server.stop());
  const open = async (name: string) => {
    const someone = await Someone.open(name, join(home.path, name));
    ends.push(() => someone.close());
    return someone;
  };
  const ana = await open('ana');
  const { id: room } = await ana.profile.call('create', {
    name: 'kitchen',
    as: 'ana',
    server: server.url,
    history,
    waitMs: WAIT_MS,
  });
  return { ana, room, open, server };
}

async function says(someone: Someone, room: string, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await someone.posts(room, { kind: 'text', text });
}

test('whoever joins with nobody there reads what the room shows newcomers, and by whom it was shared', async () => {
  const { ana, room, open } = await kitchen({ last: 3 });
  const ben = await open('ben');
  await ben.joins(await ana.invites(room));
  await says(ana, room, 'one', 'two');
  await ben.hears(room, 'two');
  await says(ben, room, 'three', 'four');
  await ana.hears(room, 'four');
  const link = await ana.invites(room);
  await says(ana, room, 'five');
  await ben.close();
  await ana.close();
  const cleo = await open('cleo');
  await cleo.joins(link);
  await cleo.until(async () => (await cleo.messages(room)).length >= 3, 'cleo reads what was shared');
  expect(await cleo.read(room)).toEqual(['ben: three', 'ben: four', 'ana: five']);
  expect((await cleo.messages(room)).map(({ shared }) => shared?.by)).toEqual(['ana', 'ana', 'ana']);
  expect(await cleo.warnings(room)).toEqual([]);
});
