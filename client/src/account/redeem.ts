import { landedFirst } from '@gochat/crypto/create';
import { type Door, openDoor } from '@gochat/crypto/door';
import type { Who } from '@gochat/crypto/identity';
import { inviteKeys } from '@gochat/crypto/invite';
import { type JoinOptions, join, proveInvitation, proveJoin, type UnprovedJoin } from '@gochat/crypto/join';
import type { InviteLink } from '@gochat/crypto/link';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import type { Room } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes } from '@gochat/protocol/encoding';
import type { UpOf } from '@gochat/protocol/up';
import { ChatError } from '../api/chat-error.ts';
import type { Connection } from '../net/connection.ts';
import { RequestError } from '../net/connection-errors.ts';

/** @returns the GroupInfo that an invite gives access to. @throws ChatError `refused` when the invite no longer works */
export async function invitation(
  connection: Connection,
  link: Pick<InviteLink, 'room' | 'secret'>,
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

/** The invite lets nobody in: whoever has it asks the members to be let in. */
export class ApprovalNeeded extends Error {
  override readonly name = 'ApprovalNeeded';
  readonly door: Door;

  /** @param door what members show with it */
  constructor(door: Door) {
    super('approval');
    this.door = door;
  }
}

/** @returns what members show with an invite that needs approval; undefined if by it one can join */
export async function doorIn(
  { room, secret }: Pick<InviteLink, 'room' | 'secret'>,
  { wrapped }: DownOf<'groupinfo'>,
): Promise<Door | undefined> {
  return wrapped === undefined ? undefined : openDoor(inviteKeys(secret), room, decodeBytes(wrapped));
}

/** A join that was sent, with an outcome that may be unknown. It is kept so that the same request can be repeated. */
export interface Joining {
  readonly room: Room;
  readonly frame: UnprovedJoin;
}

/**
 * Redeems an invite. One join lands per epoch: after a conflict it fetches the GroupInfo again.
 * @param persist makes a join durable; called before the join is sent, and with undefined when no join that was sent can land any more.
 * @param last an earlier join whose outcome is unknown, by this link or another one.
 * @returns the room, in which this device is a member from its position in the log on.
 * @throws ChatError `refused` when the invite no longer works, ApprovalNeeded, RoomError, Disconnected
 */
export async function redeem(
  connection: Connection,
  who: Who,
  name: string,
  link: InviteLink,
  parts: {
    readonly env: Env;
    readonly persist: (joining: Joining | undefined) => Promise<void>;
    readonly end: number;
  } & JoinOptions,
  last?: Joining,
): Promise<Room> {
  const invite = inviteKeys(link.secret);
  let joining = last;
  for (let attempt = 0; Date.now() < parts.end; attempt++) {
    try {
      if (joining === undefined) {
        const info = await connection.request(
          proveInvitation(link, connection.dialled, newId(parts.env), parts.env),
        );
        const door = await doorIn(link, info);
        if (door !== undefined) throw new ApprovalNeeded(door);
        joining = await join(who, name, link, info, parts.env, parts);
        await parts.persist(joining);
      }
      const frame: UpOf<'join'> = proveJoin(invite, joining.frame, connection.dialled, parts.env);
      const ack = await connection.request(frame);
      return landedFirst(joining.room, ack.seq);
    } catch (error) {
      // The server has not taken the last join. It says nothing of this link.
      if (joining !== undefined && joining.frame.invite !== invite.id && isRefused(error)) {
        joining = undefined;
        continue;
      }
      const wait = waitAfter(error, attempt, parts.env);
      if (wait === undefined || (isUnwrapped(error) && Date.now() + wait > parts.end)) {
        if (joining === undefined || isRefused(error)) await parts.persist(undefined);
        throw refusal(error);
      }
      // Only a request with an unknown outcome is repeated unchanged; after a conflict the join needs the newer epoch.
      if (error instanceof RequestError && error.code === 'conflict') joining = undefined;
      if (error instanceof RoomError) joining = undefined;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  throw new ChatError({ reason: 'join-crowded' });
}

/** Whether the server will not take the request. */
function isRefused(error: unknown): boolean {
  return error instanceof RequestError && error.advice.retry === 'no';
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
