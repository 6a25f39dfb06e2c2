import type { RoomId } from '@gochat/protocol/fields';
import type { Entry } from '../log/log.ts';

/** Who is told of each entry that went out: all that the server sees of it. */
export interface BroadcastObserver {
  broadcast(room: RoomId, entry: Entry, connections: number): void;
}
