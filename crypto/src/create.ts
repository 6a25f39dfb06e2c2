import { encodeBytes } from '@gochat/protocol/encoding';
import { type Position, type RequestId, type RoomId, START } from '@gochat/protocol/fields';
import { signedCreate } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { makeGenesis, POLICY_VERSION, ROOM_KIND, type RoomKind } from './genesis.ts';
import { publish } from './groupinfo.ts';
import { type Identity, newLeaf } from './identity.ts';
import { epochKeys } from './keys.ts';
import { found } from './mls/commits.ts';
import { cleanName } from './names.ts';
import { newId } from './new-id.ts';
import { personKeyOf } from './office.ts';
import { type Env, sha256, sign, signingKey } from './primitives.ts';
import { memberAt, ownLeaf, type Room, roomOf } from './room.ts';
import { serverRules } from './room-rules.ts';
import { contextExtensions, type RoomState } from './room-state.ts';
import { sealBody } from './seal.ts';

interface NewRoom {
  /** The names of the room and of its founder. */
  readonly room: string;
  readonly own: string;
  /** How much of the history newcomers are shown; nothing when absent. */
  readonly history?: RoomState['history'];
  /** After how many seconds messages disappear; never when absent. */
  readonly expire?: number;
}

/**
 * Creates a room with this identity as its only member and admin.
 * @param kind not `direct`, whose room state names two persons
 * @returns the room, which is pending until the log has its first handshake ({@link landedFirst}), and the request.
 * @throws NameError if one of the names is invalid.
 */
export async function createRoom(
  who: Identity,
  { room: name, own, history, expire }: NewRoom,
  env: Env,
  kind: RoomKind = ROOM_KIND.room,
): Promise<{ room: Room; frame: UpOf<'create'> }> {
  const id = newId<RoomId>(env);
  const request = newId<RequestId>(env);
  const groupId = env.random(16);
  const genesis = makeGenesis(who, id, groupId, kind);
  const state: RoomState = {
    v: POLICY_VERSION,
    name: cleanName(name),
    admins: [encodeBytes(who.identity.publicKey)],
    ...(history !== undefined && { history }),
    ...(expire !== undefined && { expire }),
    invites: [],
  };
  const mls = await found(
    groupId,
    newLeaf(groupId, who, cleanName(own), env),
    contextExtensions(genesis, state),
  );
  const admin = signingKey(env.random(32));
  const keys = await epochKeys(mls, id);
  const body = sealBody(keys, 'handshake', id, genesis, env);
  const published = await publish(id, mls, keys, [], env);
  const unsigned = {
    type: 'create' as const,
    id: request,
    room: id,
    body: encodeBytes(body),
    access: encodeBytes(keys.access.publicKey),
    admin: encodeBytes(admin.publicKey),
    ...(expire !== undefined && { rules: serverRules(state, undefined) }),
    ...published,
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
