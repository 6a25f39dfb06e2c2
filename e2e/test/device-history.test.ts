import { platform } from '@gochat/client/internal/profile/platform';
import { expect } from 'vitest';
import { brisk } from '../src/people/brisk.ts';
import { test } from '../src/people/device-test.ts';
import { type DeviceWorld, devicesOf, followsAll, keyOf, links, roomsOf } from '../src/people/devices.ts';
import { WAIT_MS } from '../src/waits.ts';

/** Ana and Ben in a room that shows newcomers nothing, and what they have said. */
async function anaAndBen(world: DeviceWorld) {
  const server = await world.server();
  const [ana, ben] = [await world.someone('ana'), await world.someone('ben')];
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

test.concurrent('a linked device is given the last days, also of rooms that show newcomers nothing', async ({
  world,
}) => {
  const { ana, room } = await anaAndBen(world);
  const phone = await world.someone('phone');
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

test.concurrent('a linked device is given also what is older than thirty days, after the last days of all rooms', async ({
  world,
}) => {
  const server = await world.server();
  let shiftMs = 0;
  const env = { ...platform, now: () => platform.now() + shiftMs };
  const [ana, phone] = [await world.someone('ana', { env }), await world.someone('phone')];
  const { room } = await ana.hosts(server.url, 'diary');
  await followsAll(ana);
  const texts = Array.from({ length: 5 }, (_, n) => `entry ${n}`);
  for (const text of texts) await ana.posts(room, { kind: 'text', text });
  const { link } = await ana.profile.call('linkOffer', { limited: false, waitMs: WAIT_MS });
  const { digits } = await phone.profile.call('linkAccept', { link, label: 'Phone', waitMs: WAIT_MS });
  const stageOf = async (one: typeof ana) => (await one.profile.call('linking', {})).stage;
  await ana.until(async () => (await stageOf(ana)) === 'opened', 'the link was opened');
  await ana.profile.call('linkConfirm', { digits, waitMs: WAIT_MS });
  // Before the phone has joined, and is given anything.
  shiftMs = 40 * 24 * 3600 * 1000;
  await phone.until(async () => (await stageOf(phone)) === 'joined', 'the phone is linked');
  await followsAll(phone);
  await phone.until(async () => (await phone.read(room)).length === texts.length, 'the history is there');
  expect(await phone.read(room)).toEqual(texts.map((text) => `ana: ${text}`));
});

test.concurrent('a limited device is given none of it, and nobody is where it would read it', async ({
  world,
}) => {
  const { ana, room } = await anaAndBen(world);
  const bot = await world.someone('bot');
  await links(ana, bot, 'Bot', true);
  expect(await roomsOf(bot)).toEqual(['diary']);
  await followsAll(bot);
  await ana.says(room, 'hello bot');
  await bot.hears(room, 'hello bot');
  // Nobody is given any where it would read along.
  const tablet = await world.someone('tablet');
  await links(ana, tablet, 'Tablet');
  await followsAll(tablet);
  await ana.says(room, 'hello tablet');
  for (const one of [bot, tablet]) await one.hears(room, 'hello tablet');
  expect(await tablet.read(room)).toEqual(['ana: hello tablet']);
  expect(await bot.read(room)).toEqual(['ana: hello bot', 'ana: hello tablet']);
});

test.concurrent('the history comes after both have been restarted', async ({ world }) => {
  const { ana, room } = await anaAndBen(world);
  const phone = await world.someone('phone');
  await links(ana, phone, 'Phone');
  await ana.close();
  await phone.close();
  const [again, there] = [await world.opens('phone', phone.dir), await world.opens('ana', ana.dir)];
  await followsAll(again);
  await followsAll(there);
  await again.until(async () => (await again.read(room)).length === 2, 'the history is there');
});

test.concurrent('older messages come when they are asked for, from the device that has them', async ({
  world,
}) => {
  const { ana, room } = await anaAndBen(world);
  const bot = await world.someone('bot');
  await links(ana, bot, 'Bot', true);
  const tablet = await world.someone('tablet');
  await links(ana, tablet, 'Tablet');
  await followsAll(tablet);
  const asks = (waitMs: number) => tablet.profile.call('olderHistory', { room, waitMs });
  // A limited device would read along.
  expect(await asks(0)).toEqual({ devices: 0, came: false });
  await ana.profile.call('removeDevice', { device: await keyOf(bot), waitMs: WAIT_MS });
  await tablet.until(async () => (await devicesOf(tablet)).length === 2, 'the bot is out');
  const phone = await world.someone('phone');
  await ana.close();
  await links(tablet, phone, 'Phone');
  await followsAll(phone);
  expect(await tablet.read(room)).toEqual([]);
  // Who is online has none either; the order waits for the one who has.
  expect(await asks(0)).toEqual({ devices: 2, came: false });
  await tablet.close();
  const again = await world.opens('ana', ana.dir);
  await followsAll(again);
  const there = await world.opens('tablet', tablet.dir);
  await followsAll(there);
  await there.until(async () => (await there.read(room)).length === 2, 'the history is there');
  expect(await there.read(room)).toEqual(['ana: stew?', 'ben: yes']);
});

test.concurrent('of a long history, what did not come unasked comes when it is asked for', async ({
  world,
}) => {
  const server = await world.server();
  let shiftMs = 0;
  const env = { ...brisk, now: () => Date.now() + shiftMs };
  const [ana, phone] = [await world.someone('ana', { env }), await world.someone('phone', { env })];
  const { room } = await ana.hosts(server.url, 'diary');
  await followsAll(ana);
  const texts = Array.from({ length: 90 }, (_, n) => `${n} ${'x'.repeat(60_000)}`);
  for (const text of texts) await ana.posts(room, { kind: 'text', text });
  shiftMs = 40 * 24 * 3600 * 1000;
  await links(ana, phone, 'Phone');
  await followsAll(phone);
  const count = async () => (await phone.messages(room)).length;
  await phone.until(async () => (await count()) > 0, 'the newest of it is there');
  expect(await count()).toBeLessThan(texts.length);
  expect(await phone.profile.call('olderHistory', { room, waitMs: WAIT_MS })).toEqual({
    devices: 1,
    came: true,
  });
  await phone.until(async () => (await count()) === texts.length, 'all of it is there');
  expect((await phone.messages(room)).map(({ text }) => text)).toEqual(texts);
});
