import { encodeBytes } from '@gochat/protocol/encoding';
import { generateKeyPackage } from 'ts-mls';
import { signLeafNodeCommit } from 'ts-mls/leafNode.js';
import { expect, test } from 'vitest';
import { certified, encodeCredential, newLeaf, ownedLeaf } from '../src/identity.ts';
import { capabilities, EXTENSION, type Extension, type Proposal, suite } from '../src/mls/suite.ts';
import { leavesOf } from '../src/mls/tree.ts';
import { sign, signingKey } from '../src/primitives.ts';
import { ownLeaf, stateOf } from '../src/room.ts';
import { agree, allRead, allTalk, anaBenMal } from './assert.ts';
import { externalSenders } from './craft.ts';
import type { Twist } from './craft-path.ts';
import { commits, contextOf, gone, stating } from './hostile.ts';
import type { Person } from './world.ts';

type World = Awaited<ReturnType<typeof anaBenMal>>;

const removeOf = (person: Person): Proposal => ({
  proposalType: 'remove',
  remove: { removed: ownLeaf(person.room) },
});

function extensionsOf({ mal }: World): Extension[] {
  return mal.room.mls.groupContext.extensions;
}

function leafOf(person: Person) {
  const leaf = leavesOf(person.room.mls.ratchetTree).get(ownLeaf(person.room));
  if (leaf === undefined) throw new Error('no leaf');
  return leaf;
}

function credentialOf(person: Person): Uint8Array {
  const { credential } = leafOf(person);
  if (credential.credentialType !== 'basic') throw new Error('no credential');
  return credential.identity;
}

const groupOf = ({ room }: Person): Uint8Array => room.mls.groupContext.groupId;

async function keyPackageOf(person: Person) {
  const identity = newLeaf(groupOf(person), person.who, 'friend', person.env).credential;
  const lifetime = { notBefore: 0n, notAfter: 9_223_372_036_854_775_807n };
  const credential = { credentialType: 'basic', identity } as const;
  return (await generateKeyPackage(credential, capabilities, lifetime, [], await suite())).publicPackage;
}

async function updateOf({ mal }: World): Promise<Proposal> {
  const { signature } = await suite();
  const tbs = {
    ...leafOf(mal),
    leafNodeSource: 'commit' as const,
    parentHash: new Uint8Array(),
    groupId: mal.room.mls.groupContext.groupId,
    leafIndex: ownLeaf(mal.room),
  };
  const leaf = await signLeafNodeCommit(tbs, mal.room.mls.signaturePrivateKey, signature);
  return {
    proposalType: 'update',
    update: { leafNode: { ...leaf, leafNodeSource: 'update', extensions: [] } },
  };
}

const me = (person: Person) => encodeBytes(person.who.identity.publicKey);

/** An X25519 key of order 8, which isn't of small order as an Ed25519 key. */
const LOW_ORDER = '4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA';

const tries: Record<string, (world: World) => Twist | Promise<Twist>> = {
  'removes a member without being an admin': ({ ben }) => ({ proposals: [removeOf(ben)] }),
  'removes the founder': ({ ana }) => ({ proposals: [removeOf(ana)] }),
  'removes two at once': ({ ana, ben }) => ({ proposals: [removeOf(ana), removeOf(ben)] }),
  'removes itself': ({ mal }) => ({ proposals: [removeOf(mal)], path: false }),
  'removes a leaf that does not exist': () => ({
    proposals: [{ proposalType: 'remove', remove: { removed: 0xffff_fff0 } }],
  }),
  'poses as a joiner to remove a leaf that does not exist': () => ({
    proposals: [
      { proposalType: 'external_init', externalInit: { kemOutput: new Uint8Array(32).fill(9) } },
      { proposalType: 'remove', remove: { removed: 0xffff_fff0 } },
    ],
  }),
  'poses as a joiner': () => ({
    proposals: [{ proposalType: 'external_init', externalInit: { kemOutput: new Uint8Array(32).fill(9) } }],
  }),
  'adds a member': async ({ mal }) => ({
    proposals: [{ proposalType: 'add', add: { keyPackage: await keyPackageOf(mal) } }],
  }),
  'adds an Update': async (world) => ({ proposals: [await updateOf(world)] }),
  'adds a pre-shared key': () => ({
    proposals: [
      {
        proposalType: 'psk',
        psk: {
          preSharedKeyId: { psktype: 'external', pskId: new Uint8Array(4), pskNonce: new Uint8Array(32) },
        },
      },
    ],
  }),
  'reinitialises the group': (world) => ({
    proposals: [
      {
        proposalType: 'reinit',
        reinit: {
          groupId: new Uint8Array(16),
          version: 'mls10',
          cipherSuite: world.mal.room.mls.groupContext.cipherSuite,
          extensions: extensionsOf(world),
        },
      },
    ],
    path: false,
  }),
  'adds a proposal of an unknown type': () => ({
    proposals: [{ proposalType: 0xf7d0, proposalData: new Uint8Array(3) }],
  }),
  'changes the room state and removes a member': (world) => {
    const { proposals, extensions } = contextOf(extensionsOf(world));
    return { proposals: [...(proposals ?? []), removeOf(world.ben)], extensions: extensions ?? [] };
  },
  'changes the genesis': (world) => {
    const [genesis, state] = extensionsOf(world) as [Extension, Extension];
    return contextOf([{ ...genesis, extensionData: genesis.extensionData.with(0, 1) }, state]);
  },
  'drops the genesis': (world) => contextOf(extensionsOf(world).slice(1)),
  'adds an external sender': (world) =>
    contextOf([
      ...extensionsOf(world),
      externalSenders(
        world.mal.who.device,
        newLeaf(groupOf(world.mal), world.mal.who, 'mal', world.env).credential,
      ),
    ]),
  'adds an unknown extension': (world) =>
    contextOf([...extensionsOf(world), { extensionType: 0xf7cf, extensionData: new Uint8Array(4) }]),
  'adds required capabilities': (world) =>
    contextOf([
      ...extensionsOf(world),
      { extensionType: 'required_capabilities', extensionData: new Uint8Array(3) },
    ]),
  'reverses the extensions': (world) => contextOf([...extensionsOf(world)].reverse()),
  'replaces the room state with garbage': (world) => {
    const [genesis, state] = extensionsOf(world) as [Extension, Extension];
    return contextOf([genesis, { ...state, extensionData: new TextEncoder().encode('{"v":1}') }]);
  },
  'writes the room state in a non-canonical way': (world) => {
    const [genesis, state] = extensionsOf(world) as [Extension, Extension];
    return contextOf([genesis, { ...state, extensionData: Uint8Array.from([...state.extensionData, 0x20]) }]);
  },
  'changes the policy version': (world) => {
    const [genesis, state] = extensionsOf(world) as [Extension, Extension];
    return contextOf([genesis, { ...state, extensionData: new TextEncoder().encode('{"v":3}') }]);
  },
  'renames the room': (world) => stating(world.mal, (s) => ({ ...s, name: 'mine' })),
  'sets a topic': (world) => stating(world.mal, (s) => ({ ...s, topic: 'mine' })),
  'makes itself an admin': (world) =>
    stating(world.mal, (s) => ({ ...s, admins: [...s.admins, me(world.mal)].sort() })),
  'makes itself the only admin': (world) => stating(world.mal, (s) => ({ ...s, admins: [me(world.mal)] })),
  'pretends that a member was removed': (world) => stating(world.mal, (s) => ({ ...s, lastRemoveEpoch: 1 })),
  "drops another member's invite": (world) => stating(world.mal, (s) => ({ ...s, invites: [] })),
  "takes over another member's invite": (world) =>
    stating(world.mal, (s) => ({
      ...s,
      invites: s.invites.map((i) => ({
        ...i,
        join: encodeBytes(signingKey(world.env.random(32)).publicKey),
      })),
    })),
  "creates an invite in another member's name": (world) =>
    stating(world.mal, (s) => ({
      ...s,
      invites: [
        ...s.invites,
        ...s.invites.map((i) => ({
          ...i,
          id: encodeBytes(world.env.random(16)) as typeof i.id,
          epoch: Number(world.mal.room.mls.groupContext.epoch),
        })),
      ],
    })),
  'creates an invite for a later epoch': (world) =>
    stating(world.mal, (s) => ({
      ...s,
      invites: [
        ...s.invites,
        ...s.invites.map((i) => ({
          ...i,
          id: encodeBytes(world.env.random(16)) as typeof i.id,
          by: me(world.mal),
          epoch: 1_000_000,
        })),
      ],
    })),
  'creates an invite with a wrap key of low order': (world) =>
    stating(world.mal, (s) => ({
      ...s,
      invites: [
        ...s.invites,
        ...s.invites.map((i) => ({
          ...i,
          id: encodeBytes(world.env.random(16)) as typeof i.id,
          wrap: LOW_ORDER,
          by: me(world.mal),
          epoch: Number(world.mal.room.mls.groupContext.epoch),
        })),
      ],
    })),
  'takes a name that is not drawn': ({ mal }) => ({
    renewed: newLeaf(groupOf(mal), mal.who, '\u3164', mal.env),
  }),
  'keeps its signature key': ({ mal }) => ({
    renewed: { key: signingKey(mal.room.mls.signaturePrivateKey), credential: credentialOf(mal) },
  }),
  'takes a signature key that its device has signed for another group': ({ mal, env }) => ({
    renewed: newLeaf(new Uint8Array(16).fill(1), mal.who, 'mal', env),
  }),
  'takes a signature key that its device has not signed': ({ mal, env }) => ({
    renewed: { key: signingKey(env.random(32)), credential: credentialOf(mal) },
  }),
  "takes the founder's identity": ({ ana }) => ({ leaf: { credential: leafOf(ana).credential } }),
  'changes its device key': ({ mal, env }) => ({
    renewed: newLeaf(
      groupOf(mal),
      { identity: mal.who.identity, device: signingKey(env.random(32)) },
      'mal',
      env,
    ),
  }),
  'changes its rights': ({ mal, env }) => {
    const { identity, device } = mal.who;
    const key = signingKey(env.random(32));
    const certificate = {
      identityKey: identity.publicKey,
      deviceKey: device.publicKey,
      rights: 1,
      signature: sign(identity, certified(device.publicKey, 1)),
    };
    const owned = sign(device, ownedLeaf(groupOf(mal), key.publicKey));
    return { renewed: { key, credential: encodeCredential(certificate, owned, 'mal') } };
  },
  'drops capabilities': () => ({ leaf: { capabilities: { ...capabilities, extensions: [] } } }),
  'adds leaf extensions': () => ({
    leaf: { extensions: [{ extensionType: EXTENSION.genesis, extensionData: new Uint8Array(2) }] },
  }),
  "takes another member's encryption key": ({ ana }) => ({
    leaf: { hpkePublicKey: leafOf(ana).hpkePublicKey },
  }),
  'takes an encryption key of low order': () => ({
    leaf: { hpkePublicKey: new Uint8Array(32) },
  }),
  'takes a malformed encryption key': () => ({ leaf: { hpkePublicKey: new Uint8Array(7) } }),
  'adds a key of low order to the tree': () => ({ node: () => new Uint8Array(32) }),
  'adds a duplicate key to the tree': ({ ana }) => ({ node: () => leafOf(ana).hpkePublicKey }),
  'heals without a new key': () => ({ path: false }),
  'commits in the name of another member': ({ ana }) => ({ as: ownLeaf(ana.room) }),
  'sends a wrong confirmation tag': () => ({ tag: (tag) => tag.with(0, (tag[0] ?? 0) ^ 1) }),
};

test('the crafted commit is valid without overrides', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const deed = await commits(log, mal, {});
  mal.room = await gone(mal.room, deed);
  await allRead(log, [ana, ben]);
  expect(ana.warnings).toEqual([]);
  agree(ana, ben, mal);
  await allTalk(log, ana, ben, mal);
});

test.each(Object.entries(tries))('members refuse a commit of a member that %s', async (_, twist) => {
  const world = await anaBenMal();
  const { env, log, ana, ben, mal } = world;
  const { name, admins, invites } = stateOf(ana.room);
  await commits(log, mal, await twist(world));
  await allRead(log, [ana, ben]);
  // Only a wrong tag might be wrong for some members alone.
  const warning = twist === tries['sends a wrong confirmation tag'] ? 'unfollowed' : 'skipped-handshake';
  expect([ana.warnings, ben.warnings]).toEqual([[warning], [warning]]);
  expect(ana.members).toEqual(['ana', 'ben', 'mal']);
  expect(stateOf(ana.room)).toMatchObject({ name, admins, invites });
  if (warning === 'unfollowed') env.passes(10 * 60_000);
  await ben.heals(log);
  await allTalk(log, ana, ben);
});

test.each([
  ['a name that turns the text around', { name: 'kit\u202echen' }],
  ['a name with a line separator', { name: 'kit\u2028chen' }],
  ['a name with two spaces', { name: 'kit  chen' }],
  ['a name that is not drawn', { name: '\u3164' }],
  ['a topic with a line feed', { topic: 'tea\nana: yes' }],
  ['an empty topic', { topic: '' }],
])('members refuse an admin that gives the room %s', async (_, change) => {
  const world = await anaBenMal();
  const { log, ana, ben, mal } = world;
  const { name, topic } = stateOf(ben.room);
  await commits(
    log,
    ana,
    stating(ana, (s) => ({ ...s, ...change })),
  );
  await allRead(log, [ben, mal]);
  expect(ben.warnings).toEqual(['skipped-handshake']);
  expect(mal.warnings).toEqual(['skipped-handshake']);
  expect(stateOf(ben.room)).toMatchObject({ name, ...(topic !== undefined && { topic }) });
  await commits(
    log,
    ana,
    stating(ana, (s) => ({ ...s, name: 'ශ\u0dca\u200dරී', topic: 'a' })),
  );
  await allRead(log, [ben, mal]);
  expect(stateOf(ben.room)).toMatchObject({ name: 'ශ\u0dca\u200dරී', topic: 'a' });
  agree(ben, mal);
});
