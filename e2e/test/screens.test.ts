import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ChatEvent } from '@gochat/client/methods';
import type { Content, Presence } from '@gochat/crypto/content';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
const people: Someone[] = [];

beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
});

afterEach(async () => {
  await Promise.all(people.splice(0).map((p) => p.close()));
  await server.stop();
  await home.remove();
});

async function person(name: string): Promise<Someone> {
  const someone = await Someone.open(name, join(home.path, name));
  people.push(someone);
  return someone;
}

async function reopened(who: Someone): Promise<Someone> {
  await who.close();
  people.splice(people.indexOf(who), 1);
  return person(who.name);
}

type EventOf<K extends ChatEvent['kind']> = Extract<ChatEvent, { kind: K }>;

/** Everything of one kind that the profile reports from now on. */
function eventsOf<K extends ChatEvent['kind']>(who: Someone, kind: K): EventOf<K>[] {
  const all: EventOf<K>[] = [];
  who.profile.on((event) => {
    if (event.kind === kind) all.push(event as EventOf<K>);
  });
  return all;
}

test('the room reports its name, its members and the rights of this profile', async () => {
  const [ana, ben] = [await person('ana'), await person('ben')];
  const heard = { ana: eventsOf(ana, 'room'), ben: eventsOf(ben, 'room') };
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await ana.until(async () => heard.ana.at(-1)?.room.members === 2, 'ana hears of ben');
  expect(heard.ana[0]?.room).toMatchObject({ name: 'kitchen', topic: '', members: 1, admin: true });
  expect(heard.ben.at(-1)?.room).toMatchObject({
    name: 'kitchen',
    members: 2,
    admin: false,
    status: 'active',
  });
  await ana.profile.call('configure', { room, name: 'Tea room', topic: 'cups', waitMs: WAIT_MS });
  await ana.profile.call('setRole', { room, member: 'ben', role: 'admin', waitMs: WAIT_MS });
  await ben.until(async () => heard.ben.at(-1)?.room.admin === true, 'ben hears that he is an admin');
  expect(heard.ben.at(-1)?.room).toMatchObject({ name: 'Tea room', topic: 'cups' });
  expect((await ben.history(room)).filter((i) => i.kind === 'changed')).toMatchObject([
    { from: 'ana', name: 'Tea room', topic: 'cups' },
    { from: 'ana', admins: ['ben'] },
  ]);
  const epochs = heard.ben.map((e) => Number(e.room.epoch));
  expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
  const [first] = await ana.profile.call('members', { room });
  expect(first).toMatchObject({
    identity: expect.stringMatching(/^.{43}$/),
    devices: [{ key: expect.stringMatching(/^.{43}$/), self: true }],
  });
  const before = heard.ana.length;
  await ana.delivered(room, [await ana.says(room, 'hello')]);
  expect(heard.ana.slice(before).map((e) => e.room.confirmed)).toEqual([]);
  await ben.profile.call('configure', { room, topic: '', waitMs: WAIT_MS });
  await ana.until(async () => heard.ana.at(-1)?.room.topic === '', 'ana hears that the topic ended');
  await ben.profile.call('leave', { room, waitMs: WAIT_MS });
  expect(heard.ben.at(-1)?.room.status).toBe('left');
});

test('only admins change settings, and a new admin can remove members', async () => {
  const [ana, ben, cai] = [await person('ana'), await person('ben'), await person('cai')];
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await cai.joins(link);
  await expect(ben.profile.call('configure', { room, name: 'mine', waitMs: WAIT_MS })).rejects.toMatchObject({
    data: { reason: 'not-admin' },
  });
  await expect(
    ana.profile.call('setRole', { room, member: 'ana', role: 'member', waitMs: WAIT_MS }),
  ).rejects.toMatchObject({ data: { reason: 'last-admin' } });
  await ana.profile.call('setRole', { room, member: 'ben', role: 'admin', waitMs: WAIT_MS });
  await ben.syncs(room);
  await ben.profile.call('remove', { room, member: 'cai', waitMs: WAIT_MS });
  await ana.profile.call('setRole', { room, member: 'ben', role: 'member', waitMs: WAIT_MS });
  await ben.syncs(room);
  await expect(ben.profile.call('remove', { room, member: 'ana', waitMs: WAIT_MS })).rejects.toMatchObject({
    data: { reason: 'not-admin' },
  });
  const again = await ana.invites(room);
  await cai.joins(again);
  await ana.profile.call('remove', { room, member: 'cai', waitMs: WAIT_MS });
});

test('an invite can be inspected without using it', async () => {
  const [ana, ben] = [await person('ana'), await person('ben')];
  const { room } = await ana.hosts(server.url);
  await ana.profile.call('configure', { room, topic: 'cups', waitMs: WAIT_MS });
  const link = await ana.invites(room, 1);
  const seen = { room, name: 'kitchen', topic: 'cups', members: ['ana'], by: 'ana', already: false };
  for (let i = 0; i < 3; i++) {
    expect(await ben.profile.call('peek', { link, waitMs: WAIT_MS })).toMatchObject(seen);
    expect(await ben.profile.call('rooms', {})).toEqual([]);
  }
  await ben.joins(link);
  await expect(ben.profile.call('peek', { link, waitMs: WAIT_MS })).rejects.toMatchObject({
    code: 'refused',
  });
  const other = await ana.invites(room);
  expect(await ben.profile.call('peek', { link: other, waitMs: WAIT_MS })).toMatchObject({ already: true });
  expect(await ana.profile.call('peek', { link: other, waitMs: WAIT_MS })).toMatchObject({
    already: true,
    members: ['ben'],
  });
  await ana.syncs(room);
  expect((await ana.history(room)).filter((i) => i.kind === 'joined')).toHaveLength(1);
});

test('waiting messages are listed, and can be cancelled until they are encrypted', async () => {
  let ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  const { port } = server;
  await server.stop();
  const heard = eventsOf(ana, 'waiting');
  const [one, two] = [await ana.says(room, 'one'), await ana.says(room, 'two')];
  await ana.until(async () => heard.at(-1)?.waiting.length === 2, 'two messages wait');
  expect(heard.at(-1)?.waiting.map((w) => w.id)).toEqual([one, two]);
  ana = await reopened(ana);
  expect(await ana.profile.call('waiting', { room })).toMatchObject([
    { id: one, content: { kind: 'text', text: 'one' }, at: expect.any(Number) },
    { id: two },
  ]);
  expect(await ana.profile.call('cancel', { room, id: one })).toEqual({ cancelled: true });
  expect(await ana.profile.call('cancel', { room, id: one })).toEqual({ cancelled: false });
  server = await startServer(join(home.path, 'server'), port);
  const after = eventsOf(ana, 'waiting');
  await ana.syncs(room);
  await ana.until(async () => after.at(-1)?.waiting.length === 0, 'nothing waits');
  expect(await ana.read(room)).toEqual(['ana: two']);
  expect(await ana.profile.call('cancel', { room, id: two })).toEqual({ cancelled: false });
});

test('a search finds messages by their words', async () => {
  const ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  const ids: string[] = [];
  for (const text of ['Café au lait', 'a cafe', 'the CAFÉ is closed', 'tea'])
    ids.push(await ana.says(room, text));
  await ana.delivered(room, ids);
  const search = (text: string, limit = 10, before?: string) =>
    ana.profile.call('search', { room, text, limit, ...(before !== undefined && { before }) });
  const found = await search('cafe');
  expect(found.items.map((i) => i.text)).toEqual(['the CAFÉ is closed', 'a cafe', 'Café au lait']);
  expect(found.next).toBeUndefined();
  expect((await search('CLOSED the')).items.map((i) => i.text)).toEqual(['the CAFÉ is closed']);
  expect((await search('  ')).items).toEqual([]);
  const first = await search('cafe', 2);
  expect(first.items.map((i) => i.text)).toEqual(['the CAFÉ is closed', 'a cafe']);
  expect((await search('cafe', 2, first.next)).items.map((i) => i.text)).toEqual(['Café au lait']);
  const [closed] = first.items;
  if (closed === undefined) throw new Error('not found');
  const id = randomBytes(16).toString('base64url');
  await ana.profile.call('queue', {
    room,
    id,
    content: { kind: 'delete', of: { seq: closed.seq, id: closed.id } },
  });
  await ana.delivered(room, [id]);
  expect((await search('closed')).items).toEqual([]);
  const last = await ana.profile.call('history', { room, limit: 2 });
  expect(last).toMatchObject([{ text: '' }, { text: 'tea' }]);
  const earlier = await ana.profile.call('history', { room, before: last[0]?.seq ?? '', limit: 2 });
  expect(earlier).toMatchObject([{ text: 'Café au lait' }, { text: 'a cafe' }]);
});

test('notes and preferences are stored in the profile, and the read position only advances', async () => {
  let ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  const heard = { notes: eventsOf(ana, 'notes'), preferences: eventsOf(ana, 'preferences') };
  const note = (change: object) => ana.profile.call('note', { room, change });
  const reply = { seq: '3', id: randomBytes(16).toString('base64url') };
  await note({ read: '9', draft: 'I was', draftReply: reply });
  await note({ read: '4', notify: 'none' });
  await note({ read: 'nonsense' });
  expect(heard.notes).toHaveLength(2);
  expect(heard.notes.at(-1)).toMatchObject({ room, notes: { read: '9', draft: 'I was', notify: 'none' } });
  await ana.profile.call('prefer', { change: { verified: ['someone'], screen: { theme: 'dark' } } });
  await ana.profile.call('prefer', { change: { verified: ['someone'] } });
  expect(heard.preferences).toHaveLength(1);
  ana = await reopened(ana);
  expect(await ana.profile.call('notes', { room })).toMatchObject({
    read: '9',
    draftReply: reply,
    typing: true,
  });
  expect(await ana.profile.call('preferences', {})).toEqual({
    name: 'ana',
    verified: ['someone'],
    ignored: [],
    pictures: 'always',
    asks: 'all',
    screen: { theme: 'dark' },
  });
  await ana.profile.call('note', { room, change: { draft: '' } });
  expect((await ana.profile.call('notes', { room })).draftReply).toBeUndefined();
});

test('only members who have the room open see who else has it open', async () => {
  const [ana, ben, cai] = [await person('ana'), await person('ben'), await person('cai')];
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  await cai.joins(link);
  await ana.syncs(room);
  await ben.syncs(room);
  const heard = { ana: eventsOf(ana, 'presence'), ben: eventsOf(ben, 'presence') };
  const all: Presence[] = [
    { kind: 'here', ask: true },
    { kind: 'typing', on: true },
    { kind: 'typing', on: false },
    { kind: 'away' },
  ];
  for (const says of all) await ana.profile.call('presence', { room, says });
  await ben.until(async () => heard.ben.length === all.length, 'ben hears ana');
  const self = (await ana.profile.call('members', { room })).find((m) => m.self);
  expect(heard.ben.map(({ from, identity, device, says }) => ({ from, identity, device, says }))).toEqual(
    all.map((says) => ({ from: 'ana', identity: self?.identity, device: self?.devices[0]?.key, says })),
  );
  expect(heard.ana).toEqual([]);
  await server.stop();
  await ana.profile.call('presence', { room, says: { kind: 'away' } });
});

test('another process of the profile gets the same events', async () => {
  const [ana, ben] = [await person('ana'), await person('ben')];
  const { room, link } = await ana.hosts(server.url);
  const guest = await Someone.open('ana', ana.dir);
  people.push(guest);
  const heard = {
    room: eventsOf(guest, 'room'),
    notes: eventsOf(guest, 'notes'),
    presence: eventsOf(guest, 'presence'),
  };
  const waiting = eventsOf(guest, 'waiting');
  await guest.profile.call('follow', { room });
  await ben.joins(link);
  await ben.profile.call('presence', { room, says: { kind: 'here' } });
  await ana.profile.call('note', { room, change: { draft: 'begun' } });
  await ana.delivered(room, [await ana.says(room, 'hello')]);
  await guest.until(
    async () =>
      heard.room.at(-1)?.room.members === 2 &&
      heard.notes.length === 1 &&
      heard.presence.length === 1 &&
      waiting.at(-1)?.waiting.length === 0,
    'the guest is notified',
  );
  expect(heard.presence[0]).toMatchObject({ from: 'ben', says: { kind: 'here' } });
  expect(await guest.profile.call('notes', { room })).toMatchObject({ draft: 'begun' });
});

test.each([
  { kind: 'text', text: '' },
  { kind: 'text', text: 'x', reply: { seq: 'first', id: 'x' } },
  { kind: 'react', to: { seq: '1', id: 'x'.repeat(22) }, emoji: '👍👍', on: true },
  { kind: 'shout', text: 'x' },
])('nothing that readers would not take is queued: %j', async (content) => {
  const ana = await person('ana');
  const { room } = await ana.hosts(server.url);
  const id = randomBytes(16).toString('base64url');
  await expect(ana.profile.call('queue', { room, id, content: content as Content })).rejects.toMatchObject({
    code: 'usage',
  });
  expect(await ana.profile.call('waiting', { room })).toEqual([]);
});
