import type { Door } from '@gochat/crypto/door';
import { onDevice, type Who } from '@gochat/crypto/identity';
import { inviteKeys } from '@gochat/crypto/invite';
import { join } from '@gochat/crypto/join';
import { type InviteLink, parseLink } from '@gochat/crypto/link';
import { historySetting } from '@gochat/crypto/packs';
import { type Env, type SigningKey, signingKey } from '@gochat/crypto/primitives';
import { leafKeysOf, type Room, stateOf } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { ChatError } from '../api/chat-error.ts';
import type { InvitePreview } from '../api/methods.ts';
import { parseAddress } from '../net/address.ts';
import { calledBy } from '../room/direct-room.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import type { RoomSession } from '../room/room-session.ts';
import { RoomStore } from '../room/room-store.ts';
import type { Records } from '../store/records.ts';
import { doorIn, invitation, type Joining, redeem } from './redeem.ts';
import { shownMembers } from './room-info.ts';
import type { Rooms } from './rooms.ts';

/** How long a join waits for the history that others had ready. */
const SHARED_MS = 5_000;

/** A display name for a join that is never sent. */
const PEEKING = 'nobody';

interface JoinParts {
  readonly records: Records;
  readonly env: Env;
  readonly rooms: Rooms;
  readonly who: Who;
  /** Of a room between devices. */
  readonly kind?: RoomMeta['kind'];
  /** What the room is called as long as it says nothing else: a direct one, by the other person. */
  readonly name?: string;
  /** The server that the link names, if it is known by another address. */
  readonly server?: string;
  /** The room has to be a direct one, between its founder and this person. */
  readonly direct?: true;
  readonly as: string;
}

/** `stayed`: a request to leave waited to be sent, and is cancelled. */
export interface Joined {
  readonly session: RoomSession;
  readonly already: boolean;
  readonly stayed: boolean;
}

/**
 * Joins by a link, or finds that the profile is already in the room. An interrupted join is resumed.
 * @throws LinkError, ChatError, RoomError; ApprovalNeeded if the link lets nobody in
 */
export async function joinByLink(parts: JoinParts, text: string, waitMs: number): Promise<Joined> {
  const { rooms, records, env, who, as, kind, name = '', server, direct } = parts;
  const link = parseLink(text);
  const end = Date.now() + waitMs;
  const known = rooms.has(link.room) ? await rooms.withId(link.room) : undefined;
  if (known !== undefined) rooms.follow(known);
  if (known !== undefined && !known.meta.left && known.room.status !== 'joining') {
    const stayed = await cancelsLeaving(known);
    // The server may know that this device is no longer a member. A request to leave that it has got ends the membership.
    const isSettled = () => known.leaving === undefined && known.isLive;
    await rooms.until(known, () => (isSettled() || known.ended !== undefined ? true : undefined), waitMs);
    if (known.leaving !== undefined) throw new ChatError({ reason: 'leave-queued', already: true });
    if (known.ended?.code !== 'not-member') return { session: known, already: true, stayed };
  }
  const meta: RoomMeta = {
    id: link.room,
    ...(kind && { kind }),
    server: server ?? parseAddress(link.address).href,
    name: known?.meta.name ?? name,
    as,
    left: false,
    leaving: [],
    since: env.now(),
    ...(known !== undefined && known.room.status !== 'joining' && { cameBack: true }),
  };
  const connection = await rooms.server(meta).online(waitMs);
  const attempt = attemptOf(parts, meta, known);
  const here = hereOf(who, known);
  let room: Room;
  try {
    room = await redeem(
      connection,
      here,
      as,
      link,
      { env, end, ...attempt, ...(direct && { direct }) },
      known?.unfinishedJoin,
    );
  } catch (error) {
    if (known?.room.own === undefined || !isStillMember(error)) {
      // This device may be in the room: it is shown, and the next join finds out.
      const stored = attempt.stored();
      if (stored !== undefined) await rooms.adopt(stored);
      throw error;
    }
    // Another copy of this profile has replaced the keys of the leaf.
    const session = await rooms
      .comeAnew(known, meta, Math.max(1000, end - Date.now()))
      .catch((reason: unknown) => {
        // The link is valid: the leaf is what is in the way.
        throw isRefused(reason) ? error : reason;
      });
    await rooms.caughtUp(session, Math.max(1000, end - Date.now()));
    return { session, already: false, stayed: false };
  }
  const shared = { before: room.key, packs: room.packs.list };
  const joined = { ...meta, name: calledBy(room) ?? meta.name, shared };
  if (known === undefined) await RoomStore.store(records, joined, room, undefined);
  else await known.supersede(joined, room);
  const session = await rooms.adopt(joined);
  await rooms.caughtUp(session, Math.max(1000, end - Date.now()));
  await rooms.sharedRead(session, SHARED_MS);
  return { session, already: false, stayed: false };
}

/** @returns false when no request to leave waits, or when it may be in the log */
async function cancelsLeaving(session: RoomSession): Promise<boolean> {
  const { leaving } = session;
  return leaving !== undefined && (await session.cancel(leaving));
}

/** What makes a join durable, and the keys with which it replaces the leaf of an earlier one, should that have landed. */
function attemptOf({ records, env }: JoinParts, meta: RoomMeta, known: RoomSession | undefined) {
  const former = formerKeys(known);
  if (known === undefined || known.room.status === 'joining') {
    const [again] = former;
    let stored: RoomMeta | undefined;
    const persist = async (joining: Joining | undefined) => {
      if (joining !== undefined) {
        stored = { ...meta, name: calledBy(joining.room) ?? meta.name };
        await RoomStore.store(records, stored, joining.room, joining.frame);
      } else if (stored !== undefined && known === undefined) {
        await RoomStore.erase(records, meta.id);
        stored = undefined;
      }
    };
    return { former, ...(again && { again }), persist, stored: () => stored };
  }
  // An older membership stays unchanged until the new one has landed, but for the key by which the new leaf is known again.
  const rejoining = known.meta.rejoining ?? encodeBytes(env.random(32));
  const persist = () => known.arrives({ rejoining });
  return { former, again: signingKey(decodeBytes(rejoining)), persist, stored: () => undefined };
}

/** The keys of the leaves that this device had or may have: a join replaces the leaf that the room still has. */
function formerKeys(known: RoomSession | undefined): SigningKey[] {
  if (known === undefined) return [];
  const { rejoining } = known.meta;
  const last = rejoining === undefined ? [] : [signingKey(decodeBytes(rejoining))];
  return [...last, ...leafKeysOf(known.room)];
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
  const { id: invite } = inviteKeys(link.secret);
  const last = known?.unfinishedJoin;
  // Its invite may be used up by this very join, which is repeated then.
  // One that is being left is known, also without a connection.
  const room =
    known?.leaving !== undefined
      ? known.room
      : last?.frame.invite === invite
        ? last.room
        : await previewed({ rooms, env, who }, link, { known, server, end });
  if ('key' in room && 'name' in room) return shownAtDoor(room, { room: link.room, server });
  const state = stateOf(room);
  const by = state.invites.find(({ id }) => id === invite)?.by;
  const members = shownMembers(room).filter(({ info: { self } }) => !self);
  return {
    room: room.id,
    name: state.name,
    topic: state.topic ?? '',
    history: historySetting(state),
    members: members.map(({ info: { name } }) => name),
    by: members.find(({ member }) => member.identity === by)?.info.name ?? '',
    server,
    already:
      known !== undefined && !known.meta.left && known.ended === undefined && known.room.status !== 'joining',
    leaving: known?.leaving !== undefined,
    approval: false,
  };
}

/** What is known of a room before its members have let this person in. */
function shownAtDoor(door: Door, at: Pick<InvitePreview, 'room' | 'server'>): InvitePreview {
  const unknown = {
    topic: '',
    history: 'none',
    members: [],
    by: '',
    already: false,
    leaving: false,
  } as const;
  return { ...at, ...unknown, name: door.name, approval: true };
}

/** A join that is not sent; or what members show with a link that needs approval. */
async function previewed(
  { rooms, env, who }: Pick<JoinParts, 'rooms' | 'env' | 'who'>,
  link: InviteLink,
  { known, server, end }: { known: RoomSession | undefined; server: string; end: number },
): Promise<Room | Door> {
  const connection = await rooms.server({ server, id: link.room }).online(Math.max(0, end - Date.now()));
  const info = await invitation(connection, link, { env, end });
  const door = await doorIn(link, info);
  if (door !== undefined) return door;
  // The preview of a room in which this profile is already replaces its own leaf.
  const here = hereOf(who, known);
  return (await join(here, PEEKING, link, info, env, { former: formerKeys(known) })).room;
}

/** This profile's person on the device that it has in a room. @throws ChatError `usage` if only the identity key could certify that */
function hereOf(who: Who, known: RoomSession | undefined): Who {
  const here = known === undefined ? who : onDevice(who, known.room.device);
  if (here === undefined) throw new ChatError({ reason: 'device-limited' });
  return here;
}

function isRefused(error: unknown): boolean {
  return error instanceof RoomError || (error instanceof ChatError && error.code === 'refused');
}

function isStillMember(error: unknown): boolean {
  return error instanceof RoomError && error.code === 'still-member';
}
