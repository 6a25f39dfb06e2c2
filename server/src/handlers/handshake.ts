import type { DownOf } from '@gochat/protocol/down';
import { signedHandshake, signedOrder } from '@gochat/protocol/signed';
import type { Order, UpOf } from '@gochat/protocol/up';
import type { LogPosition } from '../log/log.ts';
import { appendHandshake, countedAppend } from '../room/handshake-append.ts';
import type { HandshakeNote } from '../room/handshake-note.ts';
import { mergeInvites } from '../room/invites.ts';
import { positionOf } from '../room/positions.ts';
import { deleteRefresh } from '../room/refresh-record.ts';
import { lastRetirement } from '../room/retirements.ts';
import { anyRefreshedHeadOf, type RoomHead, refuseClosed, refuseRetired } from '../room/room-head.ts';
import { encodeRecord, type RoomRecord } from '../room/room-record.ts';
import type { NodeContext } from '../session/node-context.ts';
import { Refusal } from '../session/refusal.ts';
import { badProof, closedRoom, conflict, retiredKey } from '../session/refusals.ts';
import { publicKeyOf, verifies } from '../session/signature.ts';
import type { Handler } from './handler.ts';

export const handshake: Handler<'handshake'> = async (session, frame) => {
  const { log, state, rates, keys } = session.node;
  await rates.take('proof', session.address);
  const [key, after] = [positionOf(frame.key), positionOf(frame.after)];
  const { order, ...request } = frame;
  const access = await keys.at(frame.room, key);
  if (!verifies(access, signedHandshake(request), frame.proof)) throw badProof();
  const head = await anyRefreshedHeadOf(log, state, frame.room);
  if (head.handshake < after) throw conflict(head.handshake);
  const retires = order?.retire === true;
  // The last handshake never moves back, so this one can't be appended any more. It may still be a repeat of one that was.
  if (head.handshake > after) {
    const lost = (now: LogPosition) => {
      if (head.record.closed === true) return closedRoom();
      return key < lastRetirement(head.record.retirements) ? retiredKey() : conflict(now);
    };
    const terms = { after, state: head.state, retires, lost };
    return session.later(frame.id, appendHandshake(log, frame, terms));
  }
  refuseClosed(head);
  refuseRetired(head, key);
  if (order === undefined) session.node.handshakes.check(frame.room);
  else checkOrder(head, request, order);
  session.later(frame.id, append(session.node, head, frame));
};

/** @throws Refusal `refused` when the key may not order this, or the proof is not valid */
function checkOrder({ record }: RoomHead, request: Omit<UpOf<'handshake'>, 'order'>, order: Order): void {
  const isAdmin = record.admins.includes(order.key);
  if (!isAdmin && order.key !== record.keepers)
    throw new Refusal('refused', 'the key of the order is not a key of this room');
  const { admins, keepers, rules, close } = order;
  if (!isAdmin && [admins, keepers, rules, close].some((ordered) => ordered !== undefined))
    throw new Refusal('refused', 'the keepers key may only retire access keys and end invites');
  if (!verifies(publicKeyOf(Buffer.from(order.key, 'base64url')), signedOrder(request, order), order.proof))
    throw new Refusal('refused', 'the proof of the order is not valid');
}

function append(node: NodeContext, head: RoomHead, frame: UpOf<'handshake'>): Promise<DownOf<'ack'>> {
  const { order } = frame;
  const retires = order?.retire === true;
  const terms = {
    after: head.handshake,
    state: encodeRecord(nextRecord(head, frame, node), retires),
    retires,
    note: noteOn(order),
    lost: conflict,
  };
  if (order === undefined) return countedAppend(node, frame, terms);
  const appended = appendHandshake(node.log, frame, terms);
  return order.close === true ? closing(node, frame, appended) : appended;
}

/** The GroupInfo of a closed room is of no use any more. */
async function closing(
  { state }: NodeContext,
  { room }: UpOf<'handshake'>,
  appended: Promise<DownOf<'ack'>>,
): Promise<DownOf<'ack'>> {
  const ack = await appended;
  await deleteRefresh(state, room);
  return ack;
}

function noteOn(order: Order | undefined): HandshakeNote {
  return {
    ...(order?.rules !== undefined && { rules: order.rules }),
    ...(order?.close === true && { closes: true }),
  };
}

/** @throws Refusal when the request contradicts the room */
function nextRecord(
  { record }: RoomHead,
  { order, groupInfo, member, invites: listed }: UpOf<'handshake'>,
  { now, limits }: Pick<NodeContext, 'now' | 'limits'>,
): RoomRecord {
  const terms = { now: now(), lifetimeMs: limits.inviteLifetimeMs, complete: order !== undefined };
  const invites = mergeInvites(record.invites, listed, terms);
  const keepers = order?.keepers ?? record.keepers;
  const rules = order?.rules ?? record.rules;
  return {
    retirements: record.retirements,
    admins: order?.admins ?? record.admins,
    ...(keepers !== undefined && { keepers }),
    ...(rules !== undefined && { rules }),
    ...(order?.close === true
      ? { closed: true, groupInfo: '', member: '', invites: [] }
      : { groupInfo, member, invites }),
  };
}
