import { decodeBytes } from '@gochat/protocol/encoding';
import { expect, test } from 'vitest';
import { COMMIT_DATA, decodeCommitData } from '../src/commit-data.ts';
import { publish } from '../src/groupinfo.ts';
import { takeOver } from '../src/hand-over.ts';
import { answerAsk, configure, heal, keepSafe, remove, setRole } from '../src/handshake.ts';
import {
  type Certificate,
  certified,
  createIdentity,
  encodeCredential,
  type Identity,
  type LeafIdentity,
  LIMITED_RIGHTS,
  ownedLeaf,
} from '../src/identity.ts';
import { readPrivateMessage } from '../src/mls/codec.ts';
import type { Proposal } from '../src/mls/suite.ts';
import { type SigningKey, sign, signingKey } from '../src/primitives.ts';
import { epochOf, liveInvitesOf, membersOf, ownCredential, ownLeaf, stateOf, vouches } from '../src/room.ts';
import type { MemberInvite } from '../src/room-state.ts';
import { safeInvite } from '../src/safe.ts';
import { openBody } from '../src/seal.ts';
import { allRead, allTalk, roomOfPeople } from './assert.ts';
import type { Twist } from './craft-path.ts';
import { commits, gone, joins, request, stating } from './hostile.ts';
import type { Log } from './log.ts';
import { Person, won } from './world.ts';

/** What an identity signs for a limited device. */
function limited({ identity, device }: Identity): Certificate {
  return {
    identityKey: identity.publicKey,
    deviceKey: device.publicKey,
    rights: LIMITED_RIGHTS,
    signature: sign(identity, certified(device.publicKey, LIMITED_RIGHTS)),
  };
}

/** A leaf with this certificate, signed by the device. */
function leafOf(
  groupId: Uint8Array,
  certificate: Certificate,
  device: SigningKey,
  key: SigningKey,
): LeafIdentity {
  const owned = sign(device, ownedLeaf(groupId, key.publicKey));
  return { key, credential: encodeCredential(certificate, owned, 'bot') };
}

/** Ana is the admin. The bot is a limited device of hers, which has come in by the room's own invite. */
async function withBot() {
  const world = await roomOfPeople('ana', 'ben');
  const [ana, ben] = world.people as [Person, Person];
  const { env, log } = world;
  await ana.heals(log);
  await allRead(log, world.people);
  const { own } = ana.room;
  if (own === undefined) throw new Error('the own invite is unknown');
  const bot = new Person('bot', env, { identity: ana.who.identity, device: createIdentity(env).device });
  const { groupId } = ana.room.mls.groupContext;
  const joiner = leafOf(groupId, limited(bot.who), bot.who.device, signingKey(env.random(32)));
  const deed = await joins(log, bot, ana.linkFor(own), ana.room.mls, { joiner });
  const joined = await gone(ana.room, deed);
  bot.room = { ...joined, device: bot.who.device, admin: undefined };
  await allRead(log, world.people);
  return { ...world, ana, ben, bot };
}

type World = Awaited<ReturnType<typeof withBot>>;

const removeOf = (person: Person): Proposal => ({
  proposalType: 'remove',
  remove: { removed: ownLeaf(person.room) },
});

test('a limited device of an admin talks and heals, holds no office, and vouches for nobody', async () => {
  const { log, ana, ben, bot } = await withBot();
  const seen = membersOf(ben.room).find(({ device }) => device === bot.device);
  if (seen === undefined) throw new Error('the bot is no member');
  expect(seen).toMatchObject({ limited: true, office: 'admin', admin: false, moderator: false });
  expect(vouches(ben.room, seen)).toBe(false);
  await bot.commits(log, (room) => heal(room, bot.env));
  await allRead(log, [ana, ben]);
  await allTalk(log, ana, ben, bot);
  await expect(remove(bot.room, ben.device, bot.env)).rejects.toMatchObject({ code: 'not-admin' });
  await expect(remove(bot.room, ana.device, bot.env)).rejects.toMatchObject({ code: 'not-admin' });
  await expect(configure(bot.room, { name: 'den' }, bot.env)).rejects.toMatchObject({ code: 'not-admin' });
  await ana.removes(log, bot);
  await allRead(log, [ben]);
  await allTalk(log, ana, ben);
});

const identityIn = ({ room }: Person) => membersOf(room).find(({ self }) => self)?.identity;

const tries: Record<string, (world: World) => Twist> = {
  'removes a member': ({ ben }) => ({ proposals: [removeOf(ben)] }),
  'removes the device that its person trusts': ({ ana }) => ({ proposals: [removeOf(ana)] }),
  'renames the room': ({ bot }) => stating(bot, (state) => ({ ...state, name: 'den' })),
  'makes a member an admin': ({ bot, ben }) =>
    stating(bot, (state) => ({
      ...state,
      admins: membersOf(ben.room)
        .map(({ identity }) => identity)
        .filter((identity, at, all) => all.indexOf(identity) === at)
        .sort(),
    })),
  'mutes a member': ({ bot, ben }) =>
    stating(bot, (state) => ({ ...state, mutes: [membersOf(ben.room).at(1)?.identity ?? ''] })),
  'ends the links of its person': ({ bot, ana }) =>
    stating(bot, (state) => ({
      ...state,
      invites: state.invites.filter(({ own, by }) => own || by !== identityIn(ana)),
    })),
  'ends the invites of others': ({ bot }) => stating(bot, (state) => ({ ...state, invites: [] })),
};

test.each(Object.keys(tries))(
  'members skip the commit of a limited device of an admin that %s',
  async (what) => {
    const world = await withBot();
    const { log, ana, ben, bot } = world;
    await ana.invites(log);
    await allRead(log, [ben, bot]);
    const epoch = epochOf(ana.room);
    await commits(log, bot, (tries[what] as (typeof tries)[string])(world));
    await allRead(log, [ana, ben]);
    expect([epochOf(ana.room), epochOf(ben.room)]).toEqual([epoch, epoch]);
    await allTalk(log, ana, ben);
  },
);

/** What the bot could do to the recovery link of its person, of which it knows the public halves. */
const attacks: Record<string, (bot: Person, own: Awaited<ReturnType<typeof safeInvite>>) => Twist> = {
  'ends the recovery link': (bot) =>
    stating(bot, (state) => ({ ...state, invites: state.invites.filter(({ safe }) => !safe) })),
  'has the safe wait for another secret': (bot, own) =>
    stating(bot, (state) => {
      const by = membersOf(bot.room).find(({ self }) => self)?.identity ?? '';
      const fresh: MemberInvite = { ...own, epoch: Number(epochOf(bot.room)), by, safe: true };
      return { ...state, invites: [...state.invites, fresh] };
    }),
};

test.each(Object.keys(attacks))('members skip the commit of a limited device that %s', async (what) => {
  const { env, log, ana, ben, bot } = await withBot();
  const invite = await safeInvite(env.random(16));
  await ana.commits(log, (room) => keepSafe(room, invite, ['sealed'], env));
  await allRead(log, [ben, bot]);
  const [epoch, state] = [epochOf(ana.room), stateOf(ana.room)];
  expect(state.invites.filter(({ safe }) => safe)).toMatchObject([invite]);
  const attack = attacks[what]?.(bot, await safeInvite(env.random(16)));
  await commits(log, bot, attack ?? {});
  await allRead(log, [ana, ben]);
  expect([epochOf(ana.room), epochOf(ben.room)]).toEqual([epoch, epoch]);
  expect(stateOf(ana.room)).toEqual(state);
  await allTalk(log, ana, ben);
});

/** The bot knows the own invite's secret, and a thief has copied its profile, which has no identity key. */
async function withCopy() {
  const world = await withBot();
  const { env, log, ana, ben, bot } = world;
  await ana.heals(log);
  await allRead(log, [ben, bot]);
  expect(bot.room.own).toEqual(ana.room.own);
  const { identity } = createIdentity(env);
  const thief = new Person('bot', env, { identity, device: bot.who.device });
  thief.room = await bot.copy();
  return { ...world, thief, stolen: await bot.copy() };
}

type Stolen = Awaited<ReturnType<typeof withCopy>>;

/** The ways in that a copy of the bot's profile can try, with all keys that it has. */
const entrances: Record<string, (world: Stolen) => { joiner: LeafIdentity; proposals?: Proposal[] }> = {
  "takes the bot's place with the key of its leaf": (world) => ({
    joiner: seatOf(world, signingKey(world.stolen.mls.signaturePrivateKey)),
    proposals: [removeOf(world.bot)],
  }),
  "takes the bot's place with a new key": (world) => ({
    joiner: seatOf(world, signingKey(world.env.random(32))),
    proposals: [removeOf(world.bot)],
  }),
  'comes in beside the bot': (world) => ({ joiner: seatOf(world, signingKey(world.env.random(32))) }),
  'brings in a device that nobody has certified': (world) => {
    const { device } = createIdentity(world.env);
    const certificate = { ...ownCredential(world.stolen), deviceKey: device.publicKey };
    return { joiner: leafIn(world, certificate, device) };
  },
  'brings in a device that the bot has certified': (world) => {
    const { device } = createIdentity(world.env);
    const { device: bot } = world.thief.who;
    const { identityKey } = ownCredential(world.stolen);
    return { joiner: leafIn(world, { ...limited({ identity: bot, device }), identityKey }, device) };
  },
};

function leafIn({ env, stolen }: Stolen, certificate: Certificate, device: SigningKey): LeafIdentity {
  return leafOf(stolen.mls.groupContext.groupId, certificate, device, signingKey(env.random(32)));
}

function seatOf({ stolen, thief }: Stolen, key: SigningKey): LeafIdentity {
  return leafOf(stolen.mls.groupContext.groupId, ownCredential(stolen), thief.who.device, key);
}

/** What a server does that ends none of these invites. */
async function keepsFor(log: Log, { room, env }: Person, invites: readonly MemberInvite[]): Promise<void> {
  const { groupInfo, member, invites: wraps } = await publish(room.id, room.mls, room.keys, invites, env);
  Object.assign(log, { groupInfo, member, invites: wraps.map((one) => ({ ...one, uses: 9 })) });
}

/** The thief goes on with the keys that it has copied, whatever has happened since. */
async function returnsToCopy({ log, thief, stolen }: Stolen): Promise<void> {
  await thief.reads(log);
  thief.room = { ...stolen, position: thief.room.position, base: log.handshake };
}

test('a limited device that heals ends what its copy can say and change', async () => {
  const world = await withCopy();
  const { log, ana, ben, bot, thief } = world;
  await bot.heals(log);
  await thief.reads(log);
  expect([thief.room.status, thief.warnings.at(-1)]).toEqual(['broken', 'broken']);
  await expect(thief.seals('I, the bot')).rejects.toMatchObject({ code: 'not-active' });
  await allRead(log, [ana, ben]);
  const all = [ana, ben, bot];
  const heard = all.map((one) => one.heard.length);
  await returnsToCopy(world);
  won(log.post(await thief.seals('I, the bot')));
  await allRead(log, all);
  expect(all.map((one) => one.warnings.at(-1))).toEqual(all.map(() => 'undecryptable'));
  expect(all.map((one) => one.heard.length)).toEqual(heard);
  for (const twist of [{}, ...Object.values(tries).map((attempt) => attempt({ ...world, bot: thief }))]) {
    const epoch = epochOf(ana.room);
    await returnsToCopy(world);
    await commits(log, thief, twist);
    await allRead(log, all);
    expect(all.map((one) => one.warnings.at(-1))).toEqual(all.map(() => 'skipped-handshake'));
    expect(all.map((one) => epochOf(one.room))).toEqual(all.map(() => epoch));
  }
  await allTalk(log, ...all);
});

test.each(Object.keys(entrances))(
  'a copy of a limited device that has healed is not let in if it %s',
  async (how) => {
    const world = await withCopy();
    const { log, ana, ben, bot, thief, stolen } = world;
    await bot.heals(log);
    await allRead(log, [ana, ben]);
    const { own } = stolen;
    if (own === undefined) throw new Error('the own invite is unknown');
    const devices = membersOf(ana.room).map(({ device }) => device);
    const twist = (entrances[how] as (typeof entrances)[string])(world);
    await joins(log, thief, ana.linkFor(own), ana.room.mls, twist);
    await allRead(log, [ana, ben, bot]);
    expect([ana, ben, bot].map((one) => one.warnings.at(-1))).toEqual(Array(3).fill('skipped-handshake'));
    expect(membersOf(ana.room).map(({ device }) => device)).toEqual(devices);
    // The next admin's client ends what the joiner can receive.
    expect(ana.room.retirement.due).toBe('refused-join');
    await allTalk(log, ana, ben, bot);
  },
);

test('what was certified for a limited device comes back as a limited device, and as nothing more', async () => {
  const world = await withCopy();
  const { env, log, ana, ben, bot, thief, stolen } = world;
  await ana.commits(log, (room) => remove(room, bot.device, env, { keep: true }));
  await ben.reads(log);
  const entrance = ana.linkFor(stolen.own ?? new Uint8Array());
  const claims = (rights: number) =>
    joins(log, thief, entrance, ana.room.mls, {
      joiner: leafIn(world, { ...ownCredential(stolen), rights }, thief.who.device),
    });
  await claims(0);
  await allRead(log, [ana, ben]);
  expect([ana, ben].map((one) => one.warnings.at(-1))).toEqual(Array(2).fill('skipped-handshake'));
  await ana.refreshes(log);
  await claims(LIMITED_RIGHTS);
  await allRead(log, [ana, ben]);
  expect(membersOf(ben.room).find(({ device }) => device === thief.device)).toMatchObject({ limited: true });
  expect(ben.events.at(-1)).toMatchObject({ kind: 'joined', another: true });
});

test('a limited device that asks for it ends what its copy can receive and send, and its way in', async () => {
  const world = await withCopy();
  const { env, log, ana, ben, bot, thief, stolen } = world;
  const entrance = ana.linkFor(stolen.own ?? new Uint8Array());
  await bot.commits(log, (room) => heal(room, env, { ask: true }));
  await ana.reads(log);
  expect(ana.room.retirement.due).toBe('asked');
  await ana.commits(log, (room) => answerAsk(room, env));
  await allRead(log, [ben, bot]);
  // The server lets a connection post only in a room that it has entered.
  expect([thief, bot].map((one) => one.enters(log))).toEqual([false, true]);
  await returnsToCopy(world);
  expect(log.swap(await request(thief, env.random(300), stolen.mls))).toBe('refused');
  expect(log.info(entrance)).toBeUndefined();
  expect(bot.room.own).toEqual(ana.room.own);
  // What its identity has certified lets the device in again, after a removal that keeps the invites, while the own invite lives.
  await ana.commits(log, (room) => remove(room, bot.device, env, { keep: true }));
  await ben.reads(log);
  await keepsFor(
    log,
    ana,
    liveInvitesOf(stolen).filter((one) => one.own),
  );
  const joiner = seatOf(world, signingKey(env.random(32)));
  await joins(log, thief, entrance, ana.room.mls, { joiner });
  await allRead(log, [ana, ben]);
  expect([ana, ben].map((one) => one.warnings.at(-1))).toEqual(Array(2).fill('skipped-handshake'));
  await allTalk(log, ana, ben);
});

test('a device learns that its copy has healed first, and an admin removes it', async () => {
  const { env, log, ana, ben, bot, thief, stolen } = await withCopy();
  await thief.heals(log);
  await allRead(log, [ana, ben, bot]);
  expect([bot.room.status, bot.warnings.at(-1)]).toEqual(['broken', 'broken']);
  // It has the bot's place until then, and no more.
  await allTalk(log, ana, ben, thief);
  await expect(remove(thief.room, ben.device, env)).rejects.toMatchObject({ code: 'not-admin' });
  await ana.removes(log, thief);
  await allRead(log, [ben, thief]);
  expect(thief.room.status).toBe('removed');
  expect(thief.enters(log)).toBe(false);
  expect(log.info(ana.linkFor(stolen.own ?? new Uint8Array()))).toBeUndefined();
  await allTalk(log, ana, ben);
});

/** Commits that may hand the admin key over. Ana and ben are admins, and the limited device is one of ana's. */
const handovers: Record<string, (world: World) => Promise<unknown>> = {
  'an admin is appointed': () => Promise.resolve(),
  "the key is handed to the limited device's person again": ({ log, ana, ben, env }) =>
    ben.commits(log, (room) => setRole(room, ana.device, 'admin', env)),
  'an admin heals': ({ log, ben }) => ben.heals(log),
  'an admin steps down': ({ log, ben, env }) =>
    ben.commits(log, (room) => setRole(room, ben.device, 'member', env)),
  'an admin is removed': ({ log, ana, ben }) => ana.removes(log, ben),
};

/** The admin keys that the commits in the log hand to this device, whether its client takes them or not. */
async function keysFor(log: Log, device: Person): Promise<SigningKey[]> {
  const keys: SigningKey[] = [];
  for (const entry of log.entries) {
    const { room } = device;
    if (Number(entry.seq) <= Number(room.position)) continue;
    const body = openBody(room.keys, 'handshake', room.id, decodeBytes(entry.body));
    const message = body && readPrivateMessage(body);
    const data = message && decodeCommitData(message.authenticatedData)?.get(COMMIT_DATA.adminKey);
    const key = data && (await takeOver(room, 'admin', data));
    if (key !== undefined) keys.push(key);
    await device.takes(entry);
  }
  return keys;
}

test.each(Object.keys(handovers))('a limited device of an admin gets no admin key when %s', async (when) => {
  const world = await withBot();
  const { env, log, ana, ben, bot } = world;
  await ana.commits(log, (room) => setRole(room, ben.device, 'admin', env));
  expect(await keysFor(log, ben)).toHaveLength(1);
  await (handovers[when] as (typeof handovers)[string])(world);
  expect(await keysFor(log, bot)).toEqual([]);
  expect(bot.room.admin).toBeUndefined();
});
