import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import type { Content } from './content.ts';
import { decodeCredential, isLimited } from './identity.ts';
import { encodeContext, readGroupContext } from './mls/codec.ts';
import { isGenuine } from './mls/credentials.ts';
import { isSigned } from './mls/messages.ts';
import type { GroupContext } from './mls/suite.ts';
import { leavesOf } from './mls/tree.ts';
import { decodePayload, encodePayload, type Payload, toClaim } from './payload.ts';
import { concatBytes, joinParts, splitParts, uint32, uint64 } from './primitives.ts';
import { epochOf, type InFlight, ownLeaf, type Room } from './room.ts';
import { type RoomState, readContext } from './room-state.ts';

/**
 * The signature of one message, and what it signs. With the epoch's {@link EpochRecord} anybody can verify it, and needs no key of the
 * epoch. It contains no secret but the message.
 */
export interface Proof {
  readonly epoch: bigint;
  /** The sender's leaf index. */
  readonly leaf: number;
  /** The exact plaintext of the MLS application message. */
  readonly payload: Uint8Array;
  /** The 64 bytes of the signature over FramedContentTBS (RFC 9420, section 6.1). */
  readonly signature: Uint8Array;
}

/** A leaf whose messages are verified. */
export interface Speaker {
  readonly leaf: number;
  /** The leaf's signature key in that epoch. */
  readonly key: Uint8Array;
  /** The leaf's credential: identity, device, and their signatures. */
  readonly credential: Uint8Array;
}

/** What the proofs of one epoch have in common. All of it is public to the members. */
export interface EpochRecord {
  /** The encoded GroupContext (RFC 9420, section 8.1). */
  readonly groupContext: Uint8Array;
  readonly speakers: readonly Speaker[];
}

/** Whose message a proof proves, and what it says. */
export interface ProvedMessage {
  /** Identity and device key as base64url. */
  readonly identity: string;
  readonly device: string;
  /** The display name of that epoch, as whoever shows the proof says: nobody signs it. */
  readonly name: string;
  /** Whether its device holds no office, even where its person does. */
  readonly limited: boolean;
  readonly payload: Payload;
}

/** @returns the encoded GroupContext of the room's epoch */
export function groupContextOf(room: Room): Uint8Array {
  return encodeContext(room.mls.groupContext);
}

/** @returns the leaf as a speaker of the room's epoch; undefined if there is no such leaf */
export function speakerAt(room: Room, leaf: number): Speaker | undefined {
  const node = leavesOf(room.mls.ratchetTree).get(leaf);
  if (node?.credential.credentialType !== 'basic') return undefined;
  return { leaf, key: node.signaturePublicKey, credential: node.credential.identity };
}

/**
 * @param room the room in the epoch of the message. @param sent as the event `sent` has it. @param content what was sealed then.
 * @returns undefined if an older version of this software has sealed the message
 */
export function ownProof(room: Room, sent: InFlight, content: Content): Proof | undefined {
  if (sent.signature === undefined) return undefined;
  const { id, n, sealedAt } = sent;
  const [claim, previous] = [toClaim(sent.c), toClaim(sent.p)];
  const payload = encodePayload({ id, n, sealedAt, claim, previous, content });
  return { epoch: epochOf(room), leaf: ownLeaf(room), payload, signature: decodeBytes(sent.signature) };
}

/** An epoch of a room, read from its record. */
export interface ProvedEpoch {
  readonly context: GroupContext;
  /** The room's state in that epoch. */
  readonly state: RoomState | 'newer';
  readonly speakers: readonly Speaker[];
}

/** @returns undefined if the record isn't of this room */
export function readEpoch(room: RoomId, { groupContext, speakers }: EpochRecord): ProvedEpoch | undefined {
  const context = readGroupContext(groupContext);
  const read = context && readContext(context.extensions, room, context.groupId);
  return context && read && { context, state: read.state, speakers };
}

/**
 * Verifies that a leaf of this room has signed a message in this epoch, and that the leaf's key belongs to its device and identity, which
 * have made it for this group. It doesn't prove that the group ever took the leaf in, or the name in its credential. All implementations come to the same verdict.
 * @returns undefined if anything is wrong
 */
export async function verifyProof(
  room: RoomId,
  proof: Proof,
  record: EpochRecord,
): Promise<ProvedMessage | undefined> {
  const epoch = readEpoch(room, record);
  return epoch && verifyIn(epoch, proof);
}

/** As {@link verifyProof}, for many messages of one epoch. */
export async function verifyIn(
  { context, speakers }: ProvedEpoch,
  proof: Proof,
): Promise<ProvedMessage | undefined> {
  const speaker = speakers.find(({ leaf }) => leaf === proof.leaf);
  const credential = speaker && decodeCredential(speaker.credential);
  if (context.epoch !== proof.epoch || speaker === undefined || credential === undefined) return undefined;
  const leaf = {
    signaturePublicKey: speaker.key,
    credential: { credentialType: 'basic', identity: speaker.credential },
  } as const;
  if (!(await isSigned(context, speaker.key, proof)) || !(await isGenuine(context.groupId, leaf)))
    return undefined;
  const payload = decodePayload(proof.payload);
  if (payload === undefined) return undefined;
  const { identityKey, deviceKey, name } = credential;
  const limited = isLimited(credential);
  return { identity: encodeBytes(identityKey), device: encodeBytes(deviceKey), name, limited, payload };
}

const SIGNATURE_AT = 12;
const PAYLOAD_AT = SIGNATURE_AT + 64;

/** @returns epoch (8 bytes), leaf (4), signature (64), payload */
export function encodeProof({ epoch, leaf, payload, signature }: Proof): Uint8Array {
  return concatBytes(uint64(epoch), uint32(leaf), signature, payload);
}

/** @param bytes the output of {@link encodeProof} */
export function decodeProof(bytes: Uint8Array): Proof {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    epoch: view.getBigUint64(0),
    leaf: view.getUint32(8),
    signature: bytes.subarray(SIGNATURE_AT, PAYLOAD_AT),
    payload: bytes.subarray(PAYLOAD_AT),
  };
}

const KEY_BYTES = 32;

/** @returns the group context, then of each speaker leaf (4 bytes), key (32) and credential; each part after its length (4 bytes) */
export function encodeEpoch({ groupContext, speakers }: EpochRecord): Uint8Array {
  const spoke = speakers.map(({ leaf, key, credential }) => concatBytes(uint32(leaf), key, credential));
  return joinParts([groupContext, ...spoke]);
}

/** @param bytes the output of {@link encodeEpoch} */
export function decodeEpoch(bytes: Uint8Array): EpochRecord {
  const [groupContext = new Uint8Array(), ...speakers] = splitParts(bytes);
  return {
    groupContext,
    speakers: speakers.map((part) => ({
      leaf: new DataView(part.buffer, part.byteOffset).getUint32(0),
      key: part.subarray(4, 4 + KEY_BYTES),
      credential: part.subarray(4 + KEY_BYTES),
    })),
  };
}
