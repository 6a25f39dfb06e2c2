import { expect, test } from 'vitest';
import { compare, isSame } from '../src/compare.ts';
import { remove } from '../src/handshake.ts';
import { newLeaf } from '../src/identity.ts';
import { memberAt, ownLeaf } from '../src/room.ts';
import { agree, allRead, allTalk, roomOfPeople } from './assert.ts';
import { craftCommit } from './craft.ts';
import { commits, gone, joins, plants, renewedBy } from './hostile.ts';
import type { Log } from './log.ts';
import { Person } from './world.ts';

const rubbish = new Uint8Array(32);

/** Ana, ben, cai and mal, who all know the secret of the own invite. */
async function four() {
  const world = await roomOfPeople('ana', 'ben', 'cai', 'mal');
  const [ana, ben, cai, mal] = world.people as [Person, Person, Person, Person];
  await ana.heals(world.log);
  await allRead(world.log, world.people);
  return { ...world, ana, ben, cai, mal };
}

async function divides(log: Log, mal: Person, twist: Parameters<typeof commits>[2]) {
  mal.room = await gone(mal.room, await commits(log, mal, twist));
}

/** Ana and ben are below node 1, and cai and mal below node 5. */
const half = { sealTo: (to: number, secret: Uint8Array) => (to === 1 ? rubbish : secret) };

test('a member below a wrong key or garbage names the author at once, proves the split by another signer, and comes back', async () => {
  const { log, ana, ben, cai, mal } = await four();
  await divides(log, mal, half);
  await allRead(log, [ana, ben, cai]);
  agree(cai, mal);
  for (const one of [ana, ben]) {
    expect(one.events.at(-1)).toMatchObject({ warning: { kind: 'unfollowed', from: { name: 'mal' } } });
    // The author's own GroupInfo proves nothing.
    expect(await one.looks(log)).toEqual({ kind: 'unknown' });
  }
  await cai.says(log, 'one');
  await allRead(log, [ana, ben]);
  expect(ana.warnings.at(-1)).toBe('undecryptable');
  expect(await cai.looks(log)).toEqual({ kind: 'here', begun: true });
  await cai.refreshes(log);
  expect(await cai.looks(log)).toEqual({ kind: 'here', begun: false });
  for (const one of [ana, ben]) {
    expect(await one.looks(log)).toMatchObject({
      kind: 'elsewhere',
      split: { alike: true },
    });
    expect(one.room.status).toBe('split');
    await expect(one.seals('anybody there?')).rejects.toMatchObject({ code: 'not-active' });
    const leaf = ownLeaf(one.room);
    await one.returns(log);
    const seen = await cai.reads(log);
    expect(seen.filter((e) => e.kind === 'joined')).toMatchObject([
      { member: { name: one.name, leaf }, again: true, returned: { from: { name: 'mal' } } },
    ]);
  }
  await allRead(log, [ana, ben, cai, mal]);
  await allTalk(log, ana, ben, cai, mal);
  expect(ana.members).toEqual(['ana', 'ben', 'cai', 'mal']);
});

test('exactly the members below a key whose private half they do not get name the author', async () => {
  const { log, people } = await roomOfPeople('a', 'b', 'c', 'd', 'e', 'f', 'g', 'mal');
  const mal = people.at(-1) as Person;
  const right = 11;
  await commits(log, mal, { node: (index, key) => (index === right ? key.with(0, (key[0] ?? 0) ^ 1) : key) });
  const others = people.slice(0, -1);
  await allRead(log, others);
  expect(others.map((p) => p.warnings.at(-1))).toEqual([
    ...Array<undefined>(4).fill(undefined),
    ...Array<string>(3).fill('unfollowed'),
  ]);
});

test('a joiner that encrypts garbage to most of the members is named, and they come back', async () => {
  const { log, link, people } = await roomOfPeople('ana', 'ben', 'cai', 'mal', 'dan');
  const [ana, ben, cai, mal, dan] = people as [Person, Person, Person, Person, Person];
  await ana.heals(log);
  await allRead(log, people);
  const eve = new Person('eve', ana.env);
  await joins(log, eve, link, ana.room.mls, {
    sealTo: (to: number, secret: Uint8Array) => (to === 3 ? rubbish : secret),
  });
  await allRead(log, people);
  const cutOff = [ana, ben, cai, mal];
  expect(dan.members).toContain('eve');
  for (const one of cutOff) {
    expect(one.events.at(-1)).toMatchObject({ warning: { kind: 'unfollowed', from: { name: 'eve' } } });
    expect((await one.looks(log)).kind).toBe('unknown');
  }
  await dan.refreshes(log);
  for (const one of cutOff) {
    // With eve there, the room isn't as it was.
    expect(await one.looks(log)).toMatchObject({
      kind: 'elsewhere',
      split: { alike: false },
    });
    await one.returns(log);
    await allRead(log, [dan]);
  }
  await allRead(log, people);
  await allTalk(log, ...people);
});

test('a comparison with the room there names who is there, offices and the signer, and no return by another one is made', async () => {
  const { log, ana, ben, cai, mal } = await four();
  await divides(log, mal, half);
  await allRead(log, [ana, ben, cai]);
  // Only the author has signed it.
  const first = await compare(ana.room, log.kept);
  expect(first).toMatchObject({ by: { name: 'mal' }, proved: false });
  expect(first && isSame(first)).toBe(true);
  await cai.refreshes(log);
  const second = await compare(ana.room, log.kept);
  expect(second).toMatchObject({ by: { name: 'cai' }, proved: true, members: { there: [], here: [] } });
  expect(second?.tag).not.toBe(first?.tag);
  const link = await mal.invites(log);
  await allRead(log, [cai, mal]);
  const dan = new Person('dan', ana.env);
  await dan.joins(log, link);
  await allRead(log, [cai, mal]);
  await cai.refreshes(log);
  const third = await compare(ana.room, log.kept);
  const identity = memberAt(dan.room, ownLeaf(dan.room))?.identity;
  expect(third).toMatchObject({
    by: { name: 'cai' },
    proved: true,
    members: { there: [identity], here: [] },
  });
  expect(third?.persons.map(({ name }) => name)).toEqual(['ana', 'ben', 'cai', 'mal', 'dan']);
  expect(third && isSame(third)).toBe(false);
  expect((await ana.looks(log)).kind).toBe('elsewhere');
  await expect(ana.returns(log, second?.tag)).rejects.toMatchObject({ code: 'differs' });
  await ana.returns(log, third?.tag);
  await allRead(log, [cai, mal, dan]);
  expect(ana.members).toContain('dan');
  agree(ana, dan);
});

test('a GroupInfo that no member has signed can not be compared', async () => {
  const { log, ana, mal } = await four();
  await divides(log, mal, half);
  await allRead(log, [ana]);
  const info = log.kept;
  const groupInfo = info.groupInfo.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
  expect(await compare(ana.room, { ...info, groupInfo })).toBeUndefined();
});

test('an older GroupInfo, one of this epoch and one that only the author has signed prove nothing', async () => {
  const { env, log, ana, ben, cai, mal } = await four();
  const before = log.kept;
  await commits(log, mal, { tag: (tag) => tag.with(0, (tag[0] ?? 0) ^ 1) });
  await allRead(log, [ana, ben, cai]);
  expect((await ana.looks(log)).kind).toBe('unknown');
  env.passes(10 * 60_000);
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  expect((await ben.looks(log)).kind).toBe('here');
  const old = { ...before };
  Object.assign(log, {
    groupInfo: old.groupInfo,
    member: old.member,
    invites: old.invites.map((i) => ({ uses: 9, wrapped: undefined, ...i })),
  });
  expect((await ana.looks(log)).kind).toBe('unknown');
  expect([ana, ben, cai].map((p) => p.room.status)).toEqual(['active', 'active', 'active']);
  await ana.refreshes(log);
  await allTalk(log, ana, ben, cai);
});

test('a handshake of another member that can be followed ends a split', async () => {
  const { env, log, ana, ben, cai, mal } = await four();
  await divides(log, mal, half);
  await allRead(log, [ana, ben, cai]);
  await cai.refreshes(log);
  expect((await ben.looks(log)).kind).toBe('elsewhere');
  env.passes(10 * 60_000);
  await ana.heals(log);
  await ben.reads(log);
  expect(ben.room).toMatchObject({ status: 'active', split: undefined, unfollowed: undefined });
  await allTalk(log, ana, ben);
});

test('a GroupInfo of an epoch that a device has left proves nothing, whoever has signed it', async () => {
  const { env, log, ana, ben, cai, mal } = await four();
  await commits(log, mal, { tag: (tag) => tag.with(0, (tag[0] ?? 0) ^ 1) });
  await allRead(log, [ana, ben, cai]);
  env.passes(10 * 60_000);
  await ana.heals(log);
  await ben.reads(log);
  await ben.refreshes(log);
  const { groupInfo, member, invites } = log.kept;
  await ana.heals(log);
  // The server keeps what ben has published.
  Object.assign(log, {
    groupInfo,
    member,
    invites: invites.map((one) => ({ uses: 9, wrapped: undefined, ...one })),
  });
  expect(await ana.looks(log)).toEqual({ kind: 'unknown' });
  expect(ana.room.unfollowed?.entered).toHaveLength(2);
});

test('a device that knows of no handshake that it could not follow believes admins alone', async () => {
  const { log, ana, ben, cai } = await four();
  await cai.heals(log);
  expect(ben.room.unfollowed).toBeUndefined();
  expect(await ben.looks(log)).toEqual({ kind: 'unknown' });
  await ana.reads(log);
  await ana.refreshes(log);
  expect(await ben.looks(log)).toMatchObject({
    kind: 'elsewhere',
    split: { by: { name: 'ana' }, alike: true },
  });
});

test('the author of a split can’t lead into its own fork whoever has seen the proof of another member', async () => {
  const { log, ana, ben, cai, mal } = await four();
  await divides(log, mal, half);
  await allRead(log, [ana, ben, cai]);
  await cai.refreshes(log);
  expect((await ana.looks(log)).kind).toBe('elsewhere');
  const fork = await craftCommit(mal.room.mls, renewedBy(mal), {});
  await plants(log, mal, fork.state);
  await expect(ana.returns(log)).rejects.toMatchObject({ code: 'change-unconfirmed' });
  await cai.refreshes(log);
  await ana.returns(log);
  await allRead(log, [cai, mal]);
  await allTalk(log, ana, cai);
});

test('who has cut many off is named at the return of each, however many came back before', async () => {
  const { log, ana, ben, cai, mal } = await four();
  await divides(log, mal, half);
  await allRead(log, [ana, ben, cai]);
  for (const one of [ana, ben]) {
    // Members keep the authors of 32 changes.
    for (let n = 0; n < 20; n += 1) await cai.heals(log);
    await one.reads(log);
    await one.looks(log);
    await one.returns(log);
    const seen = await cai.reads(log);
    expect(seen.at(-1)).toMatchObject({ kind: 'joined', returned: { from: { name: 'mal' } } });
  }
});

test('a return whose reply was lost is repeated', async () => {
  const { log, ana, ben, cai, mal } = await four();
  await divides(log, mal, half);
  await allRead(log, [ana, ben, cai]);
  await cai.refreshes(log);
  await ana.looks(log);
  const before = ana.room;
  await ana.returns(log);
  ana.room = before;
  await ana.returns(log);
  await allRead(log, [cai, mal]);
  await allTalk(log, ana, cai);
});

test('a key that a copied device has certified is no signature of an admin', async () => {
  const { log, ana, ben, cai, mal } = await four();
  const copy = await ana.copy();
  await ana.heals(log);
  await allRead(log, [ben, cai, mal]);
  let state = copy.mls;
  const { groupId } = state.groupContext;
  for (let n = 0; n < 3; n++)
    ({ state } = await craftCommit(state, newLeaf(groupId, ana.who, 'ana', ana.env), {}));
  await plants(log, mal, state);
  expect(ben.room.unfollowed).toBeUndefined();
  expect(await ben.looks(log)).toEqual({ kind: 'unknown' });
});

test('an admin who is cut off removes the author with the invites kept: those who followed it, and who were offline, come back', async () => {
  const { env, log, people } = await roomOfPeople('ana', 'ben', 'cai', 'dan', 'eli', 'fay', 'gil', 'mal');
  const [ana, ben, cai, dan, eli, fay, gil, mal] = people as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  await ana.heals(log);
  await allRead(log, people);
  // Ana to dan are below node 3.
  await divides(log, mal, { sealTo: (to, secret) => (to === 3 ? rubbish : secret) });
  await allRead(log, [ana, ben, eli, fay]);
  expect(ana.events.at(-1)).toMatchObject({ warning: { kind: 'unfollowed', from: { name: 'mal' } } });
  await expect(remove(ana.room, mal.device, env)).rejects.toMatchObject({ code: 'change-unconfirmed' });
  env.passes(10 * 60_000);
  await ana.commits(log, (room) => remove(room, mal.device, env, { keep: true }));
  // Cai and dan were offline, and follow the removal as ben does.
  await allRead(log, [ben, cai, dan]);
  agree(ana, ben, cai, dan);
  expect(ana.members).not.toContain('mal');
  // Eli and fay had followed mal. Gil, who was offline, follows mal too when it reads the log.
  for (const one of [eli, fay, gil]) {
    await one.reads(log);
    expect(one.room.status).toBe('active');
    await ana.reads(log);
    await ana.refreshes(log);
    // They know no handshake that they couldn't follow, and the removal replaced ana's key: their users ask for the return.
    expect((await one.looks(log)).kind).toBe('unknown');
    await one.returns(log);
  }
  const all = [ana, ben, cai, dan, eli, fay, gil];
  await allRead(log, all);
  await allTalk(log, ...all);
  // Mal can't come back: its leaf is gone, and it is no member whom the own invite lets in.
  await mal.reads(log);
  expect(mal.enters(log)).toBe(false);
});
