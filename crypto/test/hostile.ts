import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import { signedHandshake, signedOrder, signedRefresh } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { advanceChain } from '../src/chain.ts';
import { landedFirst } from '../src/create.ts';
import { joinKeyIn, publish } from '../src/groupinfo.ts';
import { type LeafIdentity, newLeaf, renewedLeaf } from '../src/identity.ts';
import { inviteKeys, type JoinClaim, joinAad, unwrap } from '../src/invite.ts';
import type { UnprovedJoin } from '../src/join.ts';
import { epochKeys } from '../src/keys.ts';
import type { InviteLink } from '../src/link.ts';
import { readGroupInfo } from '../src/mls/codec.ts';
import {
  capabilities,
  EXTENSION,
  type Extension,
  type GroupInfo,
  type LeafNode,
  type MlsState,
  type Proposal,
} from '../src/mls/suite.ts';
import { sha256, sign } from '../src/primitives.ts';
import { liveInvitesOf, ownCredential, type Room, roomOf, stateOf } from '../src/room.ts';
import type { RoomState } from '../src/room-state.ts';
import { openGroupInfo, sealBody, sealJoin } from '../src/seal.ts';
import { craftCommit, craftJoin } from './craft.ts';
import type { Twist } from './craft-path.ts';
import { entryAt, type Log } from './log.ts';
import { spellRoomState } from './spell-state.ts';
import { type Person, won } from './world.ts';

/** Fields of a request that the attacker overrides before the request is signed. */
export type Liberties = Partial<Pick<UpOf<'handshake'>, 'access' | 'groupInfo' | 'member' | 'invites'>>;

/** A handshake that the server accepts: all proofs are valid, the body is arbitrary. */
export async function request(
  person: Person,
  body: Uint8Array,
  next: MlsState,
  liberties: Liberties = {},
  retire = false,
): Promise<UpOf<'handshake'>> {
  const { room, env } = person;
  const keys = await epochKeys(next, room.id);
  const unsigned = {
    type: 'handshake' as const,
    id: person.id() as RequestId,
    room: room.id,
    after: room.base,
    key: room.key,
    body: encodeBytes(body),
    access: encodeBytes(keys.access.publicKey),
    ...(await publish(room.id, next, keys, retire ? [] : liveInvitesOf(room), env)),
    ...liberties,
  };
  const frame = { ...unsigned, proof: encodeBytes(sign(room.accessKey, signedHandshake(unsigned))) };
  if (!retire || room.admin === undefined) return frame;
  const order = { key: encodeBytes(room.admin.publicKey), retire: true as const };
  return {
    ...frame,
    order: { ...order, proof: encodeBytes(sign(room.admin, signedOrder(unsigned, order))) },
  };
}

export interface Deed {
  readonly seq: Position;
  readonly body: Uint8Array;
  /** The state after the commit, for an attacker that continues from it. */
  readonly state: MlsState;
}

/** @returns the leaf that an honest commit would give this person's device */
export function renewedBy({ room, who, env }: Person): LeafIdentity {
  return renewedLeaf(room.mls.groupContext.groupId, ownCredential(room), who.device, env);
}

/** Posts a commit that no honest client makes. The attacker stays in the epoch of the commit. */
export async function commits(log: Log, person: Person, twist: Twist, liberties?: Liberties): Promise<Deed> {
  await person.reads(log);
  const { room } = person;
  const { message, state } = await craftCommit(room.mls, renewedBy(person), twist);
  const body = sealBody(room.keys, 'handshake', room.id, message, person.env);
  const seq = won(log.swap(await request(person, body, state, liberties)));
  // The others will refuse the commit, so the attacker continues from its current state.
  const chain = advanceChain(room.chain, entryAt(log, seq), body);
  person.room = { ...room, position: seq, base: seq, chain };
  return { seq, body, state };
}

/** Uploads the GroupInfo of another state in place of the last handshake's. */
export async function plants(log: Log, person: Person, like: MlsState): Promise<void> {
  await person.reads(log);
  const { room, env } = person;
  const unsigned = {
    type: 'refresh' as const,
    id: person.id() as RequestId,
    room: room.id,
    after: log.handshake,
    key: room.key,
    ...(await publish(room.id, like, await epochKeys(like, room.id), liveInvitesOf(room), env)),
  };
  const proof = encodeBytes(sign(room.accessKey, signedRefresh(unsigned)));
  const outcome = log.refresh({ ...unsigned, proof });
  if (outcome !== 'done') throw new Error(outcome);
}

/** Posts bytes that are not a handshake. */
export async function litters(log: Log, person: Person, body?: Uint8Array): Promise<Position> {
  await person.reads(log);
  const rubbish = body ?? person.env.random(300);
  return won(log.swap(await request(person, rubbish, person.room.mls)));
}

/** Posts bytes that are not a message, and not marked as a part of a pack. */
export function babbles(log: Log, person: Person): Position {
  return log.append('message', encodeBytes(person.env.random(300).with(0, 0)));
}

/** The room of an attacker that continues from its own commit, even if the others refuse it. */
export async function gone(room: Room, deed: Deed): Promise<Room> {
  const { admin, rotatedAt, device } = room;
  const next = await roomOf(room.id, deed.state, {
    status: 'joining',
    pending: undefined,
    admin,
    rotatedAt,
    device,
  });
  return { ...landedFirst(next, deed.seq), next: room.next, key: room.key, accessKey: room.accessKey };
}

/** A change of the room state by a commit without a path, whether the person may make it or not. */
export function stating({ room }: Person, change: (state: RoomState) => RoomState): Twist {
  const [genesis] = room.mls.groupContext.extensions;
  if (genesis === undefined) throw new Error('no genesis');
  const state = spellRoomState(change(stateOf(room)));
  return contextOf([genesis, { extensionType: EXTENSION.roomState, extensionData: state }]);
}

/** A commit that replaces the extensions of the group context. */
export function contextOf(extensions: Extension[]): Twist {
  const proposal: Proposal = {
    proposalType: 'group_context_extensions',
    groupContextExtensions: { extensions },
  };
  return { proposals: [proposal], path: false, extensions };
}

/** What a joiner can override besides the commit. */
export interface JoinTwist extends Twist {
  readonly claim?: Partial<JoinClaim>;
  /** The invite that the commit names, and the secret whose join key signs. */
  readonly invite?: { readonly secret: Uint8Array; readonly named?: string };
  /** The joiner's leaf; a new one of its own device if absent. */
  readonly joiner?: LeafIdentity;
  readonly aad?: (aad: Uint8Array) => Uint8Array;
}

/** What the holder of an invite link can read of the group. */
export async function looksInside(log: Log, link: InviteLink): Promise<GroupInfo> {
  const info = log.info(link);
  if (info?.wrapped === undefined) throw new Error('no such invite');
  const key = await unwrap(inviteKeys(link.secret), link.room, decodeBytes(info.wrapped));
  const opened = key && openGroupInfo(key, link.room, decodeBytes(info.groupInfo));
  const read = opened && readGroupInfo(opened);
  if (read === undefined) throw new Error('the GroupInfo is damaged');
  return read;
}

/** Posts a join that no honest client makes, with an invite that the server accepts. */
export async function joins(
  log: Log,
  person: Person,
  link: InviteLink,
  like: MlsState,
  twist: JoinTwist,
): Promise<Deed> {
  const info = await looksInside(log, link);
  const own = twist.joiner ?? newLeaf(info.groupContext.groupId, person.who, person.name, person.env);
  const { key, credential } = own;
  const keys = inviteKeys(twist.invite?.secret ?? link.secret);
  const claim = {
    room: link.room,
    groupId: info.groupContext.groupId,
    epoch: info.groupContext.epoch,
    groupInfoHash: sha256(decodeBytes(log.groupInfo)),
    leafKey: key.publicKey,
    credential,
    unfollowed: undefined,
    ...twist.claim,
  };
  const named = (twist.invite?.named ?? keys.id) as typeof keys.id;
  const aad = joinAad({ ...keys, id: named }, claim);
  const base: LeafNode = {
    leafNodeSource: 'commit',
    parentHash: new Uint8Array(),
    extensions: [],
    capabilities,
    credential: { credentialType: 'basic', identity: credential },
    signaturePublicKey: key.publicKey,
    hpkePublicKey: person.env.random(32),
    signature: new Uint8Array(),
  };
  const { message, state } = await craftJoin(
    info,
    own,
    base,
    like.clientConfig,
    twist.aad?.(aad) ?? aad,
    twist,
  );
  const joinKey = joinKeyIn(info);
  if (joinKey === undefined) throw new Error('no join key');
  const body = await sealJoin(joinKey, link.room, message);
  const epoch = await epochKeys(state, link.room);
  const frame: UnprovedJoin = {
    type: 'join',
    id: person.id() as RequestId,
    room: link.room,
    invite: inviteKeys(link.secret).id,
    after: log.handshake,
    body: encodeBytes(body),
    access: encodeBytes(epoch.access.publicKey),
    ...(await publish(link.room, state, epoch, [], person.env)),
    invites: log.invites.flatMap(({ invite, wrapped }) =>
      wrapped === undefined ? [] : [{ invite, wrapped }],
    ),
  };
  return { seq: won(log.swap(frame)), body, state };
}
