import { equalBytes } from '../primitives.ts';
import { isGenuine, strictly } from './credentials.ts';
import {
  createGroupInfoWithExternalPubAndRatchetTree,
  type Extension,
  encodeGroupInfo,
  encodeRatchetTree,
  type GroupInfo,
  type LeafNode,
  ratchetTreeFromExtension,
  verifyGroupInfoSignature,
} from './library.ts';
import { type MlsState, suite } from './suite.ts';
import { leavesOf } from './tree.ts';

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
