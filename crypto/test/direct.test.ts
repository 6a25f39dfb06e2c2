import { encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { type Boxed, openBox, sealBox } from '../src/box.ts';
import { BOX, content } from '../src/content.ts';
import { createDirect, landedFirst } from '../src/create.ts';
import { heal, invite, remove, reopen, setRole } from '../src/handshake.ts';
import { fingerprintOf } from '../src/identity.ts';
import { membersOf, stateOf } from '../src/room.ts';
import { decodeRoomState, encodeRoomState, type RoomState, readContext } from '../src/room-state.ts';
import { Log } from './log.ts';
import { Person, seededEnv, won } from './world.ts';

const identityOf = (person: Person) => encodeBytes(person.who.identity.publicKey);

/** Ana, Ben and Mal in one room. */
async function kitchen() {
  const env = seededEnv(41);
  const log = new Log();
  const [ana, ben, mal] = ['ana', 'ben', 'mal'].map((name) => new Person(name, env)) as [
    Person,
    Person,
    Person,
  ];
  await ana.creates(log);
  const link = await ana.invites(log);
  for (const one of [ben, mal]) await one.joins(log, link);
  for (const one of [ana, ben]) await one.reads(log);
  const boxed: Boxed = {
    room: encodeBytes(env.random(16)) as RoomId,
    secret: env.random(16),
    text: 'hé, Ben',
  };
  const seal = (text = boxed.text) =>
    sealBox(ana.room, { to: identityOf(ben), from: identityOf(ana) }, { ...boxed, text }, env);
  return { env, log, ana, ben, mal, boxed, seal };
}

test('a box is opened by whom it is for, on each device, and by nobody else', async () => {
  const { env, log, ana, ben, mal, boxed, seal } = await kitchen();
  const box = await seal();
  expect(v.is(content, box)).toBe(true);
  const from = { identity: identityOf(ana) };
  expect(await openBox(ben.room, from, box)).toEqual(boxed);
  expect(await openBox(mal.room, from, box)).toBeUndefined();
  expect(await openBox(ana.room, from, box)).toBeUndefined();
  // A second device of Ben's.
  const { own } = ana.room;
  if (own === undefined) throw new Error('the own invite is unknown');
  const phone = new Person('ben', env, { ...ben.who, device: new Person('ben', env).who.device });
  await phone.joins(log, ben.linkFor(own));
  for (const one of [ana, ben, mal]) await one.reads(log);
  const both = await seal();
  for (const one of [ben, phone]) expect(await openBox(one.room, from, both)).toEqual(boxed);
});

test('a box says nothing of whom it is for, nor how much it says', async () => {
  const { ana, env, seal } = await kitchen();
  const boxes = [await seal(''), await seal('x'.repeat(BOX.textBytes)), await seal()];
  boxes.push(
    await sealBox(
      ana.room,
      { to: identityOf(new Person('no', env)), from: identityOf(ana) },
      {
        room: encodeBytes(env.random(16)) as RoomId,
        secret: env.random(16),
        text: '',
      },
      env,
    ),
  );
  expect(new Set(boxes.map((box) => JSON.stringify(box).length)).size).toBe(1);
  // The highest bit of an encapsulated X25519 key is never set. Random bytes would have it half of the time.
  const keys = boxes.flatMap(({ parts }) => parts.map((part) => Buffer.from(part, 'base64url')));
  expect(keys.map((key) => (key[31] ?? 0) >> 7)).toEqual(keys.map(() => 0));
  await expect(seal('é'.repeat(513))).rejects.toThrow(RangeError);
});

test('a box holds for its sender, its epoch and its room alone', async () => {
  const { env, log, ana, ben, mal, seal } = await kitchen();
  const box = await seal();
  expect(await openBox(ben.room, { identity: identityOf(mal) }, box)).toBeUndefined();
  await ana.commits(log, (now) => heal(now, env));
  await ben.reads(log);
  expect(await openBox(ben.room, { identity: identityOf(ana) }, box)).toBeUndefined();
});

async function direct() {
  const env = seededEnv(42);
  const log = new Log();
  const [ana, ben, mal] = ['ana', 'ben', 'mal'].map((name) => new Person(name, env)) as [
    Person,
    Person,
    Person,
  ];
  const secret = env.random(16);
  const terms = { with: identityOf(ben), secret, expires: env.now() + 1_000_000 };
  const { room, frame } = await createDirect(ana.who, 'ana', terms, env);
  const { invites } = frame;
  expect(invites).toMatchObject([{ uses: 1, expires: terms.expires }]);
  ana.room = landedFirst(room, won(log.swap(frame)));
  const link = {
    address: 'http://localhost:1',
    room: room.id,
    secret,
    founder: fingerprintOf(ana.who.identity.publicKey),
  };
  return { env, log, ana, ben, mal, link };
}

test('only the two persons come into a direct room, and both are its admins', async () => {
  const { env, log, ana, ben, link } = await direct();
  await ben.joins(log, link);
  await ana.reads(log);
  expect(membersOf(ana.room).map((m) => [m.name, m.office])).toEqual([
    ['ana', 'admin'],
    ['ben', 'admin'],
  ]);
  await ana.commits(log, (now) => heal(now, env));
  await ben.reads(log);
  expect(ben.room.admin).toBeDefined();
});

test('whoever has the link of a direct room and is neither of the two is in no member list', async () => {
  const { log, ana, mal, link } = await direct();
  await mal.joins(log, link);
  await ana.reads(log);
  expect(ana.members).toEqual(['ana']);
});

test('in a direct room nobody removes or deposes the other person', async () => {
  const { env, log, ana, ben, link } = await direct();
  await ben.joins(log, link);
  await ana.reads(log);
  const device = encodeBytes(ben.who.device.publicKey);
  await expect(remove(ana.room, device, env)).rejects.toMatchObject({ code: 'direct-room' });
  await expect(setRole(ana.room, device, 'member', env)).rejects.toMatchObject({ code: 'direct-room' });
});

test('into a direct room nobody else is invited', async () => {
  const { env, ana, ben } = await direct();
  const terms = { expires: env.now() + 1000 };
  const secret = env.random(16);
  await expect(invite(ana.room, secret, terms, env)).rejects.toMatchObject({ code: 'direct-room' });
  await expect(invite(ana.room, secret, terms, env, { only: identityOf(ben) })).resolves.toBeDefined();
});

test('after a device of its founder was removed, a direct room has both admins still', async () => {
  const { env, log, ana, ben } = await direct();
  await ana.commits(log, (now) => reopen(now, env));
  const { own } = ana.room;
  if (own === undefined) throw new Error('the own invite is unknown');
  const phone = new Person('ana', env, { ...ana.who, device: new Person('ana', env).who.device });
  await phone.joins(log, ana.linkFor(own));
  await ana.removes(log, phone);
  expect(ana.members).toEqual(['ana']);
  expect(stateOf(ana.room).admins).toContain(identityOf(ben));
});

test('a state that gives one of the two less, or has another rule, is none of a direct room', async () => {
  const { ana } = await direct();
  const state = stateOf(ana.room);
  const [genesis, coded] = ana.room.mls.groupContext.extensions;
  if (genesis === undefined || coded === undefined) throw new Error('no extensions');
  const read = (next: RoomState) =>
    readContext(
      [genesis, { ...coded, extensionData: encodeRoomState(next) }],
      ana.room.id,
      ana.room.mls.groupContext.groupId,
    );
  expect(decodeRoomState(coded.extensionData)).toEqual(state);
  expect(read(state)).toBeDefined();
  const others: RoomState[] = [
    { ...state, admins: state.admins.slice(0, 1) },
    { ...state, name: 'Kitchen' },
    { ...state, history: 'all' },
    { ...state, speak: 'staff' },
  ];
  expect(others.map(read)).toEqual(others.map(() => undefined));
});
