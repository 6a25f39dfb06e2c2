import { ascii, base64url, concat, fromBase64url, text, tuple, u64 } from './encoding.ts';
import type { InviteSecret } from './link.ts';
import { sha256, sign, verify } from './primitives.ts';

/** docs/protocol.md, “Joins”: the authenticated data of a join. */

const PLAIN_JOIN = new Uint8Array(9);

interface Joining {
  readonly room: string;
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  /** Of the joiner's new leaf. */
  readonly signatureKey: Uint8Array;
  readonly credential: Uint8Array;
}

function signed({ room, groupId, epoch, signatureKey, credential }: Joining, data: Uint8Array): Uint8Array {
  const parts = [data.slice(0, 22), data.slice(22, 54), data.slice(54, 63)];
  return tuple('gochat/join/2', ascii(room), groupId, u64(epoch), ...parts, signatureKey, sha256(credential));
}

export function makeJoinData(joining: Joining, invite: InviteSecret, groupInfo: Uint8Array): Uint8Array {
  const data = concat(ascii(invite.id), sha256(groupInfo), PLAIN_JOIN);
  return concat(data, sign(invite.join, signed(joining, data)));
}

/** @returns the id of the invite that the data names */
export const inviteOfData = (data: Uint8Array): string => text(data.slice(0, 22));

/** @throws if the data isn't that of a join by the invite with this join key */
export function checkJoinData(joining: Joining, joinKey: string, data: Uint8Array): void {
  const [reason, position] = [data[54], data.slice(55, 63)];
  const plain = reason === 0 && base64url(position) === base64url(new Uint8Array(8));
  if (data.length !== 127 || !(plain || reason === 1)) throw new Error('join with other data');
  if (!verify(fromBase64url(joinKey), signed(joining, data), data.slice(63))) {
    throw new Error('join without the signature of the invite');
  }
}
