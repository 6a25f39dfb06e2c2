import type { RequestId, RoomId } from '@gochat/protocol/fields';
import type { LogPosition, RoomState } from '../log/log.ts';
import type { InviteWrap } from './invites.ts';

/** Replaces the GroupInfo of one handshake. It is kept apart from the log, and counts only while that handshake is the last. */
export interface RefreshRecord {
  readonly v: 2;
  readonly handshake: LogPosition;
  readonly id: RequestId;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly groupInfo: string;
  readonly member: string;
  /** Of every invite that was live. */
  readonly invites: readonly InviteWrap[];
}

const KEY = 'refresh';

/** @returns the room's refresh, if it has one, and the revision to pass to {@link writeRefresh} */
export async function readRefresh(
  state: RoomState,
  room: RoomId,
): Promise<{ readonly refresh?: RefreshRecord; readonly revision: string }> {
  const stored = await state.get(room, KEY);
  if (stored === undefined) return { revision: 'absent' };
  const refresh = JSON.parse(Buffer.from(stored.value).toString()) as RefreshRecord;
  return { refresh, revision: stored.revision };
}

/** Deletes the room's refresh, if it has one. */
export async function deleteRefresh(state: RoomState, room: RoomId): Promise<void> {
  await state.delete(room, KEY);
}

/** @returns false, having written nothing, when the stored refresh has another revision */
export async function writeRefresh(
  state: RoomState,
  room: RoomId,
  refresh: RefreshRecord,
  revision: string,
): Promise<boolean> {
  const put = await state.put(room, KEY, Buffer.from(JSON.stringify(refresh)), { revision });
  return put !== 'conflict';
}
