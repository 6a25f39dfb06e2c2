import type { Profile } from '@gochat/client/open';
import { isOver, pickRoom } from '@gochat/client/pick-room';
import type { RoomRef } from './lines/format.ts';
import { checkNotRemoved } from './profile.ts';

/** The id of a room that is given by id, beginning of an id, or name: events name rooms by their ids only. @throws ChatError `room-unknown`, `room-ambiguous`, `device-removed` */
export async function roomId(profile: Profile, room: string): Promise<string> {
  return (await roomRef(profile, room)).room;
}

/** As {@link roomId}, with the room's name. */
export async function roomRef(profile: Profile, room: string): Promise<RoomRef> {
  const rooms = await profile.call('rooms', {});
  if (rooms.length === 0) await checkNotRemoved(profile);
  const { id, name } = pickRoom(
    rooms.map((one) => ({ ...one, left: isOver(one) })),
    room,
  );
  return { room: id, name };
}
