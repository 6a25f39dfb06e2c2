import { createIdentity, newLeaf } from '@gochat/crypto/identity';
import { found } from '@gochat/crypto/internal/mls/commits';
import { capabilities, type LeafNode, type MlsState } from '@gochat/crypto/internal/mls/suite';
import { concatBytes, type Env, sha256, sign, uint32, utf8 } from '@gochat/crypto/primitives';

type Tree = MlsState['ratchetTree'];

const NONE = new Uint8Array();
/** Code points of RFC 9420, sections 7.1 to 7.8 and 17. */
const LEAF = 1;
const PARENT = 2;
const FROM_COMMIT = 3;
const MLS_10 = 1;
const SUITE = 1;
const BASIC = 1;

/**
 * A group of so many members in the place of one whose founder is alone, with the tree that it has when everybody has come by a
 * commit of their own: every parent is there, and signatures and parent hashes hold for whoever checks them. A thousand joins would
 * take minutes. Nobody has the keys of the others; the founder's next commit makes the group a sound one.
 * @param state of a group of one
 * @param members the founder among them
 */
export async function populated(state: MlsState, members: number, env: Env): Promise<MlsState> {
  const [founder] = state.ratchetTree;
  if (members < 2) return state;
  const { groupId } = state.groupContext;
  let width = 2;
  while (width < members) width *= 2;
  const tree: Tree = Array.from({ length: 2 * width - 1 });
  tree[0] = founder;
  const leaves = await Promise.all(
    Array.from({ length: members }, (_, leaf) => (leaf === 0 ? undefined : guest(leaf, groupId, env))),
  );
  for (let half = width / 2; half >= 1; half /= 2) {
    if (half < members) fill(tree, leaves, { first: half, width: half, parentHash: stale(env), env });
    // The founder's commit replaces it; it is here so that nothing above its other child is blank.
    if (half < members) tree[2 * half - 1] = parentOf(NONE, env);
  }
  return { ...state, ratchetTree: tree };
}

type Signed = (parentHash: Uint8Array) => LeafNode;

async function guest(leaf: number, groupId: Uint8Array, env: Env): Promise<Signed> {
  const who = createIdentity(env);
  const own = newLeaf(groupId, who, `guest ${leaf}`, env);
  const [node] = (await found(NONE, own, [])).ratchetTree;
  if (node?.nodeType !== 'leaf') throw new Error('a founder has a leaf');
  return (parentHash) => {
    const { hpkePublicKey, signaturePublicKey, credential } = node.leaf;
    const unsigned = {
      hpkePublicKey,
      signaturePublicKey,
      credential,
      capabilities,
      leafNodeSource: 'commit' as const,
      parentHash,
      extensions: [],
      signature: NONE,
    };
    const tbs = concatBytes(leafBytes(unsigned), opaque(groupId), uint32(leaf));
    const content = concatBytes(opaque(utf8('MLS 1.0 LeafNodeTBS')), opaque(tbs));
    return { ...unsigned, signature: sign(own.key, content) };
  };
}

interface Part {
  /** The first of its leaves. */
  readonly first: number;
  /** How many leaves it has room for: a power of two. */
  readonly width: number;
  /** What its topmost node names as the hash of its parent. */
  readonly parentHash: Uint8Array;
  readonly env: Env;
}

/** Fills a part of the tree, as if its leftmost member had been the last to commit in each part of it. @returns its tree hash */
function fill(tree: Tree, leaves: readonly (Signed | undefined)[], part: Part): Uint8Array {
  const { first, width, parentHash, env } = part;
  if (width === 1) {
    const leaf = leaves[first]?.(parentHash);
    if (leaf !== undefined) tree[2 * first] = { nodeType: 'leaf', leaf };
    const node = leaf && concatBytes(leafBytes(leaf), opaque(leaf.signature));
    return sha256(concatBytes(Uint8Array.of(LEAF), uint32(first), optional(node)));
  }
  const half = width / 2;
  const middle = first + half;
  const right = fill(tree, leaves, { ...part, first: middle, width: half, parentHash: stale(env) });
  const node = middle < leaves.length ? parentOf(parentHash, env) : undefined;
  const linked =
    node === undefined
      ? parentHash
      : sha256(concatBytes(opaque(node.parent.hpkePublicKey), opaque(parentHash), opaque(right)));
  const left = fill(tree, leaves, { ...part, width: half, parentHash: linked });
  tree[2 * first + width - 1] = node;
  const bytes = node && concatBytes(opaque(node.parent.hpkePublicKey), opaque(parentHash), opaque(NONE));
  return sha256(concatBytes(Uint8Array.of(PARENT), optional(bytes), opaque(left), opaque(right)));
}

/** What a node names that has committed before its sibling did. */
function stale(env: Env): Uint8Array {
  return env.random(32);
}

/** A public key whose private key nobody has. */
function parentOf(parentHash: Uint8Array, env: Env) {
  return {
    nodeType: 'parent' as const,
    parent: { hpkePublicKey: env.random(32), parentHash, unmergedLeaves: [] },
  };
}

/** RFC 9420, section 7.2, without the signature. */
function leafBytes(leaf: LeafNode): Uint8Array {
  if (leaf.credential.credentialType !== 'basic' || leaf.leafNodeSource !== 'commit')
    throw new Error('a guest has a basic credential and has come by a commit');
  return concatBytes(
    opaque(leaf.hpkePublicKey),
    opaque(leaf.signaturePublicKey),
    uint16(BASIC),
    opaque(leaf.credential.identity),
    opaque(uint16(MLS_10)),
    opaque(uint16(SUITE)),
    opaque(concatBytes(...leaf.capabilities.extensions.map(uint16))),
    opaque(concatBytes(...leaf.capabilities.proposals.map(uint16))),
    opaque(uint16(BASIC)),
    Uint8Array.of(FROM_COMMIT),
    opaque(leaf.parentHash),
    opaque(NONE),
  );
}

function optional(bytes: Uint8Array | undefined): Uint8Array {
  return bytes === undefined ? Uint8Array.of(0) : concatBytes(Uint8Array.of(1), bytes);
}

/** Behind its length (RFC 9420, section 2.1.2). */
function opaque(bytes: Uint8Array): Uint8Array {
  const length = bytes.length < 64 ? Uint8Array.of(bytes.length) : uint16(0x4000 | bytes.length);
  return concatBytes(length, bytes);
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
