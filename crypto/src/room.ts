import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { comparePositions, type Position, type RequestId, type RoomId, START } from '@gochat/protocol/fields';
import { type Chain, startChain } from './chain.ts';
import { type DeviceCredential, digits, suffixOf } from './identity.ts';
import { type EpochKeys, epochKeys } from './keys.ts';
import { identityOf, type LeafNode, leavesOf, type MlsState } from './mls.ts';
import type { Before } from './policy.ts';
import type { SigningKey } from './primitives.ts';
import {
  type Context,
  isAdmin,
  liveInvite,
  type MemberInvite,
  type RoomState,
  readContext,
} from './room-state.ts';

/** What this device can't do any more in the room, and why; said to the user. */
export type Status =
  | 'joining'
  | 'active'
  /** The server showed an own message that this profile doesn't know: it is an older copy. Sends nothing until it has healed. */
  | 'rolled-back'
  /** Members are in an epoch whose keys this device doesn't have. Only a fresh invite helps, or hearing another member after all. */
  | 'broken'
  | 'removed'
  /** The room follows rules of a newer version. */
  | 'outdated';

/** A message that was sealed and posted, and whose place in the log is not known yet. */
export interface InFlight {
  readonly id: string;
  readonly n: number;
  /** SHA-256 of the body, as base64url. */
  readonly hash: string;
}

export type Intent = 'create' | 'join' | 'heal' | 'remove' | 'state';

/** A handshake of this device that may be in the log: the state behind it is taken up when it is seen there, never before. */
export interface PendingCommit {
  readonly intent: Intent;
  readonly request: RequestId;
  readonly after: Position;
  readonly hash: string;
  readonly mls: MlsState;
  /** The admins' key at the server behind it, when it is another. */
  readonly admin?: SigningKey;
}

/** What is known of a member's messages, by its device key. */
export interface Peer {
  /** The last counter; 0 when it isn't known. */
  readonly n: number;
  /** The last ids, newest last. */
  readonly ids: readonly string[];
}

/**
 * A handshake that no rule forbids and that doesn't hold here. Perhaps it holds nowhere; perhaps its author sealed rubbish to this
 * device alone, and the others went on. Which it is shows by what comes next: anything of another member that can be opened ends it.
 */
export interface Doubt {
  /** The author's device key, if a member made it. */
  readonly by: string | undefined;
  /** Whether this device has committed since: who is still with it could follow, and what it can't open is of an epoch without it. */
  readonly alone: boolean;
}

/** One room as one device holds it: plain state, changed only by the functions of this folder. */
export interface Room {
  readonly id: RoomId;
  readonly status: Status;
  readonly mls: MlsState;
  readonly keys: EpochKeys;
  readonly context: Context;
  /** The last entry that was processed. */
  readonly position: Position;
  /** The last handshake entry, valid or not: what posts are based on and handshakes swap from. */
  readonly base: Position;
  /** The handshake whose access key the server surely has as this device does: its own, or the last Remove. */
  readonly key: Position;
  /** That access key: what this device proves itself with. Another's commit may have named a wrong one to the server. */
  readonly accessKey: SigningKey;
  /** Messages at or before this position may have expired before this device read them. */
  readonly expired: Position;
  readonly chain: Chain;
  /** Whether this device has sent a message in this epoch. */
  readonly spoken: boolean;
  readonly peers: ReadonlyMap<string, Peer>;
  /** The counter of the next own message. */
  readonly next: number;
  readonly inFlight: readonly InFlight[];
  readonly pending: PendingCommit | undefined;
  /** The pseudonymous key that the room's admins share at the server, if this device was given it. */
  readonly admin: SigningKey | undefined;
  /** Between a Remove and the state change that drops the older invites. */
  readonly joinsClosed: boolean;
  readonly doubt: Doubt | undefined;
  /** Whether a message of another member has been read: until then the room might be a forger's. */
  readonly peerConfirmed: boolean;
  readonly wantsHeal: 'hole' | 'rolled-back' | 'doubt' | undefined;
  /** When this device's own leaf was last rotated, by its own clock. */
  readonly rotatedAt: number;
}

/** A leaf of the tree, as people know it. */
export interface Member {
  readonly leaf: number;
  /** Device and identity keys as base64url. */
  readonly device: string;
  readonly identity: string;
  readonly name: string;
  readonly admin: boolean;
  readonly self: boolean;
}

/** The request can't be made in this state of the room. */
export class RoomError extends Error {
  override readonly name = 'RoomError';
  readonly code: /** This device can't send or commit at present. */
    | 'not-active'
    /** The room follows rules of a newer version of this software. */
    | 'newer-rules'
    /** Other members may be in an epoch that this device can't follow; a removal would lock them out. */
    | 'change-unconfirmed'
    | 'not-admin'
    /** An admin by its identity, without the admins' key. */
    | 'admin-key-missing'
    | 'last-admin'
    | 'not-member'
    | 'no-such-member'
    | 'self-removal'
    /** Another handshake of this device is in flight. */
    | 'pending'
    | 'too-large'
    | 'invites-full'
    | 'admins-full'
    | 'full'
    /** What the server stores for the invite is damaged, or there is no such invite. */
    | 'bad-invite'
    /** The invite's room is not the link's. */
    | 'other-room'
    | 'invite-revoked'
    | 'no-such-invite'
    | 'bad-group'
    /** A newer version of this software stored the room. */
    | 'stored-newer';
  constructor(code: RoomError['code'], options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}

/** @returns the room of a group whose context holds, positioned before the log. @throws RoomError `bad-group` */
export async function roomOf(
  id: RoomId,
  mls: MlsState,
  more: Pick<Room, 'status' | 'pending' | 'admin' | 'rotatedAt'>,
): Promise<Room> {
  const context = readContext(mls.groupContext.extensions, id, mls.groupContext.groupId);
  if (context === undefined) throw new RoomError('bad-group');
  const keys = await epochKeys(mls, id);
  return {
    id,
    mls,
    keys,
    context,
    position: START,
    base: START,
    key: START,
    accessKey: keys.access,
    expired: START,
    chain: startChain(keys.chain, undefined),
    spoken: false,
    peers: new Map(),
    next: 1,
    inFlight: [],
    joinsClosed: false,
    doubt: undefined,
    peerConfirmed: false,
    wantsHeal: undefined,
    ...more,
  };
}

/** @throws RoomError `not-active` when the room's rules are newer than this software. */
export function stateOf(room: Room): RoomState {
  if (room.context.state === 'newer') throw new RoomError('newer-rules');
  return room.context.state;
}

export function before(room: Room): Before {
  return { mls: room.mls, state: stateOf(room), joinsClosed: room.joinsClosed };
}

export function epochOf(room: Room): bigint {
  return room.mls.groupContext.epoch;
}

/** This device's leaf index. */
export function ownLeaf(room: Room): number {
  return room.mls.privatePath.leafIndex;
}

function member(room: Room, leaf: number, node: LeafNode, credential: DeviceCredential): Member {
  return {
    leaf,
    device: encodeBytes(node.signaturePublicKey),
    identity: encodeBytes(credential.identityKey),
    name: credential.name,
    admin: room.context.state !== 'newer' && isAdmin(room.context.state, credential.identityKey),
    self: leaf === ownLeaf(room),
  };
}

/** An epoch's members and what to call them never change: derived once. */
const members = new WeakMap<EpochKeys, readonly Member[]>();
const labels = new WeakMap<readonly Member[], ReadonlyMap<string, string>>();

/** All members in the order of their leaves. */
export function membersOf(room: Room): readonly Member[] {
  const known = members.get(room.keys);
  if (known !== undefined) return known;
  const all = [...leavesOf(room.mls.ratchetTree)].flatMap(([leaf, node]) => {
    const credential = identityOf(node.credential);
    return credential === undefined ? [] : [member(room, leaf, node, credential)];
  });
  members.set(room.keys, all);
  return all;
}

export function memberAt(room: Room, leaf: number): Member | undefined {
  return membersOf(room).find((m) => m.leaf === leaf);
}

/**
 * What to call each member (by device key): names that look alike, or like such a label, carry a suffix of the identity's
 * fingerprint.
 */
export function labelsOf(all: readonly Member[]): ReadonlyMap<string, string> {
  const known = labels.get(all);
  if (known !== undefined) return known;
  const identities = new Map<string, Set<string>>();
  for (const m of all) {
    const folded = fold(m.name);
    identities.set(folded, (identities.get(folded) ?? new Set()).add(m.identity));
  }
  const called = new Map(
    all.map((m) => {
      const folded = fold(m.name);
      const alone = (identities.get(folded)?.size ?? 0) < 2 && !folded.includes('#');
      return [m.device, alone ? m.name : `${m.name}#${suffixOf(decodeBytes(m.identity))}`];
    }),
  );
  labels.set(all, called);
  return called;
}

/** Without case, and without what isn't seen: a peer's name may hold anything. */
function fold(name: string): string {
  const seen = name.normalize('NFKC').replace(/[\p{Cc}\p{Cf}\p{M}\u115f\u1160\u3164]/gu, '');
  return seen.replace(/\s+/gu, ' ').trim().toLowerCase();
}

/** The room once another member has proved to be in its epoch. */
export function accompanied(room: Room): Room {
  if (room.doubt === undefined) return room;
  return {
    ...room,
    doubt: undefined,
    status: room.status === 'broken' ? 'active' : room.status,
    wantsHeal: room.wantsHeal === 'doubt' ? undefined : room.wantsHeal,
  };
}

/** The invites that members would accept a joiner by. */
export function invitesOf(room: Room): MemberInvite[] {
  if (room.joinsClosed) return [];
  const state = stateOf(room);
  return state.invites.filter((invite) => liveInvite(state, invite.id) !== undefined);
}

/** Six groups of five digits from the epoch's authenticator (RFC 9420, section 8.7): members of a fork see others. */
export function roomCode(room: Room): string {
  return digits(room.mls.keySchedule.epochAuthenticator, 6);
}

/** Whether this entry lies behind everything that was processed. */
export function isNews(room: Room, seq: Position): boolean {
  return comparePositions(seq, room.position) > 0;
}
