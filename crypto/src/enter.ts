import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import { type Dialled, signedEnter } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { newId } from './new-id.ts';
import { type Env, sign } from './primitives.ts';
import type { Room } from './room.ts';

/** @returns the request to read and follow the room after `since`, with the proof that the server requires. */
export function proveEnter(room: Room, since: Position, at: Dialled, id: RequestId, env: Env): UpOf<'enter'> {
  const unsigned = {
    type: 'enter' as const,
    id,
    room: room.id,
    key: room.key,
    since,
    nonce: newId(env),
  };
  return { ...unsigned, proof: encodeBytes(sign(room.accessKey, signedEnter(at, unsigned))) };
}
