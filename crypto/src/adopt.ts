import { comparePositions, type Position } from '@gochat/protocol/fields';
import { breakChain, claimOf, startChain } from './chain.ts';
import { epochKeys } from './keys.ts';
import { deviceOf, leavesOf, type MlsState } from './mls.ts';
import type { Room } from './room.ts';
import { RoomError } from './room-error.ts';
import { readContext } from './room-state.ts';

/**
 * @returns the room in the epoch that the handshake at `seq` started; `key` and `accessKey` are unchanged.
 * @throws RoomError `bad-group` if the group context is invalid.
 */
export async function adopt(room: Room, seq: Position, mls: MlsState, joinsClosed: boolean): Promise<Room> {
  const context = readContext(mls.groupContext.extensions, room.id, mls.groupContext.groupId);
  if (context === undefined) throw new RoomError('bad-group');
  const keys = await epochKeys(mls, room.id);
  const devices = new Set([...leavesOf(mls.ratchetTree).values()].flatMap((leaf) => deviceOf(leaf) ?? []));
  const chain = startChain(keys.chain, claimOf(room.chain));
  return {
    ...room,
    status: context.state === 'newer' ? 'outdated' : room.status,
    mls,
    keys,
    context,
    position: seq,
    base: seq,
    chain: comparePositions(seq, room.expired) < 0 ? breakChain(chain) : chain,
    spoken: false,
    peers: new Map([...room.peers].filter(([device]) => devices.has(device))),
    joinsClosed,
    // A new epoch has new ratchets, so a gap in the old ones no longer matters.
    wantsHeal: room.wantsHeal === 'hole' ? undefined : room.wantsHeal,
  };
}
