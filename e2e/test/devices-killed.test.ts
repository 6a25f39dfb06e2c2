import type { Account } from '@gochat/client/internal/account/account';
import { expect } from 'vitest';
import { brisk } from '../src/people/brisk.ts';
import { test } from '../src/people/device-test.ts';
import { DeviceWorld, devicesOf, followsAll, isOut, links, notesOf, roomsOf } from '../src/people/devices.ts';
import { links as linksEither } from '../src/people/linking.ts';
import { type Death, Mortal } from '../src/people/mortal.ts';
import { WAIT_MS } from '../src/waits.ts';

/** Both before and after each write; otherwise at some, by turns. */
const ALL = process.env.GOCHAT_CRASH_POINTS === 'all';

function deathsUpTo(writes: number, some: number): Death[] {
  const every = ALL ? 1 : Math.max(1, Math.floor(writes / some));
  const points = Array.from({ length: Math.ceil(writes / every) }, (_, i) => 1 + i * every);
  return points.flatMap((at, i): Death[] => {
    if (ALL)
      return [
        [at, 'before'],
        [at, 'after'],
      ];
    return [[at, i % 2 === 0 ? 'before' : 'after']];
  });
}

/** How many worlds there are at once: devices wait for most of their time. */
const WORLDS = 3;

/**
 * Tries each death in a world of its own, and before them none.
 * @param some at how many of the writes, unless at all
 * @param tries returns how often the process wrote that is to die
 */
async function triesDeaths(some: number, tries: (world: DeviceWorld, death: Death) => Promise<number>) {
  const inWorld = async (death: Death) => {
    const world = new DeviceWorld();
    try {
      return await tries(world, death);
    } catch (cause) {
      throw new Error(`died ${death[1]} its write ${death[0]}`, { cause });
    } finally {
      await world.close();
    }
  };
  const deaths = deathsUpTo(await inWorld([0, 'before']), some);
  const goesOn = async () => {
    for (let death = deaths.shift(); death !== undefined; death = deaths.shift()) await inWorld(death);
  };
  await Promise.all(Array.from({ length: WORLDS }, goesOn));
}

async function follows(chat: Account): Promise<void> {
  for (const { id } of await chat.call('rooms', {})) await chat.call('follow', { room: id });
}

/** Asks again until the answer is yes. @throws Error if it never is */
async function becomes(what: string, probe: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ana's laptop, whose first process ends after it has taken her phone in. @param death of the second process */
async function laptopThatDies(world: DeviceWorld, death: Death) {
  const server = await world.server();
  const laptop = new Mortal([[0, 'before'], death]);
  world.finally(() => laptop.close());
  const phone = await world.someone('phone');
  await laptop.does(async (chat) => {
    for (const name of ['diary', 'notes'])
      await chat.call('create', { name, as: 'ana', server: server.url, waitMs: WAIT_MS });
    await linksEither(chat, phone.profile);
  });
  await followsAll(phone);
  const device = (await devicesOf(phone))[0]?.key ?? '';
  await laptop.dies();
  return { laptop, phone, device };
}

/** @returns how often the second process wrote */
async function removesPhone(world: DeviceWorld, death: Death): Promise<number> {
  const { laptop, phone, device } = await laptopThatDies(world, death);
  await laptop.lives(async (chat) => {
    await follows(chat);
    const { removal, ...rest } = (await chat.call('devices', {})).find(({ key }) => key === device) ?? {};
    if ('key' in rest && removal === undefined) await chat.call('removeDevice', { device, waitMs: WAIT_MS });
    await becomes('the phone is out', async () => (await chat.call('devices', {})).length === 1);
  });
  await isOut(phone);
  const rooms = await laptop.does((chat) => chat.call('rooms', {}));
  expect(rooms.map(({ name, status }) => [name, status])).toEqual([
    ['diary', 'active'],
    ['notes', 'active'],
  ]);
  for (const { id } of rooms) {
    const members = await laptop.does((chat) => chat.call('members', { room: id }));
    expect(members.map(({ devices }) => devices.length)).toEqual([1]);
  }
  return laptop.writes;
}

test.concurrent('a removal is carried out although the one who ordered it dies at any write', () =>
  triesDeaths(3, removesPhone));

/** The phone dies; a room is joined on the laptop meanwhile, and notes are made on both. @returns how often its second process wrote */
async function phoneFollows(world: DeviceWorld, death: Death): Promise<number> {
  const server = await world.server();
  const laptop = await world.someone('ana');
  const { room: diary } = await laptop.hosts(server.url, 'diary');
  const phone = new Mortal([[0, 'before'], death]);
  world.finally(() => phone.close());
  await phone.does((chat) => linksEither(laptop.profile, chat));
  await followsAll(laptop);
  await phone.dies();
  await laptop.hosts(server.url, 'pantry');
  await followsAll(laptop);
  await laptop.profile.call('note', { room: diary, change: { notify: 'mentions' } });
  await phone.lives(async (chat) => {
    await chat.call('note', { room: diary, change: { draft: 'from the phone' } });
    await follows(chat);
    await becomes('the phone is in the pantry', async () => {
      const rooms = await chat.call('rooms', {});
      return rooms.filter(({ status }) => status === 'active').length === 2;
    });
    await becomes(
      'the phone has the note',
      async () => (await chat.call('notes', { room: diary })).notify === 'mentions',
    );
    await becomes(
      'the laptop has the draft',
      async () => (await notesOf(laptop, diary)).draft === 'from the phone',
    );
  });
  expect(await phone.does((chat) => chat.call('notes', { room: diary }))).toMatchObject({
    draft: 'from the phone',
    notify: 'mentions',
  });
  expect(await roomsOf(laptop)).toEqual(['diary', 'pantry']);
  return phone.writes;
}

test.concurrent('a device that dies at any write has afterwards what the others have, and they what it has', () =>
  triesDeaths(2, phoneFollows));

test.concurrent('a clock that is an hour ahead does not win for ever', async ({ world }) => {
  const server = await world.server();
  const ahead = { ...brisk, now: () => Date.now() + 3600_000 };
  const [ana, phone] = [await world.someone('ana'), await world.someone('phone', { env: ahead })];
  const { room } = await ana.hosts(server.url, 'diary');
  await links(ana, phone, 'Phone');
  for (const one of [ana, phone]) await followsAll(one);
  const notifies = (how: 'all' | 'none' | 'mentions') => async (one: typeof ana) =>
    one.until(async () => (await notesOf(one, room)).notify === how, `${one.name} notifies of ${how}`);
  await phone.profile.call('note', { room, change: { notify: 'none' } });
  await notifies('none')(ana);
  await ana.profile.call('note', { room, change: { notify: 'mentions' } });
  await notifies('mentions')(phone);
  await phone.profile.call('note', { room, change: { notify: 'all' } });
  await notifies('all')(ana);
});
