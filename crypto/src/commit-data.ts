import { concatBytes, uint32 } from './primitives.ts';

/** What the authenticated data of a member's commit may hold. Members ignore types that they don't know. */
export const COMMIT_DATA = {
  /** These three hand a key over: for each device that gets it, a part as {@link handOver} makes it. */
  adminKey: 1,
  keepersKey: 2,
  voiceKey: 3,
  /** The secret of the own invite, for members that joined after it was made. */
  ownInvite: 4,
  /** A Remove that leaves the invites valid. */
  keep: 5,
  /** The committer asks for the access keys to be retired. */
  ask: 6,
  /** The order of this handshake retires the access keys of the epochs before it. */
  retire: 7,
  /** The admin key, sealed for devices of the committer's person; empty if those can't open any. */
  office: 8,
} as const;
type CommitDataType = (typeof COMMIT_DATA)[keyof typeof COMMIT_DATA];

export type CommitDataItem = readonly [CommitDataType, Uint8Array];

/** What a commit says beside its proposals, by type. */
export type CommitData = ReadonlyMap<number, Uint8Array>;

const HEAD_BYTES = 5;

/** @returns the authenticated data: for each item its type (one byte), the length of its value (four bytes) and the value. */
export function encodeCommitData(items: readonly CommitDataItem[]): Uint8Array {
  return concatBytes(...items.flatMap(([type, value]) => [Uint8Array.of(type), uint32(value.length), value]));
}

/** @returns undefined if the bytes are not the output of {@link encodeCommitData}, or name a type twice. */
export function decodeCommitData(bytes: Uint8Array): CommitData | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    if (at + HEAD_BYTES > bytes.length) return undefined;
    const type = view.getUint8(at);
    const end = at + HEAD_BYTES + view.getUint32(at + 1);
    if (end > bytes.length || data.has(type)) return undefined;
    data.set(type, bytes.slice(at + HEAD_BYTES, end));
    at = end;
  }
  return data;
}
