import { fingerprintOf } from '@gochat/crypto/identity';
import { formatLink } from '@gochat/crypto/link';
import { decodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { serve } from '@gochat/server/internal/serve';
import { expect } from 'vitest';
import { test } from '../src/people/device-test.ts';
import { type DeviceWorld, followsAll, links, renewsOwnInvite } from '../src/people/devices.ts';
import { Mortal } from '../src/people/mortal.ts';
import { openedRecords } from '../src/people/opened-records.ts';
import { type Someone, silentLogger, temporary } from '../src/people/people.ts';
import { findWords, folderBytes, Wiretap } from '../src/servers/wiretap.ts';
import { WAIT_MS } from '../src/waits.ts';

const TOKEN = 'letOnlyMembersMakeRooA';

/** Ana, Ben and Mal in one room, which all of them follow. */
async function kitchen(world: DeviceWorld) {
  const server = await world.server();
  const ana = await world.someone('ana');
  const [ben, mal] = [await world.someone('ben'), await world.someone('mal')];
  const { room, link } = await ana.hosts(server.url);
  for (const one of [ben, mal]) await one.joins(link);
  for (const one of [ana, ben, mal]) await followsAll(one);
  await ana.syncs(room);
  await ben.syncs(room);
  return { server, ana, ben, mal, room };
}

function writes(from: Someone, room: string, member: string, text?: string) {
  return from.profile.call('dm', { room, member, waitMs: WAIT_MS, ...(text !== undefined && { text }) });
}

function requestsOf(one: Someone) {
  return one.profile.call('requests', {});
}

async function isAsked(one: Someone, count = 1): Promise<void> {
  await one.until(async () => (await requestsOf(one)).length === count, `${one.name} has ${count} requests`);
}

/** The conversations of two of a person. */
async function directOf(one: Someone) {
  const rooms = await one.profile.call('rooms', {});
  return rooms.filter(({ direct, status }) => direct !== undefined && status === 'active');
}

test.concurrent('who is asked reads the first words, accepts, and both write to each other', async ({
  world,
}) => {
  const { ana, ben, room } = await kitchen(world);
  const made = await writes(ana, room, 'ben', 'a word in private?');
  expect(made).toMatchObject({ name: 'ben', direct: { state: 'asked' }, queued: 1 });
  await isAsked(ben);
  const [request] = await requestsOf(ben);
  expect(request).toMatchObject({ room, roomName: 'kitchen', name: 'ana', text: 'a word in private?' });
  expect(await directOf(ben)).toEqual([]);
  const { id } = await ben.profile.call('acceptRequest', { id: request?.id ?? '', waitMs: WAIT_MS });
  expect(id).toBe(made.id);
  expect(await requestsOf(ben)).toEqual([]);
  await ben.hears(id, 'a word in private?');
  await ben.posts(id, { kind: 'text', text: 'of course' });
  await ana.hears(id, 'of course');
  expect(await ana.read(id)).toEqual(['ana: a word in private?', 'ben: of course']);
  expect(await directOf(ana)).toMatchObject([{ name: 'ben', admin: true, direct: { state: 'there' } }]);
  expect(await directOf(ben)).toMatchObject([{ name: 'ana', admin: true, direct: { state: 'there' } }]);
  // The same conversation goes on.
  expect((await writes(ben, room, 'ana', 'again')).id).toBe(id);
  await ana.hears(id, 'again');
});

test.concurrent('if both ask each other at once, one conversation stays, with what both have said', async ({
  world,
}) => {
  const { ana, ben, room } = await kitchen(world);
  const asks = [writes(ana, room, 'ben', 'from ana'), writes(ben, room, 'ana', 'from ben')] as const;
  const [of, to] = await Promise.all(asks);
  const id = of.id < to.id ? of.id : to.id;
  for (const one of [ana, ben]) {
    await one.until(
      async () => (await directOf(one)).map((info) => info.id).join() === id,
      `${one.name} has one conversation`,
    );
    await one.hears(id, 'from ana');
    await one.hears(id, 'from ben');
    expect(await requestsOf(one)).toEqual([]);
  }
});

test.concurrent('what is ignored leads to nothing: no frame names the room, and it stays ignored', async ({
  world,
}) => {
  const server = await world.server();
  const [ana, ben] = [await world.someone('ana'), await world.someone('ben')];
  const { room, link } = await ana.hosts(server.url);
  const tap = new Wiretap(server.port);
  world.finally(() => tap.close());
  await ben.joins(link.replace(String(server.port), String(await tap.listen())));
  await ana.syncs(room);
  const { id } = await writes(ana, room, 'ben', 'hello?');
  await isAsked(ben);
  await ben.profile.call('ignoreRequest', { id: id.slice(0, 8) });
  expect(await requestsOf(ben)).toEqual([]);
  await ana.says(room, 'after that');
  await ben.hears(room, 'after that');
  expect(findWords(Buffer.concat(tap.bytes), [id, room])).toEqual([room]);
  await ben.close();
  const again = await world.opens('ben', ben.dir);
  expect(await requestsOf(again)).toEqual([]);
  await expect(again.profile.call('acceptRequest', { id, waitMs: 1000 })).rejects.toMatchObject({
    data: { reason: 'request-unknown' },
  });
});

test.concurrent('nobody else has anything of it: not in a record, and not in what it is sent', async ({
  world,
}) => {
  const { ana, ben, mal, room } = await kitchen(world);
  const { id } = await writes(ana, room, 'ben', 'for your eyes only');
  await isAsked(ben);
  await ana.says(room, 'after that');
  await mal.hears(room, 'after that');
  expect(await requestsOf(mal)).toEqual([]);
  expect((await mal.history(room)).map(({ kind }) => kind)).not.toContain('box');
  const words = ['for your eyes only', id];
  for (const one of [mal, ben]) await one.close();
  expect(findWords(await openedRecords(mal.dir), words)).toEqual([]);
  expect(findWords(await folderBytes(mal.dir), words)).toEqual([]);
  expect(findWords(await openedRecords(ben.dir), words)).toEqual(words);
});

test.concurrent('who may ask is a setting, and who is ignored asks in vain', async ({ world }) => {
  const { ana, ben, mal, room } = await kitchen(world);
  await ben.profile.call('prefer', { change: { asks: 'verified' } });
  await writes(mal, room, 'ben', 'from a stranger');
  const members = await ben.profile.call('members', { room });
  const identity = (name: string) => members.find((one) => one.name === name)?.identity ?? '';
  await ben.profile.call('prefer', { change: { verified: [identity('ana')] } });
  await writes(ana, room, 'ben', 'from a friend');
  await isAsked(ben);
  expect((await requestsOf(ben)).map(({ text }) => text)).toEqual(['from a friend']);
  await ben.profile.call('prefer', { change: { ignored: [identity('ana')] } });
  expect(await requestsOf(ben)).toEqual([]);
});

test.concurrent.for(['is ignored', 'may not ask'])(
  'whoever writes to somebody who %s comes into that room',
  async (how, { world }) => {
    const { ana, ben, room } = await kitchen(world);
    if (how === 'may not ask') await ben.profile.call('prefer', { change: { asks: 'none' } });
    const { id } = await writes(ana, room, 'ben', 'from ana');
    if (how === 'is ignored') {
      await isAsked(ben);
      await ben.profile.call('ignoreRequest', { id });
    }
    await ana.says(room, 'after that');
    await ben.hears(room, 'after that');
    expect(await requestsOf(ben)).toEqual([]);
    expect(await writes(ben, room, 'ana', 'from ben')).toMatchObject({ id });
    for (const one of [ana, ben]) {
      await one.hears(id, 'from ana');
      await one.hears(id, 'from ben');
      expect(await directOf(one)).toHaveLength(1);
    }
  },
);

test.concurrent('what is accepted on one device is read on the other', async ({ world }) => {
  const { ana, ben, room } = await kitchen(world);
  await renewsOwnInvite(ana, ben, room);
  const laptop = await world.someone('laptop');
  await links(ben, laptop, 'Laptop');
  await followsAll(laptop);
  await ana.until(
    async () => (await ana.profile.call('members', { room })).some(({ devices }) => devices.length === 2),
    'ana sees both',
  );
  const { id } = await writes(ana, room, 'ben', 'on both?');
  for (const one of [ben, laptop]) await isAsked(one);
  await laptop.profile.call('acceptRequest', { id, waitMs: WAIT_MS });
  await isAsked(ben, 0);
  for (const one of [laptop, ben]) {
    await one.until(async () => (await directOf(one)).length === 1, `${one.name} is in it`);
    await followsAll(one);
  }
  await ana.says(id, 'now both read');
  for (const one of [laptop, ben]) await one.hears(id, 'now both read');
});

test.concurrent('a box that a change overtakes is made again', async ({ world }) => {
  const { ana, ben, room } = await kitchen(world);
  // Each heal begins an epoch, in which the boxes of before can't be opened.
  const heals = Array.from({ length: 3 }, () =>
    ben.profile.call('reportCompromise', { room, waitMs: WAIT_MS }),
  );
  await writes(ana, room, 'ben', 'in between');
  await Promise.allSettled(heals);
  await isAsked(ben);
  expect((await requestsOf(ben)).map(({ text }) => text)).toEqual(['in between']);
});

test.concurrent('a process that dies at any write asks once, and says the first words once', async ({
  world,
}) => {
  const server = await world.server();
  const host = await world.someone('host');
  const { link, room } = await host.hosts(server.url);
  const writing = async (name: string, at: number, when: 'before' | 'after') => {
    const one = new Mortal();
    world.finally(() => one.close());
    await one.does((chat) => chat.call('join', { link, as: name, waitMs: WAIT_MS }));
    const before = one.writes;
    if (at > 0) one.diesAfter(at, when);
    await one.lives(async (chat) => {
      const isMade = (await chat.call('rooms', {})).some(({ direct }) => direct !== undefined);
      if (!isMade) await chat.call('dm', { room, member: 'host', text: `from ${name}`, waitMs: WAIT_MS });
    });
    return { one, writes: one.writes - before };
  };
  const { writes } = await writing('first', 0, 'before');
  let count = 1;
  for (let at = 1; at <= writes; at += 2) {
    const { one } = await writing(`died ${at}`, at, at % 4 === 1 ? 'before' : 'after');
    count += 1;
    // It may have died after all was queued: the next process sends it, once it follows the room.
    const isThere = async () => {
      await one.does((chat) => chat.call('follow', { room }));
      return (await requestsOf(host)).length === count;
    };
    await host.until(isThere, `host is asked by died ${at}`);
    const request = (await requestsOf(host)).find(({ name }) => name === `died ${at}`);
    const { id } = await host.profile.call('acceptRequest', { id: request?.id ?? '', waitMs: WAIT_MS });
    count -= 1;
    await host.until(async () => {
      await one.does((chat) => chat.call('follow', { room }));
      return (await host.messages(id)).length > 0;
    }, `host hears died ${at}`);
    expect(await host.read(id)).toEqual([`died ${at}: from died ${at}`]);
    await one.close();
  }
  expect(writes).toBeGreaterThan(3);
});

test.concurrent('whoever passes the link of a conversation on lets nobody in', async ({ world }) => {
  const { ana, ben, mal, room, server } = await kitchen(world);
  const { id } = await writes(ana, room, 'ben', 'hello');
  await isAsked(ben);
  await ben.close();
  // What Ben has of the invite, as his records say.
  const records = (await openedRecords(ben.dir)).toString('latin1');
  const [, secret = ''] = /"secret":"([A-Za-z0-9_-]{22})"/.exec(records) ?? [];
  const members = await mal.profile.call('members', { room });
  const founder = members.find(({ name }) => name === 'ana')?.identity ?? '';
  const link = formatLink({
    address: server.url.replace('tcp:', 'http:'),
    room: id as RoomId,
    secret: decodeBytes(secret),
    founder: fingerprintOf(decodeBytes(founder)),
  });
  await mal.profile.call('join', { link, as: 'mal', waitMs: 5000 }).catch(() => undefined);
  await ana.syncs(id);
  expect((await ana.profile.call('members', { room: id })).map(({ name }) => name)).toEqual(['ana']);
});

test.concurrent('where rooms need a token, members of a room can still write to each other', async ({
  world,
}) => {
  const folder = await temporary();
  const server = await serve({
    engine: await openLmdb({ folder: folder.path }),
    host: '127.0.0.1',
    port: 0,
    limits: {},
    names: [{ host: '127.0.0.1' }],
    createToken: TOKEN,
    membersCreate: true,
    logger: silentLogger(),
  });
  world.finally(async () => {
    await server.close();
    await folder.remove();
  });
  const [ana, ben] = [await world.someone('ana'), await world.someone('ben')];
  const address = `tcp://127.0.0.1:${server.port}`;
  const create = { name: 'kitchen', as: 'ana', server: address, waitMs: WAIT_MS };
  await expect(ana.profile.call('create', create)).rejects.toMatchObject({ code: 'token' });
  const { id: room } = await ana.profile.call('create', { ...create, token: TOKEN });
  await ben.joins(await ana.invites(room));
  for (const one of [ana, ben]) await followsAll(one);
  await ana.syncs(room);
  const { id } = await writes(ana, room, 'ben', 'without a token');
  await isAsked(ben);
  await ben.profile.call('acceptRequest', { id, waitMs: WAIT_MS });
  await ben.hears(id, 'without a token');
});
