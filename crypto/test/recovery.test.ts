import type { Position } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { createRoom, landedFirst } from '../src/create.ts';
import { decodeRoom, encodeRoom } from '../src/encode-room.ts';
import { heal, invite, remove, reopen } from '../src/handshake.ts';
import { withNewDevice } from '../src/identity.ts';
import { roomCode } from '../src/room.ts';
import { agree, allRead, allTalk, roomOfPeople } from './assert.ts';
import { Log, without } from './log.ts';
import { Person, seededEnv, warningsIn, won } from './world.ts';

async function three() {
  const world = await roomOfPeople('ana', 'ben', 'cai');
  const [ana, ben, cai] = world.people as [Person, Person, Person];
  return { ...world, ana, ben, cai };
}

test("a gap beyond the ratchet's limit gives a warning, this device heals, and the sender is readable again", async () => {
  const { log, ana, ben, cai } = await three();
  const dropped: Position[] = [];
  for (let n = 0; n < 202; n += 1) dropped.push(log.append('message', (await ben.seals(`lost ${n}`)).body));
  await ben.reads(log);
  await ben.says(log, 'too far');
  const holed = without(log, ...dropped.slice(0, 201));
  expect(warningsIn(await ana.reads(holed))).toEqual(['hole', 'hole']);
  expect(ana.room.wantsHeal).toBe('hole');
  expect(ana.heard).toEqual([]);
  won(log.swap(await ana.starts((room) => heal(room, ana.env))));
  await ana.reads(log);
  expect(ana.room.wantsHeal).toBeUndefined();
  expect(ana.room.status).toBe('active');
  await allRead(log, [ben, cai]);
  await ben.says(log, 'near again');
  await ana.reads(log);
  expect(ana.heard).toEqual(['ben: near again']);
});

test("messages after a gap of exactly the ratchet's limit are read", async () => {
  const { log, ana, ben } = await three();
  const dropped: Position[] = [];
  for (let n = 0; n < 200; n += 1) dropped.push(log.append('message', (await ben.seals(`lost ${n}`)).body));
  await ben.reads(log);
  await ben.says(log, 'just so');
  await ana.reads(without(log, ...dropped));
  expect(ana.heard).toEqual(['ben: just so']);
});

test("any member's commit ends the gap of all members, so they don't all heal", async () => {
  const { log, ana, ben, cai } = await three();
  const dropped: Position[] = [];
  for (let n = 0; n < 202; n += 1) dropped.push(log.append('message', (await ben.seals(`lost ${n}`)).body));
  await ben.reads(log);
  const holed = without(log, ...dropped.slice(0, 201));
  for (const person of [ana, cai]) await person.reads(holed);
  expect([ana, cai].map((p) => p.room.wantsHeal)).toEqual(['hole', 'hole']);
  won(log.swap(await ana.starts((room) => heal(room, ana.env))));
  await allRead(log, [ana, ben, cai]);
  expect([ana, cai].map((p) => p.room.wantsHeal)).toEqual([undefined, undefined]);
});

const changes = {
  heal: (person: Person) => person.starts((room) => heal(room, person.env)),
  invite: (person: Person) => person.starts((room) => invite(room, person.env.random(16), {}, person.env)),
  reopen: (person: Person) => person.starts((room) => reopen(room, person.env)),
};

test.each(Object.entries(changes))(
  'a lost ack of %s bricks nobody: it is found in the log after a restart',
  async (_, make) => {
    const { log, ana, ben, cai } = await three();
    log.swap(await make(ana));
    ana.room = await ana.copy();
    await ben.reads(log);
    await ben.says(log, 'behind it');
    const seen = await ana.reads(log);
    expect(seen.some((e) => e.kind === 'landed')).toBe(true);
    expect(ana.room.pending).toBeUndefined();
    await allTalk(log, ana, ben, cai);
  },
);

test('a lost reply to a Remove breaks no member', async () => {
  const { log, ana, ben, cai } = await three();
  log.swap(await ana.starts((room) => remove(room, cai.device, ana.env)));
  ana.room = await ana.copy();
  await allRead(log, [ana, ben]);
  await allTalk(log, ana, ben);
});

test('a handshake that never arrived is dropped when another one is read, and can be made again', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.starts((room) => heal(room, ana.env));
  ana.room = await ana.copy();
  await ana.reads(log);
  expect(ana.room.pending).toBeDefined();
  await expect(ana.starts((room) => heal(room, ana.env))).rejects.toMatchObject({ code: 'pending' });
  await ben.heals(log);
  expect((await ana.reads(log)).some((e) => e.kind === 'lost-race')).toBe(true);
  await ana.heals(log);
  await allTalk(log, ana, ben, cai);
});

test('after a lost reply to a create, the repeated request succeeds and the room exists', async () => {
  const env = seededEnv(7);
  const log = new Log();
  const [ana, ben] = [new Person('ana', env), new Person('ben', env)];
  const { room, frame } = await createRoom(ana.who, { room: 'kitchen', own: 'ana' }, env);
  const first = won(log.swap(frame));
  const restarted = await decodeRoom(encodeRoom(room));
  expect(restarted.status).toBe('joining');
  expect(won(log.swap(frame))).toBe(first);
  ana.room = landedFirst(restarted, first);
  await ben.joins(log, await ana.invites(log));
  await ana.reads(log);
  await allTalk(log, ana, ben);
});

test('after a lost reply to a join, the repeated request succeeds and later messages are read', async () => {
  const { log, link, ana, ben, cai, env } = await three();
  const dan = new Person('dan', env);
  const { room, frame } = await dan.asksToJoin(log, link);
  log.swap(frame);
  await ana.says(log, 'welcome');
  await ben.heals(log);
  await ben.says(log, 'welcome too');
  const restarted = await decodeRoom(encodeRoom(room));
  dan.room = landedFirst(restarted, won(log.swap(frame)));
  await dan.reads(log);
  expect(dan.heard).toEqual(['ana: welcome', 'ben: welcome too']);
  await allRead(log, [ana, cai]);
  await allTalk(log, ana, ben, cai, dan);
});

test('after a lost reply to a post, the message is in the log once', async () => {
  const { log, ana, ben } = await three();
  const frame = await ana.seals('once');
  log.post(frame);
  ana.room = await ana.copy();
  log.post(frame);
  await allRead(log, [ana, ben]);
  expect(ben.heard).toEqual(['ana: once']);
  expect(ana.drafts).toEqual([]);
});

/** An older copy of ana's profile, beside the current one. */
async function rolledBack() {
  const world = await three();
  const { log, ana } = world;
  await ana.says(log, 'zero');
  const old = new Person('ana', ana.env, ana.who);
  old.room = await ana.copy();
  return { ...world, old };
}

test('a rolled-back profile sends nothing until it has healed, and its later messages are read', async () => {
  const { log, ana, ben, cai, old } = await rolledBack();
  for (const text of ['one', 'two', 'three']) await ana.says(log, text);
  expect(warningsIn(await old.reads(log))).toContain('rolled-back');
  expect(old.room.status).toBe('rolled-back');
  expect(old.room.wantsHeal).toBe('rolled-back');
  await expect(old.seals('too early')).rejects.toMatchObject({ name: 'RoomError', code: 'not-active' });
  await expect(old.starts((room) => invite(room, old.env.random(16), {}, old.env))).rejects.toMatchObject({
    code: 'not-active',
  });
  old.room = await old.copy();
  await old.heals(log);
  expect(old.room.status).toBe('active');
  await old.says(log, 'four');
  await allRead(log, [ben, cai]);
  expect(ben.heard).toEqual(['zero', 'one', 'two', 'three', 'four'].map((text) => `ana: ${text}`));
  expect(ben.warnings).toEqual([]);
  await allTalk(log, old, ben, cai);
});

test("a rolled-back profile whose other copy has committed is broken: the other copy's keys are gone", async () => {
  const { log, ana, ben, cai, old } = await rolledBack();
  await ana.heals(log);
  expect(warningsIn(await old.reads(log))).toEqual(['broken']);
  expect(old.room.status).toBe('broken');
  await expect(old.starts((room) => heal(room, old.env))).rejects.toMatchObject({
    code: 'not-active',
  });
  await ben.reads(log);
  await ben.says(log, 'too late');
  await old.reads(log);
  expect(old.room.status).toBe('broken');
  const link = await ben.invites(log);
  await expect(old.joins(log, link)).rejects.toThrow('still-member');
  // Its keys for the seat are gone, but it knows the secret of the own invite: it comes in as a new device.
  const secret = old.room.own;
  if (secret === undefined) throw new Error('the copy knows no own invite');
  const again = new Person(old.name, old.env, withNewDevice(old.who, old.env));
  await again.joins(log, { ...link, secret });
  await again.commits(log, (room) => remove(room, old.device, old.env, { keep: true }));
  await allRead(log, [ben, cai]);
  expect(ben.warnings).toEqual([]);
  await allTalk(log, again, ben, cai);
});

test('a copy of the profile is broken after the other copy has joined again', async () => {
  const { log, link, ana, ben, cai, old } = await rolledBack();
  await ana.joins(log, link);
  expect(warningsIn(await old.reads(log))).toEqual(['broken']);
  expect(old.room.status).toBe('broken');
  await allTalk(log, ana, ben, cai);
});

test('a whole scenario has the same outcome if every device restarts after every step', async () => {
  const env = seededEnv(11);
  const log = new Log();
  const people = ['ana', 'ben', 'cai', 'dan'].map((name) => new Person(name, env));
  for (const person of people) person.restarts = true;
  const [ana, ben, cai, dan] = people as [Person, Person, Person, Person];
  await ana.creates(log);
  const link = await ana.invites(log);
  for (const person of [ben, cai, dan]) await person.joins(log, link);
  await allRead(log, people);
  await allTalk(log, ...people);
  await ben.heals(log);
  const draft = await cai.seals('in between');
  await dan.heals(log);
  expect(log.post(draft)).toBe('stale');
  await cai.saysAgain(log);
  await allRead(log, people);
  for (const person of [ana, ben, dan]) expect(person.heard).toContain('cai: in between');
  await ana.removes(log, dan);
  await allRead(log, people);
  expect(dan.room.status).toBe('removed');
  await allTalk(log, ana, ben, cai);
  await dan.joins(log, await ben.invites(log));
  await allTalk(log, ana, ben, cai, dan);
  agree(ana, ben, cai, dan);
  expect(people.flatMap((p) => p.warnings)).toEqual([]);
  expect(new Set(people.map((p) => roomCode(p.room))).size).toBe(1);
});
