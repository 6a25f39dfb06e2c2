import { landedFirst } from '@gochat/crypto/create';
import { remove } from '@gochat/crypto/handshake';
import { type Identity, withNewDevice } from '@gochat/crypto/identity';
import { inviteKeys } from '@gochat/crypto/invite';
import { join, proveInvitation, proveJoin, type UnprovedJoin } from '@gochat/crypto/join';
import { type InviteLink, parseLink } from '@gochat/crypto/link';
import { newId } from '@gochat/crypto/new-id';
import type { Env, SigningKey } from '@gochat/crypto/primitives';
import { leafKeysOf, membersOf, type Room, stateOf } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import type { DownOf } from '@gochat/protocol/down';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { UpOf } from '@gochat/protocol/up';
import { ChatError } from '../api/chat-error.ts';
import type { InvitePreview } from '../api/methods.ts';
import { parseAddress } from '../net/address.ts';
import type { Connection } from '../net/connection.ts';
import { RequestError } from '../net/connection-errors.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import type { RoomSession } from '../room/room-session.ts';
import { RoomStore } from '../room/room-store.ts';
import type { Records } from '../store/records.ts';
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
  const room = await redeem(connection, here, as, link, { env, persist, end, former }, last).catch(
    (error: unknown) => {
      const own = known?.room.own;
      if (!isStillMember(error) || own === undefined) throw error;
      // Another copy of this profile has replaced the keys of the leaf: this one comes in as a new device.
      const entrance = { ...link, secret: own };
      return redeem(connection, withNewDevice(who, env), as, entrance, { env, persist, end, former: [] });
    },
  );
  const joined = { ...meta, name: stateOf(room).name };
  if (known === undefined) await RoomStore.store(records, joined, room, undefined);
  else await known.supersede(joined, room);
  const session = await rooms.adopt(joined);
  await rooms.caughtUp(session, Math.max(1000, end - Date.now()));
  const old = encodeBytes(device.publicKey);
  if (membersOf(session.room).some((m) => !m.self && m.device === old))
    await session.change((now) => remove(now, old, env, { keep: true }), waitMs);
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
  const { room } = await join(here, PEEKING, link, info, env, former);
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

async function invitation(
  connection: Connection,
  link: InviteLink,
  { env, end }: { readonly env: Env; readonly end: number },
): Promise<DownOf<'groupinfo'>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await connection.request(proveInvitation(link, connection.dialled, newId(env), env));
    } catch (error) {
      const wait = waitAfter(error, attempt, env);
      if (wait === undefined || Date.now() + wait > end) throw refusal(error);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** A join that was sent, with an outcome that may be unknown. It is kept so that the same request can be repeated. */
export interface Joining {
  readonly room: Room;
  readonly frame: UnprovedJoin;
}

/**
 * Redeems an invite. One join lands per epoch: after a conflict it fetches the GroupInfo again.
 * @param persist makes a join durable; called before the join is sent.
 * @param last an earlier join whose outcome is unknown.
 * @returns the room, in which this device is a member from its position in the log on.
 * @throws ChatError `refused` when the invite no longer works, RoomError, Disconnected
 */
export async function redeem(
  connection: Connection,
  who: Identity,
  name: string,
  link: InviteLink,
  parts: {
    readonly env: Env;
    readonly persist: (joining: Joining) => Promise<void>;
    readonly end: number;
    /** The signature keys with which the room may know this device's leaf. */
    readonly former: readonly SigningKey[];
  },
  last?: Joining,
): Promise<Room> {
  let joining = last;
  for (let attempt = 0; Date.now() < parts.end; attempt++) {
    try {
      if (joining === undefined) {
        const info = await connection.request(
          proveInvitation(link, connection.dialled, newId(parts.env), parts.env),
        );
        joining = await join(who, name, link, info, parts.env, parts.former);
        await parts.persist(joining);
      }
      const frame: UpOf<'join'> = proveJoin(
        inviteKeys(link.secret),
        joining.frame,
        connection.dialled,
        parts.env,
      );
      const ack = await connection.request(frame);
      return landedFirst(joining.room, ack.seq);
    } catch (error) {
      const wait = waitAfter(error, attempt, parts.env);
      if (wait === undefined || (isUnwrapped(error) && Date.now() + wait > parts.end)) throw refusal(error);
      // Only a request with an unknown outcome is repeated unchanged; after a conflict the join needs the newer epoch.
      if (error instanceof RequestError && error.code === 'conflict') joining = undefined;
      if (error instanceof RoomError) joining = undefined;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  throw new ChatError({ reason: 'join-crowded' });
}

function isStillMember(error: unknown): boolean {
  return error instanceof RoomError && error.code === 'still-member';
}

/** Whether no member has wrapped the GroupInfo's key for the invite yet. */
function isUnwrapped(error: unknown): boolean {
  return error instanceof RequestError && error.code === 'no-wrap';
}

/** @returns how long to wait before the next attempt; undefined when it would fail again */
function waitAfter(error: unknown, attempt: number, env: Env): number | undefined {
  const jitter = ((env.random(1)[0] ?? 0) + 1) / 256;
  if (error instanceof RequestError && error.code === 'no-wrap')
    return error.advice.retryAfterMs * (0.5 + jitter);
  if (error instanceof RequestError && error.code === 'conflict')
    return Math.min(250, 20 * 2 ** Math.min(attempt, 4)) * jitter;
  if (error instanceof RequestError && error.retryAfterMs > 0) return error.retryAfterMs * (0.5 + jitter);
  return undefined;
}

function refusal(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error;
  if (error.code === 'invite') return new ChatError({ reason: 'invite-dead' }, { cause: error });
  return error.code === 'no-room' ? new ChatError({ reason: 'room-gone' }, { cause: error }) : error;
}
