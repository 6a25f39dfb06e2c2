import { RoomError } from '@gochat/crypto/room-error';
import { expect } from 'vitest';
import { test } from '../src/people/device-test.ts';
import type { DeviceWorld } from '../src/people/devices.ts';
import { type Death, Mortal } from '../src/people/mortal.ts';
import type { Someone } from '../src/people/people.ts';
import { findWords, folderBytes, Wiretap } from '../src/servers/wiretap.ts';
import { WAIT_MS } from '../src/waits.ts';

/** Ana's room, with a link that needs approval. */
async function lobby(world: DeviceWorld) {
  const server = await world.server();
  const ana = await world.someone('ana');
  const { room, link } = await ana.hosts(server.url, 'lobby');
  return { server, ana, room, link, door: await opensDoor(ana, room) };
}

/** The same, with Ben as another admin or a moderator. */
async function lobbyOfTwo(world: DeviceWorld, role: 'admin' | 'moderator') {
  const at = await lobby(world);
  const ben = await world.someone('ben');
  await ben.joins(at.link);
  await at.ana.syncs(at.room);
  await at.ana.profile.call('setRole', { room: at.room, member: 'ben', role, waitMs: WAIT_MS });
  return { ...at, ben };
}

async function opensDoor(one: Someone, room: string): Promise<string> {
  const terms = { expiresMs: undefined, uses: undefined, approve: true, waitMs: WAIT_MS };
  return (await one.profile.call('invite', { room, ...terms })).link;
}

/** @returns the reason of the refusal */
async function asks(one: Someone, link: string, words = ''): Promise<string> {
  const params = { link, as: one.name, words, waitMs: WAIT_MS };
  return one.profile.call('join', params).then(
    () => 'joined',
    (error: { data?: { reason: string } }) => error.data?.reason ?? String(error),
  );
}

const knocksOf = (one: Someone, room: string) => one.profile.call('knocks', { room });
const waitsOf = (one: Someone) => one.profile.call('knocking', {});

async function infoOf(one: Someone, room: string) {
  return (await one.profile.call('rooms', {})).find(({ id }) => id === room);
}

async function hearsKnocks(one: Someone, room: string, count: number): Promise<void> {
  await one.profile.call('follow', { room });
  await one.until(
    async () => (await knocksOf(one, room)).length === count,
    `${one.name} has ${count} knocks`,
  );
}

async function isIn(one: Someone, room: string): Promise<void> {
  await one.until(async () => (await infoOf(one, room))?.status === 'active', `${one.name} is in`);
}

const decides = (one: Someone, room: string, knock: string, method: 'approveKnock' | 'declineKnock') =>
  one.profile.call(method, { room, knock, waitMs: WAIT_MS });

test.concurrent('who knocks while nobody is there is let in when nobody is there again', async ({
  world,
}) => {
  const { ana, room, door } = await lobby(world);
  await ana.close();
  const cleo = await world.someone('cleo');
  expect(await cleo.profile.call('peek', { link: door, waitMs: WAIT_MS })).toEqual({
    room,
    ...{ name: 'lobby', topic: '', history: 'none', members: [], by: '' },
    server: expect.any(String),
    ...{ already: false, leaving: false, approval: true },
  });
  expect(await asks(cleo, door, 'Ana’s sister')).toBe('knock-waiting');
  expect(await waitsOf(cleo)).toMatchObject([{ room, name: 'lobby', as: 'cleo', state: 'waiting' }]);
  expect(await cleo.profile.call('rooms', {})).toEqual([]);
  // Also in the next process.
  await cleo.close();
  const later = await world.opens('cleo', cleo.dir);
  expect(await waitsOf(later)).toMatchObject([{ name: 'lobby', state: 'waiting' }]);
  await later.close();

  const next = await world.opens('ana', ana.dir);
  await hearsKnocks(next, room, 1);
  const [knock] = await knocksOf(next, room);
  expect(knock).toMatchObject({ name: 'cleo', words: 'Ana’s sister', banned: false });
  expect((await infoOf(next, room))?.knocks).toBe(1);
  expect((await next.history(room)).filter(({ kind }) => kind === 'knocked')).toMatchObject([
    { from: 'cleo', words: 'Ana’s sister', own: false },
  ]);
  expect(await decides(next, room, 'cleo', 'approveKnock')).toEqual({ name: 'cleo' });
  expect(await knocksOf(next, room)).toEqual([]);
  expect((await infoOf(next, room))?.knocks).toBe(0);
  await next.close();

  const back = await world.opens('cleo', cleo.dir);
  await isIn(back, room);
  await back.until(async () => (await waitsOf(back)).length === 0, 'cleo waits no more');
  expect((await back.profile.call('members', { room })).map(({ name }) => name)).toEqual(['ana', 'cleo']);
  await back.posts(room, { kind: 'text', text: 'I am in' });
  const last = await world.opens('ana', ana.dir);
  await last.syncs(room);
  await last.hears(room, 'I am in');
  expect(await last.warnings(room)).toEqual([]);
});

test.concurrent('who waits joins automatically as long as it is there', async ({ world }) => {
  const { ana, room, door } = await lobby(world);
  const cleo = await world.someone('cleo');
  expect(await asks(cleo, door)).toBe('knock-waiting');
  await hearsKnocks(ana, room, 1);
  await decides(ana, room, 'cleo', 'approveKnock');
  await isIn(cleo, room);
  await cleo.until(async () => (await waitsOf(cleo)).length === 0, 'cleo waits no more');
});

test.concurrent('who asks again joins at once if it was approved, and knocks once however often it asks', async ({
  world,
}) => {
  const { ana, room, door } = await lobby(world);
  const cleo = await world.someone('cleo');
  for (let i = 0; i < 3; i++) expect(await asks(cleo, door)).toBe('knock-waiting');
  await hearsKnocks(ana, room, 1);
  await decides(ana, room, 'cleo', 'approveKnock');
  expect(await asks(cleo, door)).toBe('joined');
  expect(await waitsOf(cleo)).toEqual([]);
  // The link is that of the room in which it is by now.
  expect(await cleo.profile.call('join', { link: door, as: 'cleo', waitMs: WAIT_MS })).toMatchObject({
    id: room,
    already: true,
  });
});

test.concurrent('who is declined hears it, and that is final for this knock', async ({ world }) => {
  const { ana, ben, room, door } = await lobbyOfTwo(world, 'moderator');
  const cleo = await world.someone('cleo');
  expect(await asks(cleo, door)).toBe('knock-waiting');
  await hearsKnocks(ana, room, 1);
  const [knock] = await knocksOf(ana, room);
  await decides(ana, room, knock?.id ?? '', 'declineKnock');
  expect(await asks(cleo, door)).toBe('knock-declined');
  expect(await waitsOf(cleo)).toMatchObject([{ name: 'lobby', state: 'declined' }]);
  for (const one of [ana, ben]) {
    await one.syncs(room);
    expect(await knocksOf(one, room)).toEqual([]);
    for (const method of ['approveKnock', 'declineKnock'] as const)
      await expect(decides(one, room, knock?.id ?? '', method)).rejects.toMatchObject({
        code: 'unknown-entry',
      });
  }
  // It says so after a restart, too.
  await cleo.close();
  const later = await world.opens('cleo', cleo.dir);
  expect(await asks(later, door)).toBe('knock-declined');
  expect(await later.profile.call('invites', { room, waitMs: 1 }).catch(({ code }) => code)).toBe(
    'unknown-room',
  );
  // With a new knock, it is asked again.
  await later.profile.call('cancelKnock', { room: 'lobby' });
  expect(await waitsOf(later)).toEqual([]);
  expect(await asks(later, door)).toBe('knock-waiting');
  await hearsKnocks(ana, room, 1);
});

test.concurrent('who joined a moment before a knock sees it once the secret is here to open it', async ({
  world,
}) => {
  const { ana, ben, room, door } = await lobbyOfTwo(world, 'moderator');
  const cleo = await world.someone('cleo');
  expect(await asks(cleo, door)).toBe('knock-waiting');
  await hearsKnocks(ana, room, 1);
  await ben.syncs(room);
  expect(await knocksOf(ben, room)).toEqual([]);
  // Also in the next process.
  await ben.close();
  const later = await world.opens('ben', ben.dir);
  await ana.profile.call('reportCompromise', { room, waitMs: WAIT_MS });
  await hearsKnocks(later, room, 1);
  expect((await later.history(room)).filter(({ kind }) => kind === 'knocked')).toMatchObject([
    { from: 'cleo' },
  ]);
  await decides(later, room, 'cleo', 'approveKnock');
  expect(await asks(cleo, door)).toBe('joined');
});

test.concurrent('two who approve at once let in one person', async ({ world }) => {
  const { ana, ben, room, door } = await lobbyOfTwo(world, 'admin');
  await ana.profile.call('reportCompromise', { room, waitMs: WAIT_MS });
  await ben.syncs(room);
  const cleo = await world.someone('cleo');
  expect(await asks(cleo, door)).toBe('knock-waiting');
  for (const one of [ana, ben]) await hearsKnocks(one, room, 1);
  const both = await Promise.allSettled([ana, ben].map((one) => decides(one, room, 'cleo', 'approveKnock')));
  const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason.data.reason] : []));
  expect(['', 'knock-decided', 'knock-unknown']).toContain(refused.join());
  expect(await asks(cleo, door)).toBe('joined');
  for (const one of [ana, ben]) {
    await one.syncs(room);
    expect(await knocksOf(one, room)).toEqual([]);
    expect((await one.profile.call('members', { room })).map(({ name }) => name)).toEqual([
      'ana',
      'ben',
      'cleo',
    ]);
    expect(await one.warnings(room)).toEqual([]);
  }
});

test.concurrent('members who hold no office see who waits, and neither a line nor a count', async ({
  world,
}) => {
  const { ana, room, door, link } = await lobby(world);
  const ben = await world.someone('ben');
  await ben.joins(link);
  await ana.syncs(room);
  await ana.profile.call('reportCompromise', { room, waitMs: WAIT_MS });
  await ana.syncs(room);
  await ben.syncs(room);
  const cleo = await world.someone('cleo');
  expect(await asks(cleo, door)).toBe('knock-waiting');
  await hearsKnocks(ben, room, 1);
  expect((await infoOf(ben, room))?.knocks).toBe(0);
  expect((await ben.history(room)).filter(({ kind }) => kind === 'knocked')).toEqual([]);
  await expect(decides(ben, room, 'cleo', 'approveKnock')).rejects.toMatchObject({
    data: { reason: 'not-staff' },
  });
});

test.concurrent('who is banned is marked, and is not let in', async ({ world }) => {
  const { ana, room, link } = await lobby(world);
  const mal = await world.someone('mal');
  await mal.joins(link);
  await ana.syncs(room);
  await ana.profile.call('ban', { room, member: 'mal', waitMs: WAIT_MS });
  // The ban has ended all invites.
  const door = await opensDoor(ana, room);
  expect(await asks(mal, door, 'it is me')).toBe('knock-waiting');
  await hearsKnocks(ana, room, 1);
  expect(await knocksOf(ana, room)).toMatchObject([{ name: 'mal', banned: true }]);
  expect((await infoOf(ana, room))?.knocks).toBe(0);
  expect((await ana.history(room)).filter(({ kind }) => kind === 'knocked')).toEqual([]);
  await expect(decides(ana, room, 'mal', 'approveKnock')).rejects.toMatchObject({
    data: { reason: 'banned' },
  });
  await decides(ana, room, 'mal', 'declineKnock');
  expect(await asks(mal, door)).toBe('knock-declined');
});

test.concurrent('whoever has the link fills no screen, and with the link all of it ends', async ({
  world,
}) => {
  const { ana, room, door } = await lobby(world);
  const people = await Promise.all(Array.from({ length: 7 }, (_, i) => world.someone(`no ${i}`)));
  for (const one of people) expect(await asks(one, door)).toBe('knock-waiting');
  await hearsKnocks(ana, room, 7);
  expect((await ana.history(room)).filter(({ kind }) => kind === 'knocked')).toHaveLength(4);
  const invites = await ana.profile.call('invites', { room, waitMs: WAIT_MS });
  const [one] = invites.filter(({ approval }) => approval);
  await ana.profile.call('revoke', { room, id: one?.id ?? '', waitMs: WAIT_MS });
  expect(await knocksOf(ana, room)).toEqual([]);
  const [first] = people;
  if (first === undefined) throw new Error('nobody');
  expect(await asks(first, door)).toBe('invite-dead');
  expect(await waitsOf(first)).toEqual([]);
});

test.concurrent('what is sealed to a former key is sealed again', async ({ world }) => {
  const { ana, room, door } = await lobby(world);
  const cleo = await world.someone('cleo');
  await ana.close();
  expect(await asks(cleo, door)).toBe('knock-waiting');
  // A new own invite before ana could read the knock.
  const next = await world.opens('ana', ana.dir);
  await next.profile.call('reportCompromise', { room, waitMs: WAIT_MS });
  await next.until(
    async () => (await asks(cleo, door)) === 'knock-waiting' && (await knocksOf(next, room)).length === 1,
    'ana hears the knock',
  );
  await decides(next, room, 'cleo', 'approveKnock');
  expect(await asks(cleo, door)).toBe('joined');
});

test.concurrent('the server learns neither name nor words, nor who it is', async ({ world }) => {
  const { server, ana, room } = await lobby(world);
  const tap = new Wiretap(server.port);
  world.finally(() => tap.close());
  const port = String(await tap.listen());
  const door = (await opensDoor(ana, room)).replace(String(server.port), port);
  const cleo = await world.someone('cleopatra');
  expect(await asks(cleo, door, 'openthedoorplease')).toBe('knock-waiting');
  await hearsKnocks(ana, room, 1);
  const [knock] = await knocksOf(ana, room);
  await decides(ana, room, 'cleopatra', 'approveKnock');
  expect(await asks(cleo, door)).toBe('joined');
  await server.stop();
  const secrets = ['cleopatra', 'openthedoorplease', 'lobby', knock?.identity ?? 'none'];
  expect(findWords(Buffer.concat(tap.bytes), [...secrets, room])).toEqual([room]);
  expect(findWords(await folderBytes(server.folder), secrets)).toEqual([]);
});

test.concurrent('too many words are refused', async ({ world }) => {
  const { door } = await lobby(world);
  const cleo = await world.someone('cleo');
  expect(await asks(cleo, door, 'x'.repeat(1025))).toBe('knock-words');
  expect(await waitsOf(cleo)).toEqual([]);
});

test('whoever knocks is killed at each write, and is in once', async ({ world }) => {
  const { ana, room } = await lobby(world);
  const deaths: Death[] = [1, 2, 3, 4, 5, 6, 7, 8].map((at) => [at, at % 2 === 0 ? 'after' : 'before']);
  for (const death of deaths) {
    const door = await opensDoor(ana, room);
    const cleo = new Mortal([death]);
    world.finally(() => cleo.close());
    const join = { link: door, as: `cleo ${death[0]}`, waitMs: WAIT_MS };
    const tries = () =>
      cleo.lives(async (chat) => {
        const outcome = await chat.call('join', join).then(
          () => 'joined',
          (error: { data?: { reason: string } }) => {
            if (error.data === undefined) throw error;
            return error.data.reason;
          },
        );
        return outcome;
      });
    expect(await tries()).toBe('knock-waiting');
    await ana.until(
      async () => (await knocksOf(ana, room)).some(({ name }) => name === join.as),
      `ana hears ${join.as}`,
    );
    expect(await knocksOf(ana, room)).toHaveLength(1);
    await decides(ana, room, join.as, 'approveKnock');
    cleo.diesAfter(death[0], death[1]);
    expect(await tries()).toBe('joined');
    await cleo.lives((chat) => chat.call('sync', { room, waitMs: WAIT_MS }));
    expect(await cleo.does((chat) => chat.call('knocking', {}))).toEqual([]);
    await ana.until(
      async () =>
        (await ana.profile.call('members', { room })).filter(({ name }) => name === join.as).length === 1,
      `${join.as} is in once`,
    );
    expect(await ana.warnings(room)).toEqual([]);
    const invites = await ana.profile.call('invites', { room, waitMs: WAIT_MS });
    for (const { id } of invites) await ana.profile.call('revoke', { room, id, waitMs: WAIT_MS });
  }
});

test('whoever approves is killed at each write, and lets in once', async ({ world }) => {
  const server = await world.server();
  for (const at of [1, 2, 3, 4, 5]) {
    const ana = new Mortal();
    world.finally(() => ana.close());
    const room = await ana.does(
      async (chat) =>
        (await chat.call('create', { name: 'lobby', as: 'ana', server: server.url, waitMs: WAIT_MS })).id,
    );
    const terms = { expiresMs: undefined, uses: undefined, approve: true, waitMs: WAIT_MS };
    const door = await ana.does(async (chat) => (await chat.call('invite', { room, ...terms })).link);
    const cleo = await world.someone('cleo');
    expect(await asks(cleo, door)).toBe('knock-waiting');
    ana.diesAfter(at, at % 2 === 0 ? 'after' : 'before');
    await ana.lives(async (chat) => {
      await chat.call('sync', { room, waitMs: WAIT_MS });
      if ((await chat.call('knocks', { room })).length === 0) return;
      const approved = chat.call('approveKnock', { room, knock: 'cleo', waitMs: WAIT_MS });
      // What the dead process has begun is posted first.
      await approved.catch((error: unknown) => {
        if (!(error instanceof RoomError) || error.code !== 'knock-decided') throw error;
      });
    });
    await cleo.until(async () => (await asks(cleo, door)) === 'joined', 'cleo is in');
    await ana.lives((chat) => chat.call('sync', { room, waitMs: WAIT_MS }));
    const members = await ana.does((chat) => chat.call('members', { room }));
    expect(members.map(({ name }) => name)).toEqual(['ana', 'cleo']);
    expect(await ana.does((chat) => chat.call('knocks', { room }))).toEqual([]);
  }
});

test.concurrent('a link that needs approval is listed as one, and a decision is no invite of the list', async ({
  world,
}) => {
  const { ana, room, door } = await lobby(world);
  const listed = async () => {
    const all = await ana.profile.call('invites', { room, waitMs: WAIT_MS });
    return all.map(({ approval, link }) => ({ approval, hasLink: link !== undefined }));
  };
  const before = [
    { approval: false, hasLink: true },
    { approval: true, hasLink: true },
  ];
  expect(await listed()).toEqual(before);
  const cleo = await world.someone('cleo');
  await asks(cleo, door);
  await hearsKnocks(ana, room, 1);
  await decides(ana, room, 'cleo', 'declineKnock');
  expect(await listed()).toEqual(before);
});
