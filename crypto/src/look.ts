import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes } from '@gochat/protocol/encoding';
import { inviteKeys, unwrap } from './invite.ts';
import {
  describes,
  deviceOf,
  type GroupInfo,
  type LeafNode,
  leavesOf,
  readGroupInfo,
  signerOf,
  treeOf,
} from './mls.ts';
import { personsIn } from './policy.ts';
import { equalBytes, signingKey } from './primitives.ts';
import { type Member, membersOf, type Room, type Split, stateOf } from './room.ts';
import { type RoomState, readContext } from './room-state.ts';
import { openGroupInfo } from './seal.ts';
import { epochTag } from './unfollowed.ts';

/** What the GroupInfo that the server keeps says about where the other members are. */
export type Sight =
  /** In this device's epoch. `begun`: whoever began the epoch has signed this, so that it proves nothing to others. */
  | { readonly kind: 'here'; readonly begun: boolean }
  | { readonly kind: 'elsewhere'; readonly split: Split }
  /** It can't be opened, or proves nothing. */
  | { readonly kind: 'unknown' };

/**
 * Opens the GroupInfo that the server keeps, by the room's own invite: not with a key of this device's epoch, so that it can tell a
 * device that other members have gone on without it. A GroupInfo of an epoch that this device was never in proves that if the signer is
 * another person than the authors of what it couldn't follow. If those are unknown, only the signature of an admin does, with the key
 * that its leaf has here.
 * @param info the answer to `fetch`, or to `invitation` by the own invite
 */
export async function look(
  room: Room,
  info: Pick<DownOf<'groupinfo'>, 'groupInfo' | 'wrapped' | 'invites'>,
): Promise<Sight> {
  const opened = await openByOwnInvite(room, info);
  if (opened === undefined) return UNKNOWN;
  try {
    if (await describes(opened, room.mls)) return { kind: 'here', begun: isByWhoBegan(room, opened) };
    const split = await splitIn(room, opened);
    return split === undefined ? UNKNOWN : { kind: 'elsewhere', split };
  } catch {
    // Malformed keys or signatures.
    return UNKNOWN;
  }
}

const UNKNOWN: Sight = { kind: 'unknown' };

async function openByOwnInvite(
  room: Room,
  { groupInfo, wrapped, invites }: Parameters<typeof look>[1],
): Promise<GroupInfo | undefined> {
  if (room.own === undefined) return undefined;
  const own = inviteKeys(room.own);
  const wrap = wrapped ?? invites.find(({ invite }) => invite === own.id)?.wrapped;
  const key = wrap === undefined ? undefined : await unwrap(own, room.id, decodeBytes(wrap));
  const bytes = key && openGroupInfo(key, room.id, decodeBytes(groupInfo));
  return bytes && readGroupInfo(bytes);
}

function isByWhoBegan(room: Room, info: GroupInfo): boolean {
  const leaf = leavesOf(room.mls.ratchetTree).get(info.signer);
  return leaf !== undefined && deviceOf(leaf) === room.authors.at(-1)?.[1];
}

/**
 * Whether a device that has the proof may join by this GroupInfo: it proves the same, or this device has signed it, in a join whose reply
 * it didn't get. Otherwise an author could put the GroupInfo of a fork there as soon as another member's was seen.
 */
export async function mayReturnBy(room: Room, info: GroupInfo): Promise<boolean> {
  try {
    if ((await splitIn(room, info)) !== undefined) return true;
    const key = (await signerOf(info))?.signaturePublicKey;
    return key !== undefined && equalBytes(key, ownKey(room));
  } catch {
    // Malformed keys or signatures.
    return false;
  }
}

function ownKey(room: Room): Uint8Array {
  return signingKey(room.mls.signaturePrivateKey).publicKey;
}

async function splitIn(room: Room, info: GroupInfo): Promise<Split | undefined> {
  const { unfollowed, mls } = room;
  const { groupContext, confirmationTag } = info;
  const epoch = unfollowed?.epoch ?? Number(mls.groupContext.epoch);
  const state = readContext(groupContext.extensions, room.id, mls.groupContext.groupId)?.state;
  const tree = treeOf(info);
  if (state === undefined || tree === undefined || Number(groupContext.epoch) <= epoch) return undefined;
  if (!equalBytes(groupContext.groupId, mls.groupContext.groupId)) return undefined;
  if (unfollowed?.entered.includes(epochTag({ confirmationTag }))) return undefined;
  const leaf = await signerOf(info);
  if (leaf === undefined) return undefined;
  const signer = membersOf(room).find((m) => m.device === deviceOf(leaf));
  if (signer === undefined || signer.self) return undefined;
  const isAuthor = unfollowed?.authors.some(({ identity }) => identity === signer.identity) ?? false;
  if (isAuthor || (unfollowed === undefined && !(signer.admin && isPresent(room, signer, leaf))))
    return undefined;
  const { device, identity, name } = signer;
  return {
    by: { device, identity, name },
    alike: isAlike(room, state, personsIn({ ratchetTree: tree })),
  };
}

/** Whether the leaf's key is the member's present one. Whoever has once copied the device can certify any other. */
function isPresent({ mls }: Room, { leaf }: Member, { signaturePublicKey }: LeafNode): boolean {
  const known = leavesOf(mls.ratchetTree).get(leaf);
  return known !== undefined && equalBytes(known.signaturePublicKey, signaturePublicKey);
}

/** Whether coming back changes nothing about persons, offices and bans. */
function isAlike(room: Room, there: RoomState | 'newer', persons: ReadonlySet<string>): boolean {
  if (there === 'newer') return false;
  const here = stateOf(room);
  const same = (['admins', 'mods', 'bans'] as const).every(
    (list) => JSON.stringify(here[list] ?? []) === JSON.stringify(there[list] ?? []),
  );
  const present = personsIn(room.mls);
  return same && present.size === persons.size && [...present].every((identity) => persons.has(identity));
}

/** @returns the room that this device has joined again after a split, with what it knew of the older one. Nobody has confirmed it yet. */
export function afterReturn(room: Room, { own, inviter, waits }: Room): Room {
  return { ...room, own, inviter, waits };
}

/** @returns the room after the proof that others have gone on: it sends nothing until this device has joined them again */
export function afterSplit(room: Room, split: Split): Room {
  return { ...room, status: 'split', split };
}
