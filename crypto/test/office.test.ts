import { expect, test } from 'vitest';
import { encodeCommitData } from '../src/commit-data.ts';
import { officeIn } from '../src/groupinfo.ts';
import { answerAsk, remove, reopen, setRole } from '../src/handshake.ts';
import { withNewDevice } from '../src/identity.ts';
import { commit } from '../src/mls/commits.ts';
import { openAdminKey, personKeyOf } from '../src/office.ts';
import { sealBody } from '../src/seal.ts';
import { agree, allRead, allTalk, roomOfPeople } from './assert.ts';
import { looksInside, renewedBy, request } from './hostile.ts';
import type { Log } from './log.ts';
import { Person, won } from './world.ts';

/** Ana, the only admin, and ben, who both know the own invite's secret. */
async function twoPeople() {
  const world = await roomOfPeople('ana', 'ben');
  const [ana, ben] = world.people as [Person, Person];
  await ana.heals(world.log);
  await allRead(world.log, world.people);
  return { ...world, ana, ben };
}

function secretOf({ room }: Person): Uint8Array {
  if (room.own === undefined) throw new Error('the own invite is unknown');
  return room.own;
}

/** A person's profile without its state of the room, as a new device. It joins by the own invite. */
async function comesAnew(log: Log, person: Person, own = secretOf(person)): Promise<Person> {
  const device = new Person(person.name, person.env, withNewDevice(person.who, person.env));
  await device.joins(log, person.linkFor(own));
  return device;
}

/** Whether a person with this link can open the sealed admin key of the GroupInfo. */
async function opens(log: Log, person: Person, secret: Uint8Array, by: Person): Promise<boolean> {
  const sealed = officeIn(await looksInside(log, by.linkFor(secret)));
  if (sealed === undefined) throw new Error('no sealed admin key');
  return openAdminKey(by.room.id, personKeyOf(person.who.identity), secret, sealed) !== undefined;
}

test('the only admin, whose profile was restored from an older copy, gets the admin key back as a new device', async () => {
  const { log, ana, ben } = await twoPeople();
  const older = await ana.copy();
  await ana.heals(log);
  const lost = new Person('ana', ana.env, ana.who);
  lost.room = older;
  await lost.reads(log);
  expect(lost.room.status).toBe('broken');
  const phone = await comesAnew(log, lost);
  expect(phone.room.admin).toEqual(ana.room.admin);
  await ben.reads(log);
  await phone.commits(log, (room) => remove(room, ana.device, ana.env, { keep: true }));
  await phone.commits(log, (room) => setRole(room, ben.device, 'admin', ana.env));
  await ben.reads(log);
  expect(ben.room.admin).toEqual(phone.room.admin);
  await allTalk(log, phone, ben);
});

test('a restart, a join and a refresh of others keep the sealed admin key', async () => {
  const { env, log, link, ana, ben } = await twoPeople();
  const cai = new Person('cai', env);
  cai.restarts = true;
  await cai.joins(log, link);
  await ben.heals(log);
  await cai.reads(log);
  await cai.refreshes(log);
  await ana.reads(log);
  expect(await ana.sees(log)).toBe(true);
  const phone = await comesAnew(log, ana);
  expect(phone.room.admin).toEqual(ana.room.admin);
});

test('a removed admin opens no later admin key, and neither does a member, a moderator or who holds a link', async () => {
  const { env, log, ana, ben } = await twoPeople();
  const cai = new Person('cai', env);
  await cai.joins(log, await ana.invites(log));
  await ana.commits(log, (room) => setRole(room, ben.device, 'admin', env));
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  await ana.removes(log, ben);
  await ana.reads(log);
  const own = secretOf(ana);
  const link = await ana.invites(log);
  expect(await opens(log, ana, own, ana)).toBe(true);
  for (const one of [ben, cai]) expect(await opens(log, one, own, ana)).toBe(false);
  expect(await opens(log, ana, link.secret, ana)).toBe(false);
  await expect(comesAnew(log, ben, own)).rejects.toMatchObject({ code: 'invite-revoked' });
});

test('who has the identity and an own invite that has ended opens nothing', async () => {
  const { log, ana, ben, env } = await twoPeople();
  const old = secretOf(ana);
  await ana.commits(log, (room) => answerAsk(room, env));
  await allRead(log, [ana, ben]);
  const sealed = officeIn(await looksInside(log, ana.linkFor(secretOf(ana))));
  if (sealed === undefined) throw new Error('no sealed admin key');
  const person = personKeyOf(ana.who.identity);
  expect(openAdminKey(ana.room.id, person, old, sealed)).toBeUndefined();
  expect(openAdminKey(ana.room.id, person, secretOf(ana), sealed)).toEqual(ana.room.admin);
});

test('the own invite of another member has no sealed admin key until the admin commits again', async () => {
  const { env, log, link, ana, ben } = await twoPeople();
  const cai = new Person('cai', env);
  await cai.joins(log, link);
  await ana.commits(log, (room) => remove(room, cai.device, env));
  await ben.commits(log, (room) => reopen(room, env));
  await ana.reads(log);
  for (const one of [ana, ben]) expect(one.room.office).toEqual({ sealed: undefined, heard: true });
  expect((await comesAnew(log, ana)).room.admin).toBeUndefined();
  await ana.heals(log);
  await ben.reads(log);
  expect((await comesAnew(log, ana)).room.admin).toEqual(ana.room.admin);
});

test('what a member without an office says about it is ignored, and a GroupInfo without it is replaced', async () => {
  const { log, ana, ben, env } = await twoPeople();
  const { office } = ana.room;
  const data = encodeCommitData([[8, new Uint8Array(72)]]);
  const { message, state } = await commit(ben.room.mls, [], renewedBy(ben), data);
  const body = sealBody(ben.room.keys, 'handshake', ben.room.id, message, env);
  won(log.swap(await request(ben, body, state)));
  await ana.reads(log);
  expect(ana.room.office).toEqual(office);
  // Ben's request has a GroupInfo without the sealed key.
  expect(await ana.sees(log)).toBe(false);
  const misled = await comesAnew(log, ana);
  expect(misled.room.admin).toBeUndefined();
  await ana.reads(log);
  await ana.refreshes(log);
  await misled.reads(log);
  // Who has only read it in a GroupInfo doesn't contradict.
  expect(await misled.sees(log)).toBe(true);
  agree(ana, misled);
});

test('a former admin who steps down seals nothing for itself', async () => {
  const { env, log, ana, ben } = await twoPeople();
  await ana.commits(log, (room) => setRole(room, ben.device, 'admin', env));
  await ana.commits(log, (room) => setRole(room, ana.device, 'member', env));
  await ben.reads(log);
  expect(ben.room.office.sealed).toBeUndefined();
  await ben.heals(log);
  await ana.reads(log);
  expect(await opens(log, ana, secretOf(ana), ana)).toBe(false);
});
