import { proveCreator } from '@gochat/crypto/enter';
import type { Env } from '@gochat/crypto/primitives';
import type { RoomId } from '@gochat/protocol/fields';
import { linkAddress } from '../net/address.ts';
import type { Vouch } from '../room/request-creation.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import type { RoomSession } from '../room/room-session.ts';

interface Known {
  readonly metas: readonly RoomMeta[];
  withId(id: RoomId): Promise<RoomSession>;
  follow(session: RoomSession): void;
  caughtUp(session: RoomSession, waitMs: number): Promise<void>;
}

/**
 * Vouches for a new room by one that this profile is in on the same server. By the common room if the new one is direct; else by the oldest,
 * so that a server that is shown one is shown as few as possible. A token that was given means that none should be shown.
 * @param waitMs how long to wait for what the server has of those rooms
 */
export function vouchFor({ id, server, direct }: RoomMeta, rooms: Known, env: Env, waitMs: number): Vouch {
  return async (frame, at) => {
    const common = direct?.ask?.common;
    if (frame.token !== undefined && common === undefined) return undefined;
    const end = env.now() + waitMs;
    for (const meta of candidates(rooms.metas, server, common)) {
      if (meta.id === id) continue;
      const session = await current(rooms, meta.id, Math.max(0, end - env.now()));
      if (session?.room.status === 'active') return proveCreator(session.room, frame, at, env);
    }
    return undefined;
  };
}

/** @returns a room with what its server has of it; undefined if that can't be had, since then it may be out of date */
async function current(rooms: Known, id: RoomId, waitMs: number): Promise<RoomSession | undefined> {
  try {
    const session = await rooms.withId(id);
    // One that isn't created yet may wait for this one to vouch for it.
    if (session.room.status !== 'active') return undefined;
    rooms.follow(session);
    await rooms.caughtUp(session, waitMs);
    return session;
  } catch {
    return undefined;
  }
}

/** The rooms on a server that this profile has not left: those of people before those between devices, older ones first. */
function candidates(
  metas: readonly RoomMeta[],
  server: string,
  common: RoomId | undefined,
): readonly RoomMeta[] {
  const rank = ({ id, kind }: RoomMeta) => (id === common ? 0 : kind === undefined ? 1 : 2);
  return metas
    .filter((meta) => !meta.left && linkAddress(meta.server) === linkAddress(server))
    .sort((a, b) => rank(a) - rank(b) || a.since - b.since);
}
