import { encodeBytes } from '@gochat/protocol/encoding';
import { expect, test } from 'vitest';
import { remove } from '../src/handshake.ts';
import { ownLeaf } from '../src/room.ts';
import { agree, allRead, allTalk, anaBenMal, readsNothingAfter, roomOfPeople } from './assert.ts';
import { babbles, commits, gone, joins, litters } from './hostile.ts';
import { Person } from './world.ts';

const flipped = (tag: Uint8Array) => tag.with(0, (tag[0] ?? 0) ^ 1);

test('garbage in place of a handshake locks no member out', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const bodies = [1, 2, 3].map((kind) => Uint8Array.from([kind, ...mal.env.random(400)]));
  for (const body of [...bodies, Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(0)])
    await litters(log, mal, body);
  babbles(log, mal);
  await allRead(log, [ana, ben, mal]);
  expect(ana.warnings).toEqual([...Array(6).fill('skipped-handshake'), 'undecryptable']);
  expect([ana, ben].map((p) => p.enters(log))).toEqual([true, true]);
  await allTalk(log, ana, ben, mal);
  await ana.heals(log);
  await allTalk(log, ana, ben, mal);
});

test('a commit that is invalid for all members, followed by garbage, breaks no member', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  for (let round = 0; round < 3; round += 1) {
    await commits(log, mal, { tag: flipped });
    babbles(log, mal);
    babbles(log, mal);
    await allRead(log, [ana, ben]);
    expect([ana, ben].map((p) => p.room.status)).toEqual(['active', 'active']);
    expect([ana, ben].map((p) => p.room.wantsHeal)).toEqual(['doubt', 'doubt']);
    await ben.heals(log);
    babbles(log, mal);
    await allRead(log, [ana, ben]);
    await ana.says(log, 'still here');
    await ben.reads(log);
  }
  await allTalk(log, ana, ben);
  expect([ana, ben].map((p) => p.room.doubt)).toEqual([undefined, undefined]);
});

test("a member that heals after a commit in doubt is not broken by more garbage once it reads another member's message", async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await commits(log, mal, { sealTo: () => new Uint8Array(32) });
  babbles(log, mal);
  await allRead(log, [ana, ben]);
  expect([ana, ben].map((p) => p.room.wantsHeal)).toEqual(['doubt', 'doubt']);
  await ana.heals(log);
  babbles(log, mal);
  await allRead(log, [ana, ben]);
  expect(ben.room.status).toBe('active');
  expect(ben.room.wantsHeal).toBeUndefined();
  expect(ana.room.status).toBe('broken');
  await ben.says(log, 'I am still here');
  await ana.reads(log);
  expect(ana.room.status).toBe('active');
  expect(ana.heard).toEqual(['ben: I am still here']);
  await allTalk(log, ana, ben);
});

test('a joiner that encrypts garbage in its commit breaks no member', async () => {
  const { log, ana, ben, link } = await anaBenMal();
  const eve = new Person('eve', ana.env);
  await joins(log, eve, link, ana.room.mls, { tag: flipped });
  babbles(log, eve);
  await allRead(log, [ana, ben]);
  expect([ana, ben].map((p) => p.room.status)).toEqual(['active', 'active']);
  await allTalk(log, ana, ben);
});

/** Four people; mal makes a commit that encrypts garbage to ben only. */
async function misSealed() {
  const world = await roomOfPeople('ana', 'cai', 'ben', 'mal');
  const [ana, cai, ben, mal] = world.people as [Person, Person, Person, Person];
  const leaf = 2 * ownLeaf(ben.room);
  const deed = await commits(world.log, mal, {
    sealTo: (to, secret) => (to === leaf ? new Uint8Array(32) : secret),
  });
  mal.room = await gone(mal.room, deed);
  await allRead(world.log, [ana, ben, cai]);
  return { ...world, ana, ben, cai, mal };
}

test('a member cut off by a commit with garbage for it detects this when others send messages, and joins again', async () => {
  const { log, ana, ben, cai, mal } = await misSealed();
  expect(ben.warnings).toEqual(['skipped-handshake']);
  agree(ana, cai, mal);
  await ana.says(log, 'one');
  await ben.reads(log);
  expect(ben.room.wantsHeal).toBe('doubt');
  await ben.heals(log);
  await allRead(log, [ana, cai]);
  await cai.says(log, 'two');
  await ben.reads(log);
  expect(ben.room.status).toBe('broken');
  expect(ben.warnings).toEqual(['skipped-handshake', 'undecryptable', 'broken']);
  await expect(ben.seals('anybody there?')).rejects.toMatchObject({ code: 'not-active' });

  await allRead(log, [ana, cai, mal]);
  await ana.refreshes(log);
  const leaf = ownLeaf(ben.room);
  await ben.joins(log, await ana.invites(log));
  const seen = await ana.reads(log);
  expect(seen.filter((e) => e.kind === 'joined')).toMatchObject([
    { member: { name: 'ben', leaf }, again: true },
  ]);
  await allRead(log, [ana, cai, mal]);
  await allTalk(log, ana, ben, cai, mal);
  expect(ana.members).toEqual(['ana', 'ben', 'cai', 'mal']);
});

test('the messages of a member that joins again are read although its counter restarts', async () => {
  const { log, link, people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  for (let n = 0; n < 5; n += 1) await ben.says(log, `before ${n}`);
  await ben.joins(log, link);
  for (let n = 0; n < 3; n += 1) await ben.says(log, `after ${n}`);
  await ana.reads(log);
  expect(ana.heard.slice(5)).toEqual(['ben: after 0', 'ben: after 1', 'ben: after 2']);
  expect(ana.warnings).toEqual([]);
});

test("an admin in doubt can't remove members: the others might not be able to follow, and their keys would be retired", async () => {
  const { log, people } = await roomOfPeople('ana', 'mal', 'ben');
  const [ana, mal, ben] = people as [Person, Person, Person];
  const leaf = 2 * ownLeaf(ana.room);
  const deed = await commits(log, mal, {
    sealTo: (to, secret) => (to === leaf ? new Uint8Array(32) : secret),
  });
  mal.room = await gone(mal.room, deed);
  await allRead(log, [ana, ben]);
  await expect(remove(ana.room, mal.device, ana.env)).rejects.toThrow('change-unconfirmed');
  expect(ben.enters(log)).toBe(true);
  await allTalk(log, ben, mal);
});

test('a message of another member ends the doubt of an admin', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await commits(log, mal, { tag: flipped });
  await ben.says(log, 'here');
  await ana.reads(log);
  await ana.removes(log, mal);
  await allTalk(log, ana, ben);
});

test('a wrong access key locks no member out', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  for (let n = 0; n < 3; n += 1) {
    const deed = await commits(log, mal, {}, { access: encodeBytes(mal.who.identity.publicKey) });
    mal.room = await gone(mal.room, deed);
    await allRead(log, [ana, ben]);
    expect([ana, ben].map((p) => p.enters(log))).toEqual([true, true]);
  }
  await ben.heals(log);
  await ben.refreshes(log);
  await allTalk(log, ana, ben, mal);
  await ana.removes(log, mal);
  await ben.reads(log);
  expect([ana, ben].map((p) => p.enters(log))).toEqual([true, true]);
});

test("an access key that a Remove retired can't enter, and the new one can", async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await ana.commits(log, (room) => remove(room, mal.device, ana.env));
  expect([ana, ben, mal].map((p) => p.enters(log))).toEqual([true, false, false]);
  await allRead(log, [ben, mal]);
  expect([ana, ben, mal].map((p) => p.enters(log))).toEqual([true, true, false]);
  await readsNothingAfter(log, mal, ben);
});
