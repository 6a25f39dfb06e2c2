import type { RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { publish } from '../src/groupinfo.ts';
import { remove, revoke } from '../src/handshake.ts';
import { createIdentity, encodeCredential } from '../src/identity.ts';
import { inviteKeys } from '../src/invite.ts';
import { capabilities, leavesOf, type Proposal } from '../src/mls.ts';
import { ownLeaf } from '../src/room.ts';
import { allRead, allTalk, roomOfPeople } from './assert.ts';
import { externalSenders } from './craft.ts';
import { gone, type JoinTwist, joins } from './hostile.ts';
import { Person } from './world.ts';

/** Ana and ben, an open invite, and eve, who has it and does as she likes. */
async function outside() {
  const world = await roomOfPeople('ana', 'ben');
  const [ana, ben] = world.people as [Person, Person];
  return { ...world, ana, ben, eve: new Person('eve', world.env) };
}

type Outside = Awaited<ReturnType<typeof outside>>;

const removeOf = (person: Person): Proposal => ({
  proposalType: 'remove',
  remove: { removed: ownLeaf(person.room) },
});

function under(identity: Uint8Array): JoinTwist {
  return { credential: identity, leaf: { credential: { credentialType: 'basic', identity } } };
}

function credentialOf(person: Person): Uint8Array {
  const leaf = leavesOf(person.room.mls.ratchetTree).get(ownLeaf(person.room));
  if (leaf?.credential.credentialType !== 'basic') throw new Error('no leaf');
  return leaf.credential.identity;
}

/** Her own credential's signature under somebody else's identity key. */
function forgedCredential({ ana, eve }: Outside): Uint8Array {
  const forged = encodeCredential({ identity: ana.who.identity, device: eve.who.device }, 'ana');
  forged.set(encodeCredential(eve.who, 'ana').subarray(33, 97), 33);
  return forged;
}

function renamed({ eve }: Outside): Uint8Array {
  const credential = encodeCredential(eve.who, 'eve');
  credential.set(new TextEncoder().encode('ana'), 97);
  return credential;
}

const extra = (proposal: Proposal): JoinTwist => ({ proposals: [proposal] });

test('the crafted join is a good one when nothing is twisted', async () => {
  const { log, link, ana, ben, eve } = await outside();
  const deed = await joins(log, eve, link, ana.room.mls, {});
  await allRead(log, [ana, ben]);
  eve.room = await gone(ana.room, deed);
  await allTalk(log, ana, ben, eve);
});

const tries: Record<string, (world: Outside) => JoinTwist> = {
  'evicts the founder': ({ ana }) => extra(removeOf(ana)),
  'evicts a member': ({ ben }) => extra(removeOf(ben)),
  'evicts everybody': ({ ana, ben }) => ({ proposals: [removeOf(ana), removeOf(ben)] }),
  'evicts one member twice': ({ ben }) => ({ proposals: [removeOf(ben), removeOf(ben)] }),
  'evicts a leaf that there is not': () =>
    extra({ proposalType: 'remove', remove: { removed: 0xffff_fff0 } }),
  'brings a change of the room': ({ ana }) =>
    extra({
      proposalType: 'group_context_extensions',
      groupContextExtensions: { extensions: ana.room.mls.groupContext.extensions },
    }),
  'brings an outsider who may propose': ({ ana, eve }) =>
    extra({
      proposalType: 'group_context_extensions',
      groupContextExtensions: {
        extensions: [
          ...ana.room.mls.groupContext.extensions,
          externalSenders(eve.who.device, credentialOf(ana)),
        ],
      },
    }),
  'brings a second external init': () =>
    extra({ proposalType: 'external_init', externalInit: { kemOutput: new Uint8Array(32).fill(9) } }),
  'brings a proposal of an unknown type': () =>
    extra({ proposalType: 0xf7d0, proposalData: new Uint8Array(3) }),
  'brings a pre-shared key': () =>
    extra({
      proposalType: 'psk',
      psk: {
        preSharedKeyId: { psktype: 'external', pskId: new Uint8Array(4), pskNonce: new Uint8Array(32) },
      },
    }),
  "comes under a member's credential": ({ ana }) => under(credentialOf(ana)),
  "comes under a member's identity key": (world) => under(forgedCredential(world)),
  'changes its name after the identity signed it': (world) => under(renamed(world)),
  'comes under a credential of another kind': () => ({
    leaf: { credential: { credentialType: 'x509', certificates: [new Uint8Array(8)] } },
  }),
  'signed the invite for another device': () => ({ claim: { deviceKey: new Uint8Array(32).fill(3) } }),
  'signed the invite for another name': ({ eve }) => ({
    claim: { credential: encodeCredential(eve.who, 'eva') },
  }),
  'signed the invite for the epoch before': ({ ana }) => ({
    claim: { epoch: ana.room.mls.groupContext.epoch - 1n },
  }),
  'signed the invite for another room': () => ({ claim: { room: 'AAAAAAAAAAAAAAAAAAAAAA' as RoomId } }),
  'signed the invite for another group': () => ({ claim: { groupId: new Uint8Array(16) } }),
  "names a live invite that it hasn't the secret of": ({ link, env }) => ({
    invite: { secret: env.random(16), named: inviteKeys(link.secret).id },
  }),
  'names an invite that there is not': ({ env }) => ({ invite: { secret: env.random(16) } }),
  'has no invite at all': () => ({ aad: () => new Uint8Array() }),
  'garbles the signature of its invite': () => ({ aad: (aad) => aad.with(-1, (aad.at(-1) ?? 0) ^ 1) }),
  "can't read what the others' credentials are": () => ({
    leaf: { capabilities: { ...capabilities, credentials: [] } },
  }),
  "doesn't know the room's extensions": () => ({
    leaf: { capabilities: { ...capabilities, extensions: [] } },
  }),
  'carries extensions of its own': () => ({
    leaf: { extensions: [{ extensionType: 0xf7c1, extensionData: new Uint8Array(9) }] },
  }),
  'takes the encryption key of a member': ({ ben }) => ({
    leaf: { hpkePublicKey: leavesOf(ben.room.mls.ratchetTree).get(ownLeaf(ben.room))!.hpkePublicKey },
  }),
  'has an encryption key that is none': () => ({ leaf: { hpkePublicKey: new Uint8Array(5) } }),
  'has an encryption key to which nobody can encrypt': () => ({
    leaf: { hpkePublicKey: new Uint8Array(32) },
  }),
};

test.each(Object.entries(tries))('a joiner is turned away who %s', async (_, twist) => {
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

test('a member who comes again must take the place of its old leaf', async () => {
  const { log, link, ana, ben, eve } = await outside();
  await eve.joins(log, link);
  await allRead(log, [ana, ben]);
  await joins(log, eve, link, ana.room.mls, {});
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  await ben.heals(log);
  await allTalk(log, ana, ben);
});

test('a member who comes again takes nobody else out', async () => {
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

test("a copy of somebody's key package is worth nothing without the device's key", async () => {
  const { log, link, ana, ben, eve } = await outside();
  const copied = { ...eve.who, device: { seed: eve.who.device.seed, publicKey: ben.who.device.publicKey } };
  const thief = new Person('ben', eve.env, {
    identity: createIdentity(eve.env).identity,
    device: copied.device,
  });
  await joins(log, thief, link, ana.room.mls, { proposals: [removeOf(ben)], ...under(credentialOf(ben)) });
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual(['skipped-handshake']);
  await allTalk(log, ana, ben);
});

test('an invite that was revoked admits nobody, whatever the server says', async () => {
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

test('an invite that a Remove voided admits nobody, even while the room still lists it', async () => {
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
