import { historyOf } from '@gochat/crypto/packs';
import { invitesOf, type Room } from '@gochat/crypto/room';
import type { RoomSession } from '../room/room-session.ts';

/** Whether packs were ready when this device has joined, and are not read. */
export function isDue({ meta }: Pick<RoomSession, 'meta'>): boolean {
  return (meta.shared?.packs.length ?? 0) > 0;
}

/** Whether the room shows history to newcomers and somebody may join, and this device knows that it is where the others are. */
export function mustKeep(room: Room): boolean {
  const { status, unfollowed, split, entrance } = room;
  const isSure = unfollowed === undefined && split === undefined && entrance === undefined;
  return status === 'active' && isSure && historyOf(room.context) !== undefined && invitesOf(room).length > 0;
}
