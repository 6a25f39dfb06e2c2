import { encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId } from '@gochat/protocol/fields';
import { encodeGroupInfo, type GroupInfo, signGroupInfo } from 'ts-mls/groupInfo.js';
import { encodeRatchetTree, type RatchetTree } from 'ts-mls/ratchetTree.js';
import { expect, test } from 'vitest';
import { publish } from '../src/groupinfo.ts';
import { wrapFor } from '../src/invite.ts';
import { readGroupInfo } from '../src/mls/codec.ts';
import { treeOf } from '../src/mls/group-info.ts';
import { EXTENSION, suite } from '../src/mls/suite.ts';
import { encrypt, transcript, utf8 } from '../src/primitives.ts';
import { liveInvitesOf } from '../src/room.ts';
import { wrapKeyOf } from '../src/room-state.ts';
import { sealGroupInfo } from '../src/seal.ts';
import { allTalk, anaBenMal } from './assert.ts';
import { commits, gone, looksInside } from './hostile.ts';
import { Person } from './world.ts';

type World = Awaited<ReturnType<typeof anaBenMal>>;

/** Mal heals and publishes this GroupInfo; all others have read the handshake. */
async function leaves(
  world: World,
  twist: (info: GroupInfo, world: World) => GroupInfo | Promise<GroupInfo>,
) {
  const { log, link, ana, ben, mal } = world;
  const deed = await commits(log, mal, {});
  mal.room = await gone(mal.room, deed);
  const info = await twist(await looksInside(log, link), world);
  const { room, env } = mal;
  const key = env.random(32);
  log.groupInfo = encodeBytes(sealGroupInfo(key, room.id, encodeGroupInfo(info), env));
  log.member = encodeBytes(
    encrypt(room.keys.groupInfo, transcript('gochat/member-wrap/1', utf8(room.id)), key, env),
  );
  for (const invite of liveInvitesOf(room)) {
    const wrapped = encodeBytes(await wrapFor(wrapKeyOf(invite), room.id, invite.id, key));
    log.invites = log.invites.map((i) => (i.invite === invite.id ? { ...i, wrapped } : i));
  }
  for (const person of [ana, ben]) await person.reads(log);
}

async function resigned(info: GroupInfo, { mal }: World): Promise<GroupInfo> {
  return signGroupInfo(info, mal.room.mls.signaturePrivateKey, (await suite()).signature);
}

function replaced(
  info: GroupInfo,
  type: GroupInfo['extensions'][number]['extensionType'],
  data: Uint8Array,
): GroupInfo {
  const extensions = info.extensions.map((e) =>
    e.extensionType === type ? { ...e, extensionData: data } : e,
  );
  return { ...info, extensions };
}

function planted(info: GroupInfo, plant: (tree: RatchetTree) => void): GroupInfo {
  const tree = treeOf(info)?.slice();
  if (tree === undefined) throw new Error('no tree');
  plant(tree);
  return replaced(info, 'ratchet_tree', encodeRatchetTree(tree));
}

const tricks: Record<string, (info: GroupInfo, world: World) => GroupInfo | Promise<GroupInfo>> = {
  'a broken signature': (info) => ({
    ...info,
    signature: info.signature.with(5, (info.signature[5] ?? 0) ^ 1),
  }),
  'a signer who is nobody': (info) => ({ ...info, signer: 77 }),
  "another's signature": (info) => ({ ...info, signer: 0 }),
  'another join key': (info, world) =>
    resigned(replaced(info, EXTENSION.joinKey, world.env.random(32)), world),
  'a join key that is none': (info, world) =>
    resigned(replaced(info, EXTENSION.joinKey, new Uint8Array(3)), world),
  'no join key': (info, world) =>
    resigned(
      { ...info, extensions: info.extensions.filter((e) => e.extensionType !== EXTENSION.joinKey) },
      world,
    ),
  'another external key': (info, world) =>
    resigned(replaced(info, 'external_pub', world.env.random(32)), world),
  'an external key that is none': (info, world) =>
    resigned(replaced(info, 'external_pub', new Uint8Array(3)), world),
  'no tree': (info, world) =>
    resigned(
      { ...info, extensions: info.extensions.filter((e) => e.extensionType !== 'ratchet_tree') },
      world,
    ),
  'rubbish for a tree': (info, world) =>
    resigned(replaced(info, 'ratchet_tree', world.env.random(64)), world),
  'a tree with a leaf less': (info, world) =>
    resigned(
      planted(info, (tree) => tree.splice(0, 1, undefined)),
      world,
    ),
  'a tree whose unmerged leaves are nowhere': (info, world) =>
    resigned(
      planted(info, (tree) => {
        const node = tree[1];
        if (node?.nodeType === 'parent') node.parent = { ...node.parent, unmergedLeaves: [0xffff_fff0] };
      }),
      world,
    ),
  'another epoch': (info, world) =>
    resigned({ ...info, groupContext: { ...info.groupContext, epoch: info.groupContext.epoch + 1n } }, world),
  'another confirmation': (info, world) =>
    resigned({ ...info, confirmationTag: world.env.random(32) }, world),
  'other extensions of the group': (info, world) =>
    resigned({ ...info, groupContext: { ...info.groupContext, extensions: [] } }, world),
};

test('every member accepts an honest GroupInfo', async () => {
  const world = await anaBenMal();
  await leaves(world, (info) => info);
  expect(await world.ben.sees(world.log)).toBe(true);
  await new Person('eve', world.env).joins(world.log, world.link);
});

test.each(Object.entries(tricks))('members detect %s in the GroupInfo and replace it', async (_, twist) => {
  const world = await anaBenMal();
  const { log, link, ana, ben, mal, env } = world;
  await leaves(world, twist);
  expect(await ben.sees(log)).toBe(false);
  await ben.refreshes(log);
  expect(await ana.sees(log)).toBe(true);
  const eve = new Person('eve', env);
  await eve.joins(log, link);
  await allTalk(log, ana, ben, mal, eve);
});

test.each(Object.entries(tricks))(
  '%s in the GroupInfo is no reason for a joiner to crash',
  async (name, twist) => {
    const world = await anaBenMal();
    await leaves(world, twist);
    const eve = new Person('eve', world.env);
    // Joiners can't detect these: the values are known only to members.
    if (['another join key', 'another external key', 'another epoch', 'another confirmation'].includes(name))
      return;
    await expect(eve.joins(world.log, world.link)).rejects.toMatchObject({
      name: 'RoomError',
      code: expect.stringMatching(/^(bad-invite|other-room)$/),
    });
  },
);

test('members detect garbage in place of the GroupInfo and replace it', async () => {
  const { log, link, ana, ben, env } = await anaBenMal();
  const rubbish = encodeBytes(env.random(800));
  const eve = new Person('eve', env);
  for (const spoil of [
    () => Object.assign(log, { groupInfo: rubbish }),
    () => Object.assign(log, { member: rubbish.slice(0, 96) }),
    () => Object.assign(log, { groupInfo: rubbish, member: rubbish.slice(0, 96) }),
  ]) {
    spoil();
    expect(await ana.sees(log)).toBe(false);
    await ben.refreshes(log);
    expect(await ana.sees(log)).toBe(true);
  }
  Object.assign(log, { groupInfo: rubbish });
  await expect(eve.joins(log, link)).rejects.toMatchObject({ code: 'bad-invite' });
  await ben.refreshes(log);
  await eve.joins(log, link);
  await allTalk(log, ana, ben, eve);
});

/** What a hostile member uploads with a good GroupInfo. */
const wraps: Record<string, (world: World) => void> = {
  'no wrapped key': ({ log }) => {
    log.invites = log.invites.map((i) => ({ ...i, wrapped: undefined }));
  },
  'garbage for a wrapped key': ({ log, env }) => {
    log.invites = log.invites.map((i) => ({ ...i, wrapped: encodeBytes(env.random(80)) }));
  },
  'a wrapped key with other randomness': ({ log }) => {
    log.invites = log.invites.map((i) => ({ ...i, wrapped: (i.wrapped ?? '').replace(/^./, 'B') }));
  },
  'a wrapped key for an invite that the room does not have': ({ log, env }) => {
    const invite = encodeBytes(env.random(16)) as InviteId;
    log.invites = [...log.invites, { invite, wrapped: encodeBytes(env.random(80)), uses: 1 }];
  },
};

test.each(Object.entries(wraps))('members detect %s and replace it', async (_, spoil) => {
  const world = await anaBenMal();
  const { log, link, ana, ben, mal, env } = world;
  expect(await ana.sees(log)).toBe(true);
  spoil(world);
  expect(await ana.sees(log)).toBe(false);
  expect(await ben.sees(log)).toBe(false);
  await ben.refreshes(log);
  // Each accepts what another has uploaded: two of them don't replace it in turns.
  expect(await ana.sees(log)).toBe(true);
  await ana.refreshes(log);
  expect(await ben.sees(log)).toBe(true);
  const eve = new Person('eve', env);
  await eve.joins(log, link);
  await allTalk(log, ana, ben, mal, eve);
});

test('an invite that has ended at the server needs no wrapped key', async () => {
  const { log, ana, ben } = await anaBenMal();
  log.invites = [];
  expect(await ana.sees(log)).toBe(true);
  await ben.refreshes(log);
  expect(await ana.sees(log)).toBe(true);
});

test('members detect the GroupInfo of an earlier epoch', async () => {
  const { log, ana, ben } = await anaBenMal();
  const { groupInfo, member } = log;
  await ben.heals(log);
  await ana.reads(log);
  Object.assign(log, { groupInfo, member });
  expect(await ana.sees(log)).toBe(false);
  expect(readGroupInfo(new Uint8Array(3))).toBeUndefined();
  expect((await publish(ana.room.id, ana.room.mls, ana.room.keys, [], ana.env)).invites).toEqual([]);
});
