import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { makeGenesis, POLICY_VERSION, ROOM_KIND } from './genesis.ts';
import { type Identity, newLeaf } from './identity.ts';
import { found } from './mls/commits.ts';
import { cleanName } from './names.ts';
import { personKeyOf } from './office.ts';
import type { Env } from './primitives.ts';
import { type Room, roomOf } from './room.ts';
import { contextExtensions, type RoomState } from './room-state.ts';

/**
 * A room of which a profile has messages and no keys, as after a restore: it holds their place until this device has joined the room.
 * Its group has this device alone, is made up here, and is never sent; nothing in it says anything about the room.
 * @param names of the room and of this person in it. @param position up to where the room was read
 * @throws NameError if one of the names is invalid
 */
export async function roomWithoutKeys(
  who: Identity,
  id: RoomId,
  names: { readonly room: string; readonly own: string },
  position: Position,
  env: Env,
): Promise<Room> {
  const groupId = env.random(16);
  const genesis = makeGenesis(who, id, groupId, ROOM_KIND.room);
  const state: RoomState = {
    v: POLICY_VERSION,
    name: cleanName(names.room),
    admins: [encodeBytes(who.identity.publicKey)],
    invites: [],
  };
  const leaf = newLeaf(groupId, who, cleanName(names.own), env);
  const mls = await found(groupId, leaf, contextExtensions(genesis, state));
  const room = await roomOf(id, mls, {
    status: 'removed',
    pending: undefined,
    admin: undefined,
    rotatedAt: env.now(),
    device: who.device,
    person: personKeyOf(who.identity),
  });
  return { ...room, position, base: position, key: position };
}
