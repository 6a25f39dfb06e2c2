import { readFileSync } from 'node:fs';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, RoomId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import { expect, test } from 'vitest';
import { openDoor, wrapDoor } from '../src/door.ts';
import { decideKnock, invite, revoke, setBan, setRole } from '../src/handshake.ts';
import { hpkeSuite } from '../src/hpke.ts';
import { certify, fingerprintOf, type Who } from '../src/identity.ts';
import { inviteKeys, unwrap, wrapPublicKey } from '../src/invite.ts';
import { KNOCK_WORDS_BYTES, type Knock, sealKnock } from '../src/knock.ts';
import type { InviteLink } from '../src/link.ts';
import { pad, unpad } from '../src/padding.ts';
import { concatBytes, joinParts, splitParts, transcript, utf8 } from '../src/primitives.ts';
import { invitesOf, membersOf, stateOf } from '../src/room.ts';
import { isDeclined } from '../src/room-state.ts';
import { Log } from './log.ts';
import { Person, seededEnv, type TestEnv } from './world.ts';

const TERMS = { uses: 1 };

const identityOf = ({ who }: Person) => encodeBytes(who.identity.publicKey);

/** Ana has founded the room and Ben is a member. Cleo is outside, and has a link that needs approval. */
async function lobby() {
  const env = seededEnv(77);
  const log = new Log();
  const [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map((name) => new Person(name, env)) as [
    Person,
    Person,
    Person,
  ];
  await ana.creates(log, 'lobby');
  await ben.joins(log, await ana.invites(log));
  // By it Ben learns the own invite's secret.
  await ana.heals(log);
  await ben.reads(log);
  const door = await opensDoor(env, log, ana);
  await ben.reads(log);
  return { env, log, ana, ben, cleo, door };
}

async function opensDoor(env: TestEnv, log: Log, by: Person): Promise<InviteLink> {
  const secret = env.random(16);
  await by.commits(log, (room) => invite(room, secret, {}, env, { knock: true }));
  return by.linkFor(secret);
}

const doorId = (door: InviteLink) => inviteKeys(door.secret).id;

/** What members show with a link. */
async function shownAt(log: Log, link: InviteLink) {
  const wrapped = log.info(link)?.wrapped;
  return wrapped === undefined
    ? undefined
    : openDoor(inviteKeys(link.secret), link.room, decodeBytes(wrapped));
}

/** Knocks as a person. @returns the secret of the wish */
async function knocks(
  log: Log,
  who: Person,
  door: InviteLink,
  { words = '', name = who.name, secret = who.env.random(16) } = {},
): Promise<Uint8Array> {
  const key = (await shownAt(log, door))?.key;
  if (key === undefined) throw new Error('the door has no key');
  const body = await sealKnock(who.joiner, door, key, { name, words, secret });
  log.append('knock', encodeBytes(body), doorId(door));
  return secret;
}

/** The knocks that a person reads. */
async function hears(log: Log, person: Person): Promise<readonly Knock[]> {
  const events = await person.reads(log);
  return events.flatMap((event) => (event.kind === 'knocked' ? [event.knock] : []));
}

const decides = (person: Person, log: Log, knock: Knock, lets: boolean) =>
  person.commits(log, (room) => decideKnock(room, knock, lets, TERMS, person.env));

test('who knocks is let in by the invite that it wishes for, without having seen anybody', async () => {
  const { log, ana, ben, cleo, door } = await lobby();
  const secret = await knocks(log, cleo, door, { words: 'I am Ana’s sister' });
  const wish = { ...door, secret };
  expect(log.info(wish)).toBeUndefined();
  const [knock] = await hears(log, ana);
  expect(knock).toMatchObject({ door: doorId(door), identity: identityOf(cleo), name: 'cleo' });
  expect(knock?.words).toBe('I am Ana’s sister');
  // Every member can open it.
  expect(await hears(log, ben)).toEqual([knock]);
  if (knock === undefined) throw new Error('no knock');
  await decides(ana, log, knock, true);
  await cleo.joins(log, wish);
  await ana.reads(log);
  expect(membersOf(ana.room).map(({ name }) => name)).toEqual(['ana', 'ben', 'cleo']);
});

test('an invite that was granted lets nobody else in', async () => {
  const { env, log, ana, ben, cleo, door } = await lobby();
  const secret = await knocks(log, cleo, door);
  const [knock] = await hears(log, ana);
  if (knock === undefined) throw new Error('no knock');
  await decides(ana, log, knock, true);
  const mal = new Person('mal', env);
  await mal.joins(log, { ...door, secret });
  for (const one of [ana, ben]) {
    const events = await one.reads(log);
    expect(events.filter(({ kind }) => kind === 'warning')).toHaveLength(1);
    expect(membersOf(one.room)).toHaveLength(2);
  }
});

test('a link that needs approval shows the name of the room, and opens nothing', async () => {
  const { log, ana, cleo, door } = await lobby();
  const wrapped = decodeBytes(log.info(door)?.wrapped ?? '');
  expect(await shownAt(log, door)).toMatchObject({ name: 'lobby' });
  expect(await unwrap(inviteKeys(door.secret), door.room, wrapped)).toBeUndefined();
  await expect(cleo.asksToJoin(log, door)).rejects.toMatchObject({ code: 'bad-invite' });
  // Another link doesn't open it.
  const other = inviteKeys(new Uint8Array(16));
  expect(await openDoor(other, door.room, wrapped)).toBeUndefined();
  expect(await openDoor({ ...inviteKeys(door.secret), id: other.id }, door.room, wrapped)).toBeUndefined();
  // The server doesn't learn how long the name is.
  const named = await wrapDoor(await wrapPublicKey(other), door.room, other.id, {
    key: ana.env.random(32),
    door: { name: 'x'.repeat(128), key: undefined },
  });
  expect(named).toHaveLength(wrapped.length);
  expect(await openDoor(other, door.room, named)).toEqual({ name: 'x'.repeat(128), key: undefined });
});

test('what strangers are shown is that of the test vector, which is the documented one', async () => {
  const keys = inviteKeys(new Uint8Array(16).fill(1));
  const room = encodeBytes(new Uint8Array(16).fill(2)) as RoomId;
  const own = await wrapPublicKey(inviteKeys(new Uint8Array(16).fill(5)));
  const how = { key: new Uint8Array(32).fill(3), door: { name: 'lobby', key: own } };
  const wrapped = encodeBytes(await wrapDoor(await wrapPublicKey(keys), room, keys.id, how));
  const protocol = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const [, key, block = ''] =
    /wrap key `([\w-]+)`:\n\n```text\nwrapped of a knock ([^`]+)```/.exec(protocol) ?? [];
  expect(encodeBytes(own)).toBe(key);
  expect(wrapped).toBe(block.replace(/\s/g, ''));
  expect(await openDoor(keys, room, decodeBytes(wrapped))).toEqual(how.door);
});

test('each member checks what strangers are shown, and one who has just joined can show it, too', async () => {
  const { env, log, ana, ben, door } = await lobby();
  const link = await ana.invites(log);
  const dan = new Person('dan', env);
  await dan.joins(log, link);
  expect(dan.room.own).toBeUndefined();
  for (const one of [ana, ben]) await one.reads(log);
  for (const one of [ana, ben, dan]) expect(await one.sees(log)).toBe(true);
  const before = await shownAt(log, door);
  expect(before).toMatchObject({ name: 'lobby' });
  // Somebody shows another key, to read knocks alone.
  const live = log.invites.find(({ invite: id }) => id === doorId(door));
  const forged = { name: 'lobby', key: await wrapPublicKey(inviteKeys(env.random(16))) };
  const known = invitesOf(ana.room).find(({ id }) => id === doorId(door));
  if (live === undefined || known === undefined) throw new Error('the door is unknown');
  const publicKey = decodeBytes(known.wrap);
  const how = { key: env.random(32), door: forged };
  live.wrapped = encodeBytes(await wrapDoor(publicKey, door.room, doorId(door), how));
  expect(await shownAt(log, door)).toEqual(forged);
  for (const one of [ana, ben, dan]) expect(await one.sees(log)).toBe(false);
  await dan.refreshes(log);
  expect(await shownAt(log, door)).toEqual(before);
  expect(await ana.sees(log)).toBe(true);
});

test('what strangers are shown has other randomness for each GroupInfo', async () => {
  const { log, ana, door } = await lobby();
  const seen = new Set<string>();
  for (let i = 0; i < 3; i++) {
    await ana.refreshes(log);
    seen.add((log.info(door)?.wrapped ?? '').slice(0, 43));
  }
  expect(seen.size).toBe(3);
});

test('a knock is of one size, and is opened only where it belongs', async () => {
  const { env, log, ana, cleo, door } = await lobby();
  const other = await opensDoor(env, log, ana);
  const key = (await shownAt(log, door))?.key ?? new Uint8Array();
  const says = { name: 'cleo', words: '', secret: env.random(16) };
  const sealed = await sealKnock(cleo.who, door, key, says);
  const full = { ...says, name: 'c'.repeat(128), words: 'é'.repeat(KNOCK_WORDS_BYTES / 2) };
  expect(await sealKnock(cleo.who, door, key, full)).toHaveLength(sealed.length);
  expect(sealed.length).toBeLessThanOrEqual(LIMITS.knockBytes);
  await expect(sealKnock(cleo.who, door, key, { ...says, words: `${full.words}!` })).rejects.toThrow(
    RangeError,
  );
  await expect(sealKnock(cleo.who, door, key, { ...says, name: '\u001b[2J' })).rejects.toMatchObject({
    name: 'NameError',
  });
  // A lying server says that it came by another invite, by one that is none, or by none.
  log.append('knock', encodeBytes(sealed), doorId(other));
  log.append('knock', encodeBytes(sealed), 'AAAAAAAAAAAAAAAAAAAAAA' as InviteId);
  log.append('knock', encodeBytes(sealed));
  const elsewhere = { ...door, room: 'AAAAAAAAAAAAAAAAAAAAAA' as RoomId };
  log.append('knock', encodeBytes(await sealKnock(cleo.who, elsewhere, key, says)), doorId(door));
  log.append('knock', encodeBytes(sealed.with(40, (sealed[40] ?? 0) ^ 1)), doorId(door));
  log.append('knock', 'AA', doorId(door));
  expect(await hears(log, ana)).toEqual([]);
  log.append('knock', encodeBytes(sealed), doorId(door));
  expect(await hears(log, ana)).toHaveLength(1);
  // All of them count for the evidence.
  await ana.says(log, 'still in step');
  expect(ana.events.filter(({ kind }) => kind === 'warning')).toEqual([]);
});

test('a knock that is shown again is the same one', async () => {
  const { log, ana, cleo, door } = await lobby();
  await knocks(log, cleo, door);
  const body = log.entries.at(-1)?.body ?? '';
  log.append('knock', body, doorId(door));
  const [first, again] = await hears(log, ana);
  expect(first).toBeDefined();
  expect(again).toEqual(first);
});

type Plain = [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** A knock of cleo's that somebody with the link has changed. */
async function changed(
  { log, ana, cleo, door }: Awaited<ReturnType<typeof lobby>>,
  change: (parts: Plain) => readonly Uint8Array[],
): Promise<void> {
  const key = (await shownAt(log, door))?.key ?? new Uint8Array();
  const own = ana.room.own ?? new Uint8Array();
  const says = { name: 'cleo', words: 'hello', secret: cleo.env.random(16) };
  const sealed = await sealKnock(cleo.who, door, key, says);
  const info = transcript('gochat/seal/knock/2', utf8(door.room), utf8(doorId(door)));
  const recipientKey = await hpkeSuite.kem.deriveKeyPair(inviteKeys(own).wrapIkm);
  const opened = await hpkeSuite.open({ recipientKey, enc: sealed.slice(0, 32), info }, sealed.slice(32));
  const parts = splitParts(unpad(new Uint8Array(opened)) ?? new Uint8Array()) as Plain;
  const recipientPublicKey = await hpkeSuite.kem.deserializePublicKey(key);
  const { enc, ct } = await hpkeSuite.seal({ recipientPublicKey, info }, pad(joinParts(change(parts))));
  log.append('knock', encodeBytes(concatBytes(new Uint8Array(enc), new Uint8Array(ct))), doorId(door));
}

const flip = (bytes: Uint8Array, at: number) => bytes.with(at, (bytes[at] ?? 0) ^ 1);

test.each<[string, (parts: Plain, mal: Who) => readonly Uint8Array[]]>([
  ['with another identity', ([from, ...rest]) => [flip(from, 0), ...rest]],
  ['with another device', ([from, ...rest]) => [flip(from, 40), ...rest]],
  ['with more rights', ([from, ...rest]) => [flip(from, 64), ...rest]],
  ['with unknown rights', ([from, ...rest]) => [from.with(64, 7), ...rest]],
  ['with another wish', ([from, signature, wish, ...rest]) => [from, signature, flip(wish, 30), ...rest]],
  ['with another wrap key', ([from, signature, wish, ...rest]) => [from, signature, flip(wish, 60), ...rest]],
  ['with another name', ([from, s, w, _, ...rest]) => [from, s, w, utf8('mal'), ...rest]],
  ['with other words', ([from, s, w, name, words, rest]) => [from, s, w, name, flip(words, 0), rest]],
  ['without words', ([from, s, w, name]) => [from, s, w, name]],
  ['that another device has signed', ([from, , ...rest]) => [from, new Uint8Array(64), ...rest]],
])('a knock %s is none', async (_, change) => {
  const world = await lobby();
  await changed(world, (parts) => change(parts, world.cleo.who));
  expect(await hears(world.log, world.ana)).toEqual([]);
  await changed(world, (parts) => parts);
  expect(await hears(world.log, world.ana)).toHaveLength(1);
});

test('nobody knocks with keys by which no handshake could be made, or with the id of another invite', async () => {
  const { env, log, ana, ben, cleo, door } = await lobby();
  const other = await ben.invites(log);
  await ana.reads(log);
  // Its id is known to whoever has the link. The keys are those of the link, so it is that invite.
  await knocks(log, cleo, door, { secret: other.secret });
  const [knock] = await hears(log, ana);
  if (knock === undefined) throw new Error('no knock');
  await expect(decideKnock(ana.room, knock, true, TERMS, env)).rejects.toMatchObject({
    code: 'knock-decided',
  });
});

test('a limited device knocks for its person', async () => {
  const { env, log, ana, door } = await lobby();
  const owner = new Person('dora', env);
  const certificate = certify(owner.who.identity, owner.who.device.publicKey, true);
  const bot = new Person('dora', env, owner.who, certificate);
  await knocks(log, bot, door);
  expect(await hears(log, ana)).toMatchObject([{ identity: identityOf(owner), name: 'dora' }]);
});

test('of two who decide, only the first does', async () => {
  const { env, log, ana, ben, cleo, door } = await lobby();
  await ana.commits(log, (room) => setRole(room, ben.device, 'moderator', env));
  const secret = await knocks(log, cleo, door);
  const [knock] = await hears(log, ana);
  if (knock === undefined) throw new Error('no knock');
  await hears(log, ben);
  const theirs = await ben.starts((room) => decideKnock(room, knock, true, TERMS, env));
  await decides(ana, log, knock, false);
  expect(log.swap(theirs)).toBe('conflict');
  await ben.reads(log);
  await expect(decideKnock(ben.room, knock, true, TERMS, env)).rejects.toMatchObject({
    code: 'knock-decided',
  });
  // Cleo hears that it was declined, and comes in by no means.
  const wish = { ...door, secret };
  expect(await shownAt(log, wish)).toMatchObject({ name: 'lobby' });
  await expect(cleo.asksToJoin(log, wish)).rejects.toMatchObject({ code: 'bad-invite' });
  expect(invitesOf(ben.room).filter(isDeclined)).toMatchObject([{ for: identityOf(cleo) }]);
});

test('admins and moderators decide, and nobody else', async () => {
  const { env, log, ana, ben, cleo, door } = await lobby();
  const secret = await knocks(log, cleo, door);
  const [knock] = await hears(log, ben);
  if (knock === undefined) throw new Error('no knock');
  await ana.reads(log);
  for (const lets of [true, false])
    await expect(decideKnock(ben.room, knock, lets, TERMS, env)).rejects.toMatchObject({ code: 'not-staff' });
  await ana.commits(log, (room) => setRole(room, ben.device, 'moderator', env));
  await ben.reads(log);
  await decides(ben, log, knock, true);
  await cleo.joins(log, { ...door, secret });
  await ana.reads(log);
  expect(membersOf(ana.room)).toHaveLength(3);
});

test('who is banned is not let in, and can be declined', async () => {
  const { env, log, ana, cleo, door } = await lobby();
  await knocks(log, cleo, door);
  const [knock] = await hears(log, ana);
  if (knock === undefined) throw new Error('no knock');
  const print = encodeBytes(fingerprintOf(cleo.who.identity.publicKey));
  await ana.commits(log, (room) => setBan(room, print, true, env));
  await expect(decideKnock(ana.room, knock, true, TERMS, env)).rejects.toMatchObject({ code: 'banned' });
  await decides(ana, log, knock, false);
  expect(invitesOf(ana.room).some(isDeclined)).toBe(true);
});

test('when the invite ends, its knocks do', async () => {
  const { env, log, ana, cleo, door } = await lobby();
  await knocks(log, cleo, door);
  const [knock] = await hears(log, ana);
  if (knock === undefined) throw new Error('no knock');
  await ana.commits(log, (room) => revoke(room, [doorId(door)], env));
  for (const lets of [true, false])
    await expect(decideKnock(ana.room, knock, lets, TERMS, env)).rejects.toMatchObject({
      code: 'no-such-invite',
    });
  log.append('knock', log.entries.findLast(({ kind }) => kind === 'knock')?.body ?? '', doorId(door));
  expect(await hears(log, ana)).toEqual([]);
});

test('declined knocks take few places, and make room for invites', async () => {
  const { env, log, ana, door } = await lobby();
  const wishes: InviteLink[] = [];
  for (let i = 0; i < 6; i++) {
    const dan = new Person('dan', env);
    wishes.push({ ...door, secret: await knocks(log, dan, door) });
    const [knock] = await hears(log, ana);
    if (knock !== undefined) await decides(ana, log, knock, false);
  }
  const declined = stateOf(ana.room).invites.filter(isDeclined);
  const last = wishes.slice(-4).map(({ secret }) => inviteKeys(secret).id);
  expect(declined.map(({ id }) => id)).toEqual(last);
  expect(wishes.map((wish) => log.info(wish) !== undefined)).toEqual([false, false, true, true, true, true]);
  // Ben's invite, the door and four declined ones are there.
  for (let i = 0; i < 9; i++) await ana.invites(log);
  expect(invitesOf(ana.room)).toHaveLength(LIMITS.invitesPerRoom - 1);
  const eve = new Person('eve', env);
  await knocks(log, eve, door);
  const [knock] = await hears(log, ana);
  if (knock === undefined) throw new Error('no knock');
  await decides(ana, log, knock, true);
  expect(invitesOf(ana.room)).toHaveLength(LIMITS.invitesPerRoom - 1);
  expect(invitesOf(ana.room).filter(isDeclined)).toHaveLength(3);
});
