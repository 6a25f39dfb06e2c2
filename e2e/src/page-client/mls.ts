import {
  type ClientState,
  type CredentialBasic,
  createApplicationMessage,
  createCommit,
  createGroupInfoWithExternalPubAndRatchetTree,
  decodeMlsMessage,
  encodeMlsMessage,
  type GroupInfo,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroupExternal,
  type LeafNode,
  type MLSMessage,
  makePskIndex,
  mlsExporter,
  type Proposal,
  processMessage,
  type RatchetTree,
} from 'ts-mls';
import { defaultClientConfig } from 'ts-mls/clientConfig.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { decodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { ascii, base64url, concat } from './encoding.ts';
import { type Credential, credentialOf, type Device, readCredential } from './identity.ts';
import { ed25519, type KeyPair } from './primitives.ts';

/** RFC 9420 as docs/protocol.md uses it. The only file of this client that imports ts-mls. */

const SUITE = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';
const GENESIS = 0xf7c1;
const ROOM_STATE = 0xf7c2;
const JOIN_KEY = 0xf7c3;
const PACKS = 0xf7c5;
const SEALED_ADMIN_KEY = 0xf7c6;

const suite = await getCiphersuiteImpl(getCiphersuiteFromName(SUITE));

const identityOf = ({ credential }: LeafNode) => (credential as CredentialBasic).identity;

const configOf = (groupId: Uint8Array) => ({
  ...defaultClientConfig,
  paddingConfig: { kind: 'alwaysPad', paddingLength: 0 } as const,
  authService: {
    async validateCredential(credential: LeafNode['credential'], signatureKey: Uint8Array) {
      if (credential.credentialType !== 'basic') return false;
      readCredential((credential as CredentialBasic).identity, groupId, signatureKey);
      return true;
    },
  },
});

export interface Member extends Credential {
  readonly leaf: number;
  readonly signatureKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  /** The field `identity` of the leaf's credential. */
  readonly credential: Uint8Array;
  /** What a leaf with new keys keeps: the capabilities and the extensions. */
  readonly rest: string;
}

export interface Extensions {
  readonly genesis: Uint8Array;
  readonly roomState: Uint8Array;
}

/** What a commit changes, as its receiver sees it. */
export interface Commit {
  /** `null`: a joiner, by an external commit. */
  readonly committer: number | null;
  readonly data: Uint8Array;
  readonly removed: readonly number[];
  readonly kinds: readonly string[];
  readonly group: Group;
}

function members(groupId: Uint8Array, tree: RatchetTree): Member[] {
  return tree.flatMap((node, index) => {
    if (node?.nodeType !== 'leaf') return [];
    const { leaf } = node;
    return [
      {
        ...readCredential(identityOf(leaf), groupId, leaf.signaturePublicKey),
        leaf: index / 2,
        signatureKey: leaf.signaturePublicKey,
        encryptionKey: leaf.hpkePublicKey,
        credential: identityOf(leaf),
        rest: JSON.stringify([leaf.capabilities, leaf.extensions]),
      },
    ];
  });
}

function extensions(context: GroupInfo['groupContext']): Extensions {
  const [genesis, roomState, ...others] = context.extensions;
  if (genesis?.extensionType !== GENESIS || roomState?.extensionType !== ROOM_STATE || others.length > 0) {
    throw new Error('other extensions than genesis and room state');
  }
  return { genesis: genesis.extensionData, roomState: roomState.extensionData };
}

/** The headers of an MLSMessage, which bodies leave out: version 1, then the wire format. */
const HEADERS = { public: [0, 1, 0, 1], private: [0, 1, 0, 2], groupInfo: [0, 1, 0, 4] } as const;

function decode(header: keyof typeof HEADERS, bytes: Uint8Array): MLSMessage {
  const whole = concat(Uint8Array.from(HEADERS[header]), bytes);
  const decoded = decodeMlsMessage(whole, 0);
  if (!decoded || decoded[1] !== whole.length) throw new Error('not a structure of RFC 9420');
  return decoded[0];
}

const bare = (message: MLSMessage) => encodeMlsMessage(message).slice(4);

export class OpenedGroupInfo {
  readonly #info: GroupInfo;
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  readonly extensions: Extensions;
  readonly members: readonly Member[];
  readonly joinKey: Uint8Array;
  readonly sealedAdminKey: Uint8Array | null;
  readonly packs: Uint8Array | null;

  constructor(bytes: Uint8Array) {
    const message = decode('groupInfo', bytes);
    if (message.wireformat !== 'mls_group_info') throw new Error('not a GroupInfo');
    this.#info = message.groupInfo;
    const { groupContext } = this.#info;
    this.groupId = groupContext.groupId;
    this.epoch = groupContext.epoch;
    this.extensions = extensions(groupContext);
    const tree = decodeRatchetTree(this.#extension('ratchet_tree'), 0);
    if (!tree) throw new Error('not a tree');
    this.members = members(this.groupId, tree[0]);
    this.joinKey = this.#extension(JOIN_KEY);
    this.sealedAdminKey = this.#optional(SEALED_ADMIN_KEY);
    this.packs = this.#optional(PACKS);
  }

  #extension(type: string | number): Uint8Array {
    const found = this.#optional(type);
    if (!found) throw new Error(`no extension ${type}`);
    return found;
  }

  #optional(type: string | number): Uint8Array | null {
    return this.#info.extensions.find(({ extensionType }) => extensionType === type)?.extensionData ?? null;
  }

  /** @returns the PublicMessage of an external commit, and the group after it */
  async join(leafKey: KeyPair, identity: Uint8Array, data: Uint8Array): Promise<[Uint8Array, Group]> {
    const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
      { credentialType: 'basic', identity },
      {
        versions: ['mls10'],
        ciphersuites: [SUITE],
        extensions: [GENESIS, ROOM_STATE, JOIN_KEY],
        proposals: [],
        credentials: ['basic'],
      },
      { notBefore: 0n, notAfter: 2n ** 63n - 1n },
      [],
      { signKey: leafKey.privateKey, publicKey: leafKey.publicKey },
      suite,
    );
    const { publicMessage, newState } = await joinGroupExternal(
      this.#info,
      publicPackage,
      privatePackage,
      false,
      suite,
      undefined,
      configOf(this.groupId),
      data,
    );
    const message = bare({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
    return [message, new Group(newState)];
  }
}

/** One epoch of the group, as one leaf has it. Its secret tree advances with each message. */
export class Group {
  #state: ClientState;
  readonly members: readonly Member[];
  readonly extensions: Extensions;

  constructor(state: ClientState) {
    this.#state = state;
    this.members = members(state.groupContext.groupId, state.ratchetTree);
    this.extensions = extensions(state.groupContext);
  }

  get ownLeaf(): number {
    return this.#state.privatePath.leafIndex;
  }

  /** False after the commit that removed this client's leaf. */
  get isMember(): boolean {
    return this.#state.groupActiveState.kind === 'active';
  }

  get groupId(): Uint8Array {
    return this.#state.groupContext.groupId;
  }

  get epoch(): bigint {
    return this.#state.groupContext.epoch;
  }

  get authenticator(): Uint8Array {
    return this.#state.keySchedule.epochAuthenticator;
  }

  /** `root` of this epoch. */
  root(room: string): Promise<Uint8Array> {
    const { exporterSecret } = this.#state.keySchedule;
    return mlsExporter(exporterSecret, 'gochat/epoch/2', ascii(room), 32, suite);
  }

  /** The private half of the encryption key of this client's own leaf. */
  get ownEncryptionKey(): KeyPair {
    const { leafIndex, privateKeys } = this.#state.privatePath;
    const own = this.members.find(({ leaf }) => leaf === leafIndex) as Member;
    return { privateKey: privateKeys[leafIndex * 2] as Uint8Array, publicKey: own.encryptionKey };
  }

  /** @returns the encoded GroupInfo of this epoch */
  async groupInfo(
    joinKey: Uint8Array,
    sealedAdminKey: Uint8Array | null,
    packs: Uint8Array | null,
  ): Promise<Uint8Array> {
    const joinable = [{ extensionType: JOIN_KEY, extensionData: joinKey }];
    if (sealedAdminKey) joinable.push({ extensionType: SEALED_ADMIN_KEY, extensionData: sealedAdminKey });
    if (packs) joinable.push({ extensionType: PACKS, extensionData: packs });
    const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(this.#state, joinable, suite);
    return bare({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
  }

  /** @returns the PrivateMessage */
  async sealMessage(content: Uint8Array): Promise<Uint8Array> {
    const { newState, privateMessage } = await createApplicationMessage(this.#state, content, suite);
    this.#state = newState;
    return bare({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
  }

  /** @returns the content, and the leaf of its sender */
  async openMessage(bytes: Uint8Array): Promise<[Uint8Array, Member]> {
    const message = decode('private', bytes);
    if (message.wireformat !== 'mls_private_message') throw new Error('not a PrivateMessage');
    const { keySchedule, secretTree, ratchetTree, groupContext } = this.#state;
    const { content, tree } = await unprotectPrivateMessage(
      keySchedule.senderDataSecret,
      message.privateMessage,
      secretTree,
      ratchetTree,
      groupContext,
      defaultClientConfig.keyRetentionConfig,
      suite,
    );
    this.#state = { ...this.#state, secretTree: tree };
    const { sender } = content.content;
    if (content.content.contentType !== 'application' || sender.senderType !== 'member') {
      throw new Error('not an application message');
    }
    if (content.content.authenticatedData.length > 0) throw new Error('a message with authenticated data');
    const by = this.members.find(({ leaf }) => leaf === sender.leafIndex) as Member;
    return [content.content.applicationData, by];
  }

  /** @throws if the commit isn't valid by RFC 9420 */
  async process(kind: 'public' | 'private', bytes: Uint8Array): Promise<Commit> {
    const message = decode(kind, bytes);
    let committer: number | null = null;
    let proposals: readonly Proposal[] = [];
    let commits = 0;
    const processed = await processMessage(
      message as Parameters<typeof processMessage>[0],
      this.#state,
      makePskIndex(this.#state, {}),
      (incoming) => {
        if (incoming.kind !== 'commit') return 'reject';
        commits += 1;
        committer = incoming.senderLeafIndex ?? null;
        proposals = incoming.proposals.map(({ proposal }) => proposal);
        return 'accept';
      },
      suite,
    );
    if (processed.kind !== 'newState' || commits !== 1) throw new Error('not a commit');
    const data =
      message.wireformat === 'mls_public_message'
        ? message.publicMessage.content.authenticatedData
        : (message as { privateMessage: { authenticatedData: Uint8Array } }).privateMessage.authenticatedData;
    return {
      committer,
      data,
      removed: proposals.flatMap((proposal) =>
        proposal.proposalType === 'remove' ? [proposal.remove.removed] : [],
      ),
      kinds: proposals.map(({ proposalType }) => String(proposalType)),
      group: new Group(processed.newState),
    };
  }

  /**
   * Makes a `heal` with a new signature key, or a `state` if `roomState` is given.
   * @returns the PrivateMessage of the commit, and the group after it
   */
  async commit(device: Device, data: Uint8Array, roomState?: Uint8Array): Promise<[Uint8Array, Group]> {
    const change = roomState === undefined ? this.#rotated(device) : { state: this.#state, suite };
    const { genesis } = this.extensions;
    const proposals: Proposal[] =
      roomState === undefined
        ? []
        : [
            {
              proposalType: 'group_context_extensions',
              groupContextExtensions: {
                extensions: [
                  { extensionType: GENESIS, extensionData: genesis },
                  { extensionType: ROOM_STATE, extensionData: roomState },
                ],
              },
            },
          ];
    const { commit, newState } = await createCommit(
      { state: change.state, cipherSuite: change.suite },
      { extraProposals: proposals, authenticatedData: data },
    );
    const signaturePrivateKey = change.newKey ?? newState.signaturePrivateKey;
    return [bare(commit), new Group({ ...newState, signaturePrivateKey })];
  }

  /** ts-mls keeps the signature key of a leaf: give it the leaf with the new one, and sign only that leaf with it. */
  #rotated(device: Device): { state: ClientState; suite: typeof suite; newKey?: Uint8Array } {
    const key = ed25519();
    const own = this.#state.privatePath.leafIndex * 2;
    const { groupId } = this.#state.groupContext;
    const ratchetTree = this.#state.ratchetTree.map((node, index) => {
      if (index !== own || node?.nodeType !== 'leaf') return node;
      const credential = {
        credentialType: 'basic',
        identity: credentialOf(device, groupId, key.publicKey),
      } as const;
      return { ...node, leaf: { ...node.leaf, credential, signaturePublicKey: key.publicKey } };
    });
    const label = ascii('MLS 1.0 LeafNodeTBS');
    const sign = (signKey: Uint8Array, signed: Uint8Array) =>
      suite.signature.sign(
        base64url(signed.slice(1, 1 + label.length)) === base64url(label) ? key.privateKey : signKey,
        signed,
      );
    return {
      state: { ...this.#state, ratchetTree },
      suite: { ...suite, signature: { ...suite.signature, sign } },
      newKey: key.privateKey,
    };
  }
}
