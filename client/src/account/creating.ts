import { createDirect, createRoom, type DirectTerms, landedFirst } from '@gochat/crypto/create';
import { ROOM_KIND } from '@gochat/crypto/genesis';
import { holdsIdentity, type Who } from '@gochat/crypto/identity';
import { cleanName } from '@gochat/crypto/names';
import type { HistorySetting } from '@gochat/crypto/packs';
import type { Env } from '@gochat/crypto/primitives';
import { ChatError } from '../api/chat-error.ts';
import { checkHistorySetting } from '../api/history-setting.ts';
import { RequestError } from '../net/connection-errors.ts';
import { requestCreation } from '../room/request-creation.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import type { RoomSession } from '../room/room-session.ts';
import { RoomStore } from '../room/room-store.ts';
import type { Records } from '../store/records.ts';
import { checkSeconds } from './governance.ts';
import type { Rooms } from './rooms.ts';
import { vouchFor } from './vouching.ts';

interface CreateParts {
  readonly records: Records;
  readonly env: Env;
  readonly rooms: Rooms;
  readonly who: Who;
}

interface NewRoom {
  readonly name: string;
  /** The display name of this profile in it. */
  readonly as: string;
  /** As {@link parseAddress} returns it. */
  readonly server: string;
  readonly token?: string | undefined;
  readonly kind?: 'self' | 'pairing';
  /** Makes a direct room. */
  readonly direct?: { readonly terms: DirectTerms; readonly meta: NonNullable<RoomMeta['direct']> };
  /** How much of the history newcomers are shown; nothing when absent. */
  readonly history?: HistorySetting | undefined;
  /** After how many seconds messages disappear; never when absent. */
  readonly expire?: number | undefined;
}

/**
 * Creates a room on a server and waits until the server has it, at most `waitMs`; what was sent may still be created later.
 * @throws ChatError `usage` on a limited device, `offline`; RequestError when the server refuses; NameError
 */
export async function createOn(
  { records, env, rooms, who }: CreateParts,
  { name, as, server, token, kind, direct, history = 'none', expire }: NewRoom,
  waitMs: number,
): Promise<RoomSession> {
  if (!holdsIdentity(who)) throw new ChatError({ reason: 'device-limited' });
  checkHistorySetting(history);
  checkSeconds('expire', expire);
  const shown = { ...(history !== 'none' && { history }), ...(expire !== undefined && { expire }) };
  const { room, frame: made } =
    direct === undefined
      ? await createRoom(who, { room: name, own: as, ...shown }, env, ROOM_KIND[kind ?? 'room'])
      : await createDirect(who, as, direct.terms, env);
  const frame = token === undefined ? made : { ...made, token };
  const connection = await rooms.server({ server, id: room.id }).online(waitMs);
  const meta: RoomMeta = {
    id: room.id,
    ...(kind && { kind }),
    server,
    name: direct === undefined ? cleanName(name) : name,
    ...(direct && { direct: direct.meta }),
    as,
    left: false,
    leaving: [],
    since: env.now(),
  };
  await RoomStore.store(records, meta, room, frame);
  const requested = requestCreation(connection, frame, vouchFor(meta, rooms, env, waitMs));
  const landed = await requested.catch(async (error: unknown) => {
    // The room may exist, or may exist soon: its session repeats the same request.
    if (!(error instanceof RequestError)) return undefined;
    const isLimited = error.code === 'rate-limited' && error.retryAfterMs > waitMs;
    if (error.retryAfterMs > 0 && !isLimited) return undefined;
    await RoomStore.erase(records, room.id);
    throw isLimited
      ? new ChatError({ reason: 'server-refused', error: error.code, said: error.message }, { cause: error })
      : error;
  });
  if (landed !== undefined) await RoomStore.store(records, meta, landedFirst(room, landed.seq), undefined);
  const session = await rooms.adopt(meta);
  await rooms.caughtUp(session, waitMs);
  return session;
}
