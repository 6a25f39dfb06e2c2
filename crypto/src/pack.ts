import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { expiresAt } from './expiry.ts';
import { MESSAGE_CAPACITY, padMessage, unpad } from './padding.ts';
import {
  concatBytes,
  decrypt,
  type Env,
  encrypt,
  equalBytes,
  joinParts,
  sha256,
  transcript,
  uint32,
  uint64,
  utf8,
} from './primitives.ts';
import {
  decodeEpoch,
  type EpochRecord,
  encodeEpoch,
  type Proof,
  type ProvedEpoch,
  type ProvedMessage,
  readEpoch,
  type Speaker,
  verifyIn,
} from './proof.ts';
import { isStaff } from './room-state.ts';
import { maySay } from './speaking.ts';

/**
 * A pack is messages of one room with the signatures of their authors, for whoever couldn't read them when they were said: a newcomer,
 * a further device, a backup. It has no key of the room.
 */
export interface Pack {
  readonly epochs: readonly EpochRecord[];
  readonly lines: readonly PackLine[];
}

/** A message, an edit of one, the end of a poll, or a reaction that a message has. */
export interface PackLine {
  /** The position of the message; of anything else, that of the message which it changes. Nobody signs it. */
  readonly seq: Position;
  /** The server's time of it, in milliseconds since 1970; of a reaction, that of its message. Nobody signs it. */
  readonly at: number;
  /** Which of the pack's epochs it was said in. */
  readonly epoch: number;
  /** The sender's leaf index. */
  readonly leaf: number;
  readonly signature: Uint8Array;
  /** The exact plaintext of the MLS application message. */
  readonly payload: Uint8Array;
}

/** The largest pack that is posted in a room, in bytes. */
export const PACK_BYTES = 4 * 1024 * 1024;

const LINE_HEAD_BYTES = 8 + 8 + 4 + 4 + 64;

/** Collects lines for a pack, with what their proofs have in common once. */
export class PackWriter {
  readonly #epochs: { groupContext: Uint8Array; speakers: Speaker[] }[] = [];
  readonly #lines: Uint8Array[] = [];
  #bytes = 4;

  /** The length of {@link PackWriter.encode}, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many lines it has. */
  get lines(): number {
    return this.#lines.length;
  }

  /** @param record of the epoch in which the proof is valid */
  add({ seq, at }: Pick<PackLine, 'seq' | 'at'>, proof: Proof, record: EpochRecord): void {
    const speaker = record.speakers.find(({ leaf }) => leaf === proof.leaf);
    if (speaker === undefined) return;
    const { leaf, signature, payload } = proof;
    const epoch = this.#epochOf(record.groupContext, speaker);
    this.#lines.push(encodeLine({ seq, at, epoch, leaf, signature, payload }));
    this.#bytes += 4 + LINE_HEAD_BYTES + payload.length;
  }

  #epochOf(groupContext: Uint8Array, speaker: Speaker): number {
    const known = this.#epochs.findIndex(
      (epoch) =>
        equalBytes(epoch.groupContext, groupContext) &&
        epoch.speakers.every((other) => other.leaf !== speaker.leaf || isSameSpeaker(other, speaker)),
    );
    const epoch = this.#epochs[known];
    if (epoch === undefined) {
      this.#epochs.push({ groupContext, speakers: [speaker] });
      this.#bytes += 8 + groupContext.length + speakerBytes(speaker);
      return this.#epochs.length - 1;
    }
    if (epoch.speakers.every(({ leaf }) => leaf !== speaker.leaf)) {
      epoch.speakers.push(speaker);
      this.#bytes += speakerBytes(speaker);
    }
    return known;
  }

  /** @returns what {@link decodePack} reads. Lines are in the order in which they were added. */
  encode(): Uint8Array {
    return joinParts([joinParts(this.#epochs.map(encodeEpoch)), ...this.#lines]);
  }
}

function isSameSpeaker(a: Speaker, b: Speaker): boolean {
  return equalBytes(a.key, b.key) && equalBytes(a.credential, b.credential);
}

function speakerBytes({ key, credential }: Speaker): number {
  return 4 + 4 + key.length + credential.length;
}

/**
 * @returns the epochs as one part, then each line as a part; each part after its length (4 bytes). An epoch is a part as `encodeEpoch`
 *   makes it. A line is seq (8 bytes), at (8), epoch (4), leaf (4), signature (64), payload.
 */
export function encodePack({ epochs, lines }: Pack): Uint8Array {
  return joinParts([joinParts(epochs.map(encodeEpoch)), ...lines.map(encodeLine)]);
}

function encodeLine({ seq, at, epoch, leaf, signature, payload }: PackLine): Uint8Array {
  const numbers = [uint64(BigInt(seq)), uint64(BigInt(at)), uint32(epoch), uint32(leaf)];
  return concatBytes(...numbers, signature, payload);
}

/** @returns undefined unless the bytes are a pack. Its lines are not verified: see {@link packVerifier}. */
export function decodePack(bytes: Uint8Array): Pack | undefined {
  const [head, ...lines] = partsOf(bytes) ?? [];
  const epochs = head && partsOf(head);
  if (epochs === undefined) return undefined;
  const read = { epochs: epochs.map(readRecord), lines: lines.map((line) => readLine(line, epochs.length)) };
  return read.epochs.every(isRead) && read.lines.every(isRead)
    ? { epochs: read.epochs, lines: read.lines }
    : undefined;
}

function isRead<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** @returns undefined if the lengths don't add up */
function partsOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) return undefined;
    parts.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return at === bytes.length ? parts : undefined;
}

function readRecord(bytes: Uint8Array): EpochRecord | undefined {
  const [context, ...speakers] = partsOf(bytes) ?? [];
  return context === undefined || speakers.some((one) => one.length < 4 + 32)
    ? undefined
    : decodeEpoch(bytes);
}

function readLine(bytes: Uint8Array, epochs: number): PackLine | undefined {
  if (bytes.length < LINE_HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [seq, at] = [Number(view.getBigUint64(0)), Number(view.getBigUint64(8))];
  const epoch = view.getUint32(16);
  if (seq < 1 || !Number.isSafeInteger(seq) || !Number.isSafeInteger(at) || epoch >= epochs) return undefined;
  return {
    seq: String(seq) as Position,
    at,
    epoch,
    leaf: view.getUint32(20),
    signature: bytes.subarray(24, LINE_HEAD_BYTES),
    payload: bytes.subarray(LINE_HEAD_BYTES),
  };
}

/** What is known of a line of a pack. */
export type Verdict =
  /** `message` was signed by its author's device, in an epoch with this record. */
  | {
      readonly kind: 'proved';
      readonly message: ProvedMessage;
      readonly proof: Proof;
      readonly record: EpochRecord;
      /** Whether newcomers may read it: what was said while the room showed newcomers nothing is never shown to them. */
      readonly isForNewcomers: boolean;
      /** When it disappears, in milliseconds since 1970; undefined: never. An edit or a reaction disappears with its message. */
      readonly expires: number | undefined;
      /** Whether its author might not say it: every reader has left it out. */
      readonly isSilenced: boolean;
      /** Whether its author was an admin or moderator. */
      readonly isStaff: boolean;
    }
  /** It is of another room. */
  | { readonly kind: 'foreign' }
  /** Nobody has signed it, or somebody has signed something else. */
  | { readonly kind: 'forged' };

/** @returns what verifies the lines of a pack of this room, one at a time. A line takes some 0.3 ms. */
export function packVerifier(room: RoomId, { epochs }: Pack): (line: PackLine) => Promise<Verdict> {
  const read = new Map<number, ProvedEpoch | undefined>();
  return async ({ epoch: index, at, leaf, signature, payload }) => {
    const record = epochs[index];
    if (record !== undefined && !read.has(index)) read.set(index, readEpoch(room, record));
    const epoch = read.get(index);
    if (record === undefined || epoch === undefined) return { kind: 'foreign' };
    const proof: Proof = { epoch: epoch.context.epoch, leaf, signature, payload };
    const message = await verifyIn(epoch, proof);
    if (message === undefined) return { kind: 'forged' };
    const expires = expiresAt(epoch.state, at, message.payload.sealedAt);
    const isSilenced = isSilencedIn(epoch, message);
    return {
      kind: 'proved',
      message,
      proof,
      record,
      isForNewcomers: isForNewcomers(epoch),
      expires,
      isSilenced,
      isStaff: epoch.state !== 'newer' && !message.limited && isStaff(epoch.state, message.identity),
    };
  };
}

/** Whether what was said in this epoch may be shown to newcomers, as far as its room state says. */
export function isForNewcomers({ state }: Pick<ProvedEpoch, 'state'>): boolean {
  return state !== 'newer' && state.history !== undefined;
}

/** Whether the author might not say that in its epoch. Whether slow mode let it speak isn't known. */
function isSilencedIn({ state }: ProvedEpoch, { identity, payload }: ProvedMessage): boolean {
  const { content } = payload;
  return (
    state !== 'newer' && content !== undefined && maySay(state, identity, content, { at: 0 }) !== undefined
  );
}

/** The first byte of the body of a post that is a part of a pack. */
const PART = 3;

function partAad(room: RoomId): Uint8Array {
  return transcript('gochat/seal/pack/2', utf8(room));
}

/** A pack as it is posted: what opens it, and the bodies of its posts in order. */
export interface SealedPack {
  /** 32 fresh bytes. */
  readonly key: Uint8Array;
  readonly parts: readonly Uint8Array[];
}

/** Seals a pack with a fresh key, in parts of at most 69,628 bytes, which are padded like messages. */
export function sealPack(room: RoomId, pack: Uint8Array, env: Pick<Env, 'random'>): SealedPack {
  const key = env.random(32);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < pack.length; at += MESSAGE_CAPACITY) {
    const padded = padMessage(pack.subarray(at, at + MESSAGE_CAPACITY));
    parts.push(concatBytes(Uint8Array.of(PART), encrypt(key, partAad(room), padded, env)));
  }
  return { key, parts };
}

/** Whether the body of a post is marked as a part of a pack. */
export function isPart(body: Uint8Array): boolean {
  return body[0] === PART;
}

/** @returns SHA-256 of the body of a part, as base64url */
export function partHash(body: Uint8Array): string {
  return encodeBytes(sha256(body));
}

/**
 * Opens the parts of a pack, in order.
 * @param key as base64url
 * @returns what {@link decodePack} reads; undefined if a part is not of this room and key
 */
export function openPack(room: RoomId, key: string, parts: readonly Uint8Array[]): Uint8Array | undefined {
  const opened: Uint8Array[] = [];
  for (const body of parts) {
    const padded = isPart(body) ? decrypt(decodeBytes(key), partAad(room), body.subarray(1)) : undefined;
    const slice = padded && unpad(padded);
    if (slice === undefined) return undefined;
    opened.push(slice);
  }
  return concatBytes(...opened);
}
