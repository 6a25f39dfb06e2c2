import { encodeBytes } from '@gochat/protocol/encoding';
import { isSmallOrder } from '@gochat/protocol/small-order';
import {
  type Capabilities,
  type CiphersuiteImpl,
  type ClientConfig,
  type ClientState,
  type Commit,
  type Credential,
  type CryptoProvider,
  createApplicationMessage,
  createCommit,
  createGroup,
  createGroupInfoWithExternalPubAndRatchetTree,
  decodeGroupState,
  defaultCapabilities,
  defaultCryptoProvider,
  defaultKeyPackageEqualityConfig,
  type Extension,
  emptyPskIndex,
  encodeGroupState,
  type GroupContext,
  type GroupInfo,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroupExternal,
  type LeafNode,
  mlsExporter,
  type PrivateMessage,
  type Proposal,
  type PublicMessage,
  processPrivateMessage,
  processPublicMessage,
} from 'ts-mls';
import type { AuthenticatedContent } from 'ts-mls/authenticatedContent.js';
import { encodeCapabilities } from 'ts-mls/capabilities.js';
import { makeGenericHpke } from 'ts-mls/crypto/implementation/hpke.js';
import { verifyFramedContentSignature } from 'ts-mls/framedContent.js';
import { decodeGroupContext, encodeGroupContext } from 'ts-mls/groupContext.js';
import {
  decodeGroupInfo,
  encodeGroupInfo,
  ratchetTreeFromExtension,
  verifyGroupInfoSignature,
} from 'ts-mls/groupInfo.js';
import { encodeLeafNode } from 'ts-mls/leafNode.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { unprotectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { ValidationError } from 'ts-mls/mlsError.js';
import { decodePrivateMessage, decryptSenderData, encodePrivateMessage } from 'ts-mls/privateMessage.js';
import { decodePublicMessage, encodePublicMessage } from 'ts-mls/publicMessage.js';
import { encodeRatchetTree, getHpkePublicKey } from 'ts-mls/ratchetTree.js';
import { hpkeSuite } from './hpke.ts';
import {
  certified,
  type DeviceCredential,
  decodeCredential,
  type LeafIdentity,
  ownedLeaf,
} from './identity.ts';
import {
  equalBytes,
  exchangeKey,
  expand,
  extract,
  hmac,
  isUsableKey,
  messageCipher,
  messages,
  sha256,
  utf8,
  verify,
} from './primitives.ts';

/** The only module that uses the MLS library: RFC 9420 with GoChat's cipher suite, providers and checks. It knows nothing about rooms. */
export type MlsState = ClientState;
export type { Extension, GroupInfo, LeafNode, PrivateMessage, Proposal, PublicMessage };

const SUITE = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';

/** Extension types in the private-use range (RFC 9420, section 17.3). */
export const EXTENSION = { genesis: 0xf7c1, roomState: 0xf7c2, joinKey: 0xf7c3, office: 0xf7c6 } as const;

/** Computes hashes, HKDF and the ciphers of messages without a WebCrypto round trip, which makes commits and joins 2 to 5 times faster. */
const provider: CryptoProvider = {
  async getCiphersuiteImpl(suite) {
    const base = await defaultCryptoProvider.getCiphersuiteImpl(suite);
    return {
      ...base,
      hpke: await makeHpke(),
      signature: { ...base.signature, ...messages },
      hash: {
        digest: async (data) => sha256(data),
        mac: async (key, data) => hmac(key, data),
        verifyMac: async (key, mac, data) => equalBytes(hmac(key, data), mac),
      },
      kdf: {
        extract: async (salt, ikm) => extract(salt, ikm),
        expand: async (prk, info, length) => expand(prk, info, length),
        size: 32,
      },
    };
  },
};

/** @returns {@link hpkeSuite} in the form that the MLS library uses */
async function makeHpke() {
  return makeGenericHpke(
    { kem: 'DHKEM-X25519-HKDF-SHA256', kdf: 'HKDF-SHA256', aead: 'AES128GCM' },
    messageCipher,
    hpkeSuite,
  );
}

const loading = getCiphersuiteImpl(getCiphersuiteFromName(SUITE), provider);

/** @returns the cipher suite's operations, including HPKE (RFC 9180). */
export function suite(): Promise<CiphersuiteImpl> {
  return loading;
}

export const capabilities: Capabilities = {
  ...defaultCapabilities(),
  ciphersuites: [SUITE],
  credentials: ['basic'],
  extensions: [EXTENSION.genesis, EXTENSION.roomState, EXTENSION.joinKey],
  proposals: [],
};

const config = {
  // The log is totally ordered, so an entry is always of the epoch in which it is read.
  keyRetentionConfig: {
    retainKeysForGenerations: 10,
    retainKeysForEpochs: 1,
    maximumForwardRatchetSteps: 200,
  },
  lifetimeConfig: { maximumTotalLifetime: 10_000_000_000_000n, validateLifetimeOnReceive: false },
  keyPackageEqualityConfig: {
    ...defaultKeyPackageEqualityConfig,
    compareKeyPackageToLeafNode: ({ leafNode }, leaf) =>
      equalBytes(leafNode.signaturePublicKey, leaf.signaturePublicKey),
  },
  // The outer seal pads.
  paddingConfig: { kind: 'padUntilLength', padUntilLength: 0 },
} satisfies Omit<ClientConfig, 'authService'>;

/** @param verify of the suite, if none is given */
function configOf(groupId: Uint8Array, verify?: Verify): ClientConfig {
  return {
    ...config,
    authService: {
      async validateCredential(credential, signaturePublicKey) {
        const ours = identityOf(credential);
        const verifies = verify ?? (await suite()).signature.verify;
        return ours !== undefined && (await verifyCredential(ours, groupId, signaturePublicKey, verifies));
      },
    },
  };
}

type Verify = CiphersuiteImpl['signature']['verify'];

/** Whether the credential's identity has certified its device, and that device has signed this leaf's key for this group. */
async function verifyCredential(
  { identityKey, deviceKey, rights, signature, leafSignature }: DeviceCredential,
  groupId: Uint8Array,
  leafKey: Uint8Array,
  verifies: Verify,
): Promise<boolean> {
  if ([identityKey, deviceKey, leafKey].some((key) => isSmallOrder(encodeBytes(key)))) return false;
  try {
    return (
      (await verifies(identityKey, certified(deviceKey, rights), signature)) &&
      (await verifies(deviceKey, ownedLeaf(groupId, leafKey), leafSignature))
    );
  } catch {
    // WebCrypto throws at an invalid key.
    return false;
  }
}

/**
 * All members, and those who join later, must come to the same verdict on a commit and on the leaves in it, whichever implementation
 * of WebCrypto they use.
 */
const strictly: Verify = async (publicKey, bytes, signature) => verify(publicKey, bytes, signature);

/** @returns the device key in a leaf's credential, as base64url; undefined if the credential isn't GoChat's */
export function deviceOf(leaf: LeafNode): string | undefined {
  const credential = identityOf(leaf.credential);
  return credential && encodeBytes(credential.deviceKey);
}

/** Whether the device that a leaf's credential names has signed the leaf's key for this group, and is certified by its identity. */
export async function isGenuine(
  groupId: Uint8Array,
  leaf: Pick<LeafNode, 'credential' | 'signaturePublicKey'>,
): Promise<boolean> {
  const credential = identityOf(leaf.credential);
  if (credential === undefined) return false;
  return verifyCredential(credential, groupId, leaf.signaturePublicKey, strictly);
}

/** Whether two credentials are of the same device of the same identity. */
export function sameDevice(a: Credential, b: Credential): boolean {
  const [one, other] = [identityOf(a), identityOf(b)];
  return (
    one !== undefined &&
    other !== undefined &&
    equalBytes(one.identityKey, other.identityKey) &&
    equalBytes(one.deviceKey, other.deviceKey)
  );
}

/** @returns the GoChat credential in an MLS credential, or undefined if it is of another type or form. */
export function identityOf(credential: Credential) {
  return credential.credentialType === 'basic' ? decodeCredential(credential.identity) : undefined;
}

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

/** Makes an application message. The library doesn't return its signature, so the suite's signer keeps it. */
export async function protect(state: MlsState, plaintext: Uint8Array) {
  const cs = await suite();
  let signature: Uint8Array = new Uint8Array();
  const sign: CiphersuiteImpl['signature']['sign'] = async (key, bytes) => {
    signature = await cs.signature.sign(key, bytes);
    return signature;
  };
  const keeping = { ...cs, signature: { ...cs.signature, sign } };
  const result = await createApplicationMessage(state, plaintext, keeping);
  return {
    message: encodePrivateMessage(result.privateMessage),
    state: result.newState,
    /** Of the content, over FramedContentTBS. */
    signature,
    secretsToWipe: result.consumed,
  };
}

export function readPrivateMessage(bytes: Uint8Array): PrivateMessage | undefined {
  return decodeWhole(decodePrivateMessage, bytes);
}

export function readPublicMessage(bytes: Uint8Array): PublicMessage | undefined {
  return decodeWhole(decodePublicMessage, bytes);
}

export function readGroupInfo(bytes: Uint8Array): GroupInfo | undefined {
  return decodeWhole(decodeGroupInfo, bytes);
}

/** The library's decoders ignore trailing bytes and throw at some malformed input. @returns undefined in both cases. */
function decodeWhole<T>(
  decoder: (bytes: Uint8Array, offset: number) => [T, number] | undefined,
  bytes: Uint8Array,
): T | undefined {
  try {
    const result = decoder(bytes, 0);
    return result !== undefined && result[1] === bytes.length ? result[0] : undefined;
  } catch {
    return undefined;
  }
}

/** @returns the sender's leaf index and ratchet generation of a PrivateMessage of this epoch, or undefined if its sender data can't be decrypted. */
export async function senderOf(
  state: MlsState,
  message: PrivateMessage,
): Promise<{ leaf: number; generation: number } | undefined> {
  try {
    const data = await decryptSenderData(message, state.keySchedule.senderDataSecret, await suite());
    return data === undefined ? undefined : { leaf: data.leafIndex, generation: data.generation };
  } catch {
    return undefined;
  }
}

/** @returns the next generation of this device's application ratchet. */
export function ownGeneration(state: MlsState): number {
  return state.secretTree[2 * state.privatePath.leafIndex]?.application.generation ?? 0;
}

/** @returns the next generation expected of a leaf's application ratchet. */
export function generationOf(state: MlsState, leaf: number): number {
  return state.secretTree[2 * leaf]?.application.generation ?? 0;
}

/** A decrypted application message. */
export interface Opened {
  /** The sender's leaf index. */
  readonly leaf: number;
  readonly plaintext: Uint8Array;
  readonly signature: Uint8Array;
  /** The state after it: each message can be decrypted once. */
  readonly state: MlsState;
  readonly secretsToWipe: Uint8Array[];
}

/**
 * Decrypts an application message of this epoch. Unlike the library's own processing, it also returns the sender's leaf index and the signature.
 * @throws whatever the library throws at an invalid message.
 */
export async function unprotect(state: MlsState, message: PrivateMessage): Promise<Opened> {
  return unprotectWith(await suite(), state, message);
}

/**
 * As {@link unprotect}, but doesn't wait for the verification of the signature. Nothing of the message may be used before `isSigned`.
 * @throws whatever the library throws at a message that can't be decrypted.
 */
export async function unprotectUnverified(
  state: MlsState,
  message: PrivateMessage,
): Promise<{ readonly opened: Opened; readonly isSigned: Promise<boolean> }> {
  const cs = await suite();
  let isSigned = Promise.resolve(false);
  const verify: CiphersuiteImpl['signature']['verify'] = async (...question) => {
    isSigned = cs.signature.verify(...question).catch(() => false);
    return true;
  };
  const opened = await unprotectWith({ ...cs, signature: { ...cs.signature, verify } }, state, message);
  return { opened, isSigned };
}

async function unprotectWith(cs: CiphersuiteImpl, state: MlsState, message: PrivateMessage): Promise<Opened> {
  const { content, tree, consumed } = await unprotectPrivateMessage(
    state.keySchedule.senderDataSecret,
    message,
    state.secretTree,
    state.ratchetTree,
    state.groupContext,
    config.keyRetentionConfig,
    cs,
  );
  const { sender } = content.content;
  if (content.content.contentType !== 'application' || sender.senderType !== 'member')
    throw new Error('not an application message of a member');
  return {
    leaf: sender.leafIndex,
    plaintext: content.content.applicationData,
    signature: content.auth.signature,
    state: { ...state, secretTree: tree },
    secretsToWipe: consumed,
  };
}

/** Whether this key has signed an application message without authenticated data, in the epoch of this group context. */
export async function isSigned(
  context: GroupContext,
  key: Uint8Array,
  message: { readonly leaf: number; readonly payload: Uint8Array; readonly signature: Uint8Array },
): Promise<boolean> {
  const { groupId, epoch } = context;
  const { signature } = await suite();
  return verifyFramedContentSignature(
    key,
    'mls_private_message',
    {
      contentType: 'application',
      groupId,
      epoch,
      sender: { senderType: 'member', leafIndex: message.leaf },
      authenticatedData: new Uint8Array(),
      applicationData: message.payload,
    },
    { contentType: 'application', signature: message.signature },
    context,
    { ...signature, verify: strictly },
  );
}

export function encodeContext(context: GroupContext): Uint8Array {
  return encodeGroupContext(context);
}

export function readGroupContext(bytes: Uint8Array): GroupContext | undefined {
  return decodeWhole(decodeGroupContext, bytes);
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
  const { content } = await unprotectPrivateMessage(
    state.keySchedule.senderDataSecret,
    message,
    state.secretTree,
    state.ratchetTree,
    state.groupContext,
    config.keyRetentionConfig,
    cs,
  );
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

/** MLS-Exporter (RFC 9420, section 8.5). */
export async function exporter(
  state: MlsState,
  label: string,
  context: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  return mlsExporter(state.keySchedule.exporterSecret, label, context, length, await suite());
}

export async function groupInfoOf(state: MlsState, extensions: Extension[]): Promise<Uint8Array> {
  return encodeGroupInfo(
    await createGroupInfoWithExternalPubAndRatchetTree(state, extensions, await suite()),
  );
}

/** Whether a joiner with this GroupInfo joins exactly the epoch of this state. */
export async function describes(info: GroupInfo, state: MlsState): Promise<boolean> {
  const tree = treeOf(info);
  const external = info.extensions.find((e) => e.extensionType === 'external_pub');
  const signer = leavesOf(state.ratchetTree).get(info.signer);
  if (tree === undefined || external === undefined || signer === undefined) return false;
  const { hpke, signature } = await suite();
  const keys = await hpke.deriveKeyPair(state.keySchedule.externalSecret);
  const a = info.groupContext;
  const b = state.groupContext;
  return (
    a.version === b.version &&
    a.cipherSuite === b.cipherSuite &&
    a.epoch === b.epoch &&
    equalBytes(a.groupId, b.groupId) &&
    equalBytes(a.confirmedTranscriptHash, b.confirmedTranscriptHash) &&
    equalBytes(a.treeHash, b.treeHash) &&
    equalBytes(encodeRatchetTree(tree), encodeRatchetTree(state.ratchetTree)) &&
    sameExtensions(a.extensions, b.extensions) &&
    equalBytes(info.confirmationTag, state.confirmationTag) &&
    equalBytes(external.extensionData, await hpke.exportPublicKey(keys.publicKey)) &&
    (await verifyGroupInfoSignature(info, signer.signaturePublicKey, signature))
  );
}

export function treeOf(info: GroupInfo) {
  try {
    return ratchetTreeFromExtension(info);
  } catch {
    return undefined;
  }
}

export function sameExtensions(a: readonly Extension[], b: readonly Extension[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      return (
        other !== undefined &&
        one.extensionType === other.extensionType &&
        equalBytes(one.extensionData, other.extensionData)
      );
    })
  );
}

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

/** Who has signed a GroupInfo: a leaf of its tree. @returns undefined if the signature or the leaf is invalid */
export async function signerOf(info: GroupInfo): Promise<LeafNode | undefined> {
  const tree = treeOf(info);
  const leaf = tree && leavesOf(tree).get(info.signer);
  if (leaf === undefined || !(await isGenuine(info.groupContext.groupId, leaf))) return undefined;
  const cs = await suite();
  const isSigned = await verifyGroupInfoSignature(info, leaf.signaturePublicKey, {
    ...cs.signature,
    verify: strictly,
  });
  return isSigned ? leaf : undefined;
}

/** @returns false if the set already has the key. */
function added(keys: Set<string>, key: Uint8Array): boolean {
  const size = keys.size;
  return keys.add(key.join()).size > size;
}

export function encodeMls(state: MlsState): Uint8Array {
  return encodeGroupState(state);
}

/** @throws Error if the bytes are not the output of {@link encodeMls}. */
export function decodeMls(bytes: Uint8Array): MlsState {
  const result = decodeWhole(decodeGroupState, bytes);
  if (result === undefined) throw new Error('the stored group state is damaged');
  return { ...result, clientConfig: configOf(result.groupContext.groupId) };
}
