import type { Profile } from '@gochat/client/open';
import { firstNonEmpty } from '@gochat/client/room-info';

/** A room's id, whatever it was called by: events name rooms by it alone. @throws ChatError `unknown-room`, `ambiguous` */
export async function roomId(profile: Profile, room: string): Promise<string> {
  // What is missing or ambiguous is said best by whoever resolves names.
  await profile.call('history', { room, after: '0', limit: 1 });
  const rooms = await profile.call('rooms', {});
  const [one] = firstNonEmpty(
    rooms.filter((r) => r.id === room),
    rooms.filter((r) => r.name === room && r.status !== 'left'),
    rooms.filter((r) => r.name === room),
    rooms.filter((r) => r.id.startsWith(room)),
  );
  return one?.id ?? room;
}
