import { expect, test } from 'vitest';
import { publish } from '../src/groupinfo.ts';
import { heal, remove } from '../src/handshake.ts';
import { createIdentity } from '../src/identity.ts';
import type { InviteLink } from '../src/link.ts';
import { liveInvitesOf } from '../src/room.ts';
import { agree, allRead, allTalk, roomOfPeople } from './assert.ts';
import { craftCommit } from './craft.ts';
import { gone, joins, plants, renewedBy } from './hostile.ts';
import type { Log } from './log.ts';
import { Person } from './world.ts';

/** What the server keeps for joiners, to be served again later. */
function kept({ groupInfo, member, invites }: Log) {
  return { groupInfo, member, invites: invites.map((one) => ({ ...one })) };
}

function serves(log: Log, old: ReturnType<typeof kept>): void {
  Object.assign(log, kept({ ...log, ...old } as Log));
}

/** The GroupInfo of a person's epoch, with its key wrapped for the invites of the real room. */
async function uploads(log: Log, person: Person, real: Person): Promise<void> {
  const { id, mls, keys } = person.room;
  const { invites, ...made } = await publish(id, mls, keys, liveInvitesOf(real.room), person.env);
  Object.assign(log, made);
  for (const live of log.invites) live.wrapped = invites.find((one) => one.invite === live.invite)?.wrapped;
}

/** Eve makes a join that members refuse, and publishes the epoch that only she is in. */
async function forges(log: Log, eve: Person, link: InviteLink, real: Person): Promise<void> {
  const unsigned = { aad: (aad: Uint8Array) => aad.with(-1, (aad.at(-1) ?? 0) ^ 1) };
  const forged = await gone(real.room, await joins(log, eve, link, real.room.mls, unsigned));
  eve.room = { ...forged, device: eve.who.device };
  await uploads(log, eve, real);
}

/** Ana and ben are members who know the own invite's secret. Cai has joined from eve's forged GroupInfo. */
async function misled() {
  const world = await roomOfPeople('ana', 'ben');
  const [ana, ben] = world.people as [Person, Person];
  const { log, link, env } = world;
  const [eve, cai] = [new Person('eve', env), new Person('cai', env)];
  await ana.heals(log);
  await allRead(log, world.people);
  await forges(log, eve, link, ana);
  await cai.joins(log, link);
  await allRead(log, [ana, ben]);
  expect(ana.members).toEqual(['ana', 'ben']);
  expect(cai.members).toEqual(['ana', 'ben', 'cai', 'eve']);
  return { ...world, ana, ben, eve, cai };
}

test("a joiner whose join was skipped learns it from an admin's GroupInfo, joins again by the same link, and is in", async () => {
  const { log, ana, ben, cai } = await misled();
  expect((await cai.looks(log)).kind).toBe('here');
  await ana.refreshes(log);
  expect(await cai.looks(log)).toMatchObject({
    kind: 'elsewhere',
    split: { by: { name: 'ana' }, alike: true, skipped: true },
  });
  expect(cai.room.status).toBe('split');
  await expect(cai.seals('anybody there?')).rejects.toMatchObject({ code: 'not-active' });
  await cai.returns(log);
  expect(cai.room).toMatchObject({ status: 'active', split: undefined });
  await allRead(log, [ana, ben]);
  expect(ana.members).toEqual(['ana', 'ben', 'cai']);
  await allTalk(log, ana, ben, cai);
  expect(cai.room.entrance).toBeUndefined();
});

test('a joiner that has learned the own invite in the made-up epoch joins again by its link: the own one lets in only persons who are members', async () => {
  const { log, ana, ben, cai } = await misled();
  cai.room = { ...cai.room, own: ana.room.own };
  await ana.refreshes(log);
  expect((await cai.looks(log)).kind).toBe('elsewhere');
  await cai.returns(log);
  await allTalk(log, ana, ben, cai);
  const dan = new Person('dan', cai.env);
  if (ana.room.own === undefined) throw new Error('the own invite is unknown');
  await expect(dan.joins(log, ana.linkFor(ana.room.own))).rejects.toMatchObject({ code: 'invite-revoked' });
});

test("so does a person's second device, and a device that comes back in place of its leaf", async () => {
  const { env, log, link, ana, ben, eve } = await misled();
  const phone = new Person('ben', env, { identity: ben.who.identity, device: createIdentity(env).device });
  const { own } = ana.room;
  if (own === undefined) throw new Error('the own invite is unknown');
  for (const joiner of [phone, ben]) {
    await ana.refreshes(log);
    await forges(log, eve, link, ana);
    await joiner.joins(log, ana.linkFor(own));
    expect(joiner.members).toContain('eve');
    await ana.reads(log);
    await ana.refreshes(log);
    expect(await joiner.looks(log)).toMatchObject({
      kind: 'elsewhere',
      split: { skipped: true, alike: true },
    });
    await joiner.returns(log);
    await ana.reads(log);
  }
  await allRead(log, [ana, ben, phone]);
  expect(ana.members).toEqual(['ana', 'ben', 'ben']);
  await allTalk(log, ana, ben, phone);
});

test('a join from an old GroupInfo, which the server has served, is made again', async () => {
  const { env, log, link, people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  const old = kept(log);
  await ana.heals(log);
  await ben.heals(log);
  await ana.reads(log);
  const cai = new Person('cai', env);
  serves(log, old);
  await cai.joins(log, link);
  await allRead(log, people);
  await ana.refreshes(log);
  expect(await cai.looks(log)).toMatchObject({ kind: 'elsewhere', split: { skipped: true } });
  await cai.returns(log);
  await allTalk(log, ana, ben, cai);
});

test('what the author of the epoch signs proves nothing; of another member without an office, the user decides', async () => {
  const { log, ana, ben, eve, cai } = await misled();
  await uploads(log, eve, ana);
  expect((await cai.looks(log)).kind).toBe('unknown');
  await ben.refreshes(log);
  expect(await cai.looks(log)).toMatchObject({
    kind: 'elsewhere',
    split: { by: { name: 'ben' }, alike: false, skipped: true },
  });
});

test("who is only in the made-up epoch can't end the split by a change there; a restart keeps it", async () => {
  const { log, ana, eve, cai } = await misled();
  await ana.refreshes(log);
  expect((await cai.looks(log)).kind).toBe('elsewhere');
  cai.restarts = true;
  await eve.heals(log);
  expect(eve.members).toContain('cai');
  await cai.reads(log);
  expect(cai.events.at(-1)).toMatchObject({ kind: 'healed', by: { name: 'eve' } });
  expect(cai.room).toMatchObject({ status: 'split', split: { skipped: true } });
  await ana.reads(log);
  await ana.refreshes(log);
  await cai.returns(log);
  await ana.reads(log);
  expect(ana.members).toEqual(['ana', 'ben', 'cai']);
});

test('an accepted joiner takes no older GroupInfo for a proof, before and after an admin was read', async () => {
  const { env, log, link, people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  await ben.heals(log);
  const before = kept(log);
  await ana.heals(log);
  const last = kept(log);
  const cai = new Person('cai', env);
  await cai.joins(log, link);
  for (const old of [before, last]) {
    serves(log, old);
    expect((await cai.looks(log)).kind).toBe('unknown');
  }
  await ben.says(log, 'welcome');
  await cai.reads(log);
  expect(cai.room.entrance).toBeDefined();
  await ana.says(log, 'welcome');
  await cai.reads(log);
  expect(cai.room.entrance).toBeUndefined();
  serves(log, before);
  expect((await cai.looks(log)).kind).toBe('unknown');
});

test('who was accepted and removed learns that from the Remove', async () => {
  const { env, log, link, people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  const cai = new Person('cai', env);
  await cai.joins(log, link);
  await ana.commits(log, (room) => remove(room, cai.device, env, { keep: true }));
  await cai.reads(log);
  expect(cai.room.status).toBe('removed');
  await allTalk(log, ana, ben);
});

test('a join that is made again after a crash replaces the leaf of the first', async () => {
  const { log, ana, ben, cai } = await misled();
  await ana.refreshes(log);
  await cai.looks(log);
  const saved = await cai.copy();
  await cai.returns(log);
  await allRead(log, [ana, ben]);
  cai.room = saved;
  await cai.returns(log);
  await allRead(log, [ana, ben]);
  expect(ana.members).toEqual(['ana', 'ben', 'cai']);
  agree(ana, ben, cai);
  await ana.commits(log, (room) => heal(room, ana.env));
  await allTalk(log, ana, ben, cai);
});

test('a member who does not vouch can’t lead into its own fork whoever has seen the proof of an admin', async () => {
  const { log, ana, ben, cai } = await misled();
  await ana.refreshes(log);
  expect(await cai.looks(log)).toMatchObject({ kind: 'elsewhere', split: { alike: true } });
  const fork = await craftCommit(ben.room.mls, renewedBy(ben), {});
  await plants(log, ben, fork.state);
  await expect(cai.returns(log)).rejects.toMatchObject({ code: 'change-unconfirmed' });
  await ana.refreshes(log);
  await cai.returns(log);
  await allRead(log, [ana, ben]);
  await allTalk(log, ana, ben, cai);
});
