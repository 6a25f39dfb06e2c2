import { comparePositions, type Position } from '@gochat/protocol/fields';
import { breakChain, claimOf, startChain } from './chain.ts';
import { epochKeys } from './keys.ts';
import { deviceOf } from './mls/credentials.ts';
import type { MlsState } from './mls/suite.ts';
import { leavesOf } from './mls/tree.ts';
import type { Room } from './room.ts';
import { RoomError } from './room-error.ts';
import { readContext } from './room-state.ts';

const AUTHORS_KEPT = 32;

/**
 * @returns the room in the epoch that the handshake at `seq` started; `key` and `accessKey` are unchanged.
 * @param by the device key of the handshake's author
 * @throws RoomError `bad-group` if the group context is invalid.
 */
export async function adopt(
  room: Room,
  { seq, by }: { readonly seq: Position; readonly by: string },
  mls: MlsState,
  joinsClosed: boolean,
): Promise<Room> {
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
    authors: [...room.authors, [seq, by] as const].slice(-AUTHORS_KEPT),
    // A new epoch has new ratchets, so a gap in the old ones no longer matters.
    wantsHeal: room.wantsHeal === 'hole' ? undefined : room.wantsHeal,
  };
}
