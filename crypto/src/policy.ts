import { encodeBytes } from '@gochat/protocol/encoding';
import { LIMITS } from '@gochat/protocol/limits';
import {
  type IncomingCommit,
  identityOf,
  isPlain,
  isSound,
  type LeafNode,
  leavesOf,
  type MlsState,
  type Proposal,
  sameDevice,
  sameExtensions,
  sameLeaf,
} from './mls.ts';
import { isCleanName, isCleanTopic } from './names.ts';
import { equalBytes } from './primitives.ts';
import { decodeRoomState, isAdmin, type RoomState } from './room-state.ts';

/**
 * A kind of commit that the policy allows. The decision depends only on the group context, the tree and the decrypted commit, so all
 * members decide alike. This includes `joinsClosed`: it is true from a Remove to the state change that drops the older invites.
 */
export type MembershipChange =
  | { readonly kind: 'heal'; readonly by: number }
  | { readonly kind: 'remove'; readonly by: number; readonly removed: number }
  | { readonly kind: 'state'; readonly by: number; readonly state: RoomState | 'newer' }
  | { readonly kind: 'join'; readonly replaces: number | undefined };

/** The state before the commit. */
export interface Before {
  readonly mls: MlsState;
  readonly state: RoomState;
  readonly joinsClosed: boolean;
}

/** @returns the kind of change that the commit makes, or undefined if the policy allows no such change. */
export function classify(before: Before, commit: IncomingCommit): MembershipChange | undefined {
  return commit.sender === undefined
    ? classifyJoin(before, commit.proposals)
    : classifyMember(before, commit.sender, commit.proposals);
}

function classifyJoin({ mls }: Before, proposals: readonly Proposal[]): MembershipChange | undefined {
  const init = proposals.filter((p) => p.proposalType === 'external_init');
  const removes = proposals.filter((p) => p.proposalType === 'remove');
  if (init.length !== 1 || removes.length > 1 || init.length + removes.length !== proposals.length)
    return undefined;
  const replaces = removes[0]?.remove.removed;
  if (replaces !== undefined && !leavesOf(mls.ratchetTree).has(replaces)) return undefined;
  return { kind: 'join', replaces };
}

function classifyMember(
  before: Before,
  by: number,
  proposals: readonly Proposal[],
): MembershipChange | undefined {
  const [proposal] = proposals;
  if (proposal === undefined) return { kind: 'heal', by };
  if (proposals.length > 1) return undefined;
  const committer = leavesOf(before.mls.ratchetTree).get(by);
  const identityKey = committer === undefined ? undefined : identityOf(committer.credential)?.identityKey;
  if (identityKey === undefined) return undefined;
  if (proposal.proposalType === 'remove') {
    return isAdmin(before.state, identityKey)
      ? { kind: 'remove', by, removed: proposal.remove.removed }
      : undefined;
  }
  if (proposal.proposalType !== 'group_context_extensions') return undefined;
  const [genesis, next] = proposal.groupContextExtensions.extensions;
  const [oldGenesis, old] = before.mls.groupContext.extensions;
  if (genesis === undefined || next === undefined || oldGenesis === undefined || old === undefined)
    return undefined;
  if (proposal.groupContextExtensions.extensions.length !== 2) return undefined;
  if (!sameExtensions([genesis], [oldGenesis]) || next.extensionType !== old.extensionType) return undefined;
  const state = decodeRoomState(next.extensionData);
  if (state === undefined) return undefined;
  return mayChangeState(before, identityKey, state) ? { kind: 'state', by, state } : undefined;
}

/** Whether a member with this identity may change the room state to `next`. */
export function mayChangeState(before: Before, identityKey: Uint8Array, next: RoomState | 'newer'): boolean {
  const { state: now, mls, joinsClosed } = before;
  const admin = isAdmin(now, identityKey);
  if (next === 'newer') return admin;
  const settingsKept =
    next.name === now.name && next.topic === now.topic && next.admins.join() === now.admins.join();
  if (!settingsKept && !admin) return false;
  if (next.name !== now.name && !isCleanName(next.name)) return false;
  if (next.topic !== now.topic && !isCleanTopic(next.topic)) return false;
  if (!mayBeAdmins(before, next.admins)) return false;

  const epoch = Number(mls.groupContext.epoch);
  const lastRemove = joinsClosed ? epoch - 1 : now.lastRemoveEpoch;
  if (next.lastRemoveEpoch !== lastRemove) return false;
  if (new Set(next.invites.map((i) => i.id)).size !== next.invites.length) return false;

  const me = encodeBytes(identityKey);
  const kept = (id: string) => next.invites.some((i) => i.id === id);
  const mayDrop = now.invites.every((i) => kept(i.id) || admin || joinsClosed || i.by === me);
  const mayHold = next.invites.every((i) => {
    const old = now.invites.find((o) => o.id === i.id);
    if (old === undefined) return i.epoch === epoch && i.by === me;
    return !joinsClosed && JSON.stringify(old) === JSON.stringify(i);
  });
  return mayDrop && mayHold;
}

/** Whether the list is valid: not empty, within the limit, sorted, without duplicates, and every new admin is a member. */
function mayBeAdmins({ state, mls }: Before, admins: readonly string[]): boolean {
  if (admins.length === 0 || admins.length > LIMITS.adminsPerRoom) return false;
  if (admins.join() !== [...new Set(admins)].sort().join()) return false;
  const fresh = admins.filter((identity) => !state.admins.includes(identity));
  if (fresh.length === 0) return true;
  const identities = new Set(
    [...leavesOf(mls.ratchetTree).values()].flatMap((leaf) => {
      const credential = identityOf(leaf.credential);
      return credential === undefined ? [] : [encodeBytes(credential.identityKey)];
    }),
  );
  return fresh.every((identity) => identities.has(identity));
}

/** Whether `after` differs from `before` by exactly this change. `joiner`: the leaf that a join adds. */
export function isExactly(
  change: MembershipChange,
  before: Before,
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
        gone.length === 1 &&
        gone[0] === change.removed &&
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
  const others = [...tree.before].filter(([leaf]) => leaf !== replaces);
  if (others.some(([, other]) => sameDevice(other.credential, joiner.credential))) return false;
  if (replaces === undefined) return tree.gone.length === 0;
  const old = tree.before.get(replaces);
  if (old === undefined || !sameDevice(old.credential, joiner.credential)) return false;
  return fresh === tree.altered ? index === replaces : tree.gone.length === 1 && tree.gone[0] === replaces;
}

function none(...lists: readonly (readonly number[])[]): boolean {
  return lists.every((list) => list.length === 0);
}

/** Whether only the committer's leaf changed: it has new keys, and is still of the same device with the same name. */
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

/** Whether two credentials differ at most by the signature over the leaf's key. */
function sameButForKey({ credential: a }: LeafNode, { credential: b }: LeafNode): boolean {
  const [one, other] = [identityOf(a), identityOf(b)];
  return (
    one !== undefined &&
    other !== undefined &&
    one.rights === other.rights &&
    one.name === other.name &&
    equalBytes(one.signature, other.signature) &&
    sameDevice(a, b)
  );
}
