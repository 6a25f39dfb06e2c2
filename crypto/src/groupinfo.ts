import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import type { InviteGrant } from '@gochat/protocol/up';
import { doorOf, wrapDoor } from './door.ts';
import { wrapFor } from './invite.ts';
import { type EpochKeys, joinPublicKey } from './keys.ts';
import { readGroupInfo } from './mls/codec.ts';
import { describes, groupInfoOf } from './mls/group-info.ts';
import { EXTENSION, type GroupInfo, type MlsState } from './mls/suite.ts';
import { isOffice } from './office.ts';
import { arePacks, encodePacks, NO_PACKS, type Packs } from './packs.ts';
import { decrypt, type Env, encrypt, equalBytes, transcript, utf8 } from './primitives.ts';
import type { Room } from './room.ts';
import { RoomError } from './room-error.ts';
import { type MemberInvite, readContext, wrapKeyOf } from './room-state.ts';
import { openGroupInfo, sealGroupInfo } from './seal.ts';

function memberAad(room: RoomId): Uint8Array {
  return transcript('gochat/member-wrap/1', utf8(room));
}

/** An epoch's GroupInfo as the server keeps it: sealed once, with its key wrapped for each invite and for the members. */
export interface Published {
  readonly groupInfo: string;
  readonly member: string;
  readonly invites: InviteGrant[];
}

/** What a GroupInfo says of the room besides its MLS state. */
interface Extras {
  /** The sealed admin key. */
  readonly office?: Uint8Array | undefined;
  readonly packs?: Packs;
}

export async function publish(
  room: RoomId,
  mls: MlsState,
  keys: EpochKeys,
  invites: readonly MemberInvite[],
  env: Env,
  { office, packs = NO_PACKS }: Extras = {},
): Promise<Published> {
  const key = env.random(32);
  const joinKey = { extensionType: EXTENSION.joinKey, extensionData: await joinPublicKey(keys) };
  const extras = [
    { extensionType: EXTENSION.packs, extensionData: encodePacks(packs) },
    { extensionType: EXTENSION.office, extensionData: office },
  ].flatMap(({ extensionType, extensionData }) =>
    extensionData === undefined ? [] : [{ extensionType, extensionData }],
  );
  const groupInfo = await groupInfoOf(mls, [joinKey, ...extras]);
  return {
    groupInfo: encodeBytes(sealGroupInfo(key, room, groupInfo, env)),
    member: encodeBytes(encrypt(keys.groupInfo, memberAad(room), key, env)),
    invites: await Promise.all(
      invites.map(async (invite) => ({
        invite: invite.id,
        wrapped: await wrappedFor(invite, room, mls, key),
      })),
    ),
  };
}

/** What the server keeps for who has an invite: the GroupInfo's key; or, if the invite needs approval, what members show to strangers. */
async function wrappedFor(
  invite: MemberInvite,
  room: RoomId,
  mls: MlsState,
  key: Uint8Array,
): Promise<string> {
  const publicKey = wrapKeyOf(invite);
  if (invite.knock !== true) return encodeBytes(await wrapFor(publicKey, room, invite.id, key));
  const { extensions, groupId } = mls.groupContext;
  const state = readContext(extensions, room, groupId)?.state;
  if (state === undefined || state === 'newer') throw new RoomError('newer-rules');
  return encodeBytes(await wrapDoor(publicKey, room, invite.id, { key, door: doorOf(state) }));
}

/** @returns the HPKE public key to which joiners seal their commit, or undefined if the GroupInfo has none. */
export function joinKeyIn(info: GroupInfo): Uint8Array | undefined {
  return info.extensions.find((e) => e.extensionType === EXTENSION.joinKey)?.extensionData;
}

/** @returns the sealed admin key, or undefined if the GroupInfo has none */
export function officeIn(info: GroupInfo): Uint8Array | undefined {
  return info.extensions.find((e) => e.extensionType === EXTENSION.office)?.extensionData;
}

/** @returns the packs that are kept ready for newcomers, encoded, or undefined if the GroupInfo has none */
export function packsIn(info: GroupInfo): Uint8Array | undefined {
  return info.extensions.find((e) => e.extensionType === EXTENSION.packs)?.extensionData;
}

/**
 * Whether the server keeps for joiners what a member would upload: a GroupInfo of exactly this epoch, and its key wrapped for the
 * room's invites and for nobody else. Members agree on it, whoever has uploaded it.
 * @param invites those that members accept. One that the server doesn't have any more has ended there.
 */
export async function isPublished(
  { id, mls, keys, office, packs }: Pick<Room, 'id' | 'mls' | 'keys' | 'office' | 'packs'>,
  invites: readonly MemberInvite[],
  kept: Pick<DownOf<'groupinfo'>, 'groupInfo' | 'member' | 'invites'>,
): Promise<boolean> {
  const key =
    kept.member === undefined ? undefined : decrypt(keys.groupInfo, memberAad(id), decodeBytes(kept.member));
  const opened = key && openGroupInfo(key, id, decodeBytes(kept.groupInfo));
  const info = opened && readGroupInfo(opened);
  const joinKey = info && joinKeyIn(info);
  if (key === undefined || info === undefined || joinKey === undefined) return false;
  if (!equalBytes(joinKey, await joinPublicKey(keys))) return false;
  if (!isOffice(office, officeIn(info)) || !arePacks(packs, packsIn(info))) return false;
  try {
    if (!(await describes(info, mls))) return false;
  } catch {
    // Malformed keys or signatures.
    return false;
  }
  for (const { invite, wrapped } of kept.invites) {
    const known = invites.find((one) => one.id === invite);
    const expected = known && (await wrappedFor(known, id, mls, key));
    if (wrapped !== expected) return false;
  }
  return true;
}
