import { expect, test } from 'vitest';
import { heal, invite, remove, revoke, type Started } from '../src/handshake.ts';
import { inviteKeys } from '../src/invite.ts';
import { invitesOf, type Room } from '../src/room.ts';
import { allRead, allTalk, readsNothingAfter, roomOfPeople } from './assert.ts';
import { litters } from './hostile.ts';
import type { Log } from './log.ts';
import { Person, won } from './world.ts';

async function three() {
  const world = await roomOfPeople('ana', 'ben', 'cai');
  const [ana, ben, cai] = world.people as [Person, Person, Person];
  return { ...world, ana, ben, cai };
}

/** Both make a handshake from the same state. The first to arrive wins; the other reads it and makes its handshake again. */
async function race(log: Log, one: Person, make: Make, other: Person, makeOther: Make): Promise<void> {
  const first = await one.starts(make);
  const second = await other.starts(makeOther);
  won(log.swap(first));
  expect(log.swap(second)).toBe('conflict');
  await one.reads(log);
  const seen = await other.reads(log);
  expect(seen.filter((e) => e.kind === 'lost-race')).toMatchObject([{ request: second.id }]);
  await other.commits(log, makeOther);
}

type Make = (room: Room) => Promise<Started>;

const heals = (person: Person) => (room: Room) => heal(room, person.env);
const removes = (person: Person, other: Person) => (room: Room) => remove(room, other.device, person.env);
const invites = (person: Person) => (room: Room) => invite(room, person.env.random(16), {}, person.env);

test("every member reads every other member's messages", async () => {
  const names = Array.from({ length: 8 }, (_, i) => `person ${i}`) as [string, ...string[]];
  const { log, people } = await roomOfPeople(...names);
  await allTalk(log, ...people);
  await people[5]?.heals(log);
  await allTalk(log, ...people);
});

test('a removed member reads no later messages, and all others continue', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.removes(log, cai);
  await readsNothingAfter(log, cai, ana);
  expect(cai.room.status).toBe('removed');
  await ben.reads(log);
  expect(ben.heard.slice(-2)).toEqual(['ana: a secret', 'ana: another']);
  expect(ben.members).toEqual(['ana', 'ben']);
  await expect(cai.seals('let me in')).rejects.toMatchObject({ code: 'not-active' });
});

test("a removed member can't read later messages, even with every state that it ever had", async () => {
  const { log, ana, ben, cai } = await three();
  const ghost = new Person('cai', cai.env, cai.who);
  const kept = await cai.copy();
  const before = log.entries.length;
  await ana.removes(log, cai);
  await ana.says(log, 'a secret');
  await ben.says(log, 'another');
  for (const skip of [0, 1, 2]) {
    ghost.room = kept;
    await ghost.reads({ entries: log.entries.slice(before + skip) });
    expect(ghost.heard).toEqual([]);
  }
});

test("a joiner can't read earlier messages", async () => {
  const { log, link, ana, env } = await three();
  await ana.says(log, 'before');
  const dan = new Person('dan', env);
  await dan.joins(log, link);
  for (const entry of log.entries.slice(0, -1)) await dan.takes(entry);
  expect(dan.heard).toEqual([]);
  dan.room = { ...dan.room, position: '0' as Room['position'] };
  await dan.reads(log);
  expect(dan.heard).toEqual([]);
});

test('a stolen state reads messages until its owner heals, and no later ones', async () => {
  const { log, ana, ben } = await three();
  const thief = new Person('thief', ana.env, ben.who);
  thief.room = await ben.copy();
  await ana.says(log, 'still readable');
  await thief.reads(log);
  expect(thief.heard).toEqual(['ana: still readable']);
  await ben.heals(log);
  await ana.reads(log);
  await readsNothingAfter(log, thief, ana);
  await readsNothingAfter(log, thief, ben);
});

test("only its owner's heal shuts out a stolen state, not another member's", async () => {
  const { log, ana, ben } = await three();
  const thief = new Person('thief', ana.env, ben.who);
  thief.room = await ben.copy();
  await ana.heals(log);
  await ana.says(log, 'still readable');
  await thief.reads(log);
  expect(thief.heard).toEqual(['ana: still readable']);
});

test('the loser of a race between two heals loses nothing', async () => {
  const { log, ana, ben, cai } = await three();
  await race(log, ana, heals(ana), ben, heals(ben));
  await allTalk(log, ana, ben, cai);
});

test('the loser of a race between a heal and an invite loses nothing', async () => {
  const { log, ana, ben, cai } = await three();
  await race(log, ana, heals(ana), ben, invites(ben));
  await allRead(log, [ana, cai]);
  await race(log, cai, invites(cai), ana, heals(ana));
  await allRead(log, [ben]);
  expect(invitesOf(ana.room)).toHaveLength(3);
  await allTalk(log, ana, ben, cai);
});

test('a member that loses a race against its own removal is removed', async () => {
  const { log, ana, ben, cai } = await three();
  const removal = await ana.starts(removes(ana, cai));
  await cai.starts(heals(cai));
  won(log.swap(removal));
  await allRead(log, [ana, ben, cai]);
  expect(cai.room.status).toBe('removed');
  expect(cai.room.pending).toBeUndefined();
  await allTalk(log, ana, ben);
});

test("a removal that loses a race against the removed member's handshake is made again", async () => {
  const { log, ana, ben, cai } = await three();
  await race(log, cai, heals(cai), ana, removes(ana, cai));
  await allRead(log, [ben, cai]);
  expect(cai.room.status).toBe('removed');
  await allTalk(log, ana, ben);
});

test('two joins at the same time both succeed', async () => {
  const { log, link, ana, ben, env } = await three();
  const [dan, eva] = [new Person('dan', env), new Person('eva', env)];
  const second = await eva.asksToJoin(log, link);
  await dan.joins(log, link);
  expect(log.swap(second.frame)).toBe('conflict');
  await eva.joins(log, link);
  await allRead(log, [ana, ben, dan]);
  await allTalk(log, ana, ben, dan, eva);
});

test('a join that loses against a removal is refused, because its invite is void', async () => {
  const { log, link, ana, ben, cai, env } = await three();
  const dan = new Person('dan', env);
  const { frame } = await dan.asksToJoin(log, link);
  await ana.removes(log, cai);
  expect(log.swap(frame)).toBe('conflict');
  await expect(dan.joins(log, link)).rejects.toThrow('no such invite');
  await allRead(log, [ben]);
  await dan.joins(log, await ben.invites(log));
  await allTalk(log, ana, ben, dan);
});

test('a removal that loses against a join is made again', async () => {
  const { log, link, ana, ben, cai, env } = await three();
  const removal = await ana.starts(removes(ana, cai));
  const dan = new Person('dan', env);
  await dan.joins(log, link);
  expect(log.swap(removal)).toBe('conflict');
  await ana.removes(log, cai);
  await allTalk(log, ana, ben, dan);
});

test('stale messages are encrypted again with the same id and are in the log once', async () => {
  const { log, ana, ben, cai } = await three();
  const drafts = [await ana.seals('one'), await ana.seals('two')];
  await ben.heals(log);
  expect(drafts.map((frame) => log.post(frame))).toEqual(['stale', 'stale']);
  const seen = await ana.reads(log);
  expect(seen.filter((e) => e.kind === 'unsealed')).toMatchObject([{ messages: [{ n: 1 }, { n: 2 }] }]);
  await ana.saysAgain(log);
  await allRead(log, [ben, cai]);
  expect(ben.heard).toEqual(['ana: one', 'ana: two']);
  expect([ana, ben, cai].flatMap((p) => p.warnings)).toEqual([]);
  expect(ana.drafts).toEqual([]);
});

test('a stale message that the server appends anyway is read once', async () => {
  const { log, ana, ben } = await three();
  const draft = await ana.seals('once');

  await litters(log, ben);
  await ana.reads(log);
  log.append('message', draft.body);
  await ana.saysAgain(log);
  await ben.reads(log);
  expect(ben.heard).toEqual(['ana: once']);
  expect(ben.warnings).toEqual(['skipped-handshake', 'repeated']);
});

test('the room state decides which invites are live', async () => {
  const { log, ana, ben, env } = await three();
  const mine = await ben.invites(log);
  await ana.reads(log);
  expect(invitesOf(ana.room).map((i) => i.by)).toHaveLength(2);
  await ben.commits(log, (room) => revoke(room, [inviteKeys(mine.secret).id], ben.env));
  await expect(new Person('dan', env).joins(log, mine)).rejects.toThrow('no such invite');
  await ana.reads(log);
  const anas = invitesOf(ana.room).map((i) => i.id);
  await expect(revoke(ben.room, anas, ben.env)).rejects.toThrow('not-admin');
  expect(() => revoke(ben.room, ['nothing'], ben.env)).toThrow('no-such-invite');
  for (let n = 1; n < 15; n += 1) await ana.invites(log);
  await expect(ana.invites(log)).rejects.toMatchObject({ code: 'invites-full' });
});

test('an invite that its maker revokes admits nobody, and an admin’s next invite ends it at the server', async () => {
  const { log, link, ana, ben, cai, env } = await three();
  const [mine, other] = [await ben.invites(log), await ben.invites(log)];
  const id = inviteKeys(mine.secret).id;
  const atServer = () => log.invites.find(({ invite }) => invite === id);
  const wrapped = atServer()?.wrapped;
  await ben.commits(log, (room) => revoke(room, [id], ben.env));
  await allRead(log, [ana, cai]);
  expect(atServer()).toMatchObject({ invite: id, wrapped: undefined });
  expect(await ana.sees(log)).toBe(true);

  // A hostile member has kept what the link needs, or wraps it again.
  log.invites = log.invites.map((one) => (one.invite === id ? { ...one, wrapped } : one));
  await expect(new Person('dan', env).joins(log, mine)).rejects.toMatchObject({ code: 'bad-invite' });
  expect(await ana.sees(log)).toBe(false);
  await cai.refreshes(log);
  expect(atServer()?.wrapped).toBeUndefined();

  // A member without the admin key ends nothing.
  await cai.invites(log);
  expect(atServer()).toBeDefined();
  await ana.invites(log);
  expect(atServer()).toBeUndefined();
  for (const [name, works] of Object.entries({ eve: other, fay: link }))
    await new Person(name, env).joins(log, works);
});

test('only an admin can remove, and only other members of the room', async () => {
  const { ana, ben, cai } = await three();
  await expect(remove(ben.room, cai.device, ben.env)).rejects.toThrow('not-admin');
  await expect(remove(ana.room, ana.device, ana.env)).rejects.toThrow('self-removal');
  await expect(remove(ana.room, ana.id(), ana.env)).rejects.toThrow('no-such-member');
});
