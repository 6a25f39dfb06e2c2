import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { inviteKeys, unwrap } from './invite.ts';
import { readGroupInfo } from './mls/codec.ts';
import { deviceOf } from './mls/credentials.ts';
import { describes, signerOf, treeOf } from './mls/group-info.ts';
import type { GroupInfo, LeafNode } from './mls/suite.ts';
import { leavesOf } from './mls/tree.ts';
import { personsIn } from './policy.ts';
import { equalBytes, signingKey } from './primitives.ts';
import {
  type Entrance,
  leafKeysOf,
  type Member,
  membersOf,
  type Room,
  type Split,
  stateOf,
  vouches,
} from './room.ts';
import { liveInvite, type RoomState, readContext } from './room-state.ts';
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
  const opened = await openByInvite(room, info);
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

/** @returns the secrets of invites with which this device can look, and join again, the best first: the own one's, and that by which it came in */
export function waysIn({
  own,
  entrance,
  split,
}: Pick<Room, 'own' | 'entrance' | 'split'>): readonly Uint8Array[] {
  const ways = split?.byEntrance ? [entrance?.secret, own] : [own, entrance?.secret];
  return ways.filter((secret) => secret !== undefined);
}

/** @returns the GroupInfo that the server keeps, if one of the {@link waysIn} opens it */
export async function openByInvite(
  room: Room,
  { groupInfo, wrapped, invites }: Parameters<typeof look>[1],
): Promise<GroupInfo | undefined> {
  for (const secret of waysIn(room)) {
    const keys = inviteKeys(secret);
    const wrap = wrapped ?? invites.find(({ invite }) => invite === keys.id)?.wrapped;
    const key = wrap === undefined ? undefined : await unwrap(keys, room.id, decodeBytes(wrap));
    const bytes = key && openGroupInfo(key, room.id, decodeBytes(groupInfo));
    const info = bytes && readGroupInfo(bytes);
    if (info !== undefined) return info;
  }
  return undefined;
}

function isByWhoBegan(room: Room, info: GroupInfo): boolean {
  const leaf = leavesOf(room.mls.ratchetTree).get(info.signer);
  return leaf !== undefined && deviceOf(leaf) === room.authors.at(-1)?.[1];
}

/**
 * Whether a device that has the proof may join by this GroupInfo: it proves the same, or this device has signed it, in a join whose reply
 * it didn't get. Otherwise an author could put the GroupInfo of a fork there as soon as another member's was seen.
 * @param unasked whether the user hasn't asked for the return
 */
export async function mayReturnBy(room: Room, info: GroupInfo, unasked: boolean): Promise<boolean> {
  try {
    const split = await splitIn(room, info);
    if (split !== undefined) return split.alike || !unasked;
    const key = (await signerOf(info))?.signaturePublicKey;
    const isOther = epochTag(info) !== epochTag(room.mls);
    return isOther && key !== undefined && equalBytes(key, ownKey(room));
  } catch {
    // Malformed keys or signatures.
    return false;
  }
}

/** Whether a GroupInfo proves that other members have gone on without this device. */
export async function proves(room: Room, info: GroupInfo): Promise<boolean> {
  return (await splitIn(room, info).catch(() => undefined)) !== undefined;
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
  if (state === undefined || tree === undefined) return undefined;
  if (!equalBytes(groupContext.groupId, mls.groupContext.groupId)) return undefined;
  const skipped = room.entrance !== undefined && isSkippedIn(room, room.entrance, info, tree);
  if (!skipped && Number(groupContext.epoch) <= epoch) return undefined;
  if (unfollowed?.entered.includes(epochTag({ confirmationTag }))) return undefined;
  const leaf = await signerOf(info);
  if (leaf === undefined) return undefined;
  const signer = membersOf(room).find((m) => m.device === deviceOf(leaf));
  if (signer === undefined || signer.self) return undefined;
  const isAuthor = unfollowed?.authors.some(({ identity }) => identity === signer.identity) ?? false;
  if (isAuthor) return undefined;
  const by = authorOf(signer);
  if (skipped) {
    // Another member may have been misled by the same person, or may lead this device into an epoch of its own: then the user decides.
    const isTrusted = vouches(room, signer);
    if (!isTrusted && signer.identity === room.entrance?.signer) return undefined;
    const isOwnUsable = room.own !== undefined && letsIn(room.own, room, state, tree);
    return { by, alike: isTrusted, skipped, ...(!isOwnUsable && { byEntrance: true }) };
  }
  if (unfollowed === undefined && !(signer.admin && isPresent(room, signer, leaf))) return undefined;
  return { by, alike: isAlike(room, state, personsIn({ ratchetTree: tree })) };
}

/** Whether the members of an epoch would let another leaf of this person in by the room's own invite. */
function letsIn(
  own: Uint8Array,
  room: Room,
  state: RoomState | 'newer',
  tree: NonNullable<ReturnType<typeof treeOf>>,
): boolean {
  const live = state === 'newer' ? undefined : liveInvite(state, inviteKeys(own).id);
  const person = membersOf(room).find((member) => member.self)?.identity;
  return live?.own === true && person !== undefined && personsIn({ ratchetTree: tree }).has(person);
}

function authorOf({ device, identity, name }: Member): Split['by'] {
  return { device, identity, name };
}

/**
 * Whether a GroupInfo shows that members have skipped this device's join: it has no leaf there. An older GroupInfo of the room has no
 * leaf of it either, so it must have a later epoch number than the one the join started from; or whoever signed that one is no member there.
 */
function isSkippedIn(
  room: Room,
  entrance: Entrance,
  info: GroupInfo,
  tree: NonNullable<ReturnType<typeof treeOf>>,
): boolean {
  const own = leafKeysOf(room).map(({ publicKey }) => encodeBytes(publicKey));
  const leaf = [...leavesOf(tree).values()].find((one) => own.includes(encodeBytes(one.signaturePublicKey)));
  if (leaf !== undefined && encodeBytes(leaf.hpkePublicKey) !== entrance.replaced) return false;
  const isLater = Number(info.groupContext.epoch) >= entrance.epoch;
  if (isLater) return epochTag(info) !== entrance.tag;
  return !personsIn({ ratchetTree: tree }).has(entrance.signer);
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

/** Whether other members had gone on: @param joined the room that this device has joined again, from another epoch than its own @param room its room before */
export function haveGoneOn({ entrance }: Room, { mls }: Room): boolean {
  return entrance?.tag !== epochTag(mls);
}

/** @returns the room after the proof that others have gone on: it sends nothing until this device has joined them again */
export function afterSplit(room: Room, split: Split): Room {
  return { ...room, status: 'split', split };
}
