import { equalBytes, exchangeKey, isUsableKey } from '../primitives.ts';
import { encodeCapabilities, encodeLeafNode, getHpkePublicKey, type LeafNode } from './library.ts';
import { capabilities, type MlsState } from './suite.ts';

/** The leaves of a tree by leaf index. */
export function leavesOf(tree: MlsState['ratchetTree']): ReadonlyMap<number, LeafNode> {
  const leaves = new Map<number, LeafNode>();
  for (const [index, node] of tree.entries()) {
    if (node?.nodeType === 'leaf') leaves.set(index / 2, node.leaf);
  }
  return leaves;
}

export function sameLeaf(a: LeafNode, b: LeafNode): boolean {
  return a === b || equalBytes(encodeLeafNode(a), encodeLeafNode(b));
}

/** Whether a leaf has GoChat's capabilities and no extensions. */
export function isPlain(leaf: LeafNode): boolean {
  return (
    leaf.extensions.length === 0 &&
    equalBytes(encodeCapabilities(leaf.capabilities), encodeCapabilities(capabilities))
  );
}

/**
 * Whether later commits and joins can use a tree. The library refuses all of them if the tree has a duplicate or unusable key, but
 * doesn't check this when the key is added. Keys of `before` are already checked.
 */
export function isSound(before: MlsState['ratchetTree'], after: MlsState['ratchetTree']): boolean {
  const encryption = new Set<string>();
  const signature = new Set<string>();
  for (const [index, node] of after.entries()) {
    if (node === undefined) continue;
    if (node.nodeType === 'parent' && node.parent.unmergedLeaves.length > 0) return false;
    if (node.nodeType === 'leaf' && !added(signature, node.leaf.signaturePublicKey)) return false;
    const key = getHpkePublicKey(node);
    if (!added(encryption, key) || (node !== before[index] && !isUsableKey(key))) return false;
  }
  return true;
}

/**
 * Whether this device has the private key of each public one that is new in the tree at its own leaf and above it. A commit can carry
 * path secrets that don't fit the keys in the tree (RFC 9420, section 7.5): whoever is below such a key couldn't open later commits.
 */
export function holdsPath(
  before: MlsState,
  { ratchetTree, privatePath: { privateKeys } }: MlsState,
): boolean {
  return Object.entries(privateKeys).every(([index, key]) => {
    const node = ratchetTree[Number(index)];
    if (node === undefined || node === before.ratchetTree[Number(index)]) return true;
    return equalBytes(exchangeKey(key), getHpkePublicKey(node));
  });
}

/** @returns false if the set already has the key. */
function added(keys: Set<string>, key: Uint8Array): boolean {
  const size = keys.size;
  return keys.add(key.join()).size > size;
}
