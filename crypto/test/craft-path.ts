import { encryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { deriveSecret } from 'ts-mls/crypto/kdf.js';
import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { type LeafNode, signLeafNodeCommit } from 'ts-mls/leafNode.js';
import { calculateParentHash } from 'ts-mls/parentHash.js';
import {
  filteredDirectPathAndCopathResolution,
  getHpkePublicKey,
  type RatchetTree,
} from 'ts-mls/ratchetTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { directPath, leafToNodeIndex, leafWidth, toLeafIndex, toNodeIndex } from 'ts-mls/treemath.js';
import type { LeafIdentity } from '../src/identity.ts';
import { type Extension, type MlsState, type Proposal, suite } from '../src/mls/suite.ts';

/** Makes commits that no honest client makes: every step of RFC 9420 is the library's own, but its inputs can be overridden. */
export interface Twist {
  readonly proposals?: readonly Proposal[];
  /** Overrides fields of the committer's new leaf. */
  readonly leaf?: Partial<Pick<LeafNode, 'credential' | 'capabilities' | 'hpkePublicKey' | 'extensions'>>;
  /** Overrides the public key of an inner node of the path. */
  readonly node?: (index: number, key: Uint8Array) => Uint8Array;
  /** Replaces the path secret that is encrypted to a node of the tree. */
  readonly sealTo?: (node: number, secret: Uint8Array) => Uint8Array;
  readonly path?: false;
  /** What the commit says beside its proposals. */
  readonly data?: Uint8Array;
  readonly extensions?: Extension[];
  readonly tag?: (tag: Uint8Array) => Uint8Array;
  /** The committer's leaf after the commit, and the key that signs it: one of its own device, unless overridden. */
  readonly renewed?: LeafIdentity;
  /** The leaf index of the sender that the commit names. */
  readonly as?: number;
}

/** The UpdatePath of a leaf (RFC 9420, section 7.6) with the given overrides. */
export async function pathFor(
  start: RatchetTree,
  leaf: number,
  context: MlsState['groupContext'],
  { key, credential }: LeafIdentity,
  twist: Twist,
) {
  const cs = await suite();
  const own = leafToNodeIndex(toLeafIndex(leaf));
  const node = start[own];
  if (node?.nodeType !== 'leaf') throw new Error('no such leaf');
  const tree = start.slice();
  for (const index of directPath(own, leafWidth(tree.length))) tree[index] = undefined;
  let secret = cs.rng.randomBytes(32);
  const leafKeys = await cs.hpke.deriveKeyPair(await deriveSecret(secret, 'node', cs.kdf));
  const privateKeys: Record<number, Uint8Array> = {
    [own]: await cs.hpke.exportPrivateKey(leafKeys.privateKey),
  };
  const steps: { index: number; secret: Uint8Array; to: number[]; key: Uint8Array }[] = [];
  for (const { nodeIndex, resolution } of filteredDirectPathAndCopathResolution(toLeafIndex(leaf), start)) {
    secret = await deriveSecret(secret, 'path', cs.kdf);
    const keys = await cs.hpke.deriveKeyPair(await deriveSecret(secret, 'node', cs.kdf));
    const publicKey = await cs.hpke.exportPublicKey(keys.publicKey);
    const key = twist.node?.(nodeIndex, publicKey) ?? publicKey;
    privateKeys[nodeIndex] = await cs.hpke.exportPrivateKey(keys.privateKey);
    tree[nodeIndex] = {
      nodeType: 'parent',
      parent: { hpkePublicKey: key, parentHash: new Uint8Array(), unmergedLeaves: [] },
    };
    steps.push({ index: nodeIndex, secret, to: resolution, key });
  }
  for (const { index } of [...steps].reverse()) {
    const parent = tree[index];
    if (parent?.nodeType !== 'parent') throw new Error('no such parent');
    const [parentHash] = await calculateParentHash(tree, toNodeIndex(index), cs.hash);
    tree[index] = { nodeType: 'parent', parent: { ...parent.parent, parentHash } };
  }
  const [parentHash] = await calculateParentHash(tree, own, cs.hash);
  const { extensions, capabilities } = node.leaf;
  const leafNode = await signLeafNodeCommit(
    {
      leafNodeSource: 'commit',
      hpkePublicKey: await cs.hpke.exportPublicKey(leafKeys.publicKey),
      extensions,
      capabilities,
      credential: { credentialType: 'basic', identity: credential },
      signaturePublicKey: key.publicKey,
      ...twist.leaf,
      parentHash,
      groupId: context.groupId,
      leafIndex: leaf,
    },
    key.seed,
    cs.signature,
  );
  tree[own] = { nodeType: 'leaf', leaf: leafNode };
  const next = { ...context, treeHash: await treeHashRoot(tree, cs.hash), epoch: context.epoch + 1n };
  const nodes = await Promise.all(
    steps.map(async (step) => ({
      hpkePublicKey: step.key,
      encryptedPathSecret: await Promise.all(
        step.to.map(async (to) => {
          const target = start[to];
          if (target === undefined) throw new Error('no such node');
          const key = await cs.hpke.importPublicKey(getHpkePublicKey(target));
          const sent = twist.sealTo?.(to, step.secret) ?? step.secret;
          const { enc, ct } = await encryptWithLabel(
            key,
            'UpdatePathNode',
            encodeGroupContext(next),
            sent,
            cs.hpke,
          );
          return { kemOutput: enc, ciphertext: ct };
        }),
      ),
    })),
  );
  const commitSecret = await deriveSecret(secret, 'path', cs.kdf);
  return { tree, path: { leafNode, nodes }, commitSecret, privateKeys };
}
