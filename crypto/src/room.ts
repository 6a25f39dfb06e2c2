import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { comparePositions, type Position, type RequestId, type RoomId, START } from '@gochat/protocol/fields';
import { type Chain, startChain } from './chain.ts';
import { foldName } from './fold-name.ts';
import { type DeviceCredential, digits, fingerprintOf, isLimited, suffixOf } from './identity.ts';
import { type EpochKeys, epochKeys, ownInviteOf } from './keys.ts';
import { identityOf } from './mls/credentials.ts';
import type { MlsState } from './mls/suite.ts';
import { leavesOf } from './mls/tree.ts';
import { NO_OFFICE, type SealedOffice } from './office.ts';
import { NO_PACKS, type Packs } from './packs.ts';
import type { ClaimPair } from './payload.ts';
import type { Before } from './policy.ts';
import { equalBytes, type SigningKey, signingKey } from './primitives.ts';
import { RoomError } from './room-error.ts';
import {
  type Context,
  isAdmin,
  liveInvite,
  type MemberInvite,
  type RoomState,
  readContext,
} from './room-state.ts';

/** The state of this device in the room. */
export type Status =
  | 'joining'
  | 'active'
  /** The log has a message of this device that the profile doesn't know, so the profile is an older copy. It sends nothing until it has healed. */
  | 'rolled-back'
  /** A copy of this profile, or a Remove, has begun an epoch whose keys this device doesn't have. It needs a fresh invite. */
  | 'broken'
  /** Other members have gone on from a handshake that this device couldn't follow: see {@link Room.split}. It sends nothing until it has joined them again. */
  | 'split'
  | 'removed'
  /** The room's policy is of a newer version. */
  | 'outdated';

/** A sealed message whose position in the log is not known yet. */
export interface InFlight {
  readonly id: string;
  readonly n: number;
  /** When it was sealed, by this device's clock. */
  readonly sealedAt: number;
  /** SHA-256 of the body, as base64url. */
  readonly hash: string;
  /** The payload's claims, and the signature of the message as base64url. An older version of this software kept no signature. */
  readonly c?: ClaimPair;
  readonly p?: ClaimPair;
  readonly signature?: string;
}

export type Intent = 'create' | 'join' | 'heal' | 'remove' | 'state';

/** A handshake of this device that may be in the log. The device takes over its state only when it reads the handshake there. */
export interface PendingCommit {
  readonly intent: Intent;
  readonly request: RequestId;
  readonly after: Position;
  readonly hash: string;
  readonly mls: MlsState;
  /** The commit's authenticated data. Empty for a creation and a join. */
  readonly data: Uint8Array;
  /** The new keys, if the handshake replaces them. */
  readonly admin?: SigningKey | undefined;
  readonly keepers?: SigningKey | undefined;
  readonly voice?: SigningKey | undefined;
}

/** What this device knows about the messages of one member. */
export interface Peer {
  /** The last counter; 0 if unknown. */
  readonly n: number;
  /** The ids of the last messages, newest last. */
  readonly ids: readonly string[];
  /** Messages after that counter may have expired unread: a gap before the next message is no fault of the server. */
  readonly lapsed?: true;
  /** How many milliseconds the server's times are ahead of the device's clock, as far as that was always so; absent if unknown. */
  readonly clock?: number;
}

/** Who made a handshake: a member, or a joiner that is in no member list. */
export type Author = Pick<Member, 'device' | 'identity' | 'name'>;

/**
 * Handshakes that the policy allows and that this device couldn't follow. Either they are invalid for all members, or the author has
 * encrypted garbage to some members only, and the others are in a new epoch. A handshake of another person that this device can follow
 * ends this.
 */
export interface Unfollowed {
  /** The position of the first. */
  readonly seq: Position;
  /** The number of the epoch in which it came. */
  readonly epoch: number;
  readonly authors: readonly Author[];
  /** Until then this device makes no handshake, which might be the one that cuts it off; by its own clock. */
  readonly until: number;
  /** What identifies the epochs that this device has entered since. */
  readonly entered: readonly string[];
}

/** A wait that an author has caused; `at` by this device's clock. */
export interface Wait {
  readonly identity: string;
  readonly at: number;
}

/** What proves that other members are in an epoch that this device has never been in. */
export interface Split {
  /** Who has signed that epoch's GroupInfo. */
  readonly by: Author;
  /** Whether this device may come back unasked: persons, offices and bans there are as here, or a member it has reason to trust shows that its join was skipped. */
  readonly alike: boolean;
  /** True if the others have skipped the join by which this device came in. */
  readonly skipped?: true;
  /** True if only the invite of the {@link Entrance} lets this device in there: the own one isn't in the room state, or needs a leaf of the person. */
  readonly byEntrance?: true;
}

/** How this device came in. Its join may have been skipped by all members, although the server has acknowledged it. */
export interface Entrance {
  /** The secret of the invite. */
  readonly secret: Uint8Array;
  /** The identity key of whoever had signed the GroupInfo that the join was made from. */
  readonly signer: string;
  /** The number of the epoch that the join started from, and what identifies it. */
  readonly epoch: number;
  readonly tag: string;
  /** The encryption key of the leaf that the join replaced, as base64url. */
  readonly replaced?: string;
}

/** How long the server says that it keeps messages. Times are milliseconds; an absent one is for ever. */
export interface Retention {
  readonly ms?: number;
  /** When the server first said so, by this device's clock. */
  readonly since: number;
  /** What the room's rules last said. */
  readonly rule?: number;
  /** The shortest time that was said before: older messages may have been deleted by it. */
  readonly before?: number;
}

export interface FormerKey {
  readonly key: SigningKey;
  /** In milliseconds since 1970, by this device's clock. */
  readonly until: number;
}

/** Why the access keys should be retired at once. */
export type RetirementReason =
  /** A member says that a copy of its device exists. */
  | 'asked'
  /** Somebody made a join that the policy refuses, and so has an access key. */
  | 'refused-join'
  /** A member removed a device of its own, which still has an access key. */
  | 'removed-device'
  /** Somebody is no admin any more, and still has the admin key. */
  | 'former-admin';

/** What this device knows of the access keys that the server accepts: retirement ends all but those of the latest epochs. */
export interface Retirement {
  /** When the log had the last one, or when this device joined; in milliseconds since 1970 by the server's clock. */
  readonly at: number;
  /** Whether a member has replaced its keys since. */
  readonly healed: boolean;
  readonly due?: RetirementReason;
}

/** One room on one device, as immutable state. Only the functions of this folder make new states. */
export interface Room {
  readonly id: RoomId;
  readonly status: Status;
  readonly mls: MlsState;
  readonly keys: EpochKeys;
  readonly context: Context;
  /** The position of the last entry processed. */
  readonly position: Position;
  /** The server's time of that entry; 0 before the first. */
  readonly positionAt: number;
  /** The position of the last handshake, valid or not. It is the base of posts and the `after` of handshakes. */
  readonly base: Position;
  /** The position of the handshake that added {@link Room.accessKey}: this device's last own handshake, or a later one that retired access keys. */
  readonly key: Position;
  /** The access key with which this device makes proofs. It isn't taken from other commits, whose authors may have sent the server a wrong key. */
  readonly accessKey: SigningKey;
  /** Messages at or before this position may have expired before this device read them: the server's floor, but not beyond where the log ended when it said so. */
  readonly expired: Position;
  /** The server's time from which on messages can't have expired at that floor, by its retention then; undefined if unknown. */
  readonly keptFrom: number | undefined;
  readonly retention: Retention | undefined;
  readonly chain: Chain;
  /** Whether this device has sent a message in this epoch. */
  readonly spoken: boolean;
  readonly peers: ReadonlyMap<string, Peer>;
  /** The counter of the next own message. */
  readonly next: number;
  readonly inFlight: readonly InFlight[];
  readonly pending: PendingCommit | undefined;
  /** The admin key that the room's admins share, if this device has it. */
  readonly admin: SigningKey | undefined;
  /** The key that admins and moderators share, if this device has it: it orders retirements and ends invites. */
  readonly keepers: SigningKey | undefined;
  /** The key of those who may post without the limits of the room's rules, if this device has it. */
  readonly voice: SigningKey | undefined;
  /** Somebody `lacking` a key should have been handed it, or one is `exposed` to who should not know it any more: an admin's heal ends both. */
  readonly keysDue: 'lacking' | 'exposed' | undefined;
  /** The admin key as its last author has sealed it, for devices of that person that come in by the own invite. */
  readonly office: SealedOffice;
  /** The packs of history that are kept ready for newcomers. */
  readonly packs: Packs;
  /** What opens and seals {@link Room.office}; undefined on a limited device. */
  readonly person: Uint8Array | undefined;
  /** The device key of the own leaf. */
  readonly device: SigningKey;
  /** The former signature keys of the own leaf, newest last, with the time of their replacement: members who couldn't follow it still know one. */
  readonly formerKeys: readonly FormerKey[];
  /** The secret of the room's own invite, if there is one and this device knows it: with it, a person brings in devices of its own. */
  readonly own: Uint8Array | undefined;
  readonly retirement: Retirement;
  /** Somebody has joined and may not know {@link Room.own} yet. `inviter`: the identity key of the maker of its invite. */
  readonly newcomer: { readonly inviter: string } | undefined;
  /** True from a Remove to the state change that drops the older invites. */
  readonly joinsClosed: boolean;
  readonly unfollowed: Unfollowed | undefined;
  /** The waits of the last day that handshakes have caused which this device couldn't follow. */
  readonly waits: readonly Wait[];
  readonly split: Split | undefined;
  /** Undefined for the founder, and once a member who {@link vouches} was read. */
  readonly entrance: Entrance | undefined;
  /** The last handshakes that began an epoch, newest last: position and device key of the author. A return moves the one that it names to the end. */
  readonly authors: readonly (readonly [Position, string])[];
  /** The fingerprint of the identity by whose link this device joined; undefined if that is the founder, or is unknown. */
  readonly inviter: Uint8Array | undefined;
  /** Who of the founder and the inviter was read first, in a message or a commit. Before that, the room may be forged. */
  readonly confirmedBy: Confirmer | undefined;
  readonly wantsHeal: 'hole' | 'rolled-back' | undefined;
  /** When this device's leaf key was last rotated, in milliseconds since 1970 by its own clock. */
  readonly rotatedAt: number;
}

/** The keys that those share who hold an office. */
export type OfficeKey = (typeof OFFICE_KEYS)[number];
export const OFFICE_KEYS = ['admin', 'keepers', 'voice'] as const;

/** The member who confirmed a room, by the name of that time. */
export type Confirmer = Pick<Member, 'identity' | 'name'>;

/** One leaf of the tree, with its identity and name. A person may have several. */
export interface Member {
  readonly leaf: number;
  /** Device and identity keys as base64url. */
  readonly device: string;
  readonly identity: string;
  readonly name: string;
  /** Whether the device is limited: it holds no office, and removes no other device. */
  readonly limited: boolean;
  /** The person's office. */
  readonly office: 'admin' | 'moderator' | undefined;
  /** Whether the device may act as an admin: its person is one, and it isn't limited. */
  readonly admin: boolean;
  /** Whether the device may act as a moderator, who may remove members and ban them, but no admins. */
  readonly moderator: boolean;
  /** Whether this is this device's leaf. */
  readonly self: boolean;
  /** Whether this is a leaf of this device's person. */
  readonly own: boolean;
}

/** @returns a room at the start of the log. @throws RoomError `bad-group` if the group context is invalid. */
export async function roomOf(
  id: RoomId,
  mls: MlsState,
  more: Pick<Room, 'status' | 'pending' | 'admin' | 'rotatedAt' | 'device'> &
    Partial<Pick<Room, 'inviter' | 'entrance' | 'office' | 'packs' | 'person' | 'keepers'>>,
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
    positionAt: 0,
    base: START,
    key: START,
    accessKey: keys.access,
    expired: START,
    keptFrom: undefined,
    retention: undefined,
    chain: startChain(keys.chain, undefined),
    spoken: false,
    peers: new Map(),
    next: 1,
    inFlight: [],
    formerKeys: [],
    keepers: undefined,
    voice: undefined,
    keysDue: undefined,
    office: NO_OFFICE,
    packs: NO_PACKS,
    person: undefined,
    own: undefined,
    retirement: { at: more.rotatedAt, healed: false },
    newcomer: undefined,
    joinsClosed: false,
    unfollowed: undefined,
    waits: [],
    split: undefined,
    entrance: undefined,
    authors: [],
    inviter: undefined,
    confirmedBy: undefined,
    wantsHeal: undefined,
    ...more,
  };
}

/** @throws RoomError `newer-rules` if the room's policy is of a newer version than this software's. */
export function stateOf(room: Room): RoomState {
  if (room.context.state === 'newer') throw new RoomError('newer-rules');
  return room.context.state;
}

/** @throws RoomError `newer-rules` */
export async function before(room: Room): Promise<Before> {
  const { mls, joinsClosed, keys, context } = room;
  return { mls, kind: context.kind, state: stateOf(room), joinsClosed, own: await ownInviteOf(keys) };
}

export function epochOf(room: Room): bigint {
  return room.mls.groupContext.epoch;
}

/** This device's leaf index. */
export function ownLeaf(room: Room): number {
  return room.mls.privatePath.leafIndex;
}

/** @returns the signature keys with which members may know the own leaf, newest first */
export function leafKeysOf({ mls, formerKeys }: Room): SigningKey[] {
  return [signingKey(mls.signaturePrivateKey), ...formerKeys.map(({ key }) => key).reverse()];
}

/** @throws RoomError `not-member` if this device has no leaf any more */
export function ownCredential(room: Room): DeviceCredential {
  const leaf = leavesOf(room.mls.ratchetTree).get(ownLeaf(room));
  const credential = leaf && identityOf(leaf.credential);
  if (credential === undefined) throw new RoomError('not-member');
  return credential;
}

function member(room: Room, leaf: number, credential: DeviceCredential, own: Uint8Array | undefined): Member {
  const office = officeOf(room.context.state, credential.identityKey);
  const limited = isLimited(credential);
  return {
    leaf,
    device: encodeBytes(credential.deviceKey),
    identity: encodeBytes(credential.identityKey),
    name: credential.name,
    limited,
    office,
    admin: !limited && office === 'admin',
    moderator: !limited && office === 'moderator',
    self: leaf === ownLeaf(room),
    own: own !== undefined && equalBytes(credential.identityKey, own),
  };
}

function officeOf(state: RoomState | 'newer', identityKey: Uint8Array): Member['office'] {
  if (state === 'newer') return undefined;
  if (isAdmin(state, identityKey)) return 'admin';
  return state.mods?.includes(encodeBytes(identityKey)) ? 'moderator' : undefined;
}

/** Caches: the members of an epoch and their labels never change. */
const members = new WeakMap<EpochKeys, readonly Member[]>();
/** Whose name counts. A joiner that is in no member list isn't known to be limited. */
type Named = Author & Partial<Pick<Member, 'limited'>>;

const labels = new WeakMap<readonly Named[], ReadonlyMap<string, string>>();

/** All leaves in their order. */
export function membersOf(room: Room): readonly Member[] {
  const known = members.get(room.keys);
  if (known !== undefined) return known;
  const leaves = [...leavesOf(room.mls.ratchetTree)].flatMap(([leaf, node]) => {
    const credential = identityOf(node.credential);
    return credential === undefined ? [] : [{ leaf, credential }];
  });
  const own = leaves.find(({ leaf }) => leaf === ownLeaf(room))?.credential.identityKey;
  const all = leaves.map(({ leaf, credential }) => member(room, leaf, credential, own));
  members.set(room.keys, all);
  return all;
}

export function memberAt(room: Room, leaf: number): Member | undefined {
  return membersOf(room).find((m) => m.leaf === leaf);
}

/** @returns the leaf whose name is the person's: its lowest that isn't limited, or else its lowest; undefined if it has none */
export function namingLeaf(room: Room, identity: string): Member | undefined {
  const leaves = membersOf(room).filter((m) => m.identity === identity);
  return leaves.find(({ limited }) => !limited) ?? leaves[0];
}

/**
 * @param all leaves in their order
 * @returns each person's label by identity key. A person's name is that of its lowest leaf that isn't limited, or else of its lowest. It gets a suffix of the identity's
 * fingerprint if it looks like the name of another person, or if it contains `#` and could look like a label.
 */
export function labelsOf(all: readonly Named[]): ReadonlyMap<string, string> {
  const known = labels.get(all);
  if (known !== undefined) return known;
  const names = new Map<string, string>();
  for (const { identity, name, limited } of all)
    if (!limited && !names.has(identity)) names.set(identity, name);
  for (const { identity, name } of all) if (!names.has(identity)) names.set(identity, name);
  const folds = new Map<string, number>();
  for (const name of names.values()) folds.set(foldName(name), (folds.get(foldName(name)) ?? 0) + 1);
  const result = new Map(
    [...names].map(([identity, name]) => {
      const folded = foldName(name);
      const alone = folds.get(folded) === 1 && !folded.includes('#');
      return [identity, alone ? name : `${name}#${suffixOf(decodeBytes(identity))}`];
    }),
  );
  labels.set(all, result);
  return result;
}

/**
 * @returns the room after reading something of `from`, who isn't this device. The founder and the inviter confirm the room. Whoever
 * {@link vouches} shows that this device's join was accepted.
 */
export function confirmed(room: Room, from: Member | undefined): Room {
  if (from === undefined || from.self) return room;
  const accepted =
    room.entrance !== undefined && vouches(room, from) ? { ...room, entrance: undefined } : room;
  if (room.confirmedBy !== undefined || !isFounderOrInviter(room, from)) return accepted;
  return { ...accepted, confirmedBy: { identity: from.identity, name: from.name } };
}

function isFounderOrInviter({ inviter, context }: Room, { identity, limited }: Member): boolean {
  if (limited) return false;
  const key = decodeBytes(identity);
  return (
    (inviter !== undefined && equalBytes(fingerprintOf(key), inviter)) || equalBytes(key, context.founder)
  );
}

/**
 * Whether this device believes a member about where the others are: the founder, the inviter, an admin or a device of its own person, unless the device is limited.
 * Other members may themselves have joined an epoch that somebody has made up.
 */
export function vouches(room: Room, member: Member): boolean {
  return member.admin || (member.own && !member.limited) || isFounderOrInviter(room, member);
}

/** @returns the invites with which members accept a joiner, the own invite included. */
export function liveInvitesOf(room: Room): MemberInvite[] {
  if (room.joinsClosed) return [];
  const state = stateOf(room);
  return state.invites.filter((invite) => liveInvite(state, invite.id) !== undefined);
}

/** @returns the id of the room's own invite, if there is one that is live */
export function ownInviteIn(room: Room): string | undefined {
  return room.context.state === 'newer' ? undefined : liveInvitesOf(room).find((invite) => invite.own)?.id;
}

/** @returns the invites that members have made for others. */
export function invitesOf(room: Room): MemberInvite[] {
  return liveInvitesOf(room).filter((invite) => !invite.own);
}

/** @returns six groups of five digits from the epoch authenticator (RFC 9420, section 8.7). Members of a forked room get different ones. */
export function roomCode(room: Room): string {
  return digits(room.mls.keySchedule.epochAuthenticator, 6);
}

/**
 * @returns the six digits that tell two devices in a pairing room that they are in the same epoch, alone. Whoever isn't in that epoch
 * can only guess them.
 */
export function pairingDigits({ keys }: { readonly keys: Pick<EpochKeys, 'pairing'> }): string {
  return String(keys.pairing.reduce((sum, byte) => sum * 256 + byte, 0) % 1_000_000).padStart(6, '0');
}

/** Whether the position is later than that of every processed entry. */
export function isNews(room: Room, seq: Position): boolean {
  return comparePositions(seq, room.position) > 0;
}
