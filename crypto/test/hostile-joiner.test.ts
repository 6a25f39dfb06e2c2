import type { RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { publish } from '../src/groupinfo.ts';
import { remove, revoke } from '../src/handshake.ts';
import {
  certified,
  createIdentity,
  encodeCredential,
  type LeafIdentity,
  newLeaf,
  ownedLeaf,
} from '../src/identity.ts';
import { inviteKeys } from '../src/invite.ts';
import { capabilities, type Proposal } from '../src/mls/suite.ts';
import { leavesOf } from '../src/mls/tree.ts';
import { sign, signingKey } from '../src/primitives.ts';
import { ownLeaf } from '../src/room.ts';
import { allRead, allTalk, roomOfPeople } from './assert.ts';
import { externalSenders } from './craft.ts';
import { gone, type JoinTwist, joins } from './hostile.ts';
import { MixedOrderKey } from './mixed-order.ts';
import { Person } from './world.ts';

/** Ana and ben are members; eve has a live invite and is the attacker. */
async function outside() {
  const world = await roomOfPeople('ana', 'ben');
  const [ana, ben] = world.people as [Person, Person];
  return { ...world, ana, ben, eve: new Person('eve', world.env) };
}

type Outside = Awaited<ReturnType<typeof outside>>;

const NONE = new Uint8Array();

const removeOf = (person: Person): Proposal => ({
  proposalType: 'remove',
  remove: { removed: ownLeaf(person.room) },
});

/** Joins with this leaf. */
const under = (joiner: LeafIdentity): JoinTwist => ({ joiner });

const groupOf = ({ ana }: Outside): Uint8Array => ana.room.mls.groupContext.groupId;

const named = (world: Outside, name: string): JoinTwist =>
  under(newLeaf(groupOf(world), world.eve.who, name, world.eve.env));

function credentialOf(person: Person): Uint8Array {
  const leaf = leavesOf(person.room.mls.ratchetTree).get(ownLeaf(person.room));
  if (leaf?.credential.credentialType !== 'basic') throw new Error('no leaf');
  return leaf.credential.identity;
}

/** A leaf of eve's device with some bytes of its credential replaced. */
function altered(world: Outside, at: number, bytes: Uint8Array): LeafIdentity {
  const { eve } = world;
  const { key, credential } = newLeaf(groupOf(world), eve.who, 'eve', eve.env);
  credential.set(bytes, at);
  return { key, credential };
}

const extra = (proposal: Proposal): JoinTwist => ({ proposals: [proposal] });

test('the crafted join is valid without overrides', async () => {
  const { log, link, ana, ben, eve } = await outside();
  const deed = await joins(log, eve, link, ana.room.mls, {});
  await allRead(log, [ana, ben]);
  eve.room = await gone(ana.room, deed);
  await allTalk(log, ana, ben, eve);
});

const tries: Record<string, (world: Outside) => JoinTwist> = {
  'removes the founder': ({ ana }) => extra(removeOf(ana)),
  'removes a member': ({ ben }) => extra(removeOf(ben)),
  'removes all members': ({ ana, ben }) => ({ proposals: [removeOf(ana), removeOf(ben)] }),
  'removes one member twice': ({ ben }) => ({ proposals: [removeOf(ben), removeOf(ben)] }),
  'removes a leaf that does not exist': () =>
    extra({ proposalType: 'remove', remove: { removed: 0xffff_fff0 } }),
  'changes the group context': ({ ana }) =>
    extra({
      proposalType: 'group_context_extensions',
      groupContextExtensions: { extensions: ana.room.mls.groupContext.extensions },
    }),
  'adds an external sender': ({ ana, eve }) =>
    extra({
      proposalType: 'group_context_extensions',
      groupContextExtensions: {
        extensions: [
          ...ana.room.mls.groupContext.extensions,
          externalSenders(eve.who.device, credentialOf(ana)),
        ],
      },
    }),
  'adds a second external init': () =>
    extra({ proposalType: 'external_init', externalInit: { kemOutput: new Uint8Array(32).fill(9) } }),
  'adds a proposal of an unknown type': () =>
    extra({ proposalType: 0xf7d0, proposalData: new Uint8Array(3) }),
  'adds a pre-shared key': () =>
    extra({
      proposalType: 'psk',
      psk: {
        preSharedKeyId: { psktype: 'external', pskId: new Uint8Array(4), pskNonce: new Uint8Array(32) },
      },
    }),
  "uses a member's credential": (world) =>
    under({ ...altered(world, 0, NONE), credential: credentialOf(world.ana) }),
  "uses a member's identity key": (world) => under(altered(world, 1, world.ana.who.identity.publicKey)),
  "uses a member's device key": (world) => under(altered(world, 33, world.ana.who.device.publicKey)),
  'changes the rights that its identity has certified': (world) =>
    under(altered(world, 65, Uint8Array.of(1))),
  'has a certificate of no identity': (world) => under(altered(world, 66, new Uint8Array(64))),
  'has a leaf that its device has signed for another group': ({ eve }) =>
    under(newLeaf(new Uint8Array(16).fill(1), eve.who, 'eve', eve.env)),
  'has a leaf that no device has signed': (world) => under(altered(world, 130, new Uint8Array(64))),
  'has a certificate for rights that nobody knows': (world) => {
    const { eve } = world;
    const { identity, device } = eve.who;
    const key = signingKey(eve.env.random(32));
    const certificate = {
      identityKey: identity.publicKey,
      deviceKey: device.publicKey,
      rights: 2,
      signature: sign(identity, certified(device.publicKey, 2)),
    };
    return under({
      key,
      credential: encodeCredential(
        certificate,
        sign(device, ownedLeaf(groupOf(world), key.publicKey)),
        'eve',
      ),
    });
  },
  'has a certificate on which implementations of Ed25519 differ': (world) => {
    const { eve } = world;
    const { device } = eve.who;
    const identity = new MixedOrderKey(eve.env.random(32));
    const key = signingKey(eve.env.random(32));
    const certificate = {
      identityKey: identity.publicKey,
      deviceKey: device.publicKey,
      rights: 0,
      signature: identity.sign(certified(device.publicKey, 0)),
    };
    return under({
      key,
      credential: encodeCredential(
        certificate,
        sign(device, ownedLeaf(groupOf(world), key.publicKey)),
        'eve',
      ),
    });
  },
  "uses a member's identity with a device of its own": (world) => {
    const { ana, eve } = world;
    const { device } = createIdentity(eve.env);
    const credential = newLeaf(groupOf(world), { identity: eve.who.identity, device }, 'ana', eve.env);
    credential.credential.set(ana.who.identity.publicKey, 1);
    return under(credential);
  },
  'has a name that turns the text around': (world) => named(world, 'e\u202eve'),
  'has a name with a line separator': (world) => named(world, 'e\u2028ve'),
  'has a name with an escape sequence': (world) => named(world, 'e\u001b[2Jve'),
  "has a member's name with a joiner that does nothing": (world) => named(world, 'an\u200da'),
  "has a member's name with a space in front": (world) => named(world, ' ana'),
  'has a name that is not drawn': (world) => named(world, '\u3164'),
  'has a name whose marks cover other lines': (world) => named(world, `eve${'\u0301'.repeat(7)}`),
  'uses a credential of another type': () => ({
    leaf: { credential: { credentialType: 'x509', certificates: [new Uint8Array(8)] } },
  }),
  'signed the invite for another device': () => ({ claim: { leafKey: new Uint8Array(32).fill(3) } }),
  'signed the invite for another name': (world) => ({
    claim: { credential: newLeaf(groupOf(world), world.eve.who, 'eva', world.eve.env).credential },
  }),
  'signed the invite for the epoch before': ({ ana }) => ({
    claim: { epoch: ana.room.mls.groupContext.epoch - 1n },
  }),
  'signed the invite for another room': () => ({ claim: { room: 'AAAAAAAAAAAAAAAAAAAAAA' as RoomId } }),
  'signed the invite for another group': () => ({ claim: { groupId: new Uint8Array(16) } }),
  'names a live invite without having its secret': ({ link, env }) => ({
    invite: { secret: env.random(16), named: inviteKeys(link.secret).id },
  }),
  'names an invite that does not exist': ({ env }) => ({ invite: { secret: env.random(16) } }),
  'has no invite at all': () => ({ aad: () => new Uint8Array() }),
  'damages the signature of its invite': () => ({ aad: (aad) => aad.with(-1, (aad.at(-1) ?? 0) ^ 1) }),
  "doesn't support the credentials of the others": () => ({
    leaf: { capabilities: { ...capabilities, credentials: [] } },
  }),
  "doesn't support the room's extensions": () => ({
    leaf: { capabilities: { ...capabilities, extensions: [] } },
  }),
  'has leaf extensions': () => ({
    leaf: { extensions: [{ extensionType: 0xf7c1, extensionData: new Uint8Array(9) }] },
  }),
  'takes the encryption key of a member': ({ ben }) => ({
    leaf: { hpkePublicKey: leavesOf(ben.room.mls.ratchetTree).get(ownLeaf(ben.room))!.hpkePublicKey },
  }),
  'has a malformed encryption key': () => ({ leaf: { hpkePublicKey: new Uint8Array(5) } }),
  'has an encryption key of low order': () => ({
    leaf: { hpkePublicKey: new Uint8Array(32) },
  }),
};

test.each(Object.entries(tries))('members refuse a joiner that %s', async (_, twist) => {
  const world = await outside();
  const { log, link, ana, ben, eve } = world;
  await joins(log, eve, link, ana.room.mls, twist(world));
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  expect(ben.warnings).toEqual(['skipped-handshake']);
  expect(ana.members).toEqual(['ana', 'ben']);
  await ben.heals(log);
  await allTalk(log, ana, ben);
  await new Person('dan', world.env).joins(log, link);
});

test('a member that joins again must replace its old leaf', async () => {
  const { log, link, ana, ben, eve } = await outside();
  await eve.joins(log, link);
  await allRead(log, [ana, ben]);
  await joins(log, eve, link, ana.room.mls, {});
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  await ben.heals(log);
  await allTalk(log, ana, ben);
});

test("a member that joins again can't remove another member", async () => {
  const { log, link, ana, ben, eve } = await outside();
  await eve.joins(log, link);
  await allRead(log, [ana, ben]);
  await joins(log, eve, link, ana.room.mls, { proposals: [removeOf(ben)] });
  await allRead(log, [ana, ben]);
  await ana.refreshes(log);
  await joins(log, eve, link, ana.room.mls, { proposals: [removeOf(eve), removeOf(ben)] });
  await allRead(log, [ana, ben]);
  expect(ben.members).toEqual(['ana', 'ben', 'eve']);
  await allTalk(log, ana, ben);
});

test("a copied credential is useless without the leaf's key", async () => {
  const { log, link, ana, ben, eve } = await outside();
  const thief = new Person('ben', eve.env, createIdentity(eve.env));
  const copied = {
    ...newLeaf(ana.room.mls.groupContext.groupId, thief.who, 'ben', eve.env),
    credential: credentialOf(ben),
  };
  await joins(log, thief, link, ana.room.mls, { proposals: [removeOf(ben)], ...under(copied) });
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  await allTalk(log, ana, ben);
});

test('members refuse a revoked invite, even if the server accepts it', async () => {
  const { log, link, ana, ben, eve } = await outside();
  const { id } = inviteKeys(link.secret);
  const live = log.invites;
  const info = log.info(link);
  await ana.commits(log, (room) => revoke(room, [id], ana.env));
  await ana.refreshes(log);
  expect(log.info(link)).toBeUndefined();
  log.invites = live;
  await expect(eve.joins(log, link)).rejects.toMatchObject({ name: 'RoomError', code: 'bad-invite' });
  expect(info).toBeDefined();
  await allTalk(log, ana, ben);
});

test('members refuse an invite that a Remove voided, even if the room state lists it', async () => {
  const { log, link, ana, ben, eve, env } = await outside();
  const cai = new Person('cai', env);
  await cai.joins(log, link);
  await allRead(log, [ana, ben]);
  const live = log.invites.map((i) => ({ ...i }));
  await ana.commits(log, (room) => remove(room, cai.device, env));
  expect(log.info(link)).toBeUndefined();
  log.invites = live;
  const state = ana.room.context.state;
  if (state === 'newer') throw new Error('newer');
  Object.assign(log, await publish(ana.room.id, ana.room.mls, ana.room.keys, state.invites, env));
  log.invites = log.invites.map((i) => ({ ...i, uses: 9 }));
  await joins(log, eve, link, ana.room.mls, {});
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  expect(ben.warnings).toEqual(['skipped-handshake']);
  await allTalk(log, ana, ben);
});
