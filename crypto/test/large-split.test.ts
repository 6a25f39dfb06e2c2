import { encodeBytes } from '@gochat/protocol/encoding';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../src/identity.ts';
import { join } from '../src/join.ts';
import { look } from '../src/look.ts';
import { epochOf, leafKeysOf, membersOf, ownLeaf, stateOf } from '../src/room.ts';
import { agree, allRead, allTalk } from './assert.ts';
import { craftCommit } from './craft.ts';
import type { Twist } from './craft-path.ts';
import { commits, gone, joins, plants, renewedBy, stating } from './hostile.ts';
import { plant } from './large-room.ts';
import { Log } from './log.ts';
import { Person, seededEnv } from './world.ts';

const MEMBERS = 100;
/** GOCHAT_SPLIT_FOLLOWERS sets how many members ever read the room, beside its founder, Mal and Moe. All others are away for good. */
const FOLLOWERS = Number(process.env.GOCHAT_SPLIT_FOLLOWERS ?? 8);
const OTHERS = MEMBERS - 3;
/** The nodes of a tree of 65 to 128 leaves: its root, and the root of its right half (RFC 9420, appendix C). */
const ROOT = 127;
const RIGHT = 191;
const isRight = ({ room }: Person) => 2 * ownLeaf(room) > ROOT;

async function build() {
  const env = seededEnv(100);
  const log = new Log();
  const ana = new Person('ana', env);
  await ana.creates(log);
  const picked = new Set(Array.from({ length: FOLLOWERS }, (_, n) => Math.floor((n * OTHERS) / FOLLOWERS)));
  const guests = await plant(ana, MEMBERS - 1, (n) => n >= OTHERS || picked.has(n));
  const people = [ana, ...guests.filter((_, n) => n >= OTHERS || picked.has(n))];
  const link = await ana.invites(log);
  // Commits from both halves fill the inner nodes.
  for (const one of [ana, ...people.slice(-3)]) await one.heals(log);
  await allRead(log, people);
  return { log, link, people };
}

let built: ReturnType<typeof build> | undefined;

/** A room of 100, in whose tree Mal and Moe have the last leaves. Every third of the followers is offline at first. */
async function largeRoom() {
  built ??= build();
  const { log, link, people: models } = await built;
  const env = seededEnv(101);
  const people = await Promise.all(
    models.map(async (one) => {
      const person = new Person(one.name, env, one.who);
      person.room = await one.copy();
      return person;
    }),
  );
  const [ana, ...others] = people as [Person, ...Person[]];
  const [moe, mal] = others.splice(-2) as [Person, Person];
  const offline = others.filter((_, n) => n % 3 === 0);
  const online = [ana, ...others.filter((one) => !offline.includes(one))];
  return { env, log: log.copy(), link, ana, mal, moe, online, offline };
}

type World = Awaited<ReturnType<typeof largeRoom>>;

const rubbish = new Uint8Array(32);
const flipped = (bytes: Uint8Array) => bytes.with(0, (bytes[0] ?? 0) ^ 1);

/** What cuts half of the room off, and whom. */
const attacks: Record<string, { readonly twist: Twist; cuts(person: Person): boolean }> = {
  'rubbish instead of the secret': {
    twist: { sealTo: (to, secret) => (to < ROOT ? rubbish : secret) },
    cuts: (person) => !isRight(person),
  },
  'a key that is not the one of the secret': {
    twist: { node: (index, key) => (index === RIGHT ? flipped(key) : key) },
    cuts: isRight,
  },
};

/** Who makes the handshake. */
const authors: Record<string, (world: World, twist: Twist) => Promise<Person>> = {
  member: async ({ log, mal }, twist) => {
    mal.room = await gone(mal.room, await commits(log, mal, twist));
    return mal;
  },
  joiner: async ({ env, log, link, ana }, twist) => {
    const eve = new Person('eve', env);
    const joined = await gone(ana.room, await joins(log, eve, link, ana.room.mls, twist));
    eve.room = { ...joined, device: eve.who.device, admin: undefined };
    return eve;
  },
};

const cases = Object.keys(authors).flatMap((by) => Object.keys(attacks).map((how) => [by, how] as const));

test.each(cases)(
  `in a room of ${MEMBERS}, a %s who gives half of them %s is named at once, and all are together again after their returns`,
  async (by, how) => {
    const world = await largeRoom();
    const { log, online, offline } = world;
    const { twist, cuts } = attacks[how] as (typeof attacks)[string];
    const before = epochOf(world.ana.room);
    const author = await (authors[by] as (typeof authors)[string])(world, twist);
    const [lost, left] = [online.filter(cuts), online.filter((one) => !cuts(one))];
    expect([lost, left].every((half) => half.length > 0)).toBe(true);
    await allRead(log, online);
    agree(author, ...left);
    expect(left.flatMap((one) => one.warnings)).toEqual([]);
    for (const one of lost) {
      expect(epochOf(one.room)).toBe(before);
      expect(one.events).toMatchObject([{ warning: { kind: 'unfollowed', from: { name: author.name } } }]);
      expect(await one.looks(log)).toEqual({ kind: 'unknown' });
    }
    // Any other member is proof.
    const [witness] = left.filter((one) => one !== world.ana) as [Person];
    await witness.refreshes(log);
    const alike = by === 'member';
    for (const one of lost)
      expect(await one.looks(log)).toMatchObject({
        kind: 'elsewhere',
        split: { by: { name: witness.name }, alike },
      });
    await allReturn(log, lost, author, witness);
    await allRead(log, [author, ...online]);
    agree(author, ...online);
    // Who was offline reads all of that at once.
    for (const one of offline) {
      await one.reads(log);
      if (!cuts(one)) continue;
      expect(one.events[0]).toMatchObject({ warning: { kind: 'unfollowed', from: { name: author.name } } });
      expect(await one.looks(log)).toMatchObject({ kind: 'elsewhere', split: { alike } });
    }
    await allReturn(log, offline.filter(cuts), author, witness);
    await allRead(log, [author, ...online, ...offline]);
    agree(author, ...online, ...offline);
    expect(membersOf(witness.room)).toHaveLength(by === 'member' ? MEMBERS : MEMBERS + 1);
    await allTalk(log, ...lost.slice(0, 2), ...left.slice(0, 2), ...offline.slice(0, 1));
  },
);

/** Each comes back in its own place; the others read why. */
async function allReturn(log: Log, lost: readonly Person[], author: Person, witness: Person): Promise<void> {
  for (const one of lost) {
    const leaf = ownLeaf(one.room);
    await one.returns(log);
    const seen = await witness.reads(log);
    expect(seen.filter((event) => event.kind === 'joined')).toMatchObject([
      { member: { name: one.name, leaf }, again: true, returned: { from: { name: author.name } } },
    ]);
  }
}

const removeOf = (person: Person): Twist => ({
  proposals: [{ proposalType: 'remove', remove: { removed: ownLeaf(person.room) } }],
});

/** What an epoch that accomplices make up can differ in. */
const inventions: Record<string, (world: World) => Twist> = {
  'has Moe as an admin': ({ moe }) =>
    stating(moe, (state) => ({ ...state, admins: [...state.admins, identityOf(moe)].sort() })),
  'has Moe as a moderator': ({ moe }) => stating(moe, (state) => ({ ...state, mods: [identityOf(moe)] })),
  'has a ban': ({ moe, ana }) =>
    stating(moe, (state) => ({ ...state, bans: [encodeBytes(fingerprintOf(ana.who.identity.publicKey))] })),
  'lacks the admin': ({ ana }) => removeOf(ana),
  'lacks a member': ({ online }) => removeOf(online[1] as Person),
};

function identityOf({ who }: Person): string {
  return encodeBytes(who.identity.publicKey);
}

/** Mal makes a handshake that nobody can follow, and Moe an epoch of its own, which looks as if it came after that. */
async function feigns(world: World, twist: Twist): Promise<void> {
  const { log, online, mal, moe } = world;
  await commits(log, mal, { tag: flipped });
  await allRead(log, [moe, ...online]);
  const fork = await craftCommit(moe.room.mls, renewedBy(moe), twist);
  await plants(log, moe, fork.state);
  moe.room = await gone(moe.room, { seq: log.handshake, body: new Uint8Array(), state: fork.state });
}

test.each(Object.keys(inventions))(
  'nobody is led, without being asked, into an epoch of two accomplices that %s',
  async (what) => {
    const world = await largeRoom();
    const { env, log, online } = world;
    await feigns(world, (inventions[what] as (typeof inventions)[string])(world));
    for (const one of online) {
      const { room } = one;
      const sight = await look(room, log.kept);
      expect(sight).toMatchObject({ kind: 'elsewhere', split: { alike: false } });
      const link = one.linkFor(room.own ?? new Uint8Array());
      const info = log.info(link);
      if (info === undefined) throw new Error('no GroupInfo');
      const unasked = { former: leafKeysOf(room), split: { room, unasked: true } };
      await expect(join(one.who, one.name, link, info, env, unasked)).rejects.toMatchObject({
        code: 'change-unconfirmed',
      });
    }
    await (online[0] as Person).refreshes(log);
    agree(...online);
  },
);

test('two accomplices who feign a split lead a device into an epoch in which they are no more than before, and it comes back', async () => {
  const world = await largeRoom();
  const { env, log, ana, moe, online } = world;
  const [, ben, ...others] = online as [Person, Person, ...Person[]];
  const known = JSON.stringify([stateOf(ben.room), membersOf(ben.room).map(({ identity }) => identity)]);
  await feigns(world, {});
  expect(await ben.looks(log)).toMatchObject({
    kind: 'elsewhere',
    split: { by: { name: moe.name }, alike: true },
  });
  await ben.returns(log);
  await moe.reads(log);
  agree(ben, moe);
  // There, too, members judge each change.
  await commits(
    log,
    moe,
    stating(moe, (state) => ({ ...state, admins: [identityOf(moe)] })),
  );
  await ben.reads(log);
  expect(ben.warnings.at(-1)).toBe('skipped-handshake');
  const now = JSON.stringify([stateOf(ben.room), membersOf(ben.room).map(({ identity }) => identity)]);
  expect(now).toBe(known);
  // The others have skipped all of it. The next change by one of them brings ben back.
  await allRead(log, [ana, ...others]);
  agree(ana, ...others);
  env.passes(10 * 60_000);
  await ana.heals(log);
  expect(await ben.looks(log)).toMatchObject({ kind: 'elsewhere', split: { skipped: true, alike: true } });
  await ben.returns(log);
  await allTalk(log, ana, ben, ...others.slice(0, 2));
});

test('two accomplices who make a split lead those whom they cut off to the others', async () => {
  const { log, ana, mal, moe, online } = await largeRoom();
  const { twist, cuts } = attacks['rubbish instead of the secret'] as (typeof attacks)[string];
  mal.room = await gone(mal.room, await commits(log, mal, twist));
  await allRead(log, [moe, ...online]);
  const [lost, left] = [online.filter(cuts), online.filter((one) => !cuts(one))];
  await moe.refreshes(log);
  for (const one of lost)
    expect(await one.looks(log)).toMatchObject({ split: { by: { name: moe.name }, alike: true } });
  for (const one of lost) await one.returns(log);
  await allRead(log, [mal, moe, ...online]);
  agree(mal, moe, ...online);
  expect(membersOf(ana.room).filter(({ office }) => office !== undefined)).toMatchObject([{ name: 'ana' }]);
  await allTalk(log, ana, ...left);
});
