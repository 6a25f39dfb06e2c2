import { strictly } from './credentials.ts';
import {
  type CiphersuiteImpl,
  createApplicationMessage,
  decryptSenderData,
  encodePrivateMessage,
  type GroupContext,
  mlsExporter,
  type PrivateMessage,
  unprotectPrivateMessage,
  verifyFramedContentSignature,
} from './library.ts';
import { config, type MlsState, suite } from './suite.ts';

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

/** Decrypts a message or a commit of this epoch. @throws whatever the library throws at an invalid one */
export function decrypt(state: MlsState, message: PrivateMessage, cs: CiphersuiteImpl) {
  return unprotectPrivateMessage(
    state.keySchedule.senderDataSecret,
    message,
    state.secretTree,
    state.ratchetTree,
    state.groupContext,
    config.keyRetentionConfig,
    cs,
  );
}

async function unprotectWith(cs: CiphersuiteImpl, state: MlsState, message: PrivateMessage): Promise<Opened> {
  const { content, tree, consumed } = await decrypt(state, message, cs);
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

/** MLS-Exporter (RFC 9420, section 8.5). */
export async function exporter(
  state: MlsState,
  label: string,
  context: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  return mlsExporter(state.keySchedule.exporterSecret, label, context, length, await suite());
}
