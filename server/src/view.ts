import type { RoomId } from '@gochat/protocol/fields';
import type { Entry } from './log/log.ts';

/** What the operator is shown of each entry: all that the server sees of it. */
export interface View {
  broadcast(room: RoomId, entry: Entry, connections: number): void;
}
