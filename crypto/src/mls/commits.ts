import type { LeafIdentity } from '../identity.ts';
import { equalBytes, utf8 } from '../primitives.ts';
import { strictly } from './credentials.ts';
import {
  type AuthenticatedContent,
  type CiphersuiteImpl,
  type Commit,
  createCommit,
  createGroup,
  type Extension,
  emptyPskIndex,
  encodePrivateMessage,
  encodePublicMessage,
  type GroupInfo,
  generateKeyPackageWithKey,
  joinGroupExternal,
  type LeafNode,
  type PrivateMessage,
  type Proposal,
  type PublicMessage,
  processPrivateMessage,
  processPublicMessage,
  unprotectPublicMessage,
  ValidationError,
} from './library.ts';
import { decrypt } from './messages.ts';
import { capabilities, configOf, type MlsState, suite } from './suite.ts';

/** Drops the keys of earlier epochs, which an ordered log never needs. The library's own pruning keeps all of them at a limit of zero. */
function withoutPast(state: MlsState): MlsState {
  return { ...state, historicalReceiverData: new Map() };
}

async function keyPackage({ credential, key }: LeafIdentity) {
  return generateKeyPackageWithKey(
    { credentialType: 'basic', identity: credential },
    capabilities,
    { notBefore: 0n, notAfter: 9_223_372_036_854_775_807n },
    [],
    { signKey: key.seed, publicKey: key.publicKey },
    await suite(),
  );
}

export async function found(
  groupId: Uint8Array,
  leaf: LeafIdentity,
  extensions: Extension[],
): Promise<MlsState> {
  const { publicPackage, privatePackage } = await keyPackage(leaf);
  return createGroup(groupId, publicPackage, privatePackage, extensions, await suite(), configOf(groupId));
}

/**
 * Makes an external commit (RFC 9420, section 12.4.3.2). With `resync`, the commit also removes the leaf with the same signature key,
 * which the tree must contain.
 */
export async function joinExternally(
  groupInfo: GroupInfo,
  leaf: LeafIdentity,
  resync: boolean,
  aad: Uint8Array,
) {
  const { publicPackage, privatePackage } = await keyPackage(leaf);
  const result = await joinGroupExternal(
    groupInfo,
    publicPackage,
    privatePackage,
    resync,
    await suite(),
    undefined,
    configOf(groupInfo.groupContext.groupId),
    aad,
  );
  return { message: encodePublicMessage(result.publicMessage), state: result.newState };
}

/**
 * Makes a commit of proposals by value. Without proposals it only replaces the committer's keys. The given state remains usable.
 * @param leaf the committer's leaf after the commit, if the commit has a path: its signature key replaces the current one
 */
export async function commit(
  state: MlsState,
  proposals: Proposal[],
  leaf: LeafIdentity | undefined,
  aad: Uint8Array = new Uint8Array(),
) {
  const cipherSuite = await suite();
  const result = await createCommit(
    leaf === undefined
      ? { state, cipherSuite }
      : {
          state: withLeaf(state, leaf),
          cipherSuite: signingCommitsWith(state.signaturePrivateKey, cipherSuite),
        },
    { extraProposals: proposals, ratchetTreeExtension: true, authenticatedData: aad },
  );
  if (result.commit.wireformat !== 'mls_private_message')
    throw new Error('a commit of a member is a PrivateMessage');
  return {
    message: encodePrivateMessage(result.commit.privateMessage),
    state: withoutPast(result.newState),
    /** Zero these only after the commit has started the epoch: the old state needs them if another commit comes first. */
    secretsToWipe: result.consumed,
  };
}

/**
 * The library signs a commit and the leaf in its path with the same key, that of the state. This is the state with the new key, and
 * {@link signingCommitsWith} signs the commit with the old one.
 */
function withLeaf(state: MlsState, { key, credential }: LeafIdentity): MlsState {
  const own = 2 * state.privatePath.leafIndex;
  const node = state.ratchetTree[own];
  if (node?.nodeType !== 'leaf') throw new Error('the own leaf is missing');
  const leaf: LeafNode = {
    ...node.leaf,
    signaturePublicKey: key.publicKey,
    credential: { credentialType: 'basic', identity: credential },
  };
  return {
    ...state,
    ratchetTree: state.ratchetTree.with(own, { nodeType: 'leaf', leaf }),
    signaturePrivateKey: key.seed,
  };
}

/** FramedContentTBS with its label and length, as SignWithLabel signs it (RFC 9420, section 5.1.2). */
const COMMIT_LABEL = utf8('\u0018MLS 1.0 FramedContentTBS');

/** @param key the one that the members know the committer by. @returns a suite that signs commits with it, and leaves with the key of the state */
function signingCommitsWith(key: Uint8Array, cs: CiphersuiteImpl): CiphersuiteImpl {
  const { signature } = cs;
  const isCommit = (bytes: Uint8Array) => equalBytes(bytes.subarray(0, COMMIT_LABEL.length), COMMIT_LABEL);
  return {
    ...cs,
    signature: {
      ...signature,
      sign: (newKey, bytes) => signature.sign(isCommit(bytes) ? key : newKey, bytes),
    },
  };
}

export interface IncomingCommit {
  /** Undefined for an external commit. */
  readonly sender: number | undefined;
  readonly proposals: readonly Proposal[];
  /** The commit's authenticated data. */
  readonly data: Uint8Array;
}

export interface Candidate {
  readonly state: MlsState;
  readonly secretsToWipe: Uint8Array[];
}

/**
 * Processes a commit into a candidate state. `accept` checks the proposals after the signature is verified and before the library
 * applies them, because the library does not return from applying some forbidden proposals.
 * @returns undefined if `accept` refused. @throws whatever the library throws at an invalid commit.
 */
export async function candidate(
  state: MlsState,
  message: { readonly member: PrivateMessage } | { readonly joiner: PublicMessage },
  accept: (commit: IncomingCommit) => boolean,
): Promise<Candidate | undefined> {
  const cs = await suite();
  const strict = { ...cs, signature: { ...cs.signature, verify: strictly } };
  const commit =
    'member' in message
      ? await peek(state, message.member, strict)
      : await peekPublic(state, message.joiner, strict);
  if (commit === undefined || !accept(commit)) return undefined;
  const { groupId } = state.groupContext;
  const judging = { ...state, clientConfig: configOf(groupId, strictly) };
  const result =
    'member' in message
      ? await processPrivateMessage(judging, message.member, emptyPskIndex, strict)
      : await processPublicMessage(judging, message.joiner, emptyPskIndex, strict);
  if (!('actionTaken' in result) || result.actionTaken === 'reject') return undefined;
  return {
    state: withoutPast({ ...result.newState, clientConfig: state.clientConfig }),
    secretsToWipe: result.consumed,
  };
}

/**
 * Whether all members refuse a commit for which {@link candidate} has thrown this. Otherwise some of them may be able to process it: what
 * was encrypted to this device, or the confirmation tag, is wrong.
 */
export function isInvalidForAll(error: unknown): boolean {
  return error instanceof ValidationError;
}

async function peek(
  state: MlsState,
  message: PrivateMessage,
  cs: CiphersuiteImpl,
): Promise<IncomingCommit | undefined> {
  const { content } = await decrypt(state, message, cs);
  return incoming(content);
}

async function peekPublic(
  state: MlsState,
  message: PublicMessage,
  cs: CiphersuiteImpl,
): Promise<IncomingCommit | undefined> {
  const { membershipKey } = state.keySchedule;
  return incoming(
    await unprotectPublicMessage(membershipKey, state.groupContext, state.ratchetTree, message, cs),
  );
}

/** @returns undefined unless the content is a commit whose proposals are all by value. */
function incoming({ content }: AuthenticatedContent): IncomingCommit | undefined {
  if (content.contentType !== 'commit') return undefined;
  const proposals = content.commit.proposals.flatMap((p) =>
    p.proposalOrRefType === 'proposal' ? [p.proposal] : [],
  );
  if (proposals.length !== content.commit.proposals.length) return undefined;
  const { sender, authenticatedData: data } = content;
  return { sender: sender.senderType === 'member' ? sender.leafIndex : undefined, proposals, data };
}

/** @returns the commit inside a PublicMessage, or undefined if it contains something else. */
export function commitIn(message: PublicMessage): Commit | undefined {
  return message.content.contentType === 'commit' ? message.content.commit : undefined;
}
