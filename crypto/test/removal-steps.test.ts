import { expect, test } from 'vitest';
import { heal, remove, reopen, setRole } from '../src/handshake.ts';
import { withNewDevice } from '../src/identity.ts';
import { membersOf } from '../src/room.ts';
import { agree, allRead, allTalk, roomOfPeople } from './assert.ts';
import { request } from './hostile.ts';
import type { Log } from './log.ts';
import { Person } from './world.ts';

/** Ana and ben are admins, cai is none. All know the secret of the own invite. */
async function twoAdmins() {
  const world = await roomOfPeople('ana', 'ben', 'cai');
  const [ana, ben, cai] = world.people as [Person, Person, Person];
  await ana.commits(world.log, (room) => setRole(room, ben.device, 'admin', ana.env));
  await ana.heals(world.log);
  await allRead(world.log, world.people);
  return { ...world, ana, ben, cai };
}

/** Whether the server takes an order to retire all access keys, which only admins give. */
async function orders(log: Log, person: Person): Promise<boolean> {
  const { room } = person;
  person.room = { ...room, base: log.handshake };
  const outcome = log.copy().swap(await request(person, person.env.random(300), room.mls, {}, true));
  person.room = room;
  expect(outcome).not.toBe('conflict');
  return outcome !== 'refused';
}

/** What a removed admin may try: to give orders, to remove members, and to come back by the own invite, as it is and as a new device. */
async function triesEverything(log: Log, ben: Person, others: readonly Person[]): Promise<void> {
  expect(ben.room.admin).toBeDefined();
  expect(await orders(log, ben)).toBe(false);
  expect(ben.enters(log)).toBe(false);
  await ben.reads(log);
  expect(ben.room.status).toBe('removed');
  await expect(remove(ben.room, others[0]?.device ?? '', ben.env)).rejects.toThrow();
  const entrance = ben.linkFor(ben.room.own ?? new Uint8Array());
  expect(log.info(entrance)).toBeUndefined();
  for (const one of others) expect(membersOf(one.room).some(({ name }) => name === 'ben')).toBe(false);
}

test.each([
  ['has stored the removal, and not sent it', 0],
  ['has sent the removal, and not read it', 1],
  ['has read the removal, and not opened joins again', 2],
  ['has stored the change that opens joins, and not sent it', 3],
  ['has sent the change that opens joins, and not read it', 4],
])(
  'an admin who is killed when it %s continues: the removed admin has no rights at any time',
  async (_, killedAt) => {
    const { log, ana, ben, cai } = await twoAdmins();
    const restarts = async (at: number) => {
      if (at === killedAt) ana.room = await ana.copy();
    };
    const removal = await ana.starts((room) => remove(room, ben.device, ana.env));
    await restarts(0);
    log.swap(removal);
    await restarts(1);
    // The same request again, as after a lost reply.
    log.swap(removal);
    await ana.reads(log);
    await restarts(2);
    await cai.reads(log);
    await triesEverything(log, ben, [ana, cai]);
    const opening = await ana.starts((room) => reopen(room, ana.env));
    await restarts(3);
    log.swap(opening);
    await restarts(4);
    log.swap(opening);
    await allRead(log, [ana, cai]);
    await triesEverything(log, ben, [ana, cai]);
    const link = await cai.invites(log);
    await ana.reads(log);
    // By a later link, with the own identity and a fresh one: a member without an office.
    const strange = new Person('stranger', ben.env);
    await ben.joins(log, link);
    await strange.joins(log, link);
    await allRead(log, [ana, cai, ben]);
    for (const one of [ben, strange]) {
      expect(membersOf(ana.room).find(({ name }) => name === one.name)?.admin).toBe(false);
      expect(one.room.admin).toBeUndefined();
      await expect(remove(one.room, cai.device, one.env)).rejects.toThrow('not-admin');
    }
    await allTalk(log, ana, cai, ben, strange);
  },
);

test('an admin who never comes back after a removal: any member opens joins, and the removed admin stays without rights', async () => {
  const { log, ana, ben, cai } = await twoAdmins();
  log.swap(await ana.starts((room) => remove(room, ben.device, ana.env)));
  await cai.reads(log);
  await triesEverything(log, ben, [cai]);
  await cai.commits(log, (room) => reopen(room, cai.env));
  await triesEverything(log, ben, [cai]);
  await ben.joins(log, await cai.invites(log));
  await cai.reads(log);
  agree(cai, ben);
  expect(membersOf(cai.room).find(({ name }) => name === 'ben')?.admin).toBe(false);
});

test('a copied profile of a founder has no admin key after a heal, and no access after a retirement', async () => {
  const { log, ana, ben, cai } = await twoAdmins();
  const thief = new Person('ana', ana.env, ana.who);
  thief.room = await ana.copy();
  const entrance = ana.linkFor(ana.room.own ?? new Uint8Array());
  expect(await orders(log, thief)).toBe(true);
  await ana.heals(log);
  expect(await orders(log, thief)).toBe(false);
  await thief.reads(log);
  await expect(thief.seals('I, ana')).rejects.toThrow('not-active');
  // With the identity key and the own invite it comes in as a further device of an admin, which all see.
  const second = new Person('ana', ana.env, withNewDevice(ana.who, ana.env));
  await second.joins(log, entrance);
  expect((await ben.reads(log)).filter(({ kind }) => kind === 'joined')).toMatchObject([{ another: true }]);
  await ana.reads(log);
  await ana.commits(log, (room) => remove(room, second.device, ana.env));
  await ana.commits(log, (room) => heal(room, ana.env, { retire: true }));
  expect([thief.enters(log), second.enters(log)]).toEqual([false, false]);
  expect(log.info(entrance)).toBeUndefined();
  await allRead(log, [ben, cai]);
  await allTalk(log, ana, ben, cai);
});

test('a thief who is first locks the owner out; the owner learns it, comes in as a new device, and removes the old leaf', async () => {
  const { log, ana, ben, cai } = await twoAdmins();
  const thief = new Person('cai', cai.env, cai.who);
  thief.room = await cai.copy();
  await thief.heals(log);
  await cai.reads(log);
  expect(cai.warnings.at(-1)).toBe('broken');
  expect(cai.room.status).toBe('broken');
  const again = new Person('cai', cai.env, withNewDevice(cai.who, cai.env));
  await again.joins(log, cai.linkFor(cai.room.own ?? new Uint8Array()));
  await again.commits(log, (room) => remove(room, thief.device, again.env, { keep: true }));
  await allRead(log, [ana, ben, thief]);
  expect(thief.room.status).toBe('removed');
  expect(ana.room.retirement.due).toBe('removed-device');
  await ana.commits(log, (room) => heal(room, ana.env, { retire: true }));
  expect(thief.enters(log)).toBe(false);
  await allRead(log, [ben, again]);
  await allTalk(log, ana, ben, again);
});
