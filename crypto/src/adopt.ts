import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import { claimOf, startChain } from './chain.ts';
import { epochKeys } from './keys.ts';
import { leavesOf, type MlsState } from './mls.ts';
import { type Room, RoomError } from './room.ts';
import { readContext } from './room-state.ts';

/** The room in the epoch that the handshake at `seq` began. @throws RoomError `bad-group` when its context doesn't hold. */
export async function adopt(room: Room, seq: Position, mls: MlsState, joinsClosed: boolean): Promise<Room> {
  const context = readContext(mls.groupContext.extensions, room.id, mls.groupContext.groupId);
  if (context === undefined) throw new RoomError('bad-group', 'the new epoch does not belong to this room');
  const keys = await epochKeys(mls, room.id);
  const devices = new Set(
    [...leavesOf(mls.ratchetTree).values()].map((leaf) => encodeBytes(leaf.signaturePublicKey)),
  );
  return {
    ...room,
    status: context.state === 'newer' ? 'outdated' : room.status,
    mls,
    keys,
    context,
    position: seq,
    base: seq,
    key: seq,
    chain: startChain(keys.chain, claimOf(room.chain)),
    spoken: false,
    peers: new Map([...room.peers].filter(([device]) => devices.has(device))),
    joinsClosed,
    doubt: undefined,
  };
}
