import type { Profile } from '@gochat/client/open';
import { firstNonEmpty, isIdOrPrefix } from '@gochat/client/room-info';
import type { RoomRef } from './lines/format.ts';

/** The id of a room that is given by id, beginning of an id, or name: events name rooms by their ids only. @throws ChatError `room-unknown`, `room-ambiguous` */
export async function roomId(profile: Profile, room: string): Promise<string> {
  return (await roomRef(profile, room)).room;
}

/** As {@link roomId}, with the room's name. */
export async function roomRef(profile: Profile, room: string): Promise<RoomRef> {
  // This call throws when the room is unknown or ambiguous.
  await profile.call('history', { room, after: '0', limit: 1 });
  const rooms = await profile.call('rooms', {});
  const [one] = firstNonEmpty(
    rooms.filter((r) => r.id === room),
    rooms.filter((r) => r.name === room && r.status !== 'left'),
    rooms.filter((r) => r.name === room),
    rooms.filter((r) => isIdOrPrefix(r.id, room)),
  );
  return { room: one?.id ?? room, name: one?.name ?? room };
}
