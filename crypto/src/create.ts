import { encodeBytes } from '@gochat/protocol/encoding';
import { type Position, type RequestId, type RoomId, START } from '@gochat/protocol/fields';
import { signedCreate } from '@gochat/protocol/signed';
import type { InviteGrant, UpOf } from '@gochat/protocol/up';
import { makeGenesis, POLICY_VERSION, ROOM_KIND, type RoomKind } from './genesis.ts';
import { publish } from './groupinfo.ts';
import { type Identity, newLeaf } from './identity.ts';
import { inviteKeys, wrapPublicKey } from './invite.ts';
import { epochKeys } from './keys.ts';
import { found } from './mls/commits.ts';
import { cleanName } from './names.ts';
import { newId } from './new-id.ts';
import { personKeyOf } from './office.ts';
import { type Env, sha256, sign, signingKey } from './primitives.ts';
import { memberAt, ownLeaf, type Room, roomOf } from './room.ts';
import { serverRules } from './room-rules.ts';
import { contextExtensions, DIRECT_NAME, type RoomState } from './room-state.ts';
import { sealBody } from './seal.ts';

/** What a direct room is made with. */
export interface DirectTerms {
  /** The identity key of the other person. */
  readonly with: string;
  /** That of the invite by which that person comes in: 16 random bytes. */
  readonly secret: Uint8Array;
  /** When the invite ends, in milliseconds since 1970. */
  readonly expires: number;
}

interface NewRoom {
  /** The names of the room and of its founder. That of a direct room is the same everywhere. */
  readonly room: string;
  readonly own: string;
  /** How much of the history newcomers are shown; nothing when absent. */
  readonly history?: RoomState['history'];
  /** After how many seconds messages disappear; never when absent. */
  readonly expire?: number;
}

/** `room` is pending until the log has its first handshake ({@link landedFirst}). `frame` is the request. */
interface Created {
  readonly room: Room;
  readonly frame: UpOf<'create'>;
}

/**
 * Creates a room with this identity as its only member and admin.
 * @param kind not `direct`: see {@link createDirect}
 * @returns the room, which is pending until the log has its first handshake ({@link landedFirst}), and the request.
 * @throws NameError if one of the names is invalid.
 */
export function createRoom(
  who: Identity,
  { room: name, own, history, expire }: NewRoom,
  env: Env,
  kind: Exclude<RoomKind, typeof ROOM_KIND.direct> = ROOM_KIND.room,
): Promise<Created> {
  const state: RoomState = {
    v: POLICY_VERSION,
    name: cleanName(name),
    admins: [encodeBytes(who.identity.publicKey)],
    ...(history !== undefined && { history }),
    ...(expire !== undefined && { expire }),
    invites: [],
  };
  return foundRoom(who, { own, kind, state, grants: [] }, env);
}

/**
 * Creates a direct room with another person, who comes in by an invite that is for that person alone.
 * @throws NameError if the own name is invalid
 */
export async function createDirect(
  who: Identity,
  own: string,
  { with: other, secret, expires }: DirectTerms,
  env: Env,
): Promise<Created> {
  const keys = inviteKeys(secret);
  const me = encodeBytes(who.identity.publicKey);
  const join = encodeBytes(keys.join.publicKey);
  const pair = [me, other].sort();
  const state: RoomState = {
    v: POLICY_VERSION,
    name: DIRECT_NAME,
    admins: pair,
    pair,
    invites: [
      {
        id: keys.id,
        join,
        wrap: encodeBytes(await wrapPublicKey(keys)),
        epoch: 0,
        by: me,
        for: other,
      },
    ],
  };
  const grants = [{ join, expires, uses: 1 }];
  return foundRoom(who, { own, kind: ROOM_KIND.direct, state, grants }, env);
}

interface Founding {
  readonly own: string;
  readonly kind: RoomKind;
  readonly state: RoomState;
  /** What the server learns of the state's invites, in their order. */
  readonly grants: readonly Pick<InviteGrant, 'join' | 'expires' | 'uses'>[];
}

async function foundRoom(who: Identity, { own, kind, state, grants }: Founding, env: Env): Promise<Created> {
  const id = newId<RoomId>(env);
  const request = newId<RequestId>(env);
  const groupId = env.random(16);
  const genesis = makeGenesis(who, id, groupId, kind);
  const mls = await found(
    groupId,
    newLeaf(groupId, who, cleanName(own), env),
    contextExtensions(genesis, state),
  );
  const admin = signingKey(env.random(32));
  // Other rooms have no moderators.
  const keepers = kind === ROOM_KIND.room ? signingKey(env.random(32)) : undefined;
  const keys = await epochKeys(mls, id);
  const body = sealBody(keys, 'handshake', id, genesis, env);
  const published = await publish(id, mls, keys, state.invites, env);
  const unsigned = {
    type: 'create' as const,
    id: request,
    room: id,
    body: encodeBytes(body),
    access: encodeBytes(keys.access.publicKey),
    admin: encodeBytes(admin.publicKey),
    ...(keepers && { keepers: encodeBytes(keepers.publicKey) }),
    ...(state.expire !== undefined && { rules: serverRules(state, undefined) }),
    ...published,
    invites: published.invites.map((grant, i) => ({ ...grant, ...grants[i] })),
  };
  const frame = { ...unsigned, proof: encodeBytes(sign(admin, signedCreate(unsigned))) };
  const pending = {
    intent: 'create',
    request,
    after: START,
    hash: encodeBytes(sha256(body)),
    mls,
    data: new Uint8Array(),
  } as const;
  return {
    room: await roomOf(id, mls, {
      status: 'joining',
      pending,
      admin,
      keepers,
      rotatedAt: env.now(),
      device: who.device,
      person: personKeyOf(who.identity),
    }),
    frame,
  };
}

/** The log has the room's creation or this device's join at `seq`; this device is a member from there on. */
export function landedFirst(room: Room, seq: Position): Room {
  const by = memberAt(room, ownLeaf(room))?.device ?? '';
  return {
    ...room,
    status: 'active',
    pending: undefined,
    position: seq,
    base: seq,
    key: seq,
    authors: [[seq, by]],
  };
}
