import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import { type Dialled, signedCreateBy, signedEnter, signedVoice } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { newId } from './new-id.ts';
import { type Env, sign } from './primitives.ts';
import type { Room } from './room.ts';

/**
 * @param by the key to prove: the one that this device has added, or the one of its epoch, which also proves that the server has the
 * handshake that began it
 * @returns the request to read and follow the room after `since`, with the proof that the server requires, and that of the voice key if this
 * device has it.
 */
export function proveEnter(
  room: Room,
  since: Position,
  at: Dialled,
  id: RequestId,
  env: Env,
  by: 'own' | 'epoch' = 'own',
): UpOf<'enter'> {
  const [key, accessKey] = by === 'own' ? [room.key, room.accessKey] : [room.base, room.keys.access];
  const unsigned = {
    type: 'enter' as const,
    id,
    room: room.id,
    key,
    since,
    nonce: newId(env),
  };
  return {
    ...unsigned,
    proof: encodeBytes(sign(accessKey, signedEnter(at, unsigned))),
    ...(room.voice && { voice: encodeBytes(sign(room.voice, signedVoice(at, unsigned))) }),
  };
}

/** @returns what shows a server that whoever creates a room is a member of this one */
export function proveCreator(
  room: Room,
  frame: UpOf<'create'>,
  at: Dialled,
  env: Env,
): NonNullable<UpOf<'create'>['by']> {
  const unsigned = { room: room.id, key: room.key, nonce: newId<string>(env) };
  return { ...unsigned, proof: encodeBytes(sign(room.accessKey, signedCreateBy(at, frame, unsigned))) };
}
