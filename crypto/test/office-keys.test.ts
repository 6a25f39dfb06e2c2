import { encodeBytes } from '@gochat/protocol/encoding';
import type { RequestId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { proveEnter } from '../src/enter.ts';
import { configure, heal, remove, reopen, revoke, setRole } from '../src/handshake.ts';
import { withNewDevice } from '../src/identity.ts';
import { needsKeys } from '../src/office-keys.ts';
import { invitesOf, type OfficeKey, stateOf } from '../src/room.ts';
import { rulesOf } from '../src/room-rules.ts';
import type { Role } from '../src/speaking.ts';
import { agree, allRead, allTalk, roomOfPeople } from './assert.ts';
import type { Log } from './log.ts';
import { Person } from './world.ts';

/** Ana is the admin, and the others are members. */
async function world() {
  const made = await roomOfPeople('ana', 'mia', 'sam', 'ben');
  const [ana, mia, sam, ben] = made.people as [Person, Person, Person, Person];
  const { log, env } = made;
  const gives = async (other: Person, role: Role, by = ana) => {
    await by.commits(log, (room) => setRole(room, other.device, role, env));
    await allRead(log, made.people);
  };
  const sets = async (rules: Parameters<typeof configure>[1]) => {
    await ana.commits(log, (room) => configure(room, rules, env));
    await allRead(log, made.people);
  };
  return { ...made, ana, mia, sam, ben, gives, sets };
}

const keyOf = ({ room }: Person, kind: OfficeKey) =>
  room[kind] === undefined ? undefined : encodeBytes(room[kind].publicKey);

/** Whether the server takes this device for one with a voice. */
function speaks(person: Person, log: Log): boolean {
  const { room, env } = person;
  const at = { origin: '127.0.0.1:4040', nonce: person.id() };
  return log.hears(proveEnter(room, room.position, at, 'r' as RequestId, env), at);
}

test('moderators share a key with admins, which removes and ends invites at the server', async () => {
  const { log, link, ana, mia, sam, ben, env, gives } = await world();
  expect(keyOf(ana, 'keepers')).toBeDefined();
  await gives(mia, 'moderator');
  expect(keyOf(mia, 'keepers')).toBe(keyOf(ana, 'keepers'));
  expect([sam, ben].map((one) => keyOf(one, 'keepers'))).toEqual([undefined, undefined]);
  const former = { ...ben.room };
  await mia.commits(log, (room) => remove(room, ben.device, env));
  expect(log.info(link)).toBeUndefined();
  ben.room = former;
  expect(ben.enters(log)).toBe(false);
  await allRead(log, [ana, sam]);
  await mia.commits(log, (room) => reopen(room, env));
  const fresh = await ana.invites(log);
  await mia.reads(log);
  const [one] = invitesOf(mia.room);
  await mia.commits(log, (room) => revoke(room, [one?.id ?? ''], env));
  expect(log.info(fresh)).toBeUndefined();
  for (const person of [ana, mia, sam]) expect(person.enters(log)).toBe(true);
  await allTalk(log, ana, mia, sam);
});

test('whoever is no moderator any more has no key that the server takes', async () => {
  const { log, mia, ben, ana, sam, env, gives } = await world();
  await gives(mia, 'moderator');
  const { keepers } = mia.room;
  await gives(mia, 'member');
  expect(keyOf(mia, 'keepers')).toBeUndefined();
  mia.room = { ...mia.room, keepers };
  // As a hostile device would, which takes itself for a moderator still.
  await gives(mia, 'moderator');
  expect(keyOf(mia, 'keepers')).toBe(keyOf(ana, 'keepers'));
  const stale = await mia.starts((room) => remove({ ...room, keepers }, ben.device, env));
  expect(log.swap(stale)).toBe('refused');
  await allRead(log, [ana, sam, ben]);
  agree(ana, sam, ben);
});

test("an admin's heal replaces the keepers key and gives it to all who share it", async () => {
  const { log, ana, mia, people, env, gives } = await world();
  await gives(mia, 'moderator');
  const former = keyOf(mia, 'keepers');
  await ana.commits(log, (room) => heal(room, env));
  await allRead(log, people);
  expect(keyOf(mia, 'keepers')).not.toBe(former);
  expect(keyOf(mia, 'keepers')).toBe(keyOf(ana, 'keepers'));
  mia.room = await mia.copy();
  await mia.commits(log, (room) => heal(room, env, { retire: true }));
  await allRead(log, people);
  for (const person of people) expect(person.enters(log)).toBe(true);
});

test('who may speak has a voice at the server as long as the rules need one', async () => {
  const { log, ana, mia, sam, ben, gives, sets } = await world();
  await gives(mia, 'moderator');
  await gives(sam, 'speaker');
  expect([ana, mia, sam, ben].map((one) => keyOf(one, 'voice'))).toEqual(Array(4).fill(undefined));
  await sets({ speak: 'listed' });
  const heard = () => [ana, mia, sam, ben].map((one) => speaks(one, log));
  expect(heard()).toEqual([true, true, true, false]);
  expect(log.rules).toEqual({ voice: keyOf(ana, 'voice'), quietBytes: 4137, quietMs: 10_000 });
  await gives(ben, 'speaker');
  expect(heard()).toEqual([true, true, true, true]);
  const former = sam.room.voice;
  await gives(sam, 'observer');
  expect(heard()).toEqual([true, true, false, true]);
  sam.room = { ...sam.room, voice: former };
  expect(speaks(sam, log)).toBe(false);
  await sets({ speak: 'all', slow: 20 });
  expect(log.rules).toMatchObject({ voice: keyOf(ana, 'voice'), quietMs: 20_000 });
  expect(heard()).toEqual([true, true, false, true]);
  await sets({ slow: null });
  expect(log.rules).toEqual({ quietMs: 0 });
  expect([ana, mia, sam, ben].map((one) => keyOf(one, 'voice'))).toEqual(Array(4).fill(undefined));
  expect(rulesOf(stateOf(ben.room)).speak).toBe('all');
});

test('a new device of a speaker or moderator gets its keys with the next heal of an admin', async () => {
  const { log, ana, mia, sam, people, env, gives, sets } = await world();
  await gives(mia, 'moderator');
  await gives(sam, 'speaker');
  await sets({ speak: 'listed' });
  await ana.heals(log);
  await allRead(log, people);
  expect(needsKeys(ana.room)).toBe(false);
  for (const owner of [mia, sam]) {
    const { own } = owner.room;
    if (own === undefined) throw new Error('no own invite');
    const phone = new Person(`${owner.name}'s phone`, env, withNewDevice(owner.who, env));
    await phone.joins(log, owner.linkFor(own));
    expect(keyOf(phone, 'voice')).toBeUndefined();
    await allRead(log, people);
    expect(needsKeys(ana.room)).toBe(true);
    expect(needsKeys(mia.room)).toBe(false);
    await ana.heals(log);
    await allRead(log, [...people, phone]);
    expect(speaks(phone, log)).toBe(true);
    expect(keyOf(phone, 'keepers')).toBe(keyOf(owner, 'keepers'));
    expect(needsKeys(ana.room)).toBe(false);
  }
});

test('after a speaker is removed by a moderator, an admin replaces the voice', async () => {
  const { log, ana, mia, sam, ben, env, gives, sets } = await world();
  await gives(mia, 'moderator');
  await gives(sam, 'speaker');
  await sets({ slow: 30 });
  const former = keyOf(ana, 'voice');
  await mia.commits(log, (room) => remove(room, sam.device, env));
  await mia.commits(log, (room) => reopen(room, env));
  await allRead(log, [ana, ben]);
  ana.room = await ana.copy();
  expect(ana.room.keysDue).toBe('exposed');
  expect(log.rules?.voice).toBe(former);
  await ana.heals(log);
  await allRead(log, [mia, ben]);
  expect(log.rules?.voice).not.toBe(former);
  expect(log.rules?.voice).toBe(keyOf(mia, 'voice'));
  expect(needsKeys(ana.room)).toBe(false);
});

test('an admin without the admin key sets no rule, as it could not order it of the server', async () => {
  const { ana, env } = await world();
  ana.room = { ...ana.room, admin: undefined };
  await expect(configure(ana.room, { slow: 5 }, env)).rejects.toThrow('admin-key-missing');
  await expect(configure(ana.room, { topic: 'tea' }, env)).resolves.toBeDefined();
});
