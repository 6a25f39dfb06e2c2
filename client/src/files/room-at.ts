import type { ServerConnection } from '../net/server-connection.ts';
import type { RoomSession } from '../room/room-session.ts';

/** One room of a profile, and its server. */
export interface RoomAt {
  readonly session: RoomSession;
  readonly server: ServerConnection;
}
