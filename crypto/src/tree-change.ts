import { LIMITS } from '@gochat/protocol/limits';
import { identityOf, sameDevice } from './mls/credentials.ts';
import { sameExtensions } from './mls/group-info.ts';
import type { LeafNode, MlsState } from './mls/suite.ts';
import { isPlain, isSound, leavesOf, sameLeaf } from './mls/tree.ts';
import { isCleanName } from './names.ts';
import type { Before, MembershipChange } from './policy.ts';
import { equalBytes } from './primitives.ts';

/** Whether `after` differs from `before` by exactly this change. `joiner`: the leaf that a join adds. */
export function isExactly(
  change: MembershipChange,
  before: Pick<Before, 'mls'>,
  after: MlsState,
  joiner?: LeafNode,
): boolean {
  const a = before.mls.groupContext;
  const b = after.groupContext;
  if (a.version !== b.version || a.cipherSuite !== b.cipherSuite || !equalBytes(a.groupId, b.groupId))
    return false;
  if (b.epoch !== a.epoch + 1n) return false;
  if (change.kind !== 'state' && !sameExtensions(a.extensions, b.extensions)) return false;
  if (change.kind === 'state' && b.extensions.length !== 2) return false;
  if (!isSound(before.mls.ratchetTree, after.ratchetTree)) return false;
  return treeDiffersBy(change, leavesOf(before.mls.ratchetTree), leavesOf(after.ratchetTree), joiner);
}

type Leaves = ReadonlyMap<number, LeafNode>;

function treeDiffersBy(
  change: MembershipChange,
  before: Leaves,
  after: Leaves,
  joiner: LeafNode | undefined,
): boolean {
  if (after.size > LIMITS.membersPerRoom) return false;
  const gone = [...before.keys()].filter((index) => !after.has(index));
  const added = [...after.keys()].filter((index) => !before.has(index));
  const altered = [...after.keys()].filter((index) => {
    const old = before.get(index);
    const now = after.get(index);
    return old !== undefined && now !== undefined && !sameLeaf(old, now);
  });
  switch (change.kind) {
    case 'heal':
      return none(gone, added) && onlyRotated(altered, change.by, before, after);
    case 'state':
      return none(gone, added) && (altered.length === 0 || onlyRotated(altered, change.by, before, after));
    case 'remove':
      return (
        added.length === 0 &&
        gone.join() === [...change.removed].sort((a, b) => a - b).join() &&
        onlyRotated(altered, change.by, before, after)
      );
    case 'join':
      return joinsOnly(change.replaces, joiner, { before, after, gone, added, altered });
  }
}

function joinsOnly(
  replaces: number | undefined,
  joiner: LeafNode | undefined,
  tree: { before: Leaves; after: Leaves; gone: number[]; added: number[]; altered: number[] },
): boolean {
  if (joiner === undefined || !isPlain(joiner)) return false;
  // The joiner uses the leftmost blank leaf. That may be the leaf that its own Remove has just blanked.
  const fresh = replaces !== undefined && tree.altered.length === 1 ? tree.altered : tree.added;
  const rest = fresh === tree.altered ? [...tree.gone, ...tree.added] : tree.altered;
  const [index] = fresh;
  if (index === undefined || fresh.length !== 1 || rest.length !== 0) return false;
  const leaf = tree.after.get(index);
  if (leaf === undefined || !equalBytes(leaf.signaturePublicKey, joiner.signaturePublicKey)) return false;
  if (replaces === undefined) return tree.gone.length === 0;
  return fresh === tree.altered ? index === replaces : tree.gone.length === 1 && tree.gone[0] === replaces;
}

function none(...lists: readonly (readonly number[])[]): boolean {
  return lists.every((list) => list.length === 0);
}

/** Whether only the committer's leaf changed: it has new keys, perhaps another name, and is still of the same device. */
function onlyRotated(altered: readonly number[], by: number, before: Leaves, after: Leaves): boolean {
  const old = before.get(by);
  const now = after.get(by);
  return (
    old !== undefined && now !== undefined && altered.length === 1 && altered[0] === by && sameOwner(old, now)
  );
}

function sameOwner(a: LeafNode, b: LeafNode): boolean {
  return (
    a.credential.credentialType === 'basic' &&
    b.credential.credentialType === 'basic' &&
    sameButForKey(a, b) &&
    !equalBytes(a.signaturePublicKey, b.signaturePublicKey) &&
    JSON.stringify(a.capabilities) === JSON.stringify(b.capabilities) &&
    sameExtensions(a.extensions, b.extensions)
  );
}

/** Whether two credentials differ at most by the signature over the leaf's key, and by a name that is valid. */
function sameButForKey({ credential: a }: LeafNode, { credential: b }: LeafNode): boolean {
  const [one, other] = [identityOf(a), identityOf(b)];
  return (
    one !== undefined &&
    other !== undefined &&
    one.rights === other.rights &&
    (one.name === other.name || isCleanName(other.name)) &&
    equalBytes(one.signature, other.signature) &&
    sameDevice(a, b)
  );
}
