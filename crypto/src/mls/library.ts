/** All that is used of the MLS library (RFC 9420). No other file imports it. */
// biome-ignore-all lint/performance/noBarrelFile: a library is imported in one place
export {
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
export type { AuthenticatedContent } from 'ts-mls/authenticatedContent.js';
export { encodeCapabilities } from 'ts-mls/capabilities.js';
export { makeGenericHpke } from 'ts-mls/crypto/implementation/hpke.js';
export { verifyFramedContentSignature } from 'ts-mls/framedContent.js';
export { decodeGroupContext, encodeGroupContext } from 'ts-mls/groupContext.js';
export {
  decodeGroupInfo,
  encodeGroupInfo,
  ratchetTreeFromExtension,
  verifyGroupInfoSignature,
} from 'ts-mls/groupInfo.js';
export { encodeLeafNode } from 'ts-mls/leafNode.js';
export { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
export { unprotectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
export { ValidationError } from 'ts-mls/mlsError.js';
export { decodePrivateMessage, decryptSenderData, encodePrivateMessage } from 'ts-mls/privateMessage.js';
export { decodePublicMessage, encodePublicMessage } from 'ts-mls/publicMessage.js';
export { encodeRatchetTree, getHpkePublicKey } from 'ts-mls/ratchetTree.js';
