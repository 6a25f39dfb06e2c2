import type { Identity } from '@gochat/crypto/identity';
import { inviteKeys } from '@gochat/crypto/invite';
import { join } from '@gochat/crypto/join';
import { parseLink } from '@gochat/crypto/link';
import type { Env } from '@gochat/crypto/primitives';
import { leafKeysOf, type Room, stateOf } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import { ChatError } from '../api/chat-error.ts';
import type { InvitePreview } from '../api/methods.ts';
import { parseAddress } from '../net/address.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import type { RoomSession } from '../room/room-session.ts';
import { RoomStore } from '../room/room-store.ts';
import type { Records } from '../store/records.ts';
import { invitation, type Joining, redeem } from './redeem.ts';
import { shownMembers } from './room-info.ts';
import type { Rooms } from './rooms.ts';

/** A display name for a join that is never sent. */
const PEEKING = 'nobody';

interface JoinParts {
  readonly records: Records;
  readonly env: Env;
  readonly rooms: Rooms;
  readonly who: Identity;
  readonly as: string;
}

/**
 * Joins by a link, or finds that the profile is already in the room. An interrupted join is resumed.
 * @throws LinkError, ChatError, RoomError
 */
export async function joinByLink(
  parts: JoinParts,
  text: string,
  waitMs: number,
): Promise<{ session: RoomSession; already: boolean }> {
  const { rooms, records, env, who, as } = parts;
  const link = parseLink(text);
  const end = Date.now() + waitMs;
  const known = rooms.has(link.room) ? await rooms.followed(link.room) : undefined;
  if (known !== undefined && !known.meta.left && known.room.status !== 'joining') {
    // The server may know that this device is no longer a member.
    await rooms.until(known, () => (known.isLive || known.ended !== undefined ? true : undefined), waitMs);
    if (known.ended?.code !== 'not-member') return { session: known, already: true };
  }
  const meta: RoomMeta = {
    id: link.room,
    server: parseAddress(link.address).href,
    name: known?.meta.name ?? '',
    as,
    left: false,
    leaving: [],
    since: env.now(),
  };
  // An older membership stays unchanged until the new one has landed.
  const keepOlder = known !== undefined && known.room.status !== 'joining';
  const persist = async ({ room, frame }: Joining) => {
    if (!keepOlder) await RoomStore.store(records, meta, room, frame);
  };
  const connection = await rooms.server(meta).online(waitMs);
  const last = known?.unfinishedJoin;
  const former = known === undefined ? [] : leafKeysOf(known.room);
  const device = known?.room.device ?? who.device;
  const here = { ...who, device };
  let room: Room;
  try {
    room = await redeem(connection, here, as, link, { env, persist, end, former }, last);
  } catch (error) {
    if (known?.room.own === undefined || !isStillMember(error)) throw error;
    // Another copy of this profile has replaced the keys of the leaf.
    const session = await rooms
      .comeAnew(known, meta, Math.max(1000, end - Date.now()))
      .catch((reason: unknown) => {
        // The link is valid: the leaf is what is in the way.
        throw isRefused(reason) ? error : reason;
      });
    await rooms.caughtUp(session, Math.max(1000, end - Date.now()));
    return { session, already: false };
  }
  const joined = { ...meta, name: stateOf(room).name };
  if (known === undefined) await RoomStore.store(records, joined, room, undefined);
  else await known.supersede(joined, room);
  const session = await rooms.adopt(joined);
  await rooms.caughtUp(session, Math.max(1000, end - Date.now()));
  return { session, already: false };
}

/**
 * Previews a link: the join is computed and not sent.
 * @throws LinkError, ChatError `refused` when the invite no longer works, `offline`; RoomError as {@link join}
 */
export async function peek(
  { rooms, env, who }: Omit<JoinParts, 'as' | 'records'>,
  text: string,
  waitMs: number,
): Promise<InvitePreview> {
  const link = parseLink(text);
  const end = Date.now() + waitMs;
  const server = parseAddress(link.address).href;
  const known = rooms.has(link.room) ? await rooms.named(link.room) : undefined;
  const connection = await rooms.server({ server, id: link.room }).online(waitMs);
  const info = await invitation(connection, link, { env, end });
  // The preview of a room in which this profile is already replaces its own leaf.
  const [here, former] =
    known === undefined ? [who, []] : [{ ...who, device: known.room.device }, leafKeysOf(known.room)];
  const { room } = await join(here, PEEKING, link, info, env, { former });
  const state = stateOf(room);
  const by = state.invites.find((i) => i.id === inviteKeys(link.secret).id)?.by;
  const members = shownMembers(room).filter(({ info: { self } }) => !self);
  return {
    room: room.id,
    name: state.name,
    topic: state.topic ?? '',
    members: members.map(({ info: { name } }) => name),
    by: members.find(({ member }) => member.identity === by)?.info.name ?? '',
    server,
    already:
      known !== undefined && !known.meta.left && known.ended === undefined && known.room.status !== 'joining',
  };
}

function isRefused(error: unknown): boolean {
  return error instanceof RoomError || (error instanceof ChatError && error.code === 'refused');
}

function isStillMember(error: unknown): boolean {
  return error instanceof RoomError && error.code === 'still-member';
}
