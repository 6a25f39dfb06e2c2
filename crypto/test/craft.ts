import { exportSecret, nextEpochContext } from 'ts-mls/clientState.js';
import { encodeExternalSender } from 'ts-mls/externalSender.js';
import { createConfirmationTag, createContentCommitSignature } from 'ts-mls/framedContent.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import { protect } from 'ts-mls/messageProtection.js';
import { encodePrivateMessage } from 'ts-mls/privateMessage.js';
import { encodePublicMessage } from 'ts-mls/publicMessage.js';
import { addLeafNode, type RatchetTree, removeLeafNode } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { leafWidth, nodeToLeafIndex, toLeafIndex } from 'ts-mls/treemath.js';
import type { LeafIdentity } from '../src/identity.ts';
import { treeOf } from '../src/mls/group-info.ts';
import { type Extension, type GroupInfo, type MlsState, type Proposal, suite } from '../src/mls/suite.ts';
import type { SigningKey } from '../src/primitives.ts';
import { pathFor, type Twist } from './craft-path.ts';

/** Applies the Removes in order and ignores those that can't be applied. */
function afterRemoves(tree: RatchetTree, proposals: readonly Proposal[]): RatchetTree {
  let left = tree;
  for (const proposal of proposals) {
    if (!isRemove(proposal)) continue;
    const leaves = left.filter((node) => node?.nodeType === 'leaf').length;
    if (left[2 * proposal.remove.removed] === undefined || leaves === 1) continue;
    left = removeLeafNode(left, toLeafIndex(proposal.remove.removed));
  }
  return left;
}

function isRemove(proposal: Proposal): proposal is Extract<Proposal, { proposalType: 'remove' }> {
  return proposal.proposalType === 'remove';
}

/** A member's commit, as PrivateMessage bytes, and the state after it. */
export async function craftCommit(
  mls: MlsState,
  renewed: LeafIdentity,
  twist: Twist,
): Promise<{ message: Uint8Array; state: MlsState }> {
  const cs = await suite();
  const { proposals = [], data = new Uint8Array() } = twist;
  const leafIndex = twist.as ?? mls.privatePath.leafIndex;
  const signer = mls.signaturePrivateKey;
  const start = afterRemoves(mls.ratchetTree, proposals);
  const context =
    twist.extensions === undefined ? mls.groupContext : { ...mls.groupContext, extensions: twist.extensions };
  const made =
    twist.path === false
      ? undefined
      : await pathFor(start, leafIndex, context, twist.renewed ?? renewed, twist);
  const tree = made?.tree ?? start;
  const sender = { senderType: 'member', leafIndex } as const;
  const { signature, framedContent } = await createContentCommitSignature(
    mls.groupContext,
    'mls_private_message',
    {
      proposals: proposals.map((proposal) => ({ proposalOrRefType: 'proposal', proposal })),
      path: made?.path,
    },
    sender,
    data,
    signer,
    cs.signature,
  );
  const next = await behind(
    mls,
    context,
    tree,
    framedContent,
    signature,
    'mls_private_message',
    made?.commitSecret,
    mls.keySchedule.initSecret,
    twist,
  );
  const auth = { contentType: 'commit', signature, confirmationTag: next.confirmationTag } as const;
  const { privateMessage } = await protect(
    mls.keySchedule.senderDataSecret,
    data,
    mls.groupContext,
    mls.secretTree,
    { ...framedContent, auth },
    leafIndex,
    mls.clientConfig.paddingConfig,
    cs,
  );
  const privateKeys = { ...mls.privatePath.privateKeys, ...made?.privateKeys };
  return {
    message: encodePrivateMessage(privateMessage),
    state: {
      ...next,
      privatePath: { ...mls.privatePath, privateKeys },
      ...(made !== undefined && { signaturePrivateKey: (twist.renewed ?? renewed).key.seed }),
    },
  };
}

type Framed = Parameters<typeof nextEpochContext>[2];

async function behind(
  mls: Pick<MlsState, 'confirmationTag' | 'clientConfig' | 'signaturePrivateKey' | 'privatePath'>,
  context: MlsState['groupContext'],
  tree: RatchetTree,
  content: Framed,
  signature: Uint8Array,
  wire: 'mls_private_message' | 'mls_public_message',
  commitSecret: Uint8Array | undefined,
  initSecret: Uint8Array,
  twist: Twist,
): Promise<MlsState> {
  const cs = await suite();
  const groupContext = await nextEpochContext(
    context,
    wire,
    content,
    signature,
    await treeHashRoot(tree, cs.hash),
    mls.confirmationTag,
    cs.hash,
  );
  const zeroes = new Uint8Array(32);
  const secrets = await initializeEpoch(initSecret, commitSecret ?? zeroes, groupContext, zeroes, cs.kdf);
  const tag = await createConfirmationTag(
    secrets.keySchedule.confirmationKey,
    groupContext.confirmedTranscriptHash,
    cs.hash,
  );
  return {
    ratchetTree: tree,
    groupContext,
    keySchedule: secrets.keySchedule,
    secretTree: await createSecretTree(leafWidth(tree.length), secrets.encryptionSecret, cs.kdf),
    privatePath: mls.privatePath,
    signaturePrivateKey: mls.signaturePrivateKey,
    clientConfig: mls.clientConfig,
    confirmationTag: twist.tag?.(tag) ?? tag,
    historicalReceiverData: new Map(),
    unappliedProposals: {},
    groupActiveState: { kind: 'active' },
  };
}

/** A joiner's commit, as PublicMessage bytes, and the state after it. The base leaf is a complete leaf of the joiner. */
export async function craftJoin(
  info: GroupInfo,
  own: LeafIdentity,
  base: LeafNode,
  config: MlsState['clientConfig'],
  aad: Uint8Array,
  twist: Twist,
): Promise<{ message: Uint8Array; state: MlsState }> {
  const cs = await suite();
  const tree = treeOf(info);
  const external = info.extensions.find((e) => e.extensionType === 'external_pub');
  if (tree === undefined || external === undefined) throw new Error('no GroupInfo for joiners');
  const { enc, secret } = await exportSecret(external.extensionData, cs);
  const init: Proposal = { proposalType: 'external_init', externalInit: { kemOutput: enc } };
  const proposals = [...(twist.proposals ?? []), init];
  const [grown, node] = addLeafNode(afterRemoves(tree, proposals), base);
  const leaf = nodeToLeafIndex(node);
  const made = await pathFor(grown, leaf, info.groupContext, twist.renewed ?? own, twist);
  const { signature, framedContent } = await createContentCommitSignature(
    info.groupContext,
    'mls_public_message',
    {
      proposals: proposals.map((proposal) => ({ proposalOrRefType: 'proposal', proposal })),
      path: made.path,
    },
    { senderType: 'new_member_commit' },
    aad,
    own.key.seed,
    cs.signature,
  );
  const state = await behind(
    {
      confirmationTag: info.confirmationTag,
      clientConfig: config,
      signaturePrivateKey: own.key.seed,
      privatePath: { leafIndex: leaf, privateKeys: made.privateKeys },
    },
    info.groupContext,
    made.tree,
    framedContent,
    signature,
    'mls_public_message',
    made.commitSecret,
    secret,
    twist,
  );
  const auth = { contentType: 'commit', signature, confirmationTag: state.confirmationTag } as const;
  const message = encodePublicMessage({ content: framedContent, auth, senderType: 'new_member_commit' });
  return { message, state };
}

/** An extension that lets an external sender make proposals (RFC 9420, section 12.1.8.1). */
export function externalSenders(key: SigningKey, identity: Uint8Array): Extension {
  const credential = { credentialType: 'basic', identity } as const;
  return {
    extensionType: 'external_senders',
    extensionData: encodeExternalSender({ credential, signaturePublicKey: key.publicKey }),
  };
}
