import { join } from 'node:path';
import { platform } from '@gochat/client/internal/profile/platform';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { fromBase64url } from '../src/page-client/encoding.ts';
import { newDevice, safetyNumber } from '../src/page-client/identity.ts';
import { readLink } from '../src/page-client/link.ts';
import { PageClient } from '../src/page-client/page-client.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const MINUTE_MS = 60_000;
let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let rooms = 0;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

afterAll(async () => {
  await server.stop();
  await home.remove();
});

/** Ana, who has created a room, and Pat, who has joined it with the client of the document. */
async function meet() {
  let shiftMs = 0;
  const env = { ...platform, now: () => platform.now() + shiftMs };
  const passes = (ms: number) => {
    shiftMs += ms;
  };
  const folder = join(home.path, `room-${++rooms}`);
  const person = async (name: string) => {
    const someone = await Someone.open(name, join(folder, name), { env });
    open.push(someone);
    return someone;
  };
  const ana = await person('ana');
  const { room, link } = await ana.hosts(server.url);
  const pat = await PageClient.join(readLink(link), newDevice('pat'));
  open.push(pat);
  await ana.until(async () => (await ana.profile.call('members', { room })).length === 2, 'pat joins');
  return { ana, pat, room, link, person, passes };
}

/** Both have the same codes, and neither was warned. */
async function agree(someone: Someone, client: PageClient, room: string) {
  await someone.syncs(room);
  const { code, epoch, log } = await someone.profile.call('safety', { room, member: undefined });
  expect({ code: client.roomCode, epoch: String(client.epoch) }).toEqual({ code, epoch });
  expect(client.chain.code(log?.at)).toBe(log?.code);
  for (let at = 0; at <= client.chain.length; at++) {
    const { log: later } = await someone.profile.call('safety', { room, member: undefined, at });
    expect(later).toEqual({ code: client.chain.code(at), at });
  }
  expect(await someone.warnings(room)).toEqual([]);
  expect(client.warnings).toEqual([]);
}

const says = async (someone: Someone, client: PageClient, room: string, words: string) => {
  await someone.delivered(room, [await someone.says(room, words)]);
  await client.until(() => client.heard.some(({ content }) => content.text === words));
};

const answers = async (client: PageClient, someone: Someone, room: string, words: string) => {
  await client.say(words);
  await someone.hears(room, words);
};

test('a client written from the document joins by a link, reads what was said since, and talks', async () => {
  const { ana, pat, room } = await meet();
  pat.close();
  await ana.delivered(room, [await ana.says(room, 'one'), await ana.says(room, 'two')]);
  expect(pat.confirmed).toBe(false);
  await pat.reconnect();
  await pat.until(() => pat.heard.length === 2);
  expect(pat.confirmed).toBe(true);
  for (let index = 3; index < 9; index++) {
    if (index % 2) await answers(pat, ana, room, `answer ${index}`);
    else await says(ana, pat, room, `text ${index}, with ö, 漢 and 🙂`);
  }
  await agree(ana, pat, room);
  const heard = pat.heard.map(({ seq, id, from, content }) => ({ seq, id, from, text: content.text }));
  const shown = (await ana.messages(room)).map(({ seq, id, from, text }) => ({ seq, id, from, text }));
  expect(heard).toEqual(shown);
  expect(pat.heard.map(({ from, n }) => `${from} ${n}`).filter((line) => line.startsWith('ana'))).toEqual([
    'ana 1',
    'ana 2',
    'ana 3',
    'ana 4',
    'ana 5',
  ]);
  const { members } = await ana.profile.call('safety', { room, member: 'pat' });
  const other = pat.members.find(({ name }) => name === 'ana');
  const number = safetyNumber(pat.device.identity.publicKey, fromBase64url(other?.identity ?? ''));
  expect(members.map((member) => member.number)).toEqual([number]);
});

test('it shows strangers what the others show, and follows a knock and the decision about it', async () => {
  const { ana, pat, room, person } = await meet();
  const cleo = await person('cleo');
  const terms = { expiresMs: undefined, uses: undefined, approve: true, waitMs: WAIT_MS };
  const { link: door } = await ana.profile.call('invite', { room, ...terms });
  await says(ana, pat, room, 'a link that needs approval');
  await pat.heal();
  const preview = await cleo.profile.call('peek', { link: door, waitMs: WAIT_MS });
  expect(preview).toMatchObject({ name: 'kitchen', approval: true, members: [] });
  const asking = { link: door, as: 'cleo', waitMs: WAIT_MS };
  await expect(cleo.profile.call('join', asking)).rejects.toMatchObject({
    data: { reason: 'knock-waiting' },
  });
  await ana.until(
    async () => (await ana.profile.call('knocks', { room })).length === 1,
    'ana hears the knock',
  );
  await ana.profile.call('approveKnock', { room, knock: 'cleo', waitMs: WAIT_MS });
  await says(ana, pat, room, 'come in');
  await pat.heal();
  await cleo.profile.call('join', asking);
  await says(cleo, pat, room, 'here I am');
  expect(pat.members.map(({ name }) => name).sort()).toEqual(['ana', 'cleo', 'pat']);
  await agree(ana, pat, room);
});

test('it follows what others change: members, keys, names, invites, rights, and access keys that are retired', async () => {
  const { ana, pat, room, link, person, passes } = await meet();
  const [ben, cai] = [await person('ben'), await person('cai')];
  await ben.joins(link);
  await cai.joins(link);
  await says(cai, pat, room, 'I am new');
  // The inviter's device hands over the secret of the own invite after one to two minutes, in a heal.
  for (let minute = 0; pat.ownSecret === null; minute++) {
    passes(MINUTE_MS);
    await says(ana, pat, room, `minute ${minute}`);
  }
  await ana.profile.call('configure', { room, name: 'dining room', waitMs: WAIT_MS });
  await says(ben, pat, room, 'a new name');
  expect(pat.state.name).toBe('dining room');
  const before = pat.state.invites.length;
  await ana.invites(room);
  await answers(pat, ben, room, 'an invite');
  expect(pat.state.invites).toHaveLength(before + 1);
  await ana.profile.call('remove', { room, member: 'cai', waitMs: WAIT_MS });
  await says(ana, pat, room, 'without cai');
  expect(pat.members.map(({ name }) => name).sort()).toEqual(['ana', 'ben', 'pat']);
  await pat.until(() => pat.retirements === 1);
  await ana.profile.call('setRole', { room, member: 'pat', role: 'admin', waitMs: WAIT_MS });
  await answers(pat, ben, room, 'I have the key');
  expect(pat.adminKey).not.toBeNull();
  await ben.profile.call('reportCompromise', { room, waitMs: WAIT_MS });
  // Ana's device retires the keys that a copy of Ben's has, after up to three seconds.
  await pat.until(() => pat.retirements === 2);
  await answers(pat, ben, room, 'which keys?');
  await agree(ana, pat, room);
  await agree(ben, pat, room);
  expect(pat.changes).toEqual([
    'join by ben',
    'join by cai',
    'heal by ana',
    'state by ana',
    'state by ana',
    'remove by ana',
    'state by ana',
    'heal by ben',
    'state by ana',
  ]);
});

test('it makes handshakes that others accept: heals, a state, an order, and the join of a second device', async () => {
  const { ana, pat, room, link, person } = await meet();
  const ben = await person('ben');
  await ben.joins(link);
  await ben.syncs(room);
  await pat.heal();
  await answers(pat, ana, room, 'other keys');
  await says(ana, pat, room, 'I see');
  await ana.profile.call('setRole', { room, member: 'pat', role: 'admin', waitMs: WAIT_MS });
  await pat.until(() => pat.adminKey !== null);
  await pat.setTopic('what a document says');
  await answers(pat, ben, room, 'a topic');
  expect(await ben.profile.call('rooms', {})).toMatchObject([{ topic: 'what a document says' }]);
  await pat.heal({ retire: true });
  await answers(pat, ben, room, 'other access keys');
  await says(ana, pat, room, 'I have the newest');
  const desk = await PageClient.join(
    { ...readLink(link), secret: pat.ownSecret as Uint8Array },
    {
      ...newDevice('pat', pat.device.identity),
    },
  );
  open.push(desk);
  await answers(desk, ana, room, 'from my desk');
  await says(ana, desk, room, 'welcome, desk');
  await says(ben, pat, room, 'and the other');
  // Cai joins by the GroupInfo that the client of the document has uploaded.
  const cai = await person('cai');
  await cai.joins(link);
  await answers(desk, cai, room, 'come in');
  // Ana still has an admin's key: the one that Pat's heal handed over.
  await ana.profile.call('remove', { room, member: 'ben', waitMs: WAIT_MS });
  await says(ana, pat, room, 'alone again');
  await answers(desk, ana, room, 'not quite');
  await agree(ana, pat, room);
  await agree(ana, desk, room);
  expect(pat.changes).toEqual([
    'join by ben',
    'heal by pat',
    'state by ana',
    'state by pat',
    'heal by pat',
    'join by pat',
    'join by cai',
    'remove by ana',
  ]);
});

test('it reads what was said before it joined, and lists the packs that others list', async () => {
  const folder = join(home.path, `room-${++rooms}`);
  const ana = await Someone.open('ana', join(folder, 'ana'));
  const { id: room } = await ana.profile.call('create', {
    name: 'kitchen',
    as: 'ana',
    server: server.url,
    history: { last: 3 },
    waitMs: WAIT_MS,
  });
  for (const text of ['one', 'two', 'thre', 'four']) await ana.posts(room, { kind: 'text', text });
  const [one, two, three] = (await ana.messages(room)).map(({ seq, id }) => ({ seq, id }));
  if (one === undefined || two === undefined || three === undefined) throw new Error('nothing was said');
  await ana.posts(room, { kind: 'edit', of: three, text: 'three, with ö and 🙂' });
  await ana.posts(room, { kind: 'react', to: three, emoji: '👍', on: true });
  await ana.posts(room, { kind: 'delete', of: two });
  const link = await ana.invites(room);
  await ana.close();

  const pat = await PageClient.join(readLink(link), newDevice('pat'));
  open.push(pat);
  const shared = await pat.readShared();
  const said =
    shared?.lines.map(({ seq, author, content: { content } }) => [seq, author.name, content]) ?? [];
  expect(said).toEqual([
    [one.seq, 'ana', { kind: 'text', text: 'one' }],
    [three.seq, 'ana', { kind: 'text', text: 'thre' }],
    [three.seq, 'ana', { kind: 'edit', of: three, text: 'three, with ö and 🙂' }],
    [three.seq, 'ana', { kind: 'react', to: three, emoji: '👍', on: true }],
    [expect.any(String), 'ana', { kind: 'text', text: 'four' }],
  ]);
  expect(shared?.left).toBe(0);
  const sharer = pat.members.find(({ identity }) => identity === shared?.by);
  expect([sharer?.name, pat.heard]).toEqual(['ana', []]);

  // The others compare the GroupInfos that it uploads with their own.
  const again = await Someone.open('ana', join(folder, 'ana'));
  open.push(again);
  await says(again, pat, room, 'five');
  await pat.heal();
  await answers(pat, again, room, 'six');
  await again.invites(room);
  await pat.heal();
  await agree(again, pat, room);
  expect(pat.packs.length).toBeGreaterThan(0);
});
