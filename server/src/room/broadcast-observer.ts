import type { RoomId } from '@gochat/protocol/fields';
import type { Entry } from '../log/log.ts';

/** Is called for each entry that was sent to live subscriptions. */
export interface BroadcastObserver {
  broadcast(room: RoomId, entry: Entry, connections: number): void;
}
