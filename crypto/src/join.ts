import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import { type Dialled, signedInvitation, signedJoin } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { compareWith } from './compare.ts';
import { isFounder } from './genesis.ts';
import { joinKeyIn, officeIn, packsIn, publish } from './groupinfo.ts';
import { holdsIdentity, identityKeyOf, isLimited, newLeaf, type Who } from './identity.ts';
import { type InviteKeys, inviteKeys, joinAad, unwrap } from './invite.ts';
import { epochKeys } from './keys.ts';
import type { InviteLink } from './link.ts';
import { mayReturnBy } from './look.ts';
import { readGroupInfo } from './mls/codec.ts';
import { joinExternally } from './mls/commits.ts';
import { identityOf } from './mls/credentials.ts';
import { treeOf } from './mls/group-info.ts';
import type { GroupInfo, LeafNode } from './mls/suite.ts';
import { isSound, leavesOf } from './mls/tree.ts';
import { cleanName, isCleanName, isCleanTopic } from './names.ts';
import { newId } from './new-id.ts';
import { openAdminKey, personKeyOf, readOffice } from './office.ts';
import { readPacks } from './packs.ts';
import { type Env, equalBytes, type SigningKey, sha256, sign } from './primitives.ts';
import { type Room, roomOf } from './room.ts';
import { RoomError } from './room-error.ts';
import { isAdmin, isBanned, liveInvite, type RoomState, readContext } from './room-state.ts';
import { openGroupInfo, sealJoin } from './seal.ts';
import { epochTag } from './unfollowed.ts';

/** A valid tree of `membersPerRoom` members has fewer nodes. The library sets no limit. */
const TREE_NODES = 4 * LIMITS.membersPerRoom;

/** A join request without the nonce and proof that bind it to one connection; {@link proveJoin} adds them. */
export type UnprovedJoin = Omit<UpOf<'join'>, 'nonce' | 'proof'>;

/** For a device that had a leaf already. */
export interface JoinOptions {
  /** Its last signature keys. If the room still has a leaf with one of them, the join replaces it. */
  readonly former?: readonly SigningKey[];
  /** The position of the handshake that it couldn't follow. */
  readonly unfollowed?: Position;
  /** The room of a device that has the proof that others have gone on: the GroupInfo has to prove it, too. Without being asked, only one that is {@link Split.alike}. */
  readonly split?: { readonly room: Room; readonly unasked: boolean };
  /** What the user has been shown of the room there, by {@link Comparison.tag}: the GroupInfo has to show the same. */
  readonly seen?: { readonly room: Room; readonly tag: string };
  /**
   * The signature key of the leaf, if the join replaces none; a new one when absent. A join that is made again with the key of the
   * last one replaces the leaf of that, should it have been accepted after all.
   */
  readonly again?: SigningKey;
  /** The room has to be a direct one, between its founder and this person. */
  readonly direct?: true;
}

/** @returns the request for the GroupInfo that the invite gives access to. */
export function proveInvitation(
  link: Pick<InviteLink, 'room' | 'secret'>,
  at: Dialled,
  id: RequestId,
  env: Env,
): UpOf<'invitation'> {
  const keys = inviteKeys(link.secret);
  const unsigned = {
    type: 'invitation' as const,
    id,
    room: link.room,
    invite: keys.id,
    nonce: newId(env),
  };
  return { ...unsigned, proof: encodeBytes(sign(keys.join, signedInvitation(at, unsigned))) };
}

/**
 * Joins a room by an invite, with the GroupInfo that the server keeps.
 * @param name of a person who has no other device in the room; otherwise the person keeps its name
 * @returns the room, which is pending until the log has the join ({@link landedFirst}), and the request.
 * @throws RoomError `bad-invite` if the GroupInfo or its wrapped key is damaged or missing; `other-room` if the GroupInfo is not of the
 *   room and founder in the link; `invite-revoked`, also of an own invite if the person has no leaf; `newer-rules`; `full` at 1,000 members; `banned`; `still-member` if this person has
 *   a leaf that this device can't replace; `change-unconfirmed` if the GroupInfo doesn't prove a split; `differs` if it isn't as the user has seen it. NameError if the name is invalid.
 */
export async function join(
  who: Who,
  name: string,
  link: InviteLink,
  info: DownOf<'groupinfo'>,
  env: Env,
  { former = [], unfollowed, again, split, seen, direct }: JoinOptions = {},
): Promise<{ room: Room; frame: UnprovedJoin }> {
  const invite = inviteKeys(link.secret);
  const key =
    info.wrapped === undefined ? undefined : await unwrap(invite, link.room, decodeBytes(info.wrapped));
  const opened = key && openGroupInfo(key, link.room, decodeBytes(info.groupInfo));
  const groupInfo = opened && readGroupInfo(opened);
  const joinKey = groupInfo && joinKeyIn(groupInfo);
  const tree = groupInfo && treeOf(groupInfo);
  if (opened === undefined || groupInfo === undefined || joinKey === undefined || tree === undefined) {
    throw damaged();
  }
  const { groupContext } = groupInfo;
  const context = readContext(groupContext.extensions, link.room, groupContext.groupId);
  if (context === undefined || !isFounder(link.founder, context.founder)) {
    throw new RoomError('other-room');
  }
  if (context.state === 'newer') throw new RoomError('newer-rules');
  const isWanted = direct === undefined || isPairOf(context.state, who);
  if (!isWanted) throw new RoomError('other-room');
  if (split !== undefined && !(await mayReturnBy(split.room, groupInfo, split.unasked)))
    throw new RoomError('change-unconfirmed');
  if (seen !== undefined && (await compareWith(seen.room, groupInfo))?.tag !== seen.tag)
    throw new RoomError('differs');
  const live = liveInvite(context.state, invite.id);
  if (live === undefined) throw new RoomError('invite-revoked');
  if (!hasCleanNames(tree, context.state)) throw damaged();
  if (isBanned(context.state, identityKeyOf(who))) throw new RoomError('banned');
  const leaves = [...leavesOf(tree).values()];
  const ofPerson = leaves.filter((other) => isOf(who, other));
  if (live.own && ofPerson.length === 0) throw new RoomError('invite-revoked');
  const ofDevice = ofPerson.filter((other) => isOnDevice(who, other));
  const seat = former.find((key) =>
    ofDevice.some((other) => equalBytes(other.signaturePublicKey, key.publicKey)),
  );
  const replaced = seat && ofDevice.find((other) => equalBytes(other.signaturePublicKey, seat.publicKey));
  if (seat === undefined && (live.own ? ofDevice : ofPerson).length > 0) throw new RoomError('still-member');
  // The leaf of a room's only device can't be replaced: no member is left who could follow.
  if (seat !== undefined && leaves.length === 1) throw new RoomError('still-member');
  // A person's devices have one name, whatever the others see first of it.
  const siblings = ofPerson.filter((other) => other !== replaced);
  const sibling = siblings.find((other) => !isLimitedLeaf(other)) ?? siblings[0];
  const own = (sibling && identityOf(sibling.credential)?.name) ?? cleanName(name);
  const leaf = newLeaf(groupContext.groupId, who, own, env, seat ?? again);
  const aad = joinAad(invite, {
    room: link.room,
    groupId: groupContext.groupId,
    epoch: groupContext.epoch,
    groupInfoHash: sha256(opened),
    leafKey: leaf.key.publicKey,
    credential: leaf.credential,
    unfollowed,
  });
  if (!isSound([], tree) || tree.length > TREE_NODES) throw damaged();
  if (seat === undefined && leaves.length >= LIMITS.membersPerRoom) {
    throw new RoomError('full');
  }
  let joined: Awaited<ReturnType<typeof joinExternally>>;
  let body: Uint8Array;
  try {
    joined = await joinExternally(groupInfo, leaf, seat !== undefined, aad);
    body = await sealJoin(joinKey, link.room, joined.message);
  } catch (cause) {
    throw damaged(cause);
  }
  const { state: mls } = joined;
  const office = readOffice(officeIn(groupInfo));
  const packs = readPacks(packsIn(groupInfo));
  const person = holdsIdentity(who) ? personKeyOf(who.identity) : undefined;
  const isOwnAdmin = isAdmin(context.state, identityKeyOf(who));
  const keys = await epochKeys(mls, link.room);
  const wanted = new Set(info.invites.map((i) => i.invite));
  const published = await publish(
    link.room,
    mls,
    keys,
    context.state.invites.filter((i) => wanted.has(i.id)),
    env,
    { office: office.sealed, packs },
  );
  const request = newId<RequestId>(env);
  const frame: UnprovedJoin = {
    type: 'join',
    id: request,
    room: link.room,
    invite: invite.id,
    after: info.handshake,
    body: encodeBytes(body),
    access: encodeBytes(keys.access.publicKey),
    ...published,
  };
  const pending = {
    intent: 'join',
    request,
    after: info.handshake,
    hash: encodeBytes(sha256(body)),
    mls,
    data: new Uint8Array(),
  } as const;
  return {
    room: await roomOf(link.room, mls, {
      status: 'joining',
      pending,
      // The own invite's secret is what opens it.
      admin:
        live.own && isOwnAdmin && person
          ? office.sealed && openAdminKey(link.room, person, link.secret, office.sealed)
          : undefined,
      office,
      packs,
      person,
      rotatedAt: env.now(),
      device: who.device,
      inviter: link.inviter,
      ...(live.own && { own: link.secret }),
      entrance: {
        secret: link.secret,
        signer: signerIn(tree, groupInfo),
        epoch: Number(groupContext.epoch),
        tag: epochTag(groupInfo),
        ...(replaced !== undefined && { replaced: encodeBytes(replaced.hpkePublicKey) }),
      },
    }),
    frame,
  };
}

/** @returns the identity key of the member who has signed a GroupInfo */
function signerIn(tree: NonNullable<ReturnType<typeof treeOf>>, { signer }: GroupInfo): string {
  const leaf = leavesOf(tree).get(signer);
  const own = leaf && identityOf(leaf.credential);
  return own === undefined ? '' : encodeBytes(own.identityKey);
}

function isLimitedLeaf({ credential }: LeafNode): boolean {
  const read = identityOf(credential);
  return read !== undefined && isLimited(read);
}

function isOf(who: Who, { credential }: LeafNode): boolean {
  const own = identityOf(credential);
  return own !== undefined && equalBytes(own.identityKey, identityKeyOf(who));
}

function isOnDevice(who: Who, { credential }: LeafNode): boolean {
  const own = identityOf(credential);
  return own !== undefined && equalBytes(own.deviceKey, who.device.publicKey);
}

/** Whether the names of a room and its members are valid. Members let no others in, but the founder is let in by nobody. */
function hasCleanNames(tree: NonNullable<ReturnType<typeof treeOf>>, { name, topic }: RoomState): boolean {
  const people = [...leavesOf(tree).values()].map((leaf) => identityOf(leaf.credential)?.name);
  return isCleanName(name) && isCleanTopic(topic) && people.every((n) => n !== undefined && isCleanName(n));
}

function damaged(cause?: unknown): RoomError {
  return new RoomError('bad-invite', { cause });
}

function isPairOf({ pair }: RoomState, who: Who): boolean {
  return pair?.includes(encodeBytes(identityKeyOf(who))) === true;
}

/** @returns the join request bound to one connection by a nonce and a proof. */
export function proveJoin(
  keys: Pick<InviteKeys, 'join'>,
  frame: UnprovedJoin,
  at: Dialled,
  env: Env,
): UpOf<'join'> {
  const unsigned = { ...frame, nonce: newId(env) };
  return { ...unsigned, proof: encodeBytes(sign(keys.join, signedJoin(at, unsigned))) };
}
