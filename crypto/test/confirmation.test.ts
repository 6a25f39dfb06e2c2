import { expect, test } from 'vitest';
import { agree, anaBenMal, roomOfPeople } from './assert.ts';
import { litters } from './hostile.ts';
import { Person, warningsIn } from './world.ts';

const confirmer = (person: Person) => person.room.confirmedBy?.name;

async function anaBenCai() {
  const world = await roomOfPeople('ana', 'ben', 'cai');
  const [ana, ben, cai] = world.people as [Person, Person, Person];
  return { ...world, ana, ben, cai, dan: new Person('dan', world.env) };
}

test("by the founder's link, a room is confirmed by a message of the founder alone", async () => {
  const { log, link, ana, ben, dan } = await anaBenCai();
  await dan.joins(log, link);
  await dan.says(log, 'I hear only myself');
  await ben.says(log, 'welcome');
  await ben.heals(log);
  await dan.reads(log);
  expect(confirmer(dan)).toBeUndefined();
  await ana.says(log, 'hello');
  await dan.reads(log);
  expect(confirmer(dan)).toBe('ana');
  expect(warningsIn(dan.events)).toEqual([]);
  agree(ana, dan);
});

test("by a member's link, a room is confirmed by that member or the founder, whoever is read first", async () => {
  const { log, ana, ben, cai, dan, env } = await anaBenCai();
  const link = await ben.invites(log);
  const eve = new Person('eve', env);
  await dan.joins(log, link);
  await eve.joins(log, link);
  await cai.says(log, 'I made no link');
  for (const who of [dan, eve]) await who.reads(log);
  expect([dan, eve].map(confirmer)).toEqual([undefined, undefined]);
  await ana.says(log, 'hello');
  await dan.reads(log);
  await ben.says(log, 'it was me');
  for (const who of [dan, eve]) await who.reads(log);
  expect([dan, eve].map(confirmer)).toEqual(['ana', 'ana']);
});

test('a commit of the inviter confirms the room, and restarts of the device change nothing', async () => {
  const { log, ben, cai, dan } = await anaBenCai();
  const link = await ben.invites(log);
  dan.restarts = true;
  await dan.joins(log, link);
  await cai.heals(log);
  await dan.reads(log);
  expect(confirmer(dan)).toBeUndefined();
  await ben.heals(log);
  await dan.reads(log);
  expect(confirmer(dan)).toBe('ben');
  expect((await dan.copy()).confirmedBy).toEqual(dan.room.confirmedBy);
});

test('a hostile member who invites nobody confirms nothing, in a copy of the room either', async () => {
  const { log, link, ana, mal, env } = await anaBenMal();
  const forged = log.copy();
  const dan = new Person('dan', env);
  await dan.joins(forged, link);
  await mal.says(forged, 'hello dan, I am ana');
  await mal.heals(forged);
  await litters(forged, mal);
  await mal.says(forged, 'no need to compare codes');
  await dan.reads(forged);
  expect(dan.heard).toHaveLength(2);
  expect(confirmer(dan)).toBeUndefined();
  // What the founder says in the room itself is nothing that this copy can show.
  await ana.says(log, 'a real word');
  const last = log.entries.at(-1);
  if (last !== undefined) forged.append('message', last.body);
  await dan.reads(forged);
  expect(confirmer(dan)).toBeUndefined();
});
