import { encodeBytes } from '@gochat/protocol/encoding';
import { addLeafNode } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { leafWidth } from 'ts-mls/treemath.js';
import { expect, test } from 'vitest';
import { COMMIT_DATA, decodeCommitData, encodeCommitData } from '../src/commit-data.ts';
import { answerAsk, heal, remove, reopen, setRole } from '../src/handshake.ts';
import { fingerprintOf, withNewDevice } from '../src/identity.ts';
import { suite } from '../src/mls/suite.ts';
import { invitesOf, labelsOf, liveInvitesOf, membersOf, stateOf } from '../src/room.ts';
import { contextExtensions, type RoomState } from '../src/room-state.ts';
import { agree, allRead, allTalk, roomOfPeople } from './assert.ts';
import { commits, joins, request } from './hostile.ts';
import { Log } from './log.ts';
import { Person, seededEnv } from './world.ts';

async function three() {
  const world = await roomOfPeople('ana', 'ben', 'cai');
  const [ana, ben, cai] = world.people as [Person, Person, Person];
  return { ...world, ana, ben, cai };
}

/** A commit of a state that no honest client would make. */
function stateChange(person: Person, state: RoomState) {
  const extensions = contextExtensions(person.room.context.genesis, state);
  const proposals = [
    { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } } as const,
  ];
  return { proposals, path: false, extensions } as const;
}

/** A new device of a person, which comes in by the own invite with nobody's help. */
async function anotherDevice(log: Log, of: Person, name = of.name): Promise<Person> {
  const secret = of.room.own;
  if (secret === undefined) throw new Error(`${of.name} knows no own invite`);
  const device = new Person(name, of.env, withNewDevice(of.who, of.env));
  await device.joins(log, of.linkFor(secret));
  return device;
}

test('a member brings in a second device by the own invite, and both read and write', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  const phone = await anotherDevice(log, ben);
  const seen = await ana.reads(log);
  expect(seen).toMatchObject([{ kind: 'joined', again: false, another: true, member: { name: 'ben' } }]);
  await allRead(log, [ben, cai]);
  agree(ana, ben, cai, phone);
  await allTalk(log, ana, ben, cai, phone);
  expect(membersOf(ana.room).filter((m) => m.identity === membersOf(ana.room)[1]?.identity)).toHaveLength(2);
});

test('a joiner learns the secret of the own invite by the next heal, and not from the GroupInfo', async () => {
  const { log, ana, ben } = await three();
  expect(ana.room.own).toBeDefined();
  expect(ben.room.own).toBeUndefined();
  expect(ana.room.newcomer).toBeDefined();
  await ana.heals(log);
  await ben.reads(log);
  expect(ben.room.own).toEqual(ana.room.own);
  expect(ana.room.newcomer).toBeUndefined();
});

test('a stranger with the secret of the own invite is not let in', async () => {
  const { log, ana, ben } = await three();
  await ana.heals(log);
  await ben.reads(log);
  const link = ben.linkFor(ben.room.own ?? new Uint8Array());
  const eve = new Person('eve', ben.env);
  await expect(eve.joins(log, link)).rejects.toMatchObject({ code: 'invite-revoked' });
  await joins(log, eve, link, ben.room.mls, {});
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  expect(ana.members).toEqual(['ana', 'ben', 'cai']);
});

test('a second device needs the own invite: no other invite lets in a person that has a leaf', async () => {
  const { log, link, ben } = await three();
  const phone = new Person('ben', ben.env, withNewDevice(ben.who, ben.env));
  await expect(phone.joins(log, link)).rejects.toThrow('still-member');
});

test('a founder can’t list a person who has never joined: a leaf of another room is not accepted', async () => {
  const env = seededEnv(77);
  const [ben, eve, dan] = ['ben', 'eve', 'dan'].map((name) => new Person(name, env)) as [
    Person,
    Person,
    Person,
  ];
  await ben.creates(new Log());
  const log = new Log();
  await eve.creates(log);
  const [copied] = ben.room.mls.ratchetTree;
  if (copied?.nodeType !== 'leaf') throw new Error('a founder has a leaf');
  const { hash, kdf } = await suite();
  const { mls } = eve.room;
  const [ratchetTree] = addLeafNode(mls.ratchetTree, copied.leaf);
  const groupContext = { ...mls.groupContext, treeHash: await treeHashRoot(ratchetTree, hash) };
  const secretTree = await createSecretTree(leafWidth(ratchetTree.length), env.random(32), kdf);
  eve.room = { ...eve.room, mls: { ...mls, ratchetTree, groupContext, secretTree } };
  const link = await eve.invites(log);
  await expect(dan.joins(log, link)).rejects.toMatchObject({ code: 'bad-invite' });
});

test('an admin removes a person with all devices, and none comes back by the own invite', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  const phone = await anotherDevice(log, ben);
  const entrance = ben.linkFor(ben.room.own ?? new Uint8Array());
  await allRead(log, [ana, ben, cai]);
  await ana.commits(log, (room) => remove(room, ben.device, ana.env));
  await allRead(log, [ben, cai, phone]);
  expect([ben.room.status, phone.room.status]).toEqual(['removed', 'removed']);
  expect(ben.enters(log)).toBe(false);
  expect(cai.members).toEqual(['ana', 'cai']);
  expect(log.info(entrance)).toBeUndefined();
  await cai.commits(log, (room) => reopen(room, cai.env));
  await ana.reads(log);
  expect(liveInvitesOf(ana.room)).toHaveLength(1);
  expect(ana.room.own).toEqual(cai.room.own);
  expect(log.info(entrance)).toBeUndefined();
  await allTalk(log, ana, cai);
});

test('a member removes a device of its own; the access keys are then due to be retired', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  const phone = await anotherDevice(log, ben);
  await ben.reads(log);
  await ben.commits(log, (room) => remove(room, phone.device, ben.env, { keep: true }));
  const seen = await ana.reads(log);
  expect(seen.filter((e) => e.kind === 'removed')).toMatchObject([{ member: { name: 'ben' }, device: true }]);
  expect(invitesOf(ana.room)).toHaveLength(1);
  await phone.reads(log);
  expect(phone.room.status).toBe('removed');
  expect(phone.enters(log)).toBe(true);
  expect(ana.room.retirement.due).toBe('removed-device');
  await ana.commits(log, (room) => heal(room, ana.env, { retire: true }));
  expect(ana.room.retirement).toEqual({ at: ana.room.retirement.at, healed: false });
  expect(phone.enters(log)).toBe(false);
  await allRead(log, [ben, cai]);
  expect([ben, cai].map((person) => person.enters(log))).toEqual([true, true]);
  await allTalk(log, ana, ben, cai);
});

test('a removal without an end of the invites: a leaver kills no link, and its old key opens nothing', async () => {
  const { log, link, ana, ben, cai } = await three();
  await ana.commits(log, (room) => remove(room, cai.device, ana.env, { keep: true }));
  await allRead(log, [ben, cai]);
  expect(ben.room.joinsClosed).toBe(false);
  expect(cai.enters(log)).toBe(false);
  const dan = new Person('dan', ana.env);
  await dan.joins(log, link);
  await allRead(log, [ana, ben]);
  await allTalk(log, ana, ben, dan);
});

test('whoever had an office is never removed with the invites kept', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.commits(log, (room) => setRole(room, ben.device, 'admin', ana.env));
  await allRead(log, [ben, cai]);
  await expect(remove(ana.room, ben.device, ana.env, { keep: true })).rejects.toThrow('not-admin');
});

test('a removed admin is no admin any more: not with the old key, nor by a later link with the own identity', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.commits(log, (room) => setRole(room, ben.device, 'admin', ana.env));
  await allRead(log, [ben, cai]);
  await ana.commits(log, (room) => remove(room, ben.device, ana.env));
  await ben.reads(log);
  expect(log.swap(await request(ben, ben.env.random(300), ben.room.mls, {}, true))).toBe('refused');
  // The removal has closed joins. Whoever opens them, drops the office.
  await cai.reads(log);
  const link = await cai.invites(log);
  expect(stateOf(cai.room).admins).toEqual([encodeBytes(ana.who.identity.publicKey)]);
  await ben.joins(log, link);
  await allRead(log, [ana, cai]);
  expect(membersOf(ana.room).find((m) => m.name === 'ben')?.admin).toBe(false);
  await expect(remove(ben.room, cai.device, ben.env)).rejects.toThrow('not-admin');
  expect(ben.room.admin).toBeUndefined();
  await allTalk(log, ana, ben, cai);
});

test('a state change after a removal that keeps the removed admin in office is skipped by all', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.commits(log, (room) => setRole(room, ben.device, 'admin', ana.env));
  await allRead(log, [ben, cai]);
  await ana.commits(log, (room) => remove(room, ben.device, ana.env));
  await cai.reads(log);
  const epoch = Number(cai.room.mls.groupContext.epoch);
  const state = { ...stateOf(cai.room), invites: [], lastRemoveEpoch: epoch - 1 };
  expect(state.admins).toHaveLength(2);
  await commits(log, cai, stateChange(cai, state));
  await ana.reads(log);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  expect(ana.room.joinsClosed).toBe(true);
});

test("an admin's heal replaces the admin key and hands it to the other admins", async () => {
  const { log, ana, ben, cai } = await three();
  await ana.commits(log, (room) => setRole(room, ben.device, 'admin', ana.env));
  await allRead(log, [ben, cai]);
  const stolen = ben.room.admin;
  await ana.heals(log);
  await ben.reads(log);
  expect(ben.room.admin?.publicKey).toEqual(ana.room.admin?.publicKey);
  expect(ben.room.admin?.publicKey).not.toEqual(stolen?.publicKey);
  ben.room = { ...ben.room, admin: stolen };
  expect(log.swap(await request(ben, ben.env.random(300), ben.room.mls, {}, true))).toBe('refused');
});

test('a member asks for retirement: an admin answers with a new own invite, and older keys open nothing', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  const copy = new Person('ben', ben.env, ben.who);
  copy.room = await ben.copy();
  const entrance = ben.linkFor(ben.room.own ?? new Uint8Array());
  await ben.commits(log, (room) => heal(room, ben.env, { ask: true }));
  await ana.reads(log);
  expect(ana.room.retirement.due).toBe('asked');
  expect(copy.enters(log)).toBe(true);
  await ana.commits(log, (room) => answerAsk(room, ana.env));
  await allRead(log, [ben, cai]);
  expect(copy.enters(log)).toBe(false);
  expect(log.info(entrance)).toBeUndefined();
  expect(liveInvitesOf(ana.room).filter((i) => i.own)).toHaveLength(1);
  expect(ben.room.own).toEqual(ana.room.own);
  expect(invitesOf(ana.room)).toHaveLength(1);
  await allTalk(log, ana, ben, cai);
});

test('what a member asks for is not forgotten: another retirement or reason does not replace the own invite', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  await ben.commits(log, (room) => heal(room, ben.env, { ask: true }));
  const phone = await anotherDevice(log, ben);
  await ben.reads(log);
  await ben.commits(log, (room) => remove(room, phone.device, ben.env, { keep: true }));
  await ana.commits(log, (room) => heal(room, ana.env, { retire: true }));
  expect(ana.room.retirement.due).toBe('asked');
  await ana.commits(log, (room) => answerAsk(room, ana.env));
  expect(ana.room.retirement.due).toBeUndefined();
  await allRead(log, [ben, cai]);
  await allTalk(log, ana, ben, cai);
});

test('a copied profile whose owner has healed can neither speak nor take the seat', async () => {
  const { log, link, ana, ben, cai } = await three();
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  const thief = new Person('ben', ben.env, ben.who);
  thief.room = await ben.copy();
  await ben.heals(log);
  await thief.reads(log);
  expect(thief.room.status).toBe('broken');
  await expect(thief.seals('I, ben')).rejects.toThrow('not-active');
  await expect(thief.joins(log, link)).rejects.toThrow('still-member');
  // With the identity key it can only come in as a further device, which all see.
  const second = new Person('ben', thief.env, withNewDevice(thief.who, thief.env));
  await second.joins(log, thief.linkFor(thief.room.own ?? new Uint8Array()));
  const seen = await ana.reads(log);
  expect(seen.filter((e) => e.kind === 'joined')).toMatchObject([{ another: true }]);
  await ben.reads(log);
  await ben.commits(log, (room) => remove(room, second.device, ben.env));
  await allRead(log, [ana, cai, second]);
  expect(second.room.status).toBe('removed');
  await allTalk(log, ana, ben, cai);
});

test('a banned person is not let in, by whatever invite', async () => {
  const { log, link, ana, env, ben, cai } = await three();
  const dan = new Person('dan', env);
  const bans = [encodeBytes(fingerprintOf(dan.who.identity.publicKey))];
  const next = { ...stateOf(ana.room), bans };
  await commits(log, ana, stateChange(ana, next));
  await allRead(log, [ben, cai]);
  expect(stateOf(ben.room).bans).toEqual(bans);
  await ben.refreshes(log);
  await expect(dan.joins(log, link)).rejects.toThrow('banned');
  await joins(log, dan, link, ben.room.mls, {});
  await allRead(log, [ben, cai]);
  expect(ben.warnings).toEqual(['skipped-handshake']);
  expect(ben.members).toEqual(['ana', 'ben', 'cai']);
  expect(ben.room.retirement.due).toBe('refused-join');
});

test('a heal may give its member another name, which all see', async () => {
  const { log, ana, ben, cai } = await three();
  await ben.commits(log, (room) => heal(room, ben.env, { name: ' benny ' }));
  expect(await ana.reads(log)).toMatchObject([
    { kind: 'healed' },
    { kind: 'renamed', was: 'ben', member: { name: 'benny' } },
  ]);
  await cai.reads(log);
  agree(ana, ben, cai);
  await expect(heal(ben.room, ben.env, { name: '\u202eneb' })).rejects.toThrow('name');
});

test('all devices of a person get its name: at the join, and with the next change of keys', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.heals(log);
  await allRead(log, [ben, cai]);
  const phone = await anotherDevice(log, ben, 'benny');
  await allRead(log, [ana, ben, cai]);
  const names = (of: Person) => membersOf(of.room).flatMap((m) => (m.own ? [m.name] : []));
  expect([names(ben), names(phone)]).toEqual([
    ['ben', 'ben'],
    ['ben', 'ben'],
  ]);
  // Only the lowest leaf names the person.
  await phone.commits(log, (room) => heal(room, phone.env, { name: 'benny' }));
  await allRead(log, [ben, cai]);
  expect(await ana.reads(log)).toMatchObject([{ kind: 'healed' }]);
  expect(names(ben)).toEqual(['ben', 'benny']);
  await ben.commits(log, (room) => heal(room, ben.env, { name: 'bo' }));
  await allRead(log, [phone, cai]);
  expect(await ana.reads(log)).toMatchObject([{ kind: 'healed' }, { kind: 'renamed', was: 'ben' }]);
  expect([...labelsOf(membersOf(ana.room)).values()]).toEqual(['ana', 'bo', 'cai']);
  await phone.heals(log);
  await allRead(log, [ben, cai]);
  expect(await ana.reads(log)).toMatchObject([{ kind: 'healed' }]);
  expect(names(ben)).toEqual(['bo', 'bo']);
  // The person keeps its name when the device is gone that gave it.
  await phone.commits(log, (room) => remove(room, ben.device, phone.env));
  await cai.reads(log);
  expect(await ana.reads(log)).toMatchObject([{ kind: 'removed', device: true }]);
  expect([...labelsOf(membersOf(ana.room)).values()]).toEqual(['ana', 'cai', 'bo']);
});

test('the data of a commit has one form', () => {
  const items = [
    [COMMIT_DATA.ownInvite, new Uint8Array(16)],
    [COMMIT_DATA.keep, new Uint8Array()],
  ] as const;
  const bytes = encodeCommitData(items);
  expect(decodeCommitData(bytes)).toEqual(new Map(items));
  expect(decodeCommitData(new Uint8Array())).toEqual(new Map());
  for (let end = 1; end < bytes.length; end += 1)
    if (end !== 21) expect(decodeCommitData(bytes.slice(0, end)), String(end)).toBeUndefined();
  expect(decodeCommitData(encodeCommitData([...items, items[1]]))).toBeUndefined();
  expect(decodeCommitData(Uint8Array.of(99, 0, 0, 0, 0))).toEqual(new Map([[99, new Uint8Array()]]));
});

test('the only device of a room keeps its leaf: nobody is left who could let it in again', async () => {
  const { log, link, people } = await roomOfPeople('ana');
  const [ana] = people as [Person];
  await expect(ana.joins(log, link)).rejects.toMatchObject({ name: 'RoomError', code: 'still-member' });
  await ana.heals(log);
  const ben = new Person('ben', ana.env);
  await ben.joins(log, link);
  await ben.joins(log, link);
  await ana.reads(log);
  await ana.joins(log, link);
  await allTalk(log, ana, ben);
});
