import { afterEach, expect, test } from 'vitest';
import { followsAll, links, roomsOf } from '../src/people/devices.ts';
import { Someone, startServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function someone(name: string, dir?: string): Promise<Someone> {
  const folder = dir === undefined ? await temporary() : undefined;
  if (folder !== undefined) ends.push(() => folder.remove());
  const one = await Someone.open(name, dir ?? folder?.path ?? '');
  ends.push(() => one.close().catch(() => undefined));
  return one;
}

/** Ana and Ben in a room that shows newcomers nothing, and what they have said. */
async function anaAndBen() {
  const folder = await temporary();
  ends.push(() => folder.remove());
  const server = await startServer(folder.path);
  ends.push(() => server.stop());
  const [ana, ben] = [await someone('ana'), await someone('ben')];
  const { room, link } = await ana.hosts(server.url, 'diary');
  await ana.profile.call('configure', { room, history: 'none', waitMs: WAIT_MS });
  await ben.joins(link);
  await followsAll(ben);
  await followsAll(ana);
  const soup = await ana.says(room, 'soup?');
  await ben.hears(room, 'soup?');
  await ben.says(room, 'yes');
  await ana.hears(room, 'yes');
  const gone = await ana.says(room, 'a secret');
  await ana.hears(room, 'a secret');
  const seqOf = async (id: string) => (await ana.messages(room)).find((one) => one.id === id)?.seq ?? '0';
  await ana.posts(room, { kind: 'delete', of: { id: gone, seq: (await seqOf(gone)) as never } });
  await ana.posts(room, { kind: 'edit', of: { id: soup, seq: (await seqOf(soup)) as never }, text: 'stew?' });
  await ana.until(async () => (await ana.read(room)).includes('ana: stew?'), 'the edit is in the log');
  return { ana, ben, room };
}

test('a linked device is given the last days, also of rooms that show newcomers nothing', async () => {
  const { ana, room } = await anaAndBen();
  const phone = await someone('phone');
  await links(ana, phone, 'Phone');
  await followsAll(phone);
  await phone.until(async () => (await phone.read(room)).length === 2, 'the history is there');
  expect(await phone.read(room)).toEqual(['ana: stew?', 'ben: yes']);
  const messages = await phone.messages(room);
  expect(messages.map(({ own, shared }) => [own, shared])).toEqual([
    [true, undefined],
    [false, undefined],
  ]);
  expect(JSON.stringify(await phone.profile.call('history', { room, limit: 100 }))).not.toContain('secret');
  // What is said from now on comes once.
  await ana.says(room, 'more');
  await phone.hears(room, 'more');
  expect(await phone.read(room)).toEqual(['ana: stew?', 'ben: yes', 'ana: more']);
});

test('a limited device is given none of it, and nobody is where it would read it', async () => {
  const { ana, room } = await anaAndBen();
  const bot = await someone('bot');
  await links(ana, bot, 'Bot', true);
  expect(await roomsOf(bot)).toEqual(['diary']);
  await followsAll(bot);
  await ana.says(room, 'hello bot');
  await bot.hears(room, 'hello bot');
  // Nobody is given any where it would read along.
  const tablet = await someone('tablet');
  await links(ana, tablet, 'Tablet');
  await followsAll(tablet);
  await ana.says(room, 'hello tablet');
  for (const one of [bot, tablet]) await one.hears(room, 'hello tablet');
  expect(await tablet.read(room)).toEqual(['ana: hello tablet']);
  expect(await bot.read(room)).toEqual(['ana: hello bot', 'ana: hello tablet']);
});

test('the history comes after both have been restarted', async () => {
  const { ana, room } = await anaAndBen();
  const phone = await someone('phone');
  await links(ana, phone, 'Phone');
  await ana.close();
  await phone.close();
  const [again, there] = [await someone('phone', phone.dir), await someone('ana', ana.dir)];
  await followsAll(again);
  await followsAll(there);
  await again.until(async () => (await again.read(room)).length === 2, 'the history is there');
});
