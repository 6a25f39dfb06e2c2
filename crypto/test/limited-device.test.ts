import { decodeBytes } from '@gochat/protocol/encoding';
import { expect, test } from 'vitest';
import { takeOver } from '../src/admin-key.ts';
import { COMMIT_DATA, decodeCommitData } from '../src/commit-data.ts';
import { configure, heal, remove, setAdmin } from '../src/handshake.ts';
import {
  certified,
  createIdentity,
  encodeCredential,
  type LeafIdentity,
  LIMITED_RIGHTS,
  ownedLeaf,
} from '../src/identity.ts';
import { EXTENSION, type Proposal, readPrivateMessage } from '../src/mls.ts';
import { type SigningKey, sign, signingKey } from '../src/primitives.ts';
import { epochOf, membersOf, ownLeaf, stateOf, vouches } from '../src/room.ts';
import type { RoomState } from '../src/room-state.ts';
import { openBody } from '../src/seal.ts';
import { allRead, allTalk, roomOfPeople } from './assert.ts';
import type { Twist } from './craft-path.ts';
import { commits, gone, joins } from './hostile.ts';
import type { Log } from './log.ts';
import { spellRoomState } from './spell-state.ts';
import { Person } from './world.ts';

function limitedLeaf(groupId: Uint8Array, { who, env }: Person): LeafIdentity {
  const { identity, device } = who;
  const key = signingKey(env.random(32));
  const certificate = {
    identityKey: identity.publicKey,
    deviceKey: device.publicKey,
    rights: LIMITED_RIGHTS,
    signature: sign(identity, certified(device.publicKey, LIMITED_RIGHTS)),
  };
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
  const joiner = limitedLeaf(groupId, bot);
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

function stating({ bot }: World, change: (state: RoomState) => RoomState): Twist {
  const [genesis] = bot.room.mls.groupContext.extensions;
  if (genesis === undefined) throw new Error('no genesis');
  const state = spellRoomState(change(stateOf(bot.room)));
  const extensions = [genesis, { extensionType: EXTENSION.roomState, extensionData: state }];
  const proposal: Proposal = {
    proposalType: 'group_context_extensions',
    groupContextExtensions: { extensions },
  };
  return { proposals: [proposal], path: false, extensions };
}

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

const tries: Record<string, (world: World) => Twist> = {
  'removes a member': ({ ben }) => ({ proposals: [removeOf(ben)] }),
  'removes the device that its person trusts': ({ ana }) => ({ proposals: [removeOf(ana)] }),
  'renames the room': (world) => stating(world, (state) => ({ ...state, name: 'den' })),
  'makes a member an admin': (world) =>
    stating(world, (state) => ({
      ...state,
      admins: membersOf(world.ben.room)
        .map(({ identity }) => identity)
        .filter((identity, at, all) => all.indexOf(identity) === at)
        .sort(),
    })),
  'mutes a member': (world) =>
    stating(world, (state) => ({ ...state, mutes: [membersOf(world.ben.room).at(1)?.identity ?? ''] })),
  'ends the invites of others': (world) => stating(world, (state) => ({ ...state, invites: [] })),
};

test.each(Object.keys(tries))(
  'members skip the commit of a limited device of an admin that %s',
  async (what) => {
    const world = await withBot();
    const { log, ana, ben, bot } = world;
    const epoch = epochOf(ana.room);
    await commits(log, bot, (tries[what] as (typeof tries)[string])(world));
    await allRead(log, [ana, ben]);
    expect([epochOf(ana.room), epochOf(ben.room)]).toEqual([epoch, epoch]);
    await allTalk(log, ana, ben);
  },
);

/** Commits that may hand the admin key over. Ana and ben are admins, and the limited device is one of ana's. */
const handovers: Record<string, (world: World) => Promise<unknown>> = {
  'an admin is appointed': () => Promise.resolve(),
  "the key is handed to the limited device's person again": ({ log, ana, ben, env }) =>
    ben.commits(log, (room) => setAdmin(room, ana.device, true, env)),
  'an admin heals': ({ log, ben }) => ben.heals(log),
  'an admin steps down': ({ log, ben, env }) =>
    ben.commits(log, (room) => setAdmin(room, ben.device, false, env)),
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
    const key = data && (await takeOver(room, data));
    if (key !== undefined) keys.push(key);
    await device.takes(entry);
  }
  return keys;
}

test.each(Object.keys(handovers))('a limited device of an admin gets no admin key when %s', async (when) => {
  const world = await withBot();
  const { env, log, ana, ben, bot } = world;
  await ana.commits(log, (room) => setAdmin(room, ben.device, true, env));
  expect(await keysFor(log, ben)).toHaveLength(1);
  await (handovers[when] as (typeof handovers)[string])(world);
  expect(await keysFor(log, bot)).toEqual([]);
  expect(bot.room.admin).toBeUndefined();
});
